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
      HELP
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
