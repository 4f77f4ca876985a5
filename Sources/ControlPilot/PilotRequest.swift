public import HAL

/// What the station's upper layers may ask of the pilot.
public enum PilotRequest: Hashable, Sendable {
  /// Steady +12 V.
  case x1
  /// 5 %: digital communication. Ignored while no vehicle is connected.
  case digital
  /// The duty that offers a current per phase, mA. Ignored while no vehicle is connected; below 6 A it is X1.
  case nominal(milliamps: Int)
  /// -12 V until something else is asked for.
  case stateF
  /// -12 V for T_step_EF, then back to what was asked for before or meanwhile: the vehicle starts anew.
  case errorStep
}

/// What the pilot shall offer when no step is under way.
public enum PilotGoal: Hashable, Sendable {
  case x1
  case digital
  case nominal(milliamps: Int)

  /// What is driven for it.
  public var duty: PilotDuty {
    switch self {
    case .x1: .steadyHigh
    case .digital: .digital
    case .nominal(let milliamps): .nominal(milliamps: milliamps)
    }
  }

  var isDigital: Bool { self == .digital }
}
