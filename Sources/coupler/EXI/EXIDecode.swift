import ArgumentParser
import EXITools

/// `coupler exi decode`.
struct EXIDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Read EXI, one message per line in hexadecimal, and write XML or JSON.",
    discussion: """
      HELP
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case xml, json }

  @OptionGroup var input: EXIInput

  @Option(
    help: ArgumentHelp(
      "What to write.",
      discussion: """
        In JSON, repeated elements are arrays, attributes have names that begin with @, a value beside attributes is \
        called $, namespaces are left out, and an integer beyond 2^53 - 1 is a string.
        """))
  var format = Format.xml

  @Flag(help: "Short for --format json.")
  var json = false

  @Flag(help: "Write JSON with set, octets, octets behind, and the document; errors are JSON, too.")
  var details = false

  func run() throws {
    var source = MessageSource(input.choice)
    let asJSON = json || format == .json
    try input.eachLine(asJSON: details) { line, note throws(ConversionError) in
      let message = try source.message(line, fragment: input.fragment)
      for text in message.notes { note(text) }
      return (details ? message.description : asJSON ? message.root.json : message.root.xml, true)
    }
  }
}
