import HomePlug
import ISO15118
import LinuxRuntime
import Node
import Wire

/// Who a line of the timeline speaks of.
enum Side: String { case charger, vehicle }

/// Prints what happens in a session: for people one readable line each, for scripts one JSON object each.
///
/// People see a message pair once and then only how often it came again; a script sees every message.
final class Timeline {
  private let json: Bool
  private let verbose: Bool
  private let start: Instant
  private var phases: [Side: PhaseClock] = [:]
  private var repeated: (message: SessionMessage, count: Int)?
  private(set) var outcomes: [Side: NodeOutcome] = [:]
  /// The first failure, on either side: what the session ended by.
  private(set) var firstFailure: NodeFailure?

  private var pending = ""
  private let gathers: Bool

  /// With `gathers` lines wait until `flush`, so that a turn of the loop writes once.
  init(json: Bool, verbose: Bool, start: Instant, gathers: Bool = false) {
    self.gathers = gathers
    self.json = json
    self.verbose = verbose
    self.start = start
  }

  /// Writes the lines that wait.
  func flush() {
    guard !pending.isEmpty else { return }
    sayLines(pending)
    pending.removeAll(keepingCapacity: true)
  }

  private func say(_ text: String) {
    pending += text
    pending += "\n"
    if !gathers { flush() }
  }

  /// The summary is out: nothing follows it.
  private var isClosed = false

  func add(_ trace: NodeTrace, of side: Side, at now: Instant) {
    guard !isClosed else { return }
    phases[side, default: PhaseClock()].add(trace, at: now)
    if case .ended(let outcome) = trace {
      outcomes[side] = outcome
      if case .failed(let failure) = outcome, firstFailure == nil { firstFailure = failure }
    }
    if json { printJSON(trace, of: side, at: now) } else { printText(trace, of: side, at: now) }
  }

  /// A line that no node caused: what the person or the program at the edge did.
  func note(_ text: String, of side: Side, at now: Instant) {
    guard !isClosed else { return }
    if json {
      var line = head(side, at: now)
      line.add("layer", "host")
      line.add("event", "note")
      line.add("text", text)
      say(line.text)
    } else {
      flushRepeated()
      say("\(stamp(now))  \(pad(side.rawValue, 7))  \(pad("host", 6))  \(text)")
    }
  }

  /// The process is up: sockets are open, peers may come.
  func ready(_ text: String, of side: Side, at now: Instant) {
    if json {
      var line = head(side, at: now)
      line.add("layer", "host")
      line.add("event", "ready")
      line.add("text", text)
      say(line.text)
    } else {
      say("\(stamp(now))  \(pad(side.rawValue, 7))  \(pad("host", 6))  ready: \(text)")
    }
  }

  /// The link is joined, which is all that was wanted.
  func matched(_ side: Side, frames: UselessFrames, at now: Instant) -> Int32 {
    isClosed = true
    if json {
      var line = head(side, at: now)
      line.add("layer", "host")
      line.add("event", "summary")
      line.add("outcome", "matched")
      line.add(frames)
      say(line.text)
    } else {
      say("\nResult      matched, link up\nPhases      " + (phases[side] ?? PhaseClock()).text(until: now))
      if !frames.isEmpty { say("Frames      of no use: \(frames)") }
    }
    return 0
  }

  /// Somebody stopped the program. After a summary there is nothing to add.
  func stopped(_ side: Side, frames: UselessFrames, at now: Instant) {
    guard !isClosed else { return }
    isClosed = true
    if json {
      var line = head(side, at: now)
      line.add("layer", "host")
      line.add("event", "stopped")
      line.add(frames)
      say(line.text)
    } else {
      flushRepeated()
      say("\(stamp(now))  \(pad(side.rawValue, 7))  \(pad("host", 6))  stopped; frames of no use: \(frames)")
    }
  }

  private func head(_ side: Side, at now: Instant) -> JSONLine {
    var line = JSONLine()
    line.add("time", milliseconds: (now - start).milliseconds)
    line.add("side", side.rawValue)
    return line
  }

  private func printJSON(_ trace: NodeTrace, of side: Side, at now: Instant) {
    var line = head(side, at: now)
    line.add("layer", trace.layer)
    line.add("event", trace.event)
    trace.addDetails(to: &line)
    line.add("text", trace.description)
    say(line.text)
  }

  private func printText(_ trace: NodeTrace, of side: Side, at now: Instant) {
    switch trace {
    case .phase: return
    case .session(let session):
      guard let text = shorten(session, of: side) else { return }
      printLine(side, "v2g", text, now)
    case .sdpClient(.asked(_, let request)) where request > 1 && !verbose: return
    case .energy(let reading):
      // Both sides meter; the charger's reading is the one that counts.
      if side == .charger || outcomes.isEmpty && phases[.charger] == nil || verbose {
        printLine(side, "energy", "\(reading)", now)
      }
    default: printLine(side, trace.layer, trace.description, now)
    }
  }

  private func printLine(_ side: Side, _ layer: String, _ text: String, _ now: Instant) {
    say("\(stamp(now))  \(pad(side.rawValue, 7))  \(pad(layer, 6))  \(text)")
  }

  /// The text of a session line, or `nil` where a person needs none.
  private func shorten(_ trace: SessionTrace, of side: Side) -> String? {
    if verbose { return trace.description }
    switch trace {
    case .secc, .evcc: return nil
    // Where both sides are in view the vehicle's is shown: request and answer with its code.
    case .received where side == .charger && phases[.vehicle] != nil: return nil
    case .sent where side == .charger && phases[.vehicle] != nil: return nil
    case .negotiated where side == .charger && phases[.vehicle] != nil: return nil
    case .session where side == .charger && phases[.vehicle] != nil: return nil
    case .sent(let message, _, _), .answered(let message, _, _), .received(let message):
      guard message.isLoop else {
        flushRepeated()
        return trace.description
      }
      let isRequest = message.rawValue.hasSuffix("Req")
      if let current = repeated, current.message.exchange == message.exchange {
        if isRequest { repeated = (current.message, current.count + 1) }
        return current.count > 1 || isRequest ? nil : trace.description
      }
      flushRepeated()
      repeated = (message, 1)
      return trace.description
    default:
      flushRepeated()
      return trace.description
    }
  }

  private func flushRepeated() {
    if let repeated, repeated.count > 1 {
      say(
        "\(String(repeating: " ", count: 10))  \(pad("", 7))  \(pad("v2g", 6))  "
          + "... \(repeated.message.exchange) \(repeated.count) times in all")
    }
    repeated = nil
  }

  private func stamp(_ now: Instant) -> String {
    let text = seconds(milliseconds: (now - start).milliseconds)
    return String(repeating: " ", count: max(0, 8 - text.count)) + text + " s"
  }

  // MARK: summary

  /// Prints how it ended and how long each phase took, and gives the exit status.
  func summarize(_ side: Side, recording: String?, frames: UselessFrames, at now: Instant) -> Int32 {
    flushRepeated()
    isClosed = true
    let outcome = outcomes[side]
    let clock = phases[side] ?? PhaseClock()
    if json {
      var line = head(side, at: now)
      line.add("layer", "host")
      line.add("event", "summary")
      switch outcome {
      case .completed(_, let wattHours):
        line.add("outcome", "completed")
        line.add("wattHours", wattHours)
      case .failed(let failure):
        line.add("outcome", "failed")
        line.add("failedLayer", (firstFailure ?? failure).layer)
        line.add("cause", "\(firstFailure ?? failure)")
      case nil: line.add("outcome", "none")
      }
      var phases = JSONLine()
      for (phase, duration) in clock.durations(until: now) {
        phases.add("\(phase)", milliseconds: duration.milliseconds)
      }
      line.add("phases", phases)
      line.add(frames)
      if let recording { line.add("recording", recording) }
      say(line.text)
    } else {
      say("")
      if let outcome { say("Result      \(outcome)") } else { say("Result      no session") }
      say("Phases      " + clock.text(until: now))
      if !frames.isEmpty { say("Frames      of no use: \(frames)") }
      if let recording { say("Recording   \(recording)") }
    }
    flush()
    guard case .completed = outcome else {
      if let failure = firstFailure {
        complain("coupler: the session failed in \(failure.layer): \(failure)")
      } else {
        complain("coupler: no session took place")
      }
      return 1
    }
    return 0
  }
}

/// How long each phase of a plug-in took.
private struct PhaseClock {
  private var entered: [(phase: NodePhase, at: Instant)] = []

  mutating func add(_ trace: NodeTrace, at now: Instant) {
    if case .phase(let phase) = trace { entered.append((phase, now)) }
  }

  func durations(until end: Instant) -> [(NodePhase, Duration)] {
    var sums: [NodePhase: Duration] = [:]
    for (index, entry) in entered.enumerated() {
      let until = index + 1 < entered.count ? entered[index + 1].at : end
      sums[entry.phase, default: .zero] += until - entry.at
    }
    return sums.filter { $0.key != .idle && $0.key != .finished }.sorted { $0.key < $1.key }
  }

  func text(until end: Instant) -> String {
    durations(until: end).map { "\($0.0) \(seconds(milliseconds: $0.1.milliseconds)) s" }
      .joined(separator: ", ")
  }
}

extension SessionMessage {
  /// Messages that come many times in a session.
  fileprivate var isLoop: Bool {
    switch self {
    case .CableCheckReq, .CableCheckRes, .PreChargeReq, .PreChargeRes, .CurrentDemandReq, .CurrentDemandRes,
      .ChargingStatusReq, .ChargingStatusRes, .WeldingDetectionReq, .WeldingDetectionRes, .AuthorizationReq,
      .AuthorizationRes, .ChargeParameterDiscoveryReq, .ChargeParameterDiscoveryRes:
      true
    default: false
    }
  }

  /// The name without Req or Res.
  fileprivate var exchange: Substring { rawValue.dropLast(3) }
}

extension NodeTrace {
  /// What a script reads without taking the text apart.
  fileprivate func addDetails(to line: inout JSONLine) {
    switch self {
    case .pilot(let old, let new):
      line.add("from", old.rawValue)
      line.add("to", new.rawValue)
    case .pilotFault(let fault): line.add("fault", fault.name)
    case .duty(let duty): line.add("duty", "\(duty)")
    case .slac(let trace):
      switch trace {
      case .matched(let peer, let nid):
        line.add("step", "matched")
        line.add("peer", "\(peer)")
        line.add("nid", "\(nid)")
      case .attenuation(let peer, let average, let sounds):
        line.add("step", "attenuation")
        line.add("peer", "\(peer)")
        line.add("decibels", "\(average)")
        line.add("sounds", sounds)
      case .linkUp: line.add("step", "linkUp")
      default: break
      }
    case .coupling(let trace): line.add("step", trace.name)
    case .frame(let trace): trace.addDetails(to: &line)
    case .address(let address): line.add("address", "\(address)")
    case .session(.received(let message)): line.add("message", message.rawValue)
    case .session(.sent(let message, let code, _)):
      line.add("message", message.rawValue)
      if let code { line.add("code", code.rawValue) }
    case .session(.answered(let message, let code, _)):
      line.add("message", message.rawValue)
      line.add("code", code.rawValue)
    case .energy(let reading):
      line.add("millivolts", reading.millivolts)
      line.add("milliamps", reading.milliamps)
      line.add("wattHours", reading.wattHours)
      if let soc = reading.socPercent { line.add("soc", soc) }
    case .phase(let phase): line.add("phase", "\(phase)")
    case .ended(.completed(_, let wattHours)): line.add("wattHours", wattHours)
    case .ended(.failed(let failure)):
      line.add("failedLayer", failure.layer)
      line.add("cause", "\(failure)")
    default: break
    }
  }
}

extension FrameTrace {
  fileprivate func addDetails(to line: inout JSONLine) {
    switch self {
    case .refused(let error): line.add("reason", error.reason.name)
    case .errorIndication: line.add("reason", "errorIndication")
    case .attenuationCharacteristics: line.add("reason", "attenuationCharacteristics")
    case .summary(let counters): line.add(UselessFrames(counters: counters))
    }
  }
}

extension JSONLine {
  /// Numbers by reason; an empty object where all frames were of use.
  fileprivate mutating func add(_ frames: UselessFrames) {
    var numbers = JSONLine()
    for entry in frames.entries { numbers.add(entry.name, Int(clamping: entry.count)) }
    add("uselessFrames", numbers)
  }
}

private func pad(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
