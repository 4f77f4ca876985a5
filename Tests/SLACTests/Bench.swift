import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Wire

/// Matchers on a simulated power line, all in virtual time. EVs sit on the first ports, EVSEs behind them.
struct Bench {
  enum Station {
    case ev(TestEV)
    case evse(TestEVSE)

    var deadline: Instant? {
      switch self {
      case .ev(let matcher): matcher.deadline
      case .evse(let matcher): matcher.deadline
      }
    }
  }

  /// A frame between a host and its modem.
  struct Passed {
    let at: Instant
    let port: Int
    let fromHost: Bool
    let octets: [UInt8]
  }

  var now = Instant.zero
  var line: PowerLine
  var stations: [Station]
  let evCount: Int
  var passed: [Passed] = []
  var actions: [(at: Instant, port: Int, action: MatchAction)] = []
  var refused = RefusedFrames()
  /// Which EVSE an EV is plugged into: what S2 does is seen there.
  private var cable: [Int: Int] = [:]
  private var toggles: [(at: Instant, evse: Int, asksForEnergy: Bool)] = []
  /// Steps of the loop so far; a run that never rests hits the bound.
  private(set) var steps = 0

  init(
    evs: Int = 1, evses: Int = 1, seed: UInt64 = 1,
    line change: (inout PowerLineConfiguration) -> Void = { _ in },
    slac: (inout SLACConfiguration) -> Void = { _ in }
  ) {
    var configuration = PowerLineConfiguration(
      ports: (0..<evs + evses).map {
        PowerLineConfiguration.Port(
          modem: MACAddress(0x00B0_5200_0100 + UInt64($0)), role: $0 < evs ? .ev : .evse)
      })
    change(&configuration)
    line = PowerLine(configuration: configuration, seed: seed)
    evCount = evs
    stations = (0..<evs + evses).map { port in
      let address =
        port < evs
        ? MACAddress(0x0200_0000_00E1 + UInt64(port))
        : MACAddress(0x0200_0000_00C1 + UInt64(port - evs))
      var configuration = SLACConfiguration(address: address)
      slac(&configuration)
      let keys = SeededNetworkKeys(seed: seed &* 1000 &+ UInt64(port))
      return port < evs
        ? .ev(EVMatcher(configuration: configuration, keys: keys))
        : .evse(EVSEMatcher(configuration: configuration, keys: keys))
    }
    for port in 0..<evs { ev(port, .start) }
    for port in evs..<evs + evses { evse(port, .start) }
  }

  subscript(ev port: Int) -> TestEV {
    guard case .ev(let matcher) = stations[port] else { preconditionFailure("port \(port) is no EV") }
    return matcher
  }

  subscript(evse port: Int) -> TestEVSE {
    guard case .evse(let matcher) = stations[port] else { preconditionFailure("port \(port) is no EVSE") }
    return matcher
  }

  mutating func ev(_ port: Int, _ event: EVMatchEvent) {
    guard case .ev(var matcher) = stations[port] else { return }
    var wanted: [MatchAction] = []
    matcher.handle(event, at: now) { wanted.append($0) }
    stations[port] = .ev(matcher)
    perform(wanted, port)
  }

  mutating func evse(_ port: Int, _ event: EVSEMatchEvent) {
    guard case .evse(var matcher) = stations[port] else { return }
    var wanted: [MatchAction] = []
    matcher.handle(event, at: now) { wanted.append($0) }
    stations[port] = .evse(matcher)
    perform(wanted, port)
  }

  private mutating func perform(_ wanted: [MatchAction], _ port: Int) {
    for action in wanted {
      actions.append((now, port, action))
      if case .toggle(let times) = action { toggle(times, port) }
      guard case .send(let frame) = action else { continue }
      let octets = frame.octets
      passed.append(Passed(at: now, port: port, fromHost: true, octets: octets))
      toLine(.frame(octets, port: port))
    }
  }

  /// Each B and C of a toggle lasts 250 ms.
  private mutating func toggle(_ times: Int, _ evPort: Int) {
    guard let evse = cable[evPort] else { return }
    for half in 0..<2 * times {
      toggles.append((now + .milliseconds(250 * half), evse, asksForEnergy: half % 2 == 0))
    }
  }

  mutating func toLine(_ event: PowerLineEvent) {
    var due: [PowerLineAction] = []
    line.handle(event, at: now) { due.append($0) }
    for case .deliver(let octets, let port) in due {
      passed.append(Passed(at: now, port: port, fromHost: false, octets: octets))
      do throws(HomePlugError) {
        let frame = try ManagementFrame(parsing: octets.span.bytes)
        if port < evCount { ev(port, .received(frame)) } else { evse(port, .received(frame)) }
      } catch {
        refused.count(error)
      }
    }
  }

  /// Plugs an EV into an EVSE: both control pilots say so.
  mutating func plug(_ evPort: Int = 0, _ evsePort: Int = 1) {
    cable[evPort] = evsePort
    evse(evsePort, .vehicleConnected)
    ev(evPort, .pilotReady)
  }

  mutating func unplug(_ evPort: Int = 0, _ evsePort: Int = 1) {
    cable[evPort] = nil
    toggles.removeAll { $0.evse == evsePort }
    evse(evsePort, .vehicleDisconnected)
    ev(evPort, .pilotLost)
  }

  /// Jumps from deadline to deadline for so long, or until `done`.
  mutating func run(_ duration: Duration, until done: (Bench) -> Bool = { _ in false }) {
    let end = now + duration
    while steps < 1_000_000, !done(self) {
      var next = line.deadline
      for station in stations { next = earliest(next, station.deadline) }
      for toggle in toggles { next = earliest(next, toggle.at) }
      guard let next, next <= end else { break }
      now = max(now, next)
      steps += 1
      while let toggle = toggles.first, toggle.at <= now {
        toggles.removeFirst()
        evse(toggle.evse, .asksForEnergy(toggle.asksForEnergy, since: toggle.at))
      }
      for port in stations.indices where (stations[port].deadline ?? end + .seconds(1)) <= now {
        if port < evCount { ev(port, .timeout) } else { evse(port, .timeout) }
      }
      if let deadline = line.deadline, deadline <= now { toLine(.timeout) }
    }
    if !done(self) { now = end }
  }

  /// When a port first performed an action the test looks for.
  func first(_ port: Int, _ isIt: (MatchAction) -> Bool) -> Instant? {
    actions.first { $0.port == port && isIt($0.action) }?.at
  }

  func isMatched(_ evPort: Int = 0, _ evsePort: Int = 1) -> Bool {
    self[ev: evPort].phase == .matched && self[evse: evsePort].phase == .matched
      && self[ev: evPort].network == self[evse: evsePort].network
  }

  /// From the first CM_SLAC_PARM.REQ of an EV to its CM_SLAC_MATCH.CNF.
  func matchTime(_ evPort: Int = 0) -> Duration? {
    guard
      let start = first(evPort, { if case .trace(.process(1, _)) = $0 { true } else { false } }),
      let end = first(evPort, { if case .trace(.matched) = $0 { true } else { false } })
    else { return nil }
    return end - start
  }

  /// What happened, one line each: `t/ms who what`, frames by type, repetitions of sounds folded.
  func ladder(timeUnit: Int64 = 1_000_000) -> [String] {
    var lines: [String] = []
    for (at, port, action) in actions {
      let who = port < evCount ? "EV  " : "EVSE"
      let what: String
      switch action {
      case .send(let frame):
        let to =
          frame.destination == .broadcast
          ? "all" : frame.destination == ManagementFrame.localModem ? "modem" : "peer"
        what = "-> \(to) \(frame.message.type)"
      case .linkReady: what = "D-LINK_READY (up)"
      case .linkLost(let loss): what = "D-LINK_READY (down), \(loss)"
      case .toggle(let times): what = "toggles S2 \(times) times"
      case .failed(let failure): what = "FAILED: \(failure)"
      case .trace: continue
      }
      let time = String(at.nanoseconds / timeUnit)
      let padding = String(repeating: " ", count: max(0, 6 - time.count))
      lines.append("\(padding)\(time) \(who) \(what)")
    }
    return lines
  }
}
