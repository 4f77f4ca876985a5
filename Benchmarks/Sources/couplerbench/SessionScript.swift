import ISO15118
import V2GTransport
import Wire

/// Everything a SECC is handed in one session, in its order, to be replayed against equal SECCs.
///
/// It is made by a SECC and an EVCC that talk in memory, in virtual time, with a charger and a vehicle around them
/// that do what they are told after fixed delays.
struct SessionScript {
  enum Input {
    case event(SECCEvent)
    /// A payload without its V2GTP header, and the request in it.
    case request([UInt8], V2GTPPayloadType, SessionMessage)
  }
  struct Line {
    var at: Instant
    var input: Input
  }

  private(set) var lines: [Line] = []
  /// Both sides say that the session ended in order.
  private(set) var completed = false
  private let configuration: SECCConfiguration

  /// A SECC that has not heard anything of the script, and will give the same session the same id.
  var secc: SECC<SeededGenerator> { SECC(configuration: configuration, random: SeededGenerator(seed: 1)) }

  /// A session in which the energy flows for so long.
  init(dc: Bool, energyFor: Duration) {
    configuration = SECCConfiguration(
      modes: dc ? [.DC_extended, .DC_core] : [.AC_three_phase_core, .AC_single_phase_core])
    var pair = SessionPair(dc: dc, secc: secc, energyFor: energyFor)
    pair.run()
    lines = pair.lines
    completed = pair.terminated == 2
  }
}

private struct SessionPair {
  enum Due {
    case toSECC([UInt8]), toEVCC([UInt8])
    case charger((inout EVSEConditions) -> Void)
    case vehicle((inout EVConditions) -> Void)
    case hangUpSECC, hangUpEVCC
  }

  var lines: [SessionScript.Line] = []
  /// Sides that ended in order.
  var terminated = 0
  private var now = Instant.zero
  private var secc: SECC<SeededGenerator>
  private var evcc: EVCC
  private var charger = EVSEConditions()
  private var vehicle = EVConditions()
  private var queue: [(at: Instant, due: Due)] = []
  private var output = OutputBuffer()
  private let energyFor: Duration
  /// Sides that ended at all.
  private var ended = 0
  /// What the EVCC sent last.
  private var request = SessionMessage.supportedAppProtocolReq

  init(dc: Bool, secc: SECC<SeededGenerator>, energyFor: Duration) {
    self.secc = secc
    self.energyFor = energyFor
    evcc = EVCC(
      configuration: EVCCConfiguration(
        evccID: MACAddress(2, 0, 0, 0, 0, 0xE1), modes: [dc ? .DC_extended : .AC_three_phase_core]))
    charger.pilot = .B
    charger.meterWattHours = 1_234_567
    if !dc { charger.limits = .ac(milliamps: 32_000, phases: 3) }
  }

  mutating func run() {
    give(SECCEvent.conditions(charger))
    give(EVCCEvent.conditions(vehicle))
    give(SECCEvent.connected)
    give(EVCCEvent.connected)
    let limit = Instant.zero + .seconds(600)
    while ended < 2, let next = earliest(queue.map(\.at).min(), secc.deadline, evcc.deadline), next <= limit {
      now = max(now, next)
      step()
    }
  }

  private mutating func step() {
    if let index = queue.indices.filter({ queue[$0].at <= now }).min(by: { queue[$0].at < queue[$1].at }) {
      return take(queue.remove(at: index).due)
    }
    if let due = secc.deadline, due <= now { give(SECCEvent.timeout) }
    if let due = evcc.deadline, due <= now { give(EVCCEvent.timeout) }
  }

  private mutating func take(_ due: Due) {
    switch due {
    case .toSECC(let octets):
      guard let (payload, type) = payload(of: octets) else { return }
      lines.append(.init(at: now, input: .request(payload, type, request)))
      var actions: [SECCAction] = []
      secc.receive(payload.span.bytes, type: type, at: now, output: &output) { actions.append($0) }
      follow(actions)
    case .toEVCC(let octets):
      guard let (payload, type) = payload(of: octets) else { return }
      var actions: [EVCCAction] = []
      evcc.receive(payload.span.bytes, type: type, at: now, output: &output) { actions.append($0) }
      follow(actions)
    case .charger(let change):
      change(&charger)
      give(SECCEvent.conditions(charger))
    case .vehicle(let change):
      change(&vehicle)
      give(EVCCEvent.conditions(vehicle))
    case .hangUpSECC: give(SECCEvent.disconnected)
    case .hangUpEVCC: give(EVCCEvent.disconnected)
    }
  }

  private func payload(of octets: [UInt8]) -> ([UInt8], V2GTPPayloadType)? {
    guard let header = try? V2GTPHeader(parsing: octets.span.bytes) else { return nil }
    return (Array(octets.dropFirst(V2GTPHeader.size)), header.payloadType)
  }

  private mutating func give(_ event: SECCEvent) {
    lines.append(.init(at: now, input: .event(event)))
    var actions: [SECCAction] = []
    secc.handle(event, at: now, output: &output) { actions.append($0) }
    follow(actions)
  }

  private mutating func give(_ event: EVCCEvent) {
    var actions: [EVCCAction] = []
    evcc.handle(event, at: now, output: &output) { actions.append($0) }
    follow(actions)
  }

  private mutating func send(_ due: ([UInt8]) -> Due) {
    if !output.isEmpty { queue.append((now + .milliseconds(2), due(output.octets))) }
    output.removeAll()
  }

  private mutating func after(_ milliseconds: Int, _ due: Due) {
    queue.append((now + .milliseconds(milliseconds), due))
  }

  private mutating func follow(_ actions: [SECCAction]) {
    send { .toEVCC($0) }
    for action in actions {
      switch action {
      case .authorizationNeeded: after(500, .charger { $0.authorization = .granted })
      case .energy(let command): follow(command)
      case .ended(let outcome): end(outcome)
      case .close: after(2, .hangUpEVCC)
      case .vehicle, .trace: break
      }
    }
  }

  private mutating func follow(_ command: EnergyCommand) {
    func output(_ millivolts: Int, _ milliamps: Int) -> Due {
      .charger {
        $0.presentMillivolts = millivolts
        $0.presentMilliamps = milliamps
      }
    }
    switch command {
    case .none:
      after(20, output(0, 0))
      after(50, .charger { $0.contactorClosed = false })
    case .cableCheck:
      after(100, .charger { $0.contactorClosed = true })
      after(1000, .charger { $0.isolation = .valid })
    case .preCharge(let millivolts, _): after(300, output(millivolts, 0))
    case .deliver(let millivolts, let milliamps): after(20, output(millivolts, milliamps))
    case .closeAC: after(100, .charger { $0.contactorClosed = true })
    }
  }

  private mutating func follow(_ actions: [EVCCAction]) {
    send { .toSECC($0) }
    for action in actions {
      switch action {
      case .pilot(let letter):
        after(10, .vehicle { $0.pilot = letter })
        after(30, .charger { $0.pilot = letter })
      case .contactor(let close): after(50, .vehicle { $0.contactorClosed = close })
      case .trace(.sent(let message, _, _)): request = message
      case .trace(.evcc(.WaitForCurrentDemandRes)), .trace(.evcc(.WaitForChargingStatusRes)):
        queue.append((now + energyFor, .vehicle { $0.wish = .stop }))
      case .ended(let outcome): end(outcome)
      case .close: after(2, .hangUpSECC)
      case .charger, .progress, .trace: break
      }
    }
  }

  private mutating func end(_ outcome: SessionOutcome) {
    if outcome == .terminated { terminated += 1 }
    ended += 1
  }
}
