import Cryptography
import HAL
import HomePlug
import ISO15118
import Node
import SLAC
import SimulatedHardware
import Simulation
import Wire

/// One of our vehicles, whole, with the tester at the other end: its duty on the pilot wire, its frames on the line.
struct VehicleRig: EVUnderTest {
  private(set) var now = Instant.zero
  private(set) var node: VehicleNode<SeededNetworkKeys>
  private(set) var bench: ChargingBench
  private var sent: [Sent] = []
  private(set) var loads: [(at: Instant, load: PilotLoad)] = []
  private(set) var traces: [(at: Instant, trace: NodeTrace)] = []
  var linkUp = false
  private var key: NetworkKey?
  private var queue: [VehicleEvent] = []
  var needs: EVConditions

  let own = SiteDescription.vehicleAddress

  init(_ current: SiteDescription.Current, _ change: (inout SiteDescription) -> Void = { _ in }) {
    var description = SiteDescription(current)
    description.vehicleSLAC.tolerances = .conformant
    change(&description)
    bench = description.bench()
    needs = description.needs()
    node = VehicleNode(
      configuration: description.vehicleConfiguration(),
      matcher: EVMatcher(
        configuration: SLACConfiguration(address: own, settings: description.vehicleSLAC),
        keys: SeededNetworkKeys(seed: 7)))
    take(.start)
    take(.network(.address(IPv6Address(linkLocalFor: own))))
    take(.conditions(needs))
    advance(.seconds(1))
    forget()
  }

  // MARK: the tester's hands

  /// The plug goes in; the tester drives this duty.
  mutating func plugIn(_ duty: PilotDuty) {
    bench.apply(.setDuty(duty))
    bench.plugIn()
    take(.proximity(.plugged(cableMilliamps: nil)))
    advance(.milliseconds(1))
  }

  mutating func unplug() {
    bench.unplug()
    take(.proximity(.open))
    advance(.milliseconds(50))
  }

  mutating func drive(_ duty: PilotDuty) {
    bench.apply(.setDuty(duty))
    advance(.milliseconds(50))
  }

  /// The wire to the vehicle shows 0 V: state E.
  mutating func short(_ isShort: Bool) {
    bench.breakWire(isShort ? .shortToEarth : [])
    advance(.milliseconds(50))
  }

  mutating func take(_ event: VehicleEvent) {
    queue.append(event)
    drain()
  }

  mutating func deliver(_ frame: ManagementFrame) {
    guard let frame = overTheWire(frame) else { return }
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

  private mutating func exchange() {
    var readings: [ChargingBench.InletReading] = []
    bench.advance(to: now, outlet: { _ in }, inlet: { readings.append($0) })
    for reading in readings {
      switch reading {
      case .pilot(let signal): take(.pilot(signal))
      case .contactor(let closed): take(.contactorFeedback(closed: closed))
      case .battery: break
      }
    }
  }

  private mutating func drain() {
    while !queue.isEmpty {
      var actions: [VehicleAction] = []
      node.handle(queue.removeFirst(), at: now) { actions.append($0) }
      for action in actions { perform(action) }
    }
  }

  private mutating func perform(_ action: VehicleAction) {
    switch action {
    case .network(.frame(let octets)):
      guard let frame = try? ManagementFrame(parsing: octets.span.bytes) else { return }
      sent.append(Sent(at: now, frame: frame))
      if frame.destination.isLocalModem, let answer = answer(frame) {
        queue.append(.network(.frame(answer.octets)))
      }
    case .network: break
    case .setLoad(let load):
      loads.append((now, load))
      bench.apply(ChargingBench.InletCommand.setLoad(load))
    case .contactor(let close): bench.apply(ChargingBench.InletCommand.contactor(close: close))
    case .charger(let milliamps): bench.apply(.charger(milliamps: milliamps))
    case .lock: break
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
    case .networkInfoReq: message = .networkInfoCnf(VS_NW_INFO_CNF(networks: []))
    default: return nil
    }
    return ManagementFrame(destination: own, source: testModem, message: message)
  }

  // MARK: what is seen

  /// The key in the modem.
  var modemKey: NetworkKey? { key }

  var phase: NodePhase { node.phase }

  /// Plugged in at 5 % and asking.
  static func asking(
    _ current: SiteDescription.Current, duty: PilotDuty = .digital,
    _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> (VehicleRig, RunID) {
    var rig = VehicleRig(current, change)
    rig.plugIn(duty)
    let runID = rig.awaitRequest() ?? RunID(0)
    return (rig, runID)
  }

  /// CM_SLAC_MATCH.CNF was sent; the link is still down.
  static func joining(
    _ current: SiteDescription.Current, _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> VehicleRig {
    var (rig, runID) = asking(current, change)
    rig.match(runID)
    return rig
  }

  static func linked(
    _ current: SiteDescription.Current, _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> VehicleRig {
    var rig = joining(current, change)
    rig.linkUp = true
    rig.advance(.seconds(2))
    rig.forget()
    return rig
  }

  /// From CM_SLAC_PARM.CNF to CM_SLAC_MATCH.CNF; true where the EV asked for it.
  @discardableResult
  mutating func match(_ runID: RunID) -> Bool {
    characterize(runID, by: [(evseMAC, 20)])
    let sent = line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(500))
    sendMatch(runID)
    return sent.types.contains(.CM_SLAC_MATCH_REQ)
  }
}
