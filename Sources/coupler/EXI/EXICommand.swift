import ArgumentParser
import EXITools
import Wire

/// `coupler exi`: messages between EXI and text.
struct EXICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exi",
    abstract: "Convert messages between EXI and XML or JSON.",
    discussion: """
      Charging messages travel as EXI, a binary form of XML. This command shows what is in them, and makes them \
      from XML. Each line of standard input is one document; each becomes one line of standard output. A line that \
      cannot be converted becomes `error: ...` there, the others are still done, and the exit status is 1.

      What did the vehicle send?
        $ echo 8098004011d018004488cd12a800 | coupler exi decode --set iso2
        <n0:V2G_Message xmlns:n0="urn:iso:15118:2:2013:MsgDef" ...>...<n2:EVCCID>0011223344AA</n2:EVCCID>...

      The same as JSON, for jq:
        $ echo 8098004011d018004488cd12a800 | coupler exi decode --set iso2 --format json | jq .V2G_Message.Body

      There and back again:
        $ coupler exi decode --set iso2 < messages.hex | coupler exi encode --set iso2 | diff - messages.hex
      """,
    subcommands: [Decode.self, Encode.self])

  /// A message set, by the name on the command line.
  enum Set: String, ExpressibleByArgument, CaseIterable {
    case appprotocol, din, iso2
    case iso20Common = "iso20-common"
    case iso20AC = "iso20-ac"
    case iso20DC = "iso20-dc"
    case iso20ACDP = "iso20-acdp"
    case iso20WPT = "iso20-wpt"
    case xmldsig
  }

  private struct LineError: Error, CustomStringConvertible { let description: String }

  struct Input: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "The messages' schema: appprotocol is the handshake (supportedAppProtocolReq and Res), iso2 is ISO 15118-2.",
        discussion: "xmldsig is XML signature alone, in whose grammar a SignedInfo is signed."))
    var set: Set

    @Flag(help: "The documents are fragments: a single element with an Id, as a signature covers it.")
    var fragment = false

    /// Hands every line to `convert` and prints what it gives. Empty lines stay empty.
    func eachLine(_ convert: (DocumentConverter, String) throws -> String) throws {
      guard let converter = DocumentConverter(set: set.rawValue) else {
        throw ValidationError("no set \(set.rawValue)")
      }
      var failures = 0
      while let line = readLine() {
        if line.allSatisfy({ $0.isWhitespace }) {
          print("")
          continue
        }
        do {
          print(try convert(converter, line))
        } catch {
          failures += 1
          print("error: \(error)".map { $0.isNewline ? " " : String($0) }.joined())
        }
      }
      if failures > 0 { throw ExitCode(1) }
    }
  }

  struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read EXI, one document per line in hexadecimal, and write XML or JSON.",
      discussion: """
        Octets behind the end of a document are ignored, as vehicles send some. Both forms of an empty value are \
        read. Everything else that the schema does not allow is an error with its place:
          $ echo 8098004011d0180044 | coupler exi decode --set iso2
          error: the stream ends early at bit 70 (in V2G_Message/Body/SessionSetupReq/EVCCID)
        """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case xml, json }

    @OptionGroup var input: Input

    @Option(
      help: ArgumentHelp(
        "What to write.",
        discussion: """
          In JSON, repeated elements are arrays, attributes have names that begin with @, a value beside attributes \
          is called $, and namespaces are left out.
          """))
    var format = Format.xml

    func run() throws {
      try input.eachLine { converter, line in
        let digits = line.filter { !$0.isWhitespace }
        guard let stream = octets(hexadecimal: digits) else {
          throw LineError(description: "not hexadecimal")
        }
        let document = try converter.decode(stream, fragment: input.fragment)
        return format == .xml ? document.xml : document.json
      }
    }
  }

  struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read XML, one document per line, and write EXI in hexadecimal.",
      discussion: """
        Prefixes are free, namespaces are not. Elements and attributes must be what the schema allows, in its order, \
        and values within its limits. Document type declarations and entities are refused.
          $ coupler exi decode --set appprotocol <<< 80004bab9371d3c1d3c8000000000040 | \\
              coupler exi encode --set appprotocol
          80004bab9371d3c1d3c8000000000040
        """)

    @OptionGroup var input: Input

    func run() throws {
      try input.eachLine { converter, line in
        hexadecimal(try converter.encode(xml: line, fragment: input.fragment))
      }
    }
  }
}
