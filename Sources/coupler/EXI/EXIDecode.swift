import ArgumentParser
import EXITools

/// `coupler exi decode`.
struct EXIDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Read EXI, one message per line in hexadecimal, and write XML or JSON.",
    discussion: """
      Digits may have white space, commas, colons and 0x between the octets. XML and JSON are taken, too: they are \
      encoded first, so that one format can be made of the other.

      Octets behind the end of a document are ignored and told on standard error, as vehicles send some. Both forms \
      of an empty value are read. Everything else that the schema does not allow is an error with its place:
        $ echo 8098004011d0180044 | coupler exi decode --set iso2
        error: the stream ends early at bit 70 (in V2G_Message/Body/SessionSetupReq/EVCCID)

      Which set was it, and was there more?
        $ echo 8098004011d018004488cd12a80000 |
            coupler exi decode --set auto --details | jq -c '[.set, .octets, .trailing]'
        line 1: 1 octet behind the document
        ["iso2",14,1]
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
