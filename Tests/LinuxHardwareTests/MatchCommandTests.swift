import Foundation
import Glibc
import HomePlug
import LinuxHardware
import Testing
import Wire

/// The command as it was built beside the tests.
private let coupler: String? = {
  let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  guard let folder = tests.map({ URL(filePath: $0).deletingLastPathComponent() }) else { return nil }
  let path = folder.appending(path: "coupler").path
  return access(path, X_OK) == 0 ? path : nil
}()

/// A run of `coupler`, with what it printed.
private final class Run {
  private let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  private(set) var text = ""

  init(_ arguments: [String], in namespace: String? = nil) throws {
    process.executableURL = URL(filePath: try #require(coupler))
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    if let namespace {
      try NamespacePair.inside(namespace) { try process.run() }
    } else {
      try process.run()
    }
  }

  /// Reads lines until one contains `wanted`.
  func wait(for wanted: String, loop: EventLoop) throws -> Bool {
    let descriptor = output.fileHandleForReading.fileDescriptor
    let registration = try loop.add(descriptor, .read) { [unowned self] _ in
      var buffer = [UInt8](repeating: 0, count: 4096)
      let got = read(descriptor, &buffer, buffer.count)
      if got > 0 { text += String(decoding: buffer[..<got], as: UTF8.self) }
    }
    defer { loop.remove(registration) }
    try loop.run(upTo: .seconds(20)) { text.contains(wanted) }
    return text.contains(wanted)
  }

  func stop() -> Int32 {
    process.terminate()
    return end()
  }

  /// Waits for its own end: exit status, with the rest of what it printed in `text`.
  func end() -> Int32 {
    text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    text += String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus
  }
}

/// What is refused on the command line, and what is said about it.
@Suite(.enabled(if: coupler != nil, "coupler was not built beside the tests"))
struct MatchOptionTests {
  static let refused: [([String], String)] = [
    (["evse", "-i", "lo", "--tolerate", "everything"], "missingResponse"),
    (["evse", "-i", "lo", "--slac-mode", "strict"], "conformant"),
    (["ev", "-i", "lo", "--tolerate", "lateStart", "--no-tolerate", "lateStart"], "leave one of them out"),
    (["evse", "-i", "lo", "--calibration", "1,2"], "58 of them with commas"),
    (["evse", "-i", "lo", "--calibration", "-3"], "calibration"),
    (["evse", "-i", "lo", "--validation", "maybe"], "not-required"),
    (["evse", "-i", "lo", "--modem-vendor", "acme"], "qualcomm"),
    (["ev", "-i", "lo", "--reduce-power", "3"], "2, 4 ... 28 dB"),
    (["evse", "-i", "lo", "--slac-init", "0"], "1 to 120 s"),
    (["evse", "-i", "lo", "--sleep-after", "0.5"], "TP_match_leave"),
    (["evse", "-i", "lo", "--initial-duty", "50", "--ac"], "5 (digital communication) or 100 (X1)"),
    (["evse", "-i", "lo", "--initial-duty", "100"], "DC knows 5 % alone"),
    (["evse", "-i", "lo", "--identify-after", "3"], "needs --ac"),
    (["evse", "-i", "lo", "--connection-loss", "b"], "rematch"),
    (["ev", "-i", "lo", "--attenuation-direct", "70"], "must not be above --attenuation-indirect"),
    (["ev", "-i", "lo", "--attenuation-indirect", "300"], "0 to 255 dB"),
    (["ev", "-i", "lo", "--rematch-after", "16"], "T_conn_resetup"),
  ]

  @Test(arguments: refused)
  func a_wrong_option_names_cause_and_remedy(arguments: [String], words: String) throws {
    let run = try Run(arguments)
    #expect(run.end() == 64)
    #expect(run.text.contains(words), "\(run.text)")
  }

  @Test(arguments: ["evse", "ev"])
  func the_help_lists_every_tolerance_with_its_meaning(command: String) throws {
    let run = try Run([command, "--help"])
    #expect(run.end() == 0)
    for name in ["responseTypeZero: EV:", "missingResponse: EVSE:", "foreignNID: EV:"] {
      #expect(run.text.contains(name), "\(name)")
    }
    #expect(run.text.contains("default: lenient"))
  }
}

/// Frames of no use, as a person, a script and a recording see them.
@Suite(
  .serialized, .enabled(if: NamespacePair.areAvailable && coupler != nil, NamespacePair.areNot))
struct UselessFrameTests {
  private let stranger = MACAddress(0x0200_0000_0066)

  /// Sends what a charger refuses and waits until it was told.
  private func disturb(_ arguments: [String], told: String) throws -> Run {
    let pair = try NamespacePair()
    try pair.upForFrames()
    let loop = try EventLoop()
    let run = try Run(["evse", "--interface", "plc0"] + arguments, in: pair.left)
    #expect(try run.wait(for: "ready", loop: loop), "\(run.text)")
    let socket = try NamespacePair.inside(pair.right) {
      try PacketSocket(NetworkInterface("plc0"), .etherType(ManagementFrame.etherType))
    }
    let request = ManagementMessage.slacParmReq(CM_SLAC_PARM_REQ(runID: RunID(1)))
    let sound = ManagementFrame(destination: .broadcast, source: stranger, message: request).octets
    var newer = sound
    newer[14] = 3
    var fragment = sound
    fragment[17] = 0x11
    for frame in [newer, fragment, newer, newer] { try socket.send(frame) }
    #expect(try run.wait(for: told, loop: loop), "\(run.text)")
    #expect(run.stop() == 0)
    return run
  }

  @Test func a_person_reads_the_first_of_each_kind_and_the_numbers_at_the_end() throws {
    let run = try disturb([], told: "fragmented")
    #expect(run.text.contains("refused a frame, unknownVersion: MMV 3"), "\(run.text)")
    #expect(run.text.contains("stopped; frames of no use: unknownVersion 3, fragmented 1"), "\(run.text)")
    #expect(run.text.components(separatedBy: "refused a frame").count == 3)
  }

  @Test func a_script_reads_reasons_and_numbers() throws {
    let run = try disturb(["--json"], told: "fragmented")
    #expect(run.text.contains("\"event\":\"frame\",\"reason\":\"unknownVersion\""), "\(run.text)")
    let numbers = "\"event\":\"stopped\",\"uselessFrames\":{\"unknownVersion\":3,\"fragmented\":1}"
    #expect(run.text.contains(numbers), "\(run.text)")
    for line in run.text.split(separator: "\n") {
      #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
    }
  }

  @Test func a_recording_holds_each_frame_with_its_reason() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "coupler-\(getpid())-frames.pcapng")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try disturb(["--record", path], told: "fragmented")
    let octets = [UInt8](try Data(contentsOf: URL(filePath: path)))
    #expect(count(of: "coupler: refused a frame, unknownVersion: MMV 3", in: octets) == 3)
    #expect(count(of: "coupler: refused a frame, fragmented", in: octets) == 1)
  }

  private func count(of text: String, in octets: [UInt8]) -> Int {
    let pattern = Array(text.utf8)
    guard octets.count >= pattern.count else { return 0 }
    return (0...(octets.count - pattern.count)).count { start in
      octets[start] == pattern[0] && octets[start..<(start + pattern.count)].elementsEqual(pattern)
    }
  }
}
