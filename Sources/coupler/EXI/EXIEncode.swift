public import ArgumentParser
public import EXITools
import FoundationEssentials
import Wire

/// `coupler exi encode`.
struct EXIEncode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Read XML or JSON, one message per line or file, and write EXI in hexadecimal.",
    discussion: """
      XML: prefixes are free, namespaces are not. Elements and attributes must be what the schema allows, in its \
      order, and values within its limits. Document types and entities are refused, and nothing is ever fetched.
        $ coupler exi encode --set iso2 stop.xml
        error: stop.xml:5: 'Stop' is no value; expected Terminate, Pause (in V2G_Message/Body/SessionStopReq/ChargingSession)

      JSON: as decode writes it. Members may stand in any order, arrays may not. Large integers may be strings.
        $ cat answer.json
        {"supportedAppProtocolRes":{"ResponseCode":"Failed_NoNegotiation"}}
        $ coupler exi encode --set auto answer.json
        01fe800100000003804880

      With --set auto, the namespace of the XML tells the set, and the message gets its V2GTP header. JSON has no \
      namespaces: there the name tells it, or the member set beside document, as decode --details writes them; a \
      V2G_Message alone could be of two sets.
      """)

  @OptionGroup var input: EXIInput

  @Option(help: "What to read; else a line that begins with a brace is JSON.")
  var format: MessageWriter.Format?

  @Argument(help: "Files of one message each, in place of standard input.")
  var files: [String] = []

  func run() throws {
    var writer = MessageWriter(input.choice)
    guard !files.isEmpty else {
      return try input.eachLine(asJSON: false) { line, _ throws(ConversionError) in
        (hexadecimal(try writer.write(line, format: format, fragment: input.fragment).message), true)
      }
    }
    var failures = 0
    for file in files {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        complain("cannot read \(file): it does not exist, may not be read, or is no UTF-8 text")
        throw ExitCode(2)
      }
      do throws(ConversionError) {
        print(hexadecimal(try writer.write(text, format: format, fragment: input.fragment).message))
      } catch {
        failures += 1
        print(oneLine("error: \(file)\(error.line.map { ":\($0)" } ?? ""): \(error)"))
      }
    }
    if failures > 0 { throw ExitCode(1) }
  }
}

extension MessageWriter.Format: ExpressibleByArgument {}
