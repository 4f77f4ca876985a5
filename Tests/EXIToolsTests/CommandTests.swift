import EXITools
import Foundation
import Testing

/// `coupler exi` as a script sees it: lines, exit status, and examples of the help that are true.
@Suite struct CommandTests {
  /// `coupler` lies beside the test bundle.
  private static let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()

  private struct Outcome {
    let status: Int32
    let output: String
    let notes: String
  }

  /// Runs a shell's line in `folder`, with `coupler` in its path.
  private static func shell(_ line: String, input: String = "", in folder: URL? = nil) throws -> Outcome {
    let scratch = try folder ?? self.folder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = scratch
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = products.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    environment["COLUMNS"] = "300"
    process.environment = environment
    // Files and not pipes: nothing can block, however much is written.
    let names = ["input", "output", "notes"].map { scratch.appendingPathComponent($0 + ".stream") }
    try Data(input.utf8).write(to: names[0])
    for name in names[1...] { try Data().write(to: name) }
    process.standardInput = try FileHandle(forReadingFrom: names[0])
    process.standardOutput = try FileHandle(forWritingTo: names[1])
    process.standardError = try FileHandle(forWritingTo: names[2])
    try process.run()
    process.waitUntilExit()
    let outcome = Outcome(
      status: process.terminationStatus, output: try String(contentsOf: names[1], encoding: .utf8),
      notes: try String(contentsOf: names[2], encoding: .utf8))
    if folder == nil { try FileManager.default.removeItem(at: scratch) }
    return outcome
  }

  private static func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("exi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private static let setup = "8098004011d018004488cd12a800"
  private static let stop = """
    <V2G_Message xmlns="urn:iso:15118:2:2013:MsgDef">
      <Header><SessionID xmlns="urn:iso:15118:2:2013:MsgHeader">00</SessionID></Header>
      <Body>
        <SessionStopReq xmlns="urn:iso:15118:2:2013:MsgBody">
          <ChargingSession>Stop</ChargingSession>
        </SessionStopReq>
      </Body>
    </V2G_Message>
    """

  private static func signed() throws -> String {
    struct Line: Decodable {
      let message: String
      let exi: String
    }
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: fixtures.appendingPathComponent("Fixtures/exi-signed-messages.jsonl"), encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first)
    return try JSONDecoder().decode(Line.self, from: Data(line.utf8)).exi
  }

  // MARK: help

  /// The commands behind `$` with what follows them, up to an empty line or the next command.
  private static func examples(_ help: String) -> [(command: String, output: String)] {
    var result: [(command: String, output: String)] = []
    var isCommand = false
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = line.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("  $ ") {
        result.append((String(line.dropFirst(4)), ""))
        isCommand = true
      } else if !line.hasPrefix("  ") || text.isEmpty {
        isCommand = false
      } else if isCommand, let last = result.indices.last {
        if result[last].output.isEmpty && result[last].command.hasSuffix("|") {
          result[last].command += " " + text
        } else {
          result[last].output += text
        }
      }
    }
    return result
  }

  @Test func the_examples_of_the_help_are_true() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in [
      ("messages.hex", Self.setup + "\n"), ("authorization.hex", try Self.signed() + "\n"),
      ("stop.xml", Self.stop),
      (
        "dump.txt",
        "0000   01 fe 80 01 00 00 00 0e 80 98 00 40 11 d0 18 00   ...........@....\n"
          + "0010   44 88 cd 12 a8 00                                 D.....\n"
      ),
      ("answer.json", #"{"supportedAppProtocolRes":{"ResponseCode":"Failed_NoNegotiation"}}"# + "\n"),
    ] {
      try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }
    var count = 0
    for subcommand in ["", "decode", "encode", "fragment", "digest"] {
      let help = try Self.shell("coupler help exi \(subcommand)", in: folder).output
      for (command, output) in Self.examples(help) {
        // Not every machine has these.
        let tools = ["jq", "xxd", "openssl"].filter { "| \(command)".contains("| \($0) ") }
        let missing = try tools.contains { try Self.shell("command -v \($0)", in: folder).status != 0 }
        if missing { continue }
        let outcome = try Self.shell(command, in: folder)
        let said = (outcome.notes + outcome.output).filter { !$0.isWhitespace }
        #expect(said == output.filter { !$0.isWhitespace }, "\(command)")
        count += 1
      }
    }
    #expect(count >= 8)
  }

  // MARK: lines and exit status

  @Test func each_line_gives_a_line_and_a_wrong_one_does_not_stop_the_others() throws {
    let outcome = try Self.shell(
      "coupler exi decode --set iso2 --json", input: "\(Self.setup)\n\nzz\n\(Self.setup)00\n")
    #expect(outcome.status == 1)
    let message =
      #"{"V2G_Message":{"Header":{"SessionID":"00"},"Body":{"SessionSetupReq":{"EVCCID":"0011223344AA"}}}}"#
    #expect(outcome.output == "\(message)\n\nerror: not hexadecimal at character 1\n\(message)\n")
    #expect(outcome.notes == "line 4: 1 octet behind the document\n")
  }

  @Test func json_and_xml_go_in_where_exi_does() throws {
    let json = #"{"supportedAppProtocolRes":{"ResponseCode":"Failed_NoNegotiation"}}"#
    let xml = try Self.shell("coupler exi decode --set appprotocol", input: json)
    #expect(xml.status == 0)
    #expect(
      try Self.shell("coupler exi decode --set appprotocol --json", input: xml.output).output == json + "\n")
    #expect(
      try Self.shell("coupler exi encode --set appprotocol --header", input: xml.output).output
        == "01fe800100000003804880\n")
  }

  @Test(arguments: [
    ("coupler exi decode --set iso2", 1), ("coupler exi decode --set iso3", 64), ("coupler exi decode", 64),
    ("coupler exi decode --set auto --fragment", 64), ("coupler exi decode --set xmldsig --header", 64),
    ("coupler exi encode --set iso2 /nonexistent/file", 2), ("coupler exi fragment --set iso2", 1),
    ("coupler exi digest --set iso2 --algorithm md5", 64),
    ("coupler exi fragment --set iso2 --signed-info-grammar none", 64),
  ])
  func the_exit_status_says_what_kind_of_failure_it_is(command: String, status: Int32) throws {
    #expect(try Self.shell(command, input: "80\n").status == status)
  }

  @Test func a_digest_that_does_not_hold_is_told_and_is_the_exit_status() throws {
    let good = try Self.signed()
    let json = try Self.shell("coupler exi decode --set iso2 --json", input: good).output
    let bad = json.replacingOccurrences(of: "/YM/EftGAVUvsFyIkMa2ZQ==", with: "/YM/EftGAVUvsFyIkMa2ZA==")
    #expect(bad != json)
    #expect(try Self.shell("coupler exi digest --set iso2", input: good).status == 0)
    let text = try Self.shell("coupler exi digest --set iso2", input: bad)
    #expect(text.status == 1)
    #expect(text.output.hasPrefix("MISMATCH AuthorizationReq #id1 sha256 "))
    #expect(text.output.contains(" expected=+SxHZWmlW+nOpFi/KmVNllCHvQWvLQVmtSWEoIQx970=\n"))
    let script = try Self.shell("coupler exi digest --set iso2 --json", input: bad + "\n80\n")
    #expect(script.status == 1)
    #expect(script.output.contains(#""ok":false"#))
    #expect(script.output.hasSuffix("\n{\"error\":{\"problem\":\"the stream ends early\",\"bit\":8}}\n"))
    let unsigned = try Self.shell("coupler exi digest --set iso2", input: Self.setup)
    #expect(unsigned.status == 0)
    #expect(unsigned.output == "UNSIGNED SessionSetupReq\n")
  }

  @Test func both_grammars_of_signed_info_can_be_had() throws {
    let signed = try Self.signed()
    let own = try Self.shell("coupler exi fragment --set iso2 --bare --element SignedInfo", input: signed)
    let other = try Self.shell(
      "coupler exi fragment --set auto --bare --element SignedInfo --signed-info-grammar message",
      input: signed)
    #expect(own.output.hasPrefix("8081"))
    #expect(other.output.hasPrefix("80d0"))
    #expect(
      try Self.shell("coupler exi decode --set xmldsig --fragment", input: own.output).output
        == Self.shell("coupler exi decode --set iso2 --fragment", input: other.output).output)
  }
}
