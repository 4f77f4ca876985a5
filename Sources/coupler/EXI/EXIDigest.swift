public import ArgumentParser
public import EXITools

/// `coupler exi digest`.
struct EXIDigest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Hash what a signature covers, and compare with its digests.",
    discussion: """
      Each Reference of the signature is one line: verdict, element, Id, hash, the digest in base64 as it stands in \
      DigestValue, and in hexadecimal. The exit status is 1 unless every Reference is OK.
        $ coupler exi digest --set iso2 --id id1 < authorization.hex | cut -d' ' -f1-5
        OK AuthorizationReq #id1 sha256 +SxHZWmlW+nOpFi/KmVNllCHvQWvLQVmtSWEoIQx970=

      OK          DigestValue is the digest
      MISMATCH    it is not; `expected=` says what it is
      MISSING     no element has the Id of the Reference
      AMBIGUOUS   several have it: which one was signed nobody can tell
      UNKNOWN     the hash of DigestMethod is not known here; see --algorithm
      COMPUTED    nothing to compare with: SignedInfo, whose hash is signed, or no signature
      UNSIGNED    no signature and no Id in the message

      For eMAID of ISO 15118-2 either coding is accepted, and `form=relaxed` (the standard) or `form=ordinary` \
      (libcbv2g) says which. The signature itself is not verified: that takes the signer's certificate.

      For a script:
        $ coupler exi digest --set iso2 --json < authorization.hex | jq -c '[.message, .ok]'
        ["AuthorizationReq",true]
      """)

  @OptionGroup var input: EXIInput
  @OptionGroup var selected: EXISelection

  @Option(
    help: "The hash, whatever DigestMethod says; else sha512 in ISO 15118-20 and sha256 in all other sets.")
  var algorithm: DigestAlgorithm?

  @Flag(help: "Write one object per message; errors are JSON, too.")
  var json = false

  func run() throws {
    var source = MessageSource(input.choice)
    try input.eachLine(asJSON: json) { line, note throws(ConversionError) in
      let cutter = try source.cutter(line, fragment: input.fragment)
      for text in cutter.message.notes { note(text) }
      let checks = try cutter.digests(selected.selection, algorithm: algorithm)
      let isWell = !checks.contains(where: \.verdict.isFailure)
      if json { return (cutter.message.json(checks), isWell) }
      if checks.isEmpty { return ("UNSIGNED \(cutter.message.messageName)", true) }
      return (checks.map(\.text).joined(separator: "\n"), isWell)
    }
  }
}

extension DigestAlgorithm: ExpressibleByArgument {}
