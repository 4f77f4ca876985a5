import Foundation
import Testing
import V2GTransport
import Wire

@testable import ISO15118

/// Recorded sessions of two foreign stacks, played against ours: the requests into our SECC, the responses into
/// our EVCC. The recordings are not part of the sources: `COUPLER_TRACES` names their folder.
@Suite struct TraceReplayTests {
  struct Recorded {
    var isRequest: Bool
    var message: String
    var octets: [UInt8]
    var code: String?
  }

  static let folder = ProcessInfo.processInfo.environment["COUPLER_TRACES"]

  static func load(_ name: String) throws -> [Recorded] {
    let path = try #require(folder) + "/" + name + ".messages.jsonl"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var result: [Recorded] = []
    for line in text.split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      guard let direction = object["dir"] as? String, direction != "fragment",
        let message = object["msg"] as? String, let hex = object["exi"] as? String,
        let octets = octets(hexadecimal: hex)
      else { continue }
      let code = line.range(of: "\"ResponseCode\": \"").map { line[$0.upperBound...].prefix { $0 != "\"" } }
      result.append(
        Recorded(
          isRequest: direction == "EV->SE", message: message, octets: octets, code: code.map(String.init)))
    }
    return result
  }

  @Test(
    .enabled(if: folder != nil, "set COUPLER_TRACES to the folder of the recordings"),
    arguments: ["iso2_dc_eim_tcp", "iso2_ac_eim_tcp"])
  func the_secc_answers_a_recorded_vehicle_as_the_recorded_charger_did(name: String) throws {
    let recorded = try Self.load(name)
    // The id the recorded charger chose is in every request behind SessionSetupReq.
    let sample = try #require(recorded.filter(\.isRequest).dropFirst(2).first)
    guard case .request(let request) = SessionCodec().request(sample.octets.span.bytes) else {
      Issue.record("no request")
      return
    }
    var configuration = SECCConfiguration(modes: [.DC_extended, .AC_three_phase_core])
    configuration.quirks.pilotNotWired = true
    var secc = SECC(configuration: configuration, random: FixedGenerator(value: request.session.value))
    var conditions = EVSEConditions()
    conditions.authorization = .granted
    conditions.pilot = .C
    var now = Instant.zero
    var output = OutputBuffer()
    var answers: [(SessionMessage, SessionResponseCode)] = []
    var ended: SessionOutcome?
    func perform(_ action: SECCAction) {
      switch action {
      case .trace(.sent(let message, let code?, _)): answers.append((message, code))
      case .energy(let command):
        switch command {
        case .none: conditions.contactorClosed = false
        case .cableCheck:
          conditions.contactorClosed = true
          conditions.isolation = .valid
        case .preCharge, .deliver: break
        case .closeAC: conditions.contactorClosed = true
        }
      case .ended(let outcome): ended = outcome
      default: break
      }
    }
    secc.handle(.conditions(conditions), at: now, output: &output, perform: perform)
    secc.handle(.connected, at: now, output: &output, perform: perform)
    for pair in recorded.filter(\.isRequest) {
      now += .milliseconds(100)
      secc.receive(pair.octets.span.bytes, type: .exi, at: now, output: &output, perform: perform)
      now += .milliseconds(100)
      secc.handle(.conditions(conditions), at: now, output: &output, perform: perform)
    }
    let expected = recorded.filter { !$0.isRequest }
    #expect(answers.map(\.0.rawValue) == expected.map(\.message))
    #expect(answers.map(\.1.rawValue) == expected.map { $0.code ?? "" })
    secc.handle(.disconnected, at: now, output: &output, perform: perform)
    #expect(ended == .terminated)
  }

  @Test(
    .enabled(if: folder != nil, "set COUPLER_TRACES to the folder of the recordings"),
    arguments: ["iso2_dc_eim_tcp", "iso2_ac_eim_tcp"])
  func the_evcc_runs_a_session_with_a_recorded_charger(name: String) throws {
    let recorded = try Self.load(name).filter { !$0.isRequest }
    let dc = name.contains("_dc_")
    var configuration = EVCCConfiguration(
      evccID: MACAddress(2, 0, 0, 0, 0, 1), modes: [dc ? .DC_extended : .AC_three_phase_core])
    // The recorded charger reports 1 V whatever it is asked for.
    configuration.preChargeToleranceMillivolts = 1_000_000
    var evcc = EVCC(configuration: configuration)
    var conditions = EVConditions()
    var next: [String: Int] = [:]
    var now = Instant.zero
    var output = OutputBuffer()
    var sent: [SessionMessage] = []
    var ended: SessionOutcome?
    func perform(_ action: EVCCAction) {
      switch action {
      case .trace(.sent(let message, _, _)): sent.append(message)
      case .pilot(let letter): conditions.pilot = letter
      case .contactor(let close): conditions.contactorClosed = close
      case .ended(let outcome): ended = outcome
      default: break
      }
    }
    evcc.handle(.connected, at: now, output: &output, perform: perform)
    for turn in 0..<400 where ended == nil {
      if turn == 60 { conditions.wish = .stop }
      evcc.handle(.conditions(conditions), at: now, output: &output, perform: perform)
      if output.isEmpty {
        now = max(now, try #require(evcc.deadline))
        evcc.handle(.timeout, at: now, output: &output, perform: perform)
        continue
      }
      output.removeAll()
      let request = try #require(sent.last)
      let wanted = try #require(request.response?.rawValue)
      let answers = recorded.filter { $0.message == wanted }
      let index = next[wanted, default: 0]
      next[wanted] = index + 1
      let answer = try #require(answers.isEmpty ? nil : answers[min(index, answers.count - 1)])
      now += .milliseconds(5)
      evcc.receive(answer.octets.span.bytes, type: .exi, at: now, output: &output, perform: perform)
    }
    #expect(ended == .terminated)
    #expect(sent.contains(dc ? .CurrentDemandReq : .ChargingStatusReq))
  }
}

/// Always the same number.
struct FixedGenerator: RandomNumberGenerator {
  var value: UInt64
  mutating func next() -> UInt64 { value }
}
