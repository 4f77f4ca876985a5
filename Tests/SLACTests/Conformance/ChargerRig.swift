import Cryptography
import HAL
import HomePlug
import Node
import SLAC
import SimulatedHardware
import Simulation
import Wire

/// One of our chargers, whole, with the tester at the other end: its load on the pilot wire, its frames on the line.
struct ChargerRig: EVSEUnderTest {
  typealias Node = ChargerNode<SeededNetworkKeys, SeededGenerator>

  private(set) var now = Instant.zero
  private(set) var node: Node
  private(set) var bench: ChargingBench
  /// Frames the charger sent, those to its modem among them.
  private var sent: [Sent] = []
  private(set) var duties: [(at: Instant, duty: PilotDuty)] = []
  private(set) var traces: [(at: Instant, trace: NodeTrace)] = []
  /// What the modem says about its link.
  var linkUp = false
  private var key: NetworkKey?
  private var queue: [ChargerEvent] = []
  /// The modem has power and has booted.
  private var modemReadyAt: Instant? = .zero
  let modemBoot = Duration.seconds(3)

  let own = SiteDescription.chargerAddress

  init(
    _ current: SiteDescription.Current, isVentilated: Bool = false,
    _ change: (inout SiteDescription) -> Void = { _ in }
  ) {
    var description = SiteDescription(current)
    description.chargerSLAC.tolerances = .conformant
    change(&description)
    var configuration = description.chargerConfiguration()
    configuration.safety.isVentilated = isVentilated
    bench = description.bench()
    let keys = SeededNetworkKeys(seed: 5)
    node = ChargerNode(
      configuration: configuration,
      matcher: EVSEMatcher(
        configuration: SLACConfiguration(address: own, settings: description.chargerSLAC), keys: keys),
      random: SeededGenerator(seed: 6))
    take(.start)
    take(.network(.address(IPv6Address(linkLocalFor: own))))
    take(.limits(description.limits))
    advance(.seconds(1))
  }

  // MARK: the tester's hands

  /// The plug goes in with this load on the pilot.
  mutating func plugIn(_ load: PilotLoad = .b) {
    bench.apply(.setLoad(.b))
    bench.plugIn()
    if load != .b {
      advance(.milliseconds(200))
      setLoad(load)
    }
  }

  mutating func unplug() {
    bench.unplug()
    advance(.milliseconds(50))
  }

  mutating func setLoad(_ load: PilotLoad) {
    bench.apply(ChargingBench.InletCommand.setLoad(load))
    advance(.milliseconds(50))
  }

  /// S2 to C for so long, then back to B.
  mutating func toggle(_ half: Duration = .milliseconds(300)) {
    bench.apply(ChargingBench.InletCommand.setLoad(.c))
    advance(half)
    bench.apply(ChargingBench.InletCommand.setLoad(.b))
    advance(half)
  }

  mutating func take(_ event: ChargerEvent) {
    queue.append(event)
    drain()
  }

  mutating func deliver(_ frame: ManagementFrame) {
    guard isModemOn, let frame = overTheWire(frame) else { return }
    take(.network(.frame(frame.octets)))
  }

  mutating func takeFrames() -> [Sent] {
    defer { sent.removeAll() }
    return sent
  }

  // MARK: time

  mutating func advance(_ duration: Duration) {
    let end = now + duration
    exchange()
    while let next = earliest(node.deadline, bench.deadline), next <= end {
      now = max(now, next)
      exchange()
      if let due = node.deadline, due <= now { take(.timeout) }
    }
    now = end
    exchange()
  }

  /// True as soon as `condition` holds, false when the time is over.
  mutating func run(for limit: Duration, until condition: (ChargerRig) -> Bool) -> Bool {
    let end = now + limit
    while !condition(self) {
      guard now < end else { return false }
      advance(.milliseconds(10))
    }
    return true
  }

  private mutating func exchange() {
    var readings: [ChargingBench.OutletReading] = []
    bench.advance(to: now, outlet: { readings.append($0) }, inlet: { _ in })
    for reading in readings { take(ChargerEvent(reading)) }
  }

  private var isModemOn: Bool { modemReadyAt.map { $0 <= now } ?? false }

  private mutating func drain() {
    while !queue.isEmpty {
      var actions: [ChargerAction] = []
      node.handle(queue.removeFirst(), at: now) { actions.append($0) }
      for action in actions { perform(action) }
    }
  }

  private mutating func perform(_ action: ChargerAction) {
    switch action {
    case .network(.frame(let octets)):
      guard let frame = try? ManagementFrame(parsing: octets.span.bytes) else { return }
      sent.append(Sent(at: now, frame: frame))
      if isModemOn, frame.destination.isLocalModem, let answer = answer(frame) {
        queue.append(.network(.frame(answer.octets)))
      }
    case .network(.listen(true)):
      queue.append(.network(.listening(V2GEndpoint(IPv6Address(linkLocalFor: own), port: 50_000))))
    case .network: break
    case .setDuty(let duty):
      duties.append((now, duty))
      bench.apply(.setDuty(duty))
    case .contactor(let close): bench.apply(ChargingBench.OutletCommand.contactor(close: close))
    case .lock(let lock): bench.apply(.lock(lock))
    case .powerStage(let enabled): bench.apply(.powerStage(enabled: enabled))
    case .setPoint(let reading): bench.apply(.setPoint(reading))
    case .insulationTest: bench.apply(.insulationTest)
    case .residualCurrentTest, .phases: break
    case .modemPower(let on): modemReadyAt = on ? now + modemBoot : nil
    case .authorizationNeeded: break
    case .trace(let trace): traces.append((now, trace))
    }
  }

  private mutating func answer(_ frame: ManagementFrame) -> ManagementFrame? {
    let message: ManagementMessage
    switch frame.message {
    case .setKeyReq(let request):
      key = request.key
      message = .setKeyCnf(CM_SET_KEY_CNF(result: 1))
    case .linkStatusReq: message = .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: linkUp ? 1 : 0))
    case .softwareVersionReq:
      message = .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7000".utf8)))
    case .networkInfoReq:
      guard let key else { return nil }
      message = .networkInfoCnf(
        VS_NW_INFO_CNF(networks: [
          .init(
            nid: key.nid, shortID: 1, tei: 1, role: 2, coordinator: testModem, coordinatorTEI: 1, stations: []
          )
        ]))
    default: return nil
    }
    return ManagementFrame(destination: own, source: testModem, message: message)
  }

  // MARK: what is seen

  /// What is on the wire.
  var duty: PilotDuty { bench.wire.duty }

  /// The duties driven from `since` on, with how long each has lasted; the last one until now.
  func steps(since: Instant) -> [(duty: PilotDuty, lasted: Duration)] {
    let driven = duties.filter { $0.at >= since }
    return driven.indices.map { index in
      let end = index + 1 < driven.count ? driven[index + 1].at : now
      return (driven[index].duty, end - driven[index].at)
    }
  }

  /// Keys the modem was given since the frames were last taken.
  var keysSet: [NetworkKey] {
    sent.compactMap { if case .setKeyReq(let request) = $0.message { request.key } else { nil } }
  }

  /// Matched, with its link up, in state B at 5 %.
  static func linked(
    _ current: SiteDescription.Current, _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> ChargerRig {
    var rig = ChargerRig(current, change)
    rig.plugIn()
    rig.advance(.seconds(1))
    rig.attenuationDone()
    _ = rig.requestMatch()
    rig.linkUp = true
    rig.advance(.seconds(2))
    return rig
  }
}
