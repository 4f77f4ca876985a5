public import ArgumentParser
public import EXITools
import Wire

/// What `fragment` and `digest` ask alike.
struct EXISelection: ParsableArguments {
  @Option(help: ArgumentHelp("An element by its Id; may be given again.", valueName: "id"))
  var id: [String] = []

  @Option(
    help: ArgumentHelp("Elements by their name, with or without Id; may be given again.", valueName: "name"))
  var element: [String] = []

  @Option(
    help: ArgumentHelp(
      "The grammar of SignedInfo's fragment.",
      discussion: "xmldsig is what the standards say; message is what some stacks once signed."))
  var signedInfoGrammar = SignedInfoGrammar.xmldsig

  var selection: FragmentSelection {
    FragmentSelection(ids: id, elements: element, signedInfoGrammar: signedInfoGrammar)
  }
}

extension SignedInfoGrammar: ExpressibleByArgument {}

/// `coupler exi fragment`.
struct EXIFragment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fragment",
    abstract: "Cut elements out of messages, as a signature covers them.",
    discussion: """
      A signature covers elements as EXI streams of their own, so called fragments. Their bits are copied from the \
      message as it came, so nothing that a codec does differently can creep in; XML and JSON are encoded first.

      Without --id and --element: what the signature refers to and SignedInfo, or else every element with an Id.
        $ coupler exi fragment --set iso2 --id id1 < authorization.hex
        AuthorizationReq #id1 8004015a590c4087ec19f88fda300aa97d82e4448635b329e8

      Show it as the text that it is:
        $ coupler exi fragment --set iso2 --id id1 --bare < authorization.hex |
            coupler exi decode --set iso2 --fragment --json
        {"AuthorizationReq":{"@Id":"id1","GenChallenge":"/YM/EftGAVUvsFyIkMa2ZQ=="}}

      What does SignatureValue sign? SignedInfo has the grammar of XML signature alone:
        $ coupler exi fragment --set iso2 --element SignedInfo --bare < authorization.hex |
            xxd -r -p | openssl dgst -sha256
        SHA2-256(stdin)= c7178a1f673d267c4a391c0f86d3357a62d93ce053cffa3062b4462116d47db2

      eMAID of ISO 15118-2 alone has another coding in a fragment than in a message, and is made anew. JSON shows \
      the other coding as `ordinary`: libcbv2g hashes that one.
      """)

  @OptionGroup var input: EXIInput
  @OptionGroup var selected: EXISelection

  @Flag(help: "Write the fragments alone, without name and Id.")
  var bare = false

  @Flag(help: "Write one object per message; errors are JSON, too.")
  var json = false

  func run() throws {
    var source = MessageSource(input.choice)
    try input.eachLine(asJSON: json) { line, note throws(ConversionError) in
      let cutter = try source.cutter(line, fragment: input.fragment)
      for text in cutter.message.notes { note(text) }
      let fragments = try cutter.fragments(selected.selection)
      if json { return (cutter.message.json(fragments), true) }
      return (fragments.map { bare ? hexadecimal($0.octets) : $0.text }.joined(separator: "\n"), true)
    }
  }
}
