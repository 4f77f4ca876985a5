import Cryptography
import ControlPilot
import HAL
import ISO15118
import Node
import SLAC
import Safety
import Simulation
import Testing
import V2GTransport
import Wire

/// Nonsense into whole nodes, from one seed: nothing traps, the supervisor's invariants hold after every event, the
/// coil is on in C and D only, and no deadline stays in the past.
@Suite struct FuzzTests {
  typealias Charger = ChargerNode<SeededNetworkKeys, SeededGenerator>
  typealias Vehicle = VehicleNode<SeededNetworkKeys>

  /// Octets that were said in sound sessions, to be mutated.
  struct Corpus {
    var frames: [[UInt8]] = []
    var datagrams: [[UInt8]] = []
    var messages: [[UInt8]] = []

    /// What one side hears in a sound session.
    static func heard(by side: SiteSide, _ current: SiteDescription.Current) -> Corpus {
      final class Notes { var corpus = Corpus() }
      let notes = Notes()
      var description = SiteDescription(current)
      description.energyWanted = 5
      var site = description.site(keys: { SeededNetworkKeys(seed: UInt64($0.rawValue)) }) { event, _ in
        switch event {
        case .frame(let at, let octets, outgoing: false) where at == side: notes.corpus.frames.append(octets)
        case .datagram(let octets, let from, _, _) where from != side: notes.corpus.datagrams.append(octets)
        case .connection(.octets(let octets, let from)) where from != side:
          notes.corpus.messages.append(octets)
        default: break
        }
      }
      site.plugIn(at: .zero)
      while site.step(until: .zero + .seconds(60)) {}
      return notes.corpus
    }
  }

  /// One of the octets, as they are, cut short, with bits turned, or none of it at all.
  static func mutated(_ pool: [[UInt8]], _ draw: inout SeededGenerator) -> [UInt8] {
    guard var octets = pool.randomElement(using: &draw), !draw.chance(perMille: 150) else {
      return (0..<Int.random(in: 0...200, using: &draw)).map { _ in UInt8.random(in: 0...255, using: &draw) }
    }
    if draw.chance(perMille: 200) { octets.removeLast(Int.random(in: 0...octets.count, using: &draw)) }
    if draw.chance(perMille: 400), !octets.isEmpty {
      for _ in 0..<Int.random(in: 1...6, using: &draw) {
        octets[Int.random(in: 0..<octets.count, using: &draw)] ^= 1 << UInt8.random(in: 0...7, using: &draw)
      }
    }
    if draw.chance(perMille: 50) { octets += octets }
    return octets
  }

  @Test(arguments: SiteDescription.Current.allCases, 0..<4 as Range<UInt64>)
  func a_charger_keeps_its_promises_whatever_it_is_told(current: SiteDescription.Current, part: UInt64) {
    let corpus = Corpus.heard(by: .charger, current)
    for seed in 0..<20 as Range<UInt64> { fuzzCharger(current, seed: part * 1000 + seed, corpus) }
  }

  private func fuzzCharger(_ current: SiteDescription.Current, seed: UInt64, _ corpus: Corpus) {
    var draw = SeededGenerator(seed: seed)
    var description = SiteDescription(current)
    description.drawCoupling(&draw)
    var node = Charger(
      configuration: description.chargerConfiguration(),
      matcher: EVSEMatcher(
        configuration: SLACConfiguration(
          address: SiteDescription.chargerAddress, settings: description.chargerSLAC),
        keys: SeededNetworkKeys(seed: seed)), random: SeededGenerator(seed: seed))
    var now = Instant.zero
    var coil = false
    // Who was identified since the plug was out last, at the latest.
    var mayBeNominal = false
    func perform(_ action: Charger.Action) {
      switch action {
      case .contactor(let close): coil = close
      case .setDuty(let duty):
        if duty.isOscillating, duty != .digital, !mayBeNominal || current == .dc {
          Issue.record("seed \(seed) at \(now): \(duty) for whoever was not identified")
        }
      default: break
      }
    }
    func check(_ what: @autoclosure () -> String) {
      let broken = node.safety.invariants(at: now)
      if !broken.isEmpty { Issue.record("seed \(seed) at \(now) after \(what()): \(broken)") }
      if coil, !node.pilotState.asksForEnergy {
        Issue.record("seed \(seed) at \(now) after \(what()): coil on in \(node.pilotState)")
      }
      if coil != node.safety.isContactorCommandedClosed {
        Issue.record("seed \(seed) at \(now) after \(what()): coil \(coil), not as the supervisor has it")
      }
    }
    node.handle(.start, at: now, perform: perform)
    for event in Self.soundBoard(description) { node.handle(event, at: now, perform: perform) }
    for step in 0..<600 {
      // Time passes as it pleases: to the deadline, beyond it, or hardly at all.
      if draw.chance(perMille: 300), let due = node.deadline {
        now = max(now, due)
        if draw.chance(perMille: 100) { now = now + .milliseconds(Int.random(in: 0...5000, using: &draw)) }
        node.handle(.timeout, at: now, perform: perform)
        if let next = node.deadline, next <= now {
          Issue.record("seed \(seed) step \(step): deadline \(next) is past at \(now): \(node.deadlines)")
        }
        check("time-out")
      } else {
        now = now + .microseconds(Int.random(in: 0...20_000, using: &draw))
      }
      if draw.chance(perMille: 300) {
        node.receive(Self.mutated(corpus.messages, &draw).span.bytes, at: now, perform: perform)
        check("octets")
      } else {
        let event = Self.event(corpus, coil: coil, &draw)
        if case .identified(true) = event { mayBeNominal = true }
        node.handle(event, at: now, perform: perform)
        check("\(event)")
      }
    }
  }

  private static func soundBoard(_ description: SiteDescription) -> [Charger.Event] {
    [
      .earth(ok: true), .lock(locked: true), .contactorFeedback(closed: false), .limits(description.limits),
      .network(.address(IPv6Address(linkLocalFor: SiteDescription.chargerAddress))), .insulation(.valid),
    ]
  }

  private static func event(_ corpus: Corpus, coil: Bool, _ draw: inout SeededGenerator) -> Charger.Event {
    let peer = V2GEndpoint(IPv6Address(linkLocalFor: SiteDescription.vehicleAddress), port: 61_000)
    switch Int.random(in: 0..<32, using: &draw) {
    case 0..<8:
      let high = [12_000, 9000, 9000, 6000, 6000, 6000, 3000, 0, -12_000, 15_000].randomElement(using: &draw)
      let low = draw.chance(perMille: 950) ? -12_000 : Int.random(in: -14_000...14_000, using: &draw)
      return .pilot(PilotLevels(highMillivolts: high ?? 0, lowMillivolts: low))
    case 8..<12: return .network(.frame(mutated(corpus.frames, &draw)))
    case 12..<14: return .network(.datagram(mutated(corpus.datagrams, &draw), from: peer, mac: nil))
    case 14: return .network(.connected(peer))
    case 15: return .network(draw.chance(perMille: 300) ? .disconnected : .connected(peer))
    case 16: return .network(.listening(V2GEndpoint(.unspecified, port: 50_000)))
    case 17: return .network(.address(draw.chance(perMille: 300) ? nil : peer.address))
    case 18..<22: return .contactorFeedback(closed: draw.chance(perMille: 950) ? coil : !coil)
    case 22: return .lock(locked: draw.chance(perMille: 900))
    case 23: return .earth(ok: draw.chance(perMille: 950))
    case 24: return .emergencyStop(draw.chance(perMille: 100))
    case 25:
      let volts = Int.random(in: -1000...1_000_000, using: &draw)
      let amps = Int.random(in: -1000...500_000, using: &draw)
      return .output(
        PowerReading(millivolts: volts, milliamps: amps), wattHours: Int.random(in: -5...500, using: &draw))
    case 26: return .insulation(InsulationStatus.allCases.randomElement(using: &draw) ?? .valid)
    case 27..<30: return .authorization(draw.chance(perMille: 900) ? .granted : .refused)
    case 30:
      return
        [.stop(.user), .resume, .serviceReset, .serviceReset, .identified(true), .identified(false)]
        .randomElement(using: &draw) ?? .timeout
    default:
      var limits = EVSELimits()
      limits.maximumMilliamps = Int.random(in: -1...200_000, using: &draw)
      limits.maximumWatts = Int.random(in: -1...100_000, using: &draw)
      limits.maximumMillivolts = Int.random(in: -1...1_000_000, using: &draw)
      return .limits(limits)
    }
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_vehicle_keeps_its_promises_whatever_it_is_told(current: SiteDescription.Current) {
    let corpus = Corpus.heard(by: .vehicle, current)
    for seed in 0..<40 as Range<UInt64> { fuzzVehicle(current, seed: seed, corpus) }
  }

  private func fuzzVehicle(_ current: SiteDescription.Current, seed: UInt64, _ corpus: Corpus) {
    var draw = SeededGenerator(seed: seed)
    var description = SiteDescription(current)
    description.drawCoupling(&draw)
    var node = Vehicle(
      configuration: description.vehicleConfiguration(),
      matcher: EVMatcher(
        configuration: SLACConfiguration(
          address: SiteDescription.vehicleAddress, settings: description.vehicleSLAC),
        keys: SeededNetworkKeys(seed: seed)))
    var now = Instant.zero
    var load = PilotLoad.b
    func perform(_ action: Vehicle.Action) {
      if case .setLoad(let new) = action { load = new }
    }
    var isPlugged = false
    node.handle(.start, at: now, perform: perform)
    let peer = V2GEndpoint(IPv6Address(linkLocalFor: SiteDescription.chargerAddress), port: 50_000)
    for step in 0..<600 {
      if draw.chance(perMille: 400), let due = node.deadline {
        now = max(now, due)
        node.handle(.timeout, at: now, perform: perform)
        if let next = node.deadline, next <= now {
          Issue.record("seed \(seed) step \(step): deadline \(next) is past at \(now)")
        }
      } else {
        now = now + .microseconds(Int.random(in: 0...50_000, using: &draw))
      }
      switch Int.random(in: 0..<20, using: &draw) {
      case 0..<4:
        node.receive(Self.mutated(corpus.messages, &draw).span.bytes, at: now, perform: perform)
      case 4..<9:
        let signal: PilotSignal =
          draw.chance(perMille: 850)
          ? .pwm(permille: 50)
          : [.none, .steadyHigh, .steadyLow, .pwm(permille: 500)].randomElement(using: &draw) ?? .none
        node.handle(.pilot(signal), at: now, perform: perform)
      case 9: node.handle(.contactorFeedback(closed: draw.chance(perMille: 500)), at: now, perform: perform)
      case 10:
        isPlugged = draw.chance(perMille: 900)
        node.handle(
          .proximity(isPlugged ? .plugged(cableMilliamps: 32_000) : .open), at: now, perform: perform)
      case 11:
        var needs = description.needs()
        needs.wish =
          [.charge, .charge, .charge, .stop, .pause, .renegotiate].randomElement(using: &draw) ?? .charge
        node.handle(.conditions(needs), at: now, perform: perform)
      case 12:
        node.handle(
          .network(.address(draw.chance(perMille: 200) ? nil : peer.address)), at: now, perform: perform)
      case 13:
        node.handle(
          .network(draw.chance(perMille: 200) ? .disconnected : .connected(peer)), at: now, perform: perform)
      case 14..<16:
        let octets = Self.mutated(corpus.datagrams, &draw)
        node.handle(.network(.datagram(octets, from: peer, mac: nil)), at: now, perform: perform)
      default: node.handle(.network(.frame(Self.mutated(corpus.frames, &draw))), at: now, perform: perform)
      }
      if load != .b, !isPlugged { Issue.record("seed \(seed) step \(step): S2 closed without a plug") }
    }
  }
}

extension SiteDescription {
  /// Any of the settings of pilot and SLAC on either side.
  mutating func drawCoupling(_ draw: inout SeededGenerator) {
    chargerCoupling.initialDuty = ChargerCoupling.InitialDuty.allCases.randomElement(using: &draw) ?? .digital
    chargerCoupling.connectionLoss =
      ChargerCoupling.ConnectionLoss.allCases.randomElement(using: &draw) ?? .rematch
    chargerCoupling.identificationWhileMatching =
      ChargerCoupling.Identification.allCases.randomElement(using: &draw) ?? .authorizesSession
    if draw.chance(perMille: 300) { chargerCoupling.sleepsAfter = .seconds(3) }
    vehicleCoupling.matchesAtNominalDuty = draw.chance(perMille: 700)
    if draw.chance(perMille: 300) { vehicleCoupling.matchesWithoutDuty = nil }
    vehicleCoupling.wakeUpToggles = Int.random(in: 1...3, using: &draw)
    if draw.chance(perMille: 500) {
      vehicleSLAC.rematchAfterLoss = .seconds(Int.random(in: 0...15, using: &draw))
    }
    if draw.chance(perMille: 300) { vehicleSLAC.tolerances = .conformant }
    if draw.chance(perMille: 300) { chargerSLAC.tolerances = .conformant }
    chargerSLAC.validation = [.ready, .failure, .notRequired].randomElement(using: &draw) ?? .ready
    vehicleSLAC.insistsOnValidation = draw.chance(perMille: 300)
    attenuation = [12, 30, 50].randomElement(using: &draw) ?? 12
  }
}
