public import ArgumentParser
public import EXITools

/// `coupler exi digest`.
struct EXIDigest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Hash what a signature covers, and compare with its digests.",
    discussion: """
      HELP
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
