import Foundation
import HomePlug
import SLAC
import Testing
import Wire

/// Every single frame of a match goes wrong in every way; what comes of it is compared with committed text, and with what
/// ISO 15118-3 orders. A match runs from power-up to the first status of the link after D-LINK_READY. Above the matchers
/// is what a charger does about a failure: state E/F, and both sides start anew.
///
/// Marks of the table:
/// - `=` matched in the same process, without more frames than in a clean match
/// - `r` matched in the same process (same RunID) after a repetition
/// - `n` the process failed, and a later one of the same TT_matching_repetition was matched
/// - `e` matching failed, and was matched after state E/F
/// - `l` a link that was ready was given up, the network left, and matched again after state E/F
/// - `x` no match, and the side that gave up says so
@Suite struct FaultTableTests {
  struct Outcome {
    let mark: Character
    let problems: [String]
  }

  /// How late is late: past the longest timer with which somebody waits for such a frame.
  static func delay(past type: ManagementType) -> Duration {
    switch type {
    case .CM_START_ATTEN_CHAR_IND: .milliseconds(450)  // TT_match_sequence
    case .CM_MNBC_SOUND_IND, .CM_ATTEN_PROFILE_IND: .milliseconds(650)  // TT_EVSE_match_MNBC
    case .CM_ATTEN_CHAR_IND: .milliseconds(1250)  // TT_EV_atten_results
    case .CM_VALIDATE_REQ: .milliseconds(450)  // TT_match_sequence
    case .CM_SLAC_MATCH_REQ: .milliseconds(10_050)  // TT_EVSE_match_session
    case .CM_SET_KEY_REQ, .CM_SET_KEY_CNF: .milliseconds(1050)
    case let type where type.isVendor: .milliseconds(1050)
    default: .milliseconds(250)  // TT_match_response
    }
  }

  static func run(_ validates: Bool, _ number: Int, _ fault: FaultBench.Fault) -> Outcome {
    var problems: [String] = []
    var bench = FaultBench(validates: validates, number: number, fault: fault)
    bench.plug()
    // Past TT_match_join and TT_EVSE_SLAC_init with state E/F between; then past the frame that is ten seconds late.
    bench.run(.seconds(120)) { $0.isMatched }
    bench.run(.seconds(12))
    if !bench.isMatched { bench.run(.seconds(120)) { $0.isMatched } }
    let clean = clean(validates)
    let mark: Character
    if bench.isMatched {
      let isRepeated = repeatable(bench.frames) > repeatable(clean)
      mark =
        bench.readies > 2
        ? "l" : bench.errorSequences > 0 ? "e" : bench.processes > 1 ? "n" : isRepeated ? "r" : "="
    } else {
      mark = "x"
      if bench.ev.phase == .matched { problems.append("the EV thinks it is matched") }
      if bench.evse.phase == .matched { problems.append("the EVSE thinks it is matched") }
      let told = bench.actions.contains {
        if case .failed = $0.action { true } else if case .linkLost = $0.action { true } else { false }
      }
      if !told { problems.append("nobody was told") }
    }
    // The next match.
    bench.unplug()
    bench.run(.seconds(2))
    for (name, phase) in [("EV", bench.ev.phase.rawValue), ("EVSE", bench.evse.phase.rawValue)]
    where phase != "unmatched" {
      problems.append("\(name) is in \(phase) after unplugging")
    }
    bench.plug()
    bench.run(.seconds(8)) { $0.isMatched }
    if !bench.isMatched {
      problems.append("the next match: EV \(bench.ev.phase), EVSE \(bench.evse.phase)")
    }
    return Outcome(mark: mark, problems: problems)
  }

  /// Frames of hosts that are repeated when something is missing; polls of the link go on anyway.
  private static func repeatable(_ frames: [FaultBench.Frame]) -> Int {
    frames.count { $0.fromHost && !$0.type.isVendor }
  }

  private static let cleanDirect = makeClean(false)
  private static let cleanValidated = makeClean(true)

  /// The frames of a match in which nothing goes wrong.
  static func clean(_ validates: Bool) -> [FaultBench.Frame] { validates ? cleanValidated : cleanDirect }

  private static func makeClean(_ validates: Bool) -> [FaultBench.Frame] {
    var bench = FaultBench(validates: validates)
    bench.plug()
    bench.run(.seconds(20))
    return bench.frames
  }

  /// How many frames there are up to the first two answers about the link after D-LINK_READY of both.
  static func frameCount(_ validates: Bool) -> Int {
    var bench = FaultBench(validates: validates)
    bench.plug()
    bench.run(.seconds(20)) { $0.isMatched }
    bench.run(.milliseconds(1100))
    return bench.frames.count
  }

  static func name(_ frame: FaultBench.Frame) -> String {
    let side = frame.port == 0 ? "EV" : "EVSE"
    if !frame.fromHost { return "\(side)'s modem \(frame.type)" }
    return frame.destination == ManagementFrame.localModem
      ? "\(side) to modem \(frame.type)" : "\(side) \(frame.type)"
  }

  @Test(arguments: [false, true])
  func every_frame_goes_wrong_in_every_way(validates: Bool) throws {
    let count = Self.frameCount(validates)
    let frames = Array(Self.clean(validates).prefix(count))
    var lines = Self.legend
    for (number, frame) in frames.enumerated() {
      let plain: [(String, FaultBench.Fault)] = [
        ("lost", .lost), ("doubled", .doubled), ("late", .delayed(Self.delay(past: frame.type))),
        ("overtaken", .overtaken),
      ]
      var row = Row()
      for (name, fault) in plain { row.add(name, outcome(validates, number, frame, name, fault)) }
      for corruption in Corruption.all(of: frame.type) {
        row.add(corruption.name, outcome(validates, number, frame, corruption.name, .corrupted(corruption)))
      }
      lines.append("\(number) \(Self.name(frame)): \(row.text)")
    }
    try CommittedTable.compare(lines, with: "slac-faults-\(validates ? "validated" : "direct").txt")
  }

  /// Faults of one frame, those with the same outcome together.
  private struct Row {
    private var faults: [String: [String]] = [:]

    mutating func add(_ fault: String, _ outcome: String) { faults[outcome, default: []].append(fault) }

    var text: String {
      faults.keys.sorted { ($0.count, $0) < ($1.count, $1) }.map { outcome in
        "\(outcome) \(faults[outcome, default: []].joined(separator: ", "))"
      }.joined(separator: "; ")
    }
  }

  private static let legend = [
    "# What comes of a match when one of its frames goes wrong: mark and faults, by frame. Written by FaultTableTests.",
    "# = as without the fault; r the same process after a repetition; n a later process; e after state E/F;",
    "# l the link was given up and made again after state E/F. Why it is not = or r stands in brackets.",
  ]

  private func outcome(
    _ validates: Bool, _ number: Int, _ frame: FaultBench.Frame, _ name: String, _ fault: FaultBench.Fault
  ) -> String {
    let outcome = Self.run(validates, number, fault)
    let what = "\(validates ? "validated" : "direct") \(number) \(Self.name(frame)), \(name)"
    #expect(outcome.problems.isEmpty, "\(what): \(outcome.problems.joined(separator: "; "))")
    let order = FaultOracle.order(frame, name, fault, oneStart: validates)
    #expect(
      "=r".contains(outcome.mark) || order?.marks.contains(outcome.mark) == true,
      "\(what): \(outcome.mark), the standard orders \(order?.marks ?? "=r")")
    guard let order, order.marks.contains(outcome.mark) else { return String(outcome.mark) }
    return "\(outcome.mark) [\(order.why)]"
  }
}

/// What ISO 15118-3 orders when one frame of a match goes wrong.
///
/// Nearly always that nothing comes of it but a repetition: C_EV_match_retry, three STARTs, nine sounds of ten, the
/// key set again. Here are the frames for which something else is right too.
enum FaultOracle {
  struct Order {
    let marks: String
    let why: String
  }

  static func order(
    _ frame: FaultBench.Frame, _ name: String, _ fault: FaultBench.Fault, oneStart: Bool
  ) -> Order? {
    if case .doubled = fault { return nil }
    let isEVSE = frame.port == 1
    switch frame.type {
    case .CM_SET_KEY_REQ, .CM_SET_KEY_CNF:
      if name == "NewKey" || (name == "NID" && !isEVSE) {
        return Order(marks: "e", why: "the modem is in another network, TT_match_join")
      }
      guard isEVSE else { return nil }
      return Order(marks: "n", why: "the key is set again later than the EV's first process takes")
    case .CM_SLAC_PARM_REQ where name == "late":
      return Order(marks: "e", why: "starts the process over behind its STARTs, V2G3-A09-16")
    case .CM_SLAC_PARM_CNF where name == "OSA":
      return Order(marks: "e", why: "the modem reports to the host it heard last")
    case .CM_START_ATTEN_CHAR_IND where oneStart && name != "lost":
      return Order(marks: "e", why: "the modem hands over no other START, TT_match_sequence")
    case .CM_VALIDATE_REQ where name == "Timer" || name == "Result":
      return Order(marks: "n", why: "ends the validation")
    case .CM_VALIDATE_CNF where name == "Result" || name == "ToggleNum":
      return Order(marks: "n", why: "ends the validation")
    case .CM_SLAC_MATCH_CNF where name == "NID" || name == "NMK":
      return Order(marks: "e", why: "the modem is in another network, TT_match_join")
    case .VS_PL_LNK_STATUS_CNF where name == "status" || name == "value":
      return Order(marks: "l", why: "the modem says that the link is lost")
    default: return nil
    }
  }
}

/// Text in `Tests/Fixtures`; with `COUPLER_UPDATE_TABLES` set it is written instead of compared.
enum CommittedTable {
  static func compare(_ lines: [String], with name: String) throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = tests.appending(path: "Fixtures").appending(path: name)
    if ProcessInfo.processInfo.environment["COUPLER_UPDATE_TABLES"] != nil {
      try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let committed = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(committed.count == lines.count, "\(name)")
    for (expected, got) in zip(committed, lines) { #expect(got == expected, "\(name)") }
  }
}
