import HAL
import SafetyLinks
import SimulatedController
import Wire

/// A link and its controller in virtual time, with a line between them that the test may spoil.
struct Rig {
  var link: SafetyLink
  var controller: SimulatedController
  var now = Instant.zero
  /// What happens to octets on their way to the host, and to the controller.
  var toHost: ([UInt8]) -> [UInt8] = { $0 }
  var toController: ([UInt8]) -> [UInt8] = { $0 }
  /// Everything that was told, in order.
  var reports: [(connector: Int, report: SafetyReport)] = []
  /// Every change of the controller's outputs, in order.
  var outputs: [(connector: Int, outputs: ControllerOutputs)] = []
  /// Everything the host sent, as it left.
  var sent: [[UInt8]] = []
  var resets = 0

  init(_ kind: SafetyLinkKind, hasResetLine: Bool = false) {
    link = SafetyLink(SafetyLinkConfiguration(kind, hasResetLine: hasResetLine))
    controller = SimulatedController(kind)
  }

  /// Controller powered, link started, and time for them to find each other.
  static func up(_ kind: SafetyLinkKind) -> Rig {
    var rig = Rig(kind, hasResetLine: kind.isChargebyte)
    rig.controller(.reset)
    rig.handle(.start)
    rig.run(.seconds(3))
    return rig
  }

  mutating func handle(_ event: SafetyLinkEvent) {
    var actions: [SafetyLinkAction] = []
    link.handle(event, at: now) { actions.append($0) }
    perform(actions)
  }

  mutating func command(_ command: SafetyCommand, connector: Int = 1) {
    handle(.command(command, connector: connector))
  }

  mutating func controller(_ event: SimulatedControllerEvent) {
    var actions: [SimulatedControllerAction] = []
    controller.handle(event, at: now) { actions.append($0) }
    perform(actions)
  }

  /// Octets that come to the host from nobody.
  mutating func inject(_ octets: [UInt8], on channel: SafetyChannel = .serial) {
    var actions: [SafetyLinkAction] = []
    link.receive(octets.span.bytes, from: channel, at: now) { actions.append($0) }
    perform(actions)
  }

  /// Octets that come to the controller from nobody.
  mutating func injectToController(_ octets: [UInt8], on channel: SafetyChannel = .serial) {
    var actions: [SimulatedControllerAction] = []
    controller.receive(octets.span.bytes, from: channel, at: now) { actions.append($0) }
    perform(actions)
  }

  private mutating func perform(_ actions: [SafetyLinkAction]) {
    for action in actions {
      switch action {
      case .send(let octets, let channel):
        sent.append(octets)
        injectToController(toController(octets), on: channel)
      case .pulseReset:
        resets += 1
        controller(.reset)
      case .report(let report, let connector): reports.append((connector, report))
      }
    }
  }

  private mutating func perform(_ actions: [SimulatedControllerAction]) {
    for action in actions {
      switch action {
      case .send(let octets, let channel): inject(toHost(octets), on: channel)
      case .outputs(let new, let connector): outputs.append((connector, new))
      }
    }
  }

  /// Lets time pass, with every deadline on the way.
  mutating func run(_ duration: Duration) {
    let end = now + duration
    while let next = earliest(link.deadline, controller.deadline), next <= end {
      now = max(next, now)
      if isDue(controller.deadline, at: now) { controller(.timeout) }
      if isDue(link.deadline, at: now) { handle(.timeout) }
    }
    now = end
  }

  /// What was told of one connector since `index`.
  func told(since index: Int = 0, connector: Int = 1) -> [SafetyReport] {
    reports.dropFirst(index).filter { $0.connector == connector }.map(\.report)
  }
}

/// The four kinds, as boards have them.
let allKinds: [SafetyLinkKind] = {
  var box = ChargeBridgeSettings()
  box.proximity = .type2
  return [.chargebyte(), .yeti, .phyVERSO(twoSockets), .chargeBridge(box)]
}()

let twoSockets = PhyVERSOConfiguration(outlets: [
  PhyVERSOConfiguration.Outlet(
    port: .ac, isFeedbackActiveLow: true, feedbackPull: .up, lock: .hella, hasSocket: true),
  PhyVERSOConfiguration.Outlet(port: .dc, lock: .none),
])
