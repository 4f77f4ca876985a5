public import HAL

/// Where octets go to and come from.
public enum SafetyChannel: String, Hashable, Sendable {
  case serial
  /// UDP port 6000 of a ChargeBridge.
  case management
  /// UDP port 6001 of a ChargeBridge.
  case pilot
}

/// What is wanted of a controller, for one connector.
public enum SafetyCommand: Hashable, Sendable {
  case duty(PilotDuty)
  /// The controller closes the contactor once the vehicle asks, or opens it at once.
  case allowPower(Bool)
  case lock(Bool)
  /// Three phases or one, where the controller can switch.
  case threePhases(Bool)
}

/// What happens to a `SafetyLink`. What the line gives comes in through `receive`, as a span cannot be kept in an event.
public enum SafetyLinkEvent: Hashable, Sendable {
  case start
  /// Taken while the link is up; dropped and counted otherwise, so that nothing is switched on by a link that comes back.
  case command(SafetyCommand, connector: Int)
  /// Start the controller anew. Everything is safe meanwhile.
  case reset
  /// The device was lost, or cannot be written to.
  case lineFailed
  case timeout
  /// End; the controller is left in its safe state.
  case stop
}

/// What a `SafetyLink` wants done.
public enum SafetyLinkAction: Hashable, Sendable {
  case send([UInt8], on: SafetyChannel)
  /// Drive the reset line for so long.
  case pulseReset(Duration)
  case report(SafetyReport, connector: Int)
}

/// What a link tells about one connector, each when it changes.
public enum SafetyReport: Hashable, Sendable {
  /// The controller answers and takes commands. What it said so far follows.
  case up(ControllerIdentity?)
  /// Nothing that was reported before holds any longer. The link has taken back every command but a lock's, and
  /// goes on trying; commands have to be given anew after `up`.
  case down(SafetyLoss)
  case faults(SafetyFaults)
  case stopRequested(Bool)
  /// `nil` where the controller does not know.
  case pilot(PilotState?)
  case contactor(ContactorReading)
  case lock(LockReading)
  case proximity(Proximity?)
  /// What the controller drives; `nil` for nothing.
  case duty(PilotDuty?)
  case levels(PilotLevels?)
  /// 0.1 degC of each sensor; `nil` for one that is not used or has failed.
  case temperatures([Int?])
  case meter(MeterReading)
  /// The controller's own error message, in its maker's numbers.
  case message(module: UInt16, reason: UInt16, isActive: Bool)
}

/// Why a link is down.
public enum SafetyLoss: Hashable, Sendable {
  /// No answer to as many questions as are asked.
  case noAnswer
  /// It answered, and then said nothing for too long.
  case silent(Duration)
  /// It started anew by itself.
  case restarted(RestartReason)
  /// It was told to start anew.
  case resetting
  /// A program of the factory runs on it.
  case notFirmware(application: UInt8)
  /// It goes on asking for its settings.
  case settingsRefused
  case lineFailed
}

extension SafetyLoss: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noAnswer: "the safety controller does not answer: check device, speed, wiring and reset line"
    case .silent(let time): "the safety controller has been silent for \(time.milliseconds) ms"
    case .restarted(.watchdog): "the safety controller was restarted by its watchdog"
    case .restarted(.asked): "the safety controller was restarted"
    case .resetting: "the safety controller is being reset"
    case .notFirmware(let application):
      "the safety controller runs program \(application) of its maker, not its firmware: flash it"
    case .settingsRefused:
      "the safety controller does not take its settings: check its outlets in the board file"
    case .lineFailed: "the device of the safety controller's link failed"
    }
  }
}
