import CAllocationCounter
import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Wire

/// One match in virtual time over a simulated line, with everything each machine was handed: frames as octets.
///
/// It begins with 5 % on the pilot, when modem and key are done, and ends with D-LINK_READY on both sides.
struct MatchScript {
  typealias EV = EVMatcher<SeededNetworkKeys>
  typealias EVSE = EVSEMatcher<SeededNetworkKeys>

  /// What a machine was handed.
  enum Input<Event> {
    case event(Event)
    case frame([UInt8])
  }

  /// The machines before the match.
  private(set) var ev: EV
  private(set) var evse: EVSE
  private(set) var evInputs: [(at: Instant, input: Input<EVMatchEvent>)] = []
  private(set) var evseInputs: [(at: Instant, input: Input<EVSEMatchEvent>)] = []
  private(set) var completed = false

  private static let evHost = MACAddress(0x0200_0000_00E1)
  private static let evseHost = MACAddress(0x0200_0000_00C1)

  init() {
    ev = EV(configuration: SLACConfiguration(address: Self.evHost), keys: SeededNetworkKeys(seed: 1))
    evse = EVSE(configuration: SLACConfiguration(address: Self.evseHost), keys: SeededNetworkKeys(seed: 2))
    var run = Run(ev: ev, evse: evse)
    run.hand(ev: .event(.start))
    run.hand(evse: .event(.start))
    run.advance(to: .zero + .seconds(5)) { _ in false }
    ev = run.ev
    evse = run.evse
    run.evInputs.removeAll()
    run.evseInputs.removeAll()
    run.hand(evse: .event(.vehicleConnected))
    run.hand(ev: .event(.pilotReady))
    run.advance(to: run.now + .seconds(20)) { $0.ready == 2 }
    evInputs = run.evInputs
    evseInputs = run.evseInputs
    completed = run.ready == 2
  }

  /// Both machines with the line between them.
  private struct Run {
    var ev: EV
    var evse: EVSE
    var line = PowerLine(configuration: .pair, seed: 3)
    var now = Instant.zero
    var ready = 0
    var evInputs: [(at: Instant, input: Input<EVMatchEvent>)] = []
    var evseInputs: [(at: Instant, input: Input<EVSEMatchEvent>)] = []
    private var underWay: [(octets: [UInt8], port: Int)] = []

    init(ev: EV, evse: EVSE) {
      self.ev = ev
      self.evse = evse
    }

    mutating func hand(ev input: Input<EVMatchEvent>) {
      evInputs.append((now, input))
      var actions: [MatchAction] = []
      feed(input, to: &ev, at: now) { actions.append($0) }
      carryOut(actions, port: 0)
    }

    mutating func hand(evse input: Input<EVSEMatchEvent>) {
      evseInputs.append((now, input))
      var actions: [MatchAction] = []
      feed(input, to: &evse, at: now) { actions.append($0) }
      carryOut(actions, port: 1)
    }

    private mutating func carryOut(_ actions: [MatchAction], port: Int) {
      for action in actions {
        switch action {
        case .send(let frame): turn(.frame(frame.octets, port: port))
        case .linkReady: ready += 1
        default: break
        }
      }
    }

    private mutating func turn(_ event: PowerLineEvent) {
      line.handle(event, at: now) { action in
        switch action {
        case .deliver(let octets, let port): underWay.append((octets, port))
        }
      }
    }

    mutating func advance(to end: Instant, until isDone: (Self) -> Bool) {
      while !isDone(self) {
        if !underWay.isEmpty {
          let (octets, port) = underWay.removeFirst()
          if port == 0 { hand(ev: .frame(octets)) } else { hand(evse: .frame(octets)) }
          continue
        }
        guard let next = earliest(ev.deadline, evse.deadline, line.deadline), next <= end else {
          now = max(now, end)
          return
        }
        now = max(now, next)
        if let due = line.deadline, due <= now { turn(.timeout) }
        if let due = ev.deadline, due <= now { hand(ev: .event(.timeout)) }
        if let due = evse.deadline, due <= now { hand(evse: .event(.timeout)) }
      }
    }
  }
}

/// One input of a machine, from octets where it is a frame.
private func feed(
  _ input: MatchScript.Input<EVMatchEvent>, to machine: inout MatchScript.EV, at now: Instant,
  perform: (MatchAction) -> Void
) {
  switch input {
  case .event(let event): machine.handle(event, at: now, perform: perform)
  case .frame(let octets):
    guard let frame = try? ManagementFrame(parsing: octets.span.bytes) else { return }
    machine.handle(.received(frame), at: now, perform: perform)
  }
}

private func feed(
  _ input: MatchScript.Input<EVSEMatchEvent>, to machine: inout MatchScript.EVSE, at now: Instant,
  perform: (MatchAction) -> Void
) {
  switch input {
  case .event(let event): machine.handle(event, at: now, perform: perform)
  case .frame(let octets):
    guard let frame = try? ManagementFrame(parsing: octets.span.bytes) else { return }
    machine.handle(.received(frame), at: now, perform: perform)
  }
}

/// One side's match, over and over: octets in, octets out. Gives back how many octets it sent, so that nothing is
/// left out by the optimizer.
@discardableResult
func replayMatch(_ side: String, times: Int, script: MatchScript) -> Int {
  var output = OutputBuffer(reserving: 2048)
  var sent = 0
  for _ in 0..<times {
    if side == "ev" {
      var machine = script.ev
      for (at, input) in script.evInputs {
        feed(input, to: &machine, at: at) { encode($0, into: &output) }
        sent += output.count
        output.removeAll()
      }
    } else {
      var machine = script.evse
      for (at, input) in script.evseInputs {
        feed(input, to: &machine, at: at) { encode($0, into: &output) }
        sent += output.count
        output.removeAll()
      }
    }
  }
  return sent
}

private func encode(_ action: MatchAction, into output: inout OutputBuffer) {
  if case .send(let frame) = action { frame.encode(into: &output) }
}

/// What the machines alone take for a match, codec included.
func measureMachines() {
  let script = MatchScript()
  for side in ["ev", "evse"] {
    let subject = "\(side.uppercased()) machine and codec, a match"
    guard script.completed else {
      report("match", subject, "completed", 0, "%")
      continue
    }
    replayMatch(side, times: 100, script: script)
    let before = allocation_count()
    let start = processorSeconds()
    let times = 2000
    replayMatch(side, times: times, script: script)
    let seconds = processorSeconds() - start
    let allocations = Double(allocation_count() - before) / Double(times)
    report("match", subject, "processor", rounded(seconds * 1e6 / Double(times)), "us")
    let events = side == "ev" ? script.evInputs.count : script.evseInputs.count
    report("match", subject, "events", events, "")
    if allocation_counting_works() == 1 { report("match", subject, "allocations", rounded(allocations), "") }
  }
}
