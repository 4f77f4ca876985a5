import HAL
import SafetyLinks

extension BoardDescription {
  /// What a link has to be told of the outlets behind it.
  func kind(of link: SafetyLinkDescription) -> SafetyLinkKind {
    var behind: [Int: (outlet: Outlet, hardware: LinkDrivenOutlet)] = [:]
    for outlet in outlets {
      guard case .link(let hardware) = outlet.hardware, hardware.link == link.name else { continue }
      behind[hardware.connector] = (outlet, hardware)
    }
    guard case .serial(_, _, let spoken) = link.transport else {
      var settings = ChargeBridgeSettings()
      if behind[1]?.hardware.proximity != nil { settings.proximity = .type2 }
      // One contactor with a mirror contact, at the first relay.
      settings.relays[0].isPowerRelay = true
      settings.relays[0].hasFeedback = true
      return .chargeBridge(settings)
    }
    switch spoken {
    case .chargebyte: return .chargebyte(contactors: behind[1]?.hardware.contactors ?? 1)
    case .yeti: return .yeti
    case .phyverso:
      let ports = [1, 2].map { connector -> PhyVERSOConfiguration.Outlet in
        guard let (outlet, hardware) = behind[connector] else { return .init(port: .disabled) }
        return PhyVERSOConfiguration.Outlet(
          port: outlet.current == .ac ? .ac : .dc, isFeedbackActiveLow: hardware.feedback.isActiveLow,
          feedbackPull: .init(hardware.feedback.bias),
          lock: hardware.lock == .link ? .init(hardware.lockKind) : .none,
          hasSocket: hardware.proximity != nil)
      }
      return .phyVERSO(PhyVERSOConfiguration(revision: .init(link.revision), outlets: ports))
    }
  }
}

extension PhyVERSOConfiguration.Pull {
  init(_ bias: LineDescription.Bias) {
    switch bias {
    case .asIs, .disabled: self = .none
    case .pullUp: self = .up
    case .pullDown: self = .down
    }
  }
}

extension PhyVERSOConfiguration.Lock {
  init(_ kind: LinkDrivenOutlet.LockKind) {
    switch kind {
    case .unknown: self = .unknown
    case .hella: self = .hella
    case .potentiometer: self = .potentiometer
    }
  }
}

extension PhyVERSOConfiguration.Revision {
  init(_ revision: SafetyLinkDescription.Revision) {
    switch revision {
    case .unknown: self = .unknown
    case .a: self = .a
    case .b: self = .b
    }
  }
}
