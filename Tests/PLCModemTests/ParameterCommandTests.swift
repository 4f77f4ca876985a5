import Foundation
import PLCModem
import Testing
import Wire

/// `coupler modem` where it needs no modem: help, files, arguments, exit status.
@Suite struct ParameterCommandTests {
  /// `coupler` lies beside the test bundle.
  private static let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()

  private struct Outcome {
    let status: Int32
    let output: String
    let notes: String
  }

  private final class Folder {
    let url: URL

    init() throws {
      url = FileManager.default.temporaryDirectory.appendingPathComponent("modem-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ octets: [UInt8], _ name: String) throws {
      try Data(octets).write(to: url.appendingPathComponent(name))
    }

    func read(_ name: String) throws -> [UInt8] {
      try [UInt8](Data(contentsOf: url.appendingPathComponent(name)))
    }

    func mode(_ name: String) throws -> Int? {
      let path = url.appendingPathComponent(name).path
      return try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
  }

  private static func run(_ line: String, input: String = "", in folder: Folder) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = folder.url
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = products.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    environment["COLUMNS"] = "300"
    process.environment = environment
    try folder.write(Array(input.utf8), "input.stream")
    for name in ["output.stream", "notes.stream"] { try folder.write([], name) }
    process.standardInput = try FileHandle(forReadingFrom: folder.url.appendingPathComponent("input.stream"))
    process.standardOutput = try FileHandle(forWritingTo: folder.url.appendingPathComponent("output.stream"))
    process.standardError = try FileHandle(forWritingTo: folder.url.appendingPathComponent("notes.stream"))
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus,
      output: String(decoding: try folder.read("output.stream"), as: UTF8.self),
      notes: String(decoding: try folder.read("notes.stream"), as: UTF8.self))
  }

  private static func folder() throws -> Folder {
    let folder = try Folder()
    try folder.write(ParameterFixture().file, "evse.pib")
    var ev = ParameterFixture()
    (ev.coordinator, ev.slacMode) = (1, 1)
    try folder.write(ev.file, "ev.pib")
    var damaged = ParameterFixture().file
    damaged[0x3C0 + 0x20] ^= 1
    try folder.write(damaged, "damaged.pib")
    try folder.write(Array("b59319d7e8157ba001b018669ccee30d\n".utf8), "lab.nmk")
    try folder.write(ParameterFixture.chain([(4, [1, 2, 3, 4])]), "firmware.nvm")
    return folder
  }

  // MARK: help

  @Test(arguments: [
    "", "list", "info", "doctor", "link", "stats", "atten", "key", "reset", "pib", "pib read", "pib show",
    "pib set", "pib write", "firmware", "firmware write",
  ])
  func every_command_has_a_help_that_says_what_it_does(command: String) throws {
    let help = try Self.run("coupler help modem \(command)", in: Folder())
    #expect(help.status == 0)
    #expect(help.output.contains("OVERVIEW: "))
    // Groups tell what their commands are; commands tell an example and their exit status, or where it stands.
    let isGroup = command == "firmware"
    #expect(isGroup || help.output.contains("coupler modem \(command)"), "no example")
    let telling = ["Exit status", "Exit\nstatus"].contains { help.output.contains($0) }
    #expect(isGroup || telling || command == "pib read", "no exit status")
  }

  // MARK: show

  @Test func a_good_block_is_shown_without_its_keys() throws {
    let folder = try Self.folder()
    let text = try Self.run("coupler modem pib show --file evse.pib --role evse", in: folder)
    #expect(text.status == 0)
    #expect(text.output.contains("nothing is wrong with it as that of an EVSE"))
    #expect(text.output.contains("10240") && text.output.contains("02:00:00:00:00:c1"))
    let json = try Self.run("coupler modem pib show --file evse.pib --json", in: folder)
    #expect(json.status == 0)
    #expect(json.output.contains(#""role":"evse""#) && json.output.hasSuffix("\"ok\":true}\n"))
    for output in [text.output, json.output] {
      #expect(!output.contains(hexadecimal(ParameterFixture().nmk)))
      #expect(!output.contains(hexadecimal(ParameterFixture().dak)))
      #expect(!output.contains("a0a1a2"))
    }
  }

  @Test(arguments: [
    ("ev.pib --role evse", 1, "fault: it is set up as an EV, and shall serve an EVSE"),
    ("ev.pib --role ev", 0, "nothing is wrong"), ("ev.pib", 0, "nothing is wrong"),
    ("damaged.pib", 1, "the checksum of the image (parameters) does not hold"),
  ])
  func faults_are_told_and_are_the_exit_status(arguments: String, status: Int32, text: String) throws {
    let outcome = try Self.run("coupler modem pib show --file \(arguments)", in: Self.folder())
    #expect(outcome.status == status)
    #expect(outcome.output.contains(text))
  }

  // MARK: set

  @Test func a_role_is_set_in_a_file_which_is_kept() throws {
    let folder = try Self.folder()
    let outcome = try Self.run("coupler modem pib set --file evse.pib --role ev user-hfid=PEV", in: folder)
    #expect(outcome.status == 0)
    let changed = try ParameterFile(folder.read("evse.pib"))
    #expect(changed.block.role == .ev && changed.findings(for: .ev) == [])
    #expect(changed.block.value(of: .userHFID) == .text("PEV"))
    #expect(try folder.read("evse.pib.bak") == ParameterFixture().file)
    #expect(try folder.mode("evse.pib") == 0o600)
    #expect(try folder.mode("evse.pib.bak") == 0o600)
  }

  @Test func the_first_state_of_a_file_outlives_all_changes() throws {
    let folder = try Self.folder()
    for name in ["ONE", "TWO", "THREE"] {
      let outcome = try Self.run("coupler modem pib set --file evse.pib user-hfid=\(name)", in: folder)
      #expect(outcome.status == 0)
    }
    #expect(try folder.read("evse.pib.bak") == ParameterFixture().file)
    let last = try ParameterFile(folder.read("evse.pib.bak-3"))
    #expect(last.block.value(of: .userHFID) == .text("TWO"))
  }

  @Test func text_of_16_characters_is_no_key() throws {
    let folder = try Self.folder()
    let line =
      "printf 'sixteen letters!' > text.nmk; coupler modem pib set --file evse.pib --nmk-file text.nmk"
    let outcome = try Self.run(line, in: folder)
    #expect(outcome.status == 2)
    #expect(outcome.notes.contains("holds no network key"))
  }

  @Test func with_output_the_file_stays_as_it_was() throws {
    let folder = try Self.folder()
    let line = "coupler modem pib set --file evse.pib --output new.pib mac=02:00:00:00:00:77 --json"
    let outcome = try Self.run(line, in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.output == "{\"file\":\"new.pib\"}\n")
    #expect(try folder.read("evse.pib") == ParameterFixture().file)
    #expect(try ParameterFile(folder.read("new.pib")).block.address == MACAddress(0x02_00_00_00_00_77))
    // A second time it would replace a file nobody asked to lose.
    #expect(try Self.run(line, in: folder).status == 2)
  }

  @Test(arguments: ["--nmk-file lab.nmk", "--nmk-file - < lab.nmk", "--pass-phrase <<< HomePlugAV0123"])
  func a_key_comes_from_a_file_or_a_phrase_and_is_not_shown(arguments: String) throws {
    let folder = try Self.folder()
    let set = try Self.run("coupler modem pib set --file evse.pib \(arguments)", in: folder)
    #expect(set.status == 0, "\(set.notes)")
    let shown = try Self.run("coupler modem pib show --file evse.pib", in: folder)
    #expect(shown.output.contains("network of the stored key: 026bcba5354e08"))
    #expect(!(set.output + set.notes + shown.output).contains("b59319d7"))
  }

  @Test(arguments: [
    ("pib set --file evse.pib cco=4", 64, "0 to 3"),
    ("pib set --file evse.pib nmk=b59319d7e8157ba001b018669ccee30d", 64, "never from an argument"),
    ("pib set --file evse.pib checksum=1", 64, "cannot be set"),
    ("pib set --file evse.pib colour=1", 64, "There is no field 'colour'"),
    ("pib set --file evse.pib", 64, "Say what to set"),
    ("pib set --file evse.pib --interface plc0 --role ev", 64, "either --interface or --file"),
    ("pib set --file damaged.pib --role wallbox", 64, "wallbox"),
    ("pib set --file evse.pib --role ev cco=2", 1, "nothing was written"),
    ("pib set --file damaged.pib --role ev", 1, "checksum"),
    ("pib set --file absent.pib --role ev", 2, "No such file"),
    ("pib set --file evse.pib --nmk-file evse.pib", 2, "more than 4096 octets"),
    ("pib set --file evse.pib --nmk-file absent.nmk", 2, "No such file"),
    ("pib show --file firmware.nvm", 2, "firmware file"), ("pib show --file lab.nmk", 2, "at least 256"),
    ("pib show", 64, "either --interface or --file"),
    ("pib write --interface nowhere --role ev evse.pib", 1, "shall serve an EV"),
    ("pib write --interface nowhere damaged.pib", 1, "checksum"),
    ("pib write --interface nowhere firmware.nvm", 2, "firmware file"),
    ("pib write --interface nowhere evse.pib", 2, "find the interface nowhere"),
    ("pib read --interface nowhere x.pib", 2, "ip link"),
    ("firmware write --interface nowhere evse.pib", 1, "it holds a parameter block"),
    ("firmware write --interface nowhere lab.nmk", 2, "no firmware file"),
    ("key --interface nowhere", 64, "--random"),
    ("key --interface nowhere --random --pass-phrase", 64, "one of"),
    ("key --interface nowhere --nmk-file ev.pib", 2, "4096"),
    ("key --interface nowhere --pass-phrase <<< short", 64, "8 to 64"),
    ("key --interface nowhere --random", 2, "find the interface nowhere"),
    ("info --interface nowhere", 2, "ip link"), ("link --interface nowhere --interval 0", 64, "0.1"),
    ("atten --interface nowhere --seconds 0", 64, "--seconds"), ("info", 64, "interface"),
    ("info --interface nowhere --modem ff:ff:ff:ff:ff:ff", 64, "one station"),
    ("doctor --interface nowhere", 1, ""), ("doctor --interface nowhere --nid 12", 64, "NID"),
  ])
  func the_exit_status_says_what_kind_of_failure_it_is(arguments: String, status: Int32, text: String) throws
  {
    let folder = try Self.folder()
    let outcome = try Self.run("coupler modem \(arguments)", in: folder)
    #expect(outcome.status == status, "\(outcome.notes)")
    #expect(text.isEmpty || outcome.notes.contains(text), "\(outcome.notes)")
    #expect(!outcome.notes.contains("b59319d7"))
    // Nothing was touched.
    #expect(try folder.read("evse.pib") == ParameterFixture().file)
  }

  @Test func an_error_is_an_object_too_where_json_was_asked_for() throws {
    let outcome = try Self.run("coupler modem info -i nowhere --json", in: Folder())
    #expect(outcome.status == 2)
    #expect(outcome.output.hasPrefix("{\"error\":\"cannot find the interface nowhere"))
  }

  @Test func the_doctor_tells_a_missing_interface_in_plain_words() throws {
    let text = try Self.run("coupler modem doctor -i nowhere", in: Folder())
    #expect(text.output.contains("FAULT: There is no interface nowhere.") && text.output.contains("To do: "))
    let json = try Self.run("coupler modem doctor -i nowhere --json", in: Folder())
    #expect(json.output.contains(#""kind":"interface-missing""#))
    #expect(json.output.split(separator: "\n").last?.contains(#""summary":"fault""#) == true)
  }
}
