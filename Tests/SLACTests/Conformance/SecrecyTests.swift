import Cryptography
import Foundation
import HomePlug
import Node
import SLAC
import SimulatedHardware
import Simulation
import Testing
import Wire

/// Keys are in no text, and an EV's address is in none before it is matched.
@Suite struct SecrecyTests {
  // MARK: the test itself

  @Test func every_usual_spelling_of_a_secret_is_found() {
    let secret: [UInt8] = [
      0x0A, 0xFF, 0x10, 0x00, 0x7B, 0x41, 0xC3, 0x5D, 1, 2, 3, 0xFE, 0x80, 9, 0x99, 0x42,
    ]
    let hexadecimal = secret.map { String(format: "%02X", $0) }
    let texts = [
      hexadecimal.joined(), hexadecimal.joined(separator: ":").lowercased(),
      "key = [" + secret.map { "\($0)" }.joined(separator: ", ") + "]", Data(secret).base64EncodedString(),
      "0x" + hexadecimal.joined(separator: ", 0x"), hexadecimal[3..<9].joined(separator: " "),
      Spelling.everything(secret), Spelling.everything(Octets16(high: 0x0AFF_1000_7B41_C35D, low: 1)),
      String(secret.map { Character(UnicodeScalar($0)) }),
    ]
    for text in texts { #expect(Spelling.occurs(secret, in: "before \(text) after"), "\(text)") }
    #expect(!Spelling.occurs(secret, in: "nothing of 0a ff 10 00 7b"))
  }

  // MARK: sites

  /// A whole run of charger and vehicle, and what its end must be.
  struct Course: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let current: SiteDescription.Current
    let isMatched: Bool
    let change: @Sendable (inout SiteDescription) -> Void
    let happens: @Sendable (inout SiteRig) -> Void

    init(
      _ name: String, _ current: SiteDescription.Current = .dc, isMatched: Bool = true,
      with change: @escaping @Sendable (inout SiteDescription) -> Void = { _ in },
      happens: @escaping @Sendable (inout SiteRig) -> Void = { _ in }
    ) {
      testDescription = name
      self.current = current
      self.isMatched = isMatched
      self.change = change
      self.happens = happens
    }
  }

  static let courses: [Course] = [
    Course("DC"), Course("AC", .ac), Course("lenient", with: { $0.chargerSLAC.tolerances = .lenient }),
    Course("validated", with: { $0.attenuation = 50 }),
    Course("too far away", isMatched: false, with: { $0.attenuation = 75 }),
    Course(
      "no vehicle asks", isMatched: false, with: { $0.faults.vehicleDiesAt = .zero + .milliseconds(2_600) }),
    Course("key refused", isMatched: false, with: { $0.chargerSLAC.acceptedKeyResult = 7 }),
    Course(
      "the EV's modem refuses the key", isMatched: false, with: { $0.vehicleSLAC.acceptedKeyResult = 7 }),
    Course("modems never join", with: { $0.joinDelay = .seconds(100) }),
    Course("link lost", happens: { $0.site.cutLine(true) }),
    Course("unplugged", happens: { $0.site.unplug(at: $0.site.now) }),
    Course("emergency stop", happens: { $0.site.schedule(.emergencyStop(true), at: $0.site.now) }),
    Course("vehicle vanishes", happens: { $0.site.killVehicle() }),
    Course("random faults", with: { $0.faults = .random(seed: 7) }),
  ]

  private func run(_ course: Course) -> SiteRig {
    var rig = SiteRig(course.current, wattHours: 3, course.change)
    rig.site.plugIn(at: rig.site.now + .milliseconds(2_500))
    rig.run(for: .seconds(20)) { $0.site.charger.phase == .energy }
    course.happens(&rig)
    rig.run(for: .seconds(40))
    if rig.site.bench.isPlugged { rig.site.unplug(at: rig.site.now) }
    rig.run(for: .seconds(5))
    return rig
  }

  /// Keys that were given to a modem or over the line.
  private func keys(_ frames: [SiteRig.Frame]) -> Set<[UInt8]> {
    var keys: Set<[UInt8]> = []
    for frame in frames {
      switch frame.message {
      case .setKeyReq(let request): keys.insert(octets(request.key))
      case .slacMatchCnf(let confirmation): keys.insert(octets(confirmation.key))
      default: break
      }
    }
    return keys
  }

  private func octets(_ key: NetworkKey) -> [UInt8] {
    [key.nmk.key.high, key.nmk.key.low].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
  }

  @Test(arguments: courses)
  func no_text_of_a_run_has_a_key(_ course: Course) {
    let rig = run(course)
    let keys = keys(rig.notes.frames)
    #expect(keys.count >= 2, "no keys were used")
    var text = ""
    for (_, _, trace) in rig.notes.traces { text += Spelling.everything(trace) }
    for outcome in rig.notes.outcomes + rig.notes.vehicleOutcomes { text += Spelling.everything(outcome) }
    // Whoever prints a machine, or a frame it was handed.
    text += Spelling.everything(rig.site.charger) + Spelling.everything(rig.site.vehicle)
    for frame in rig.notes.frames {
      guard let message = frame.message else { continue }
      text += Spelling.everything(message)
    }
    let all = Spelling.Text(text)
    for key in keys { #expect(!Spelling.occurs(key, in: all)) }
  }

  @Test func no_action_or_state_of_a_matcher_prints_a_key() {
    for validates in [false, true] {
      var bench = FaultBench(validates: validates)
      bench.plug()
      var keys: Set<[UInt8]> = []
      for _ in 0..<40 {
        bench.run(.milliseconds(60))
        let text = Spelling.Text(Spelling.everything(bench.ev) + Spelling.everything(bench.evse))
        for (_, action) in bench.actions {
          guard case .send(let frame) = action else { continue }
          if case .setKeyReq(let request) = frame.message { keys.insert(octets(request.key)) }
        }
        for key in keys where Spelling.occurs(key, in: text) { Issue.record("a machine prints its key") }
      }
      #expect(bench.isMatched)
      var text = ""
      for (_, action) in bench.actions { text += Spelling.everything(action) }
      let all = Spelling.Text(text)
      for key in keys { #expect(!Spelling.occurs(key, in: all)) }
      #expect(keys.count == 2, "one each at start; then the EV takes that of the EVSE")
    }
  }

  // MARK: the EV's address

  @Test(arguments: courses)
  func the_host_of_a_charger_hears_of_no_EV_before_its_match(_ course: Course) {
    let rig = run(course)
    let matchedAt = rig.notes.frames.first {
      $0.side == .charger && $0.outgoing && $0.type == .CM_SLAC_MATCH_CNF
    }?.at
    #expect((matchedAt != nil) == course.isMatched)
    let vehicle = SiteDescription.vehicleAddress
    let address = vehicle.octets
    var heard = 0
    for (at, side, trace) in rig.notes.traces
    where side == .charger && at < matchedAt ?? .init(nanoseconds: .max) {
      heard += 1
      let text = Spelling.everything(trace)
      #expect(!Spelling.occurs(address, in: text), "\(trace)")
    }
    #expect(heard > 3)
    guard course.isMatched else { return }
    let after = rig.notes.traces.filter { $0.side == .charger }.contains {
      Spelling.occurs(address, in: "\($0.trace)")
    }
    #expect(after, "the test would not have found it")
  }

  /// What the matcher hands up while foreign EVs ask, sound, validate and fail.
  @Test func foreign_EVs_stay_without_an_address() {
    var secc = Probe.plugged()
    var text = ""
    func note(_ secc: Probe<TestEVSE>) {
      for (_, action) in secc.actions {
        if case .send = action { continue }
        text += Spelling.everything(action)
      }
    }
    _ = secc.ask(otherEV, RunID(2))
    note(secc)
    secc.starts(otherEV, RunID(2))
    secc.sounds(otherEV, RunID(2))
    secc.answerReport(otherEV, RunID(2))
    note(secc)
    _ = secc.requestValidation(otherEV)
    secc.advance(.seconds(20))
    note(secc)
    #expect(text.contains("EV"))
    #expect(!Spelling.occurs(otherEV.octets, in: text))
  }

  // MARK: the command

  private static let coupler: String? = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = tests.map {
      URL(filePath: $0).deletingLastPathComponent().appending(path: "coupler").path
    }
    return path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
  }()

  /// At every level of its log, as text and as JSON, and in the remarks of its recording.
  @Test(
    .enabled(if: coupler != nil, "coupler was not built beside the tests"),
    arguments: [[], ["--ac"], ["--attenuation", "50"], ["--attenuation", "90"], ["--faults", "3"]],
    [[], ["-v"], ["--json"], ["--json", "-v"]])
  func the_command_prints_no_key_and_no_EV_before_its_match(_ what: [String], _ level: [String]) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "secrecy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let recording = folder.appending(path: "demo.pcapng")
    let output = folder.appending(path: "output")
    try Data().write(to: output)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.coupler))
    process.arguments = ["demo", "--fast", "--record", recording.path] + what + level
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    let file = [UInt8](try Data(contentsOf: recording))
    let keys = keysSet(in: file)
    #expect(keys.count >= 2, "no keys were used")
    #expect(text.utf8.count > 200)
    // The recording has frames, and with them keys as they are; spelled they must not be.
    let remarks = String(decoding: file.map { $0 >= 0x20 && $0 < 0x7F ? $0 : 0x0A }, as: UTF8.self)
    let (printed, remarked) = (Spelling.Text(text), Spelling.Text(remarks))
    for key in keys {
      #expect(!Spelling.occurs(key, in: printed))
      #expect(!Spelling.occurs(key, in: remarked))
    }
    var isMatched = false
    for line in text.split(separator: "\n") where line.contains("charger") {
      if line.contains("matched with") { isMatched = true }
      if !isMatched {
        #expect(!Spelling.occurs(SiteDescription.vehicleAddress.octets, in: String(line)), "\(line)")
      }
    }
  }

  /// NMK of every CM_SET_KEY.REQ in a file of frames.
  private func keysSet(in file: [UInt8]) -> Set<[UInt8]> {
    let head: [UInt8] = [0x88, 0xE1, 0x01, 0x08, 0x60, 0x00, 0x00]
    var keys: Set<[UInt8]> = []
    var at = 0
    while at + 60 < file.count {
      if file[at] == 0x88, Array(file[at..<at + head.count]) == head {
        keys.insert(Array(file[at + 29..<at + 45]))
      }
      at += 1
    }
    return keys
  }

  // MARK: where keys come from

  @Test func a_charger_takes_its_keys_from_the_systems_generator() throws {
    #expect(SecureNetworkKeys.self == NetworkKeys<SystemRandomNumberGenerator>.self)
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    for command in ["EVSECommand", "EVCommand"] {
      let source = try String(
        contentsOf: root.appending(path: "Sources/coupler/\(command).swift"), encoding: .utf8)
      #expect(source.contains("SecureNetworkKeys()"), "\(command)")
      #expect(!source.contains("SeededNetworkKeys"), "\(command)")
    }
    // Seeded keys are for simulations and tests alone.
    let files = try #require(
      FileManager.default.enumerator(at: root.appending(path: "Sources"), includingPropertiesForKeys: nil))
    let users = try files.compactMap { $0 as? URL }.filter { file in
      guard file.pathExtension == "swift" else { return false }
      return try String(contentsOf: file, encoding: .utf8).contains("SeededNetworkKeys")
    }
    #expect(Set(users.map(\.lastPathComponent)) == ["NetworkKeys.swift", "DemoCommand.swift"])
  }

  /// Keys of one source and of many made at the same moment: all differ, and none of their bits leans to one side. What
  /// was derived from a clock or a counter would have bits that hardly change.
  @Test func a_thousand_keys_are_distinct_and_even() {
    var source = SecureNetworkKeys()
    let ofOne = (0..<1000).map { _ in octets(source.networkKey()) }
    let ofMany = (0..<1000).map { _ in
      var fresh = SecureNetworkKeys()
      return octets(fresh.networkKey())
    }
    for keys in [ofOne, ofMany] {
      #expect(Set(keys).count == 1000)
      #expect(Set(keys.map { Array($0.prefix(8)) }).count == 1000)
      #expect(Set(keys.map { Array($0.suffix(8)) }).count == 1000)
      for bit in 0..<128 {
        let ones = keys.count { $0[bit / 8] & (1 << UInt8(bit % 8)) != 0 }
        // Seven standard deviations of 15.8.
        #expect((390...610).contains(ones), "bit \(bit): \(ones) of 1000")
      }
      // Neighbours differ in half of their bits, give or take seven deviations of the mean.
      let distance = zip(keys, keys.dropFirst()).reduce(0) { sum, pair in
        sum + zip(pair.0, pair.1).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
      }
      #expect(abs(Double(distance) / 999 - 64) < 1.3)
    }
    #expect(Set(ofOne).isDisjoint(with: ofMany))
    var runs = SecureNetworkKeys()
    #expect(Set((0..<1000).map { _ in runs.runID() }).count == 1000)
  }
}
