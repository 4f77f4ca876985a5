/// The station as a whole: result of `info`.
public struct StationInfo: Hashable, Sendable {
  /// Version of this interface: a larger one knows all of the smaller ones.
  public static let apiVersion = 3

  /// Of the program that answers, "couplerd".
  public var name: String
  public var version: String
  public var api: Int
  /// Name of the board.
  public var board: String
  public var processID: Int
  /// Since the daemon started, s.
  public var uptimeSeconds: Int
  /// Numbers of the connectors.
  public var connectors: [Int]

  public init(
    name: String, version: String, board: String, processID: Int, uptimeSeconds: Int, connectors: [Int]
  ) {
    self.name = name
    self.version = version
    api = Self.apiVersion
    self.board = board
    self.processID = processID
    self.uptimeSeconds = uptimeSeconds
    self.connectors = connectors
  }
}

/// One connector, all of it: an item of the result of `status`.
public struct ConnectorStatus: Hashable, Sendable {
  /// Which side of the cable it is.
  public enum Role: String, CaseIterable, Sendable { case charger, vehicle }

  /// 1, 2, 3 ... as in the site file.
  public var connector: Int
  public var role = Role.charger
  /// Empty for a vehicle's inlet.
  public var evseID: String
  /// EVCCID; `nil` for a charger's connector.
  public var evccID: String?
  /// "ac" or "dc".
  public var current: String
  /// Network interface of the modem.
  public var interface: String
  public var pilot = PilotStatus()
  public var slac = SLACStatus()
  public var session = SessionStatus()
  public var outputs = OutputStatus()
  public var power = PowerValues()
  public var limits = ControlLimits()
  /// Held back by `pause`: no new session begins.
  public var isPaused = false
  /// The power stage, where another program drives it.
  public var stage: PowerStageStatus?
  /// What keeps it out of service: a device that failed, a modem, controller or program that is not there. `nil` where it
  /// can charge.
  public var trouble: String?
  /// What keeps the contactor open now; `nil` where nothing does.
  public var fault: ControlFault?
  /// What is wanted of the battery; `nil` for a charger's connector.
  public var inlet: InletStatus?

  public init(connector: Int, evseID: String, current: String, interface: String) {
    self.connector = connector
    self.evseID = evseID
    self.current = current
    self.interface = interface
  }
}

/// The control pilot.
public struct PilotStatus: Hashable, Sendable {
  /// "A", "B", "C", "D", "E", "F" or "fault", as `PilotState` prints itself.
  public var state = "A"
  /// Duty of the oscillator in per mille; `nil` while it stands still.
  public var dutyPermille: Int?
  /// Highest current that a nominal duty allows, mA; `nil` with 5 % and without oscillation.
  public var offeredMilliamps: Int?
  /// Limit of the cable by its proximity coding, mA, where the board measures it.
  public var cableMilliamps: Int?
  /// What is wrong on it, for people; `nil` while it reads sound.
  public var fault: String?

  public init() {}
}

/// Matching and the power-line link.
public struct SLACStatus: Hashable, Sendable {
  public enum State: String, CaseIterable, Sendable {
    /// No vehicle, or none that asked yet.
    case unmatched
    case matching
    /// CM_SLAC_MATCH.CNF is sent; the modems join.
    case joining
    case matched
    case failed
    /// The link counts as up without SLAC.
    case assumed
  }

  public var state = State.unmatched
  /// MAC address of the vehicle's modem, "02:00:00:00:00:01".
  public var peer: String?
  /// Mean attenuation that was reported, in tenths of a decibel.
  public var attenuationDecidecibels: Int?
  /// Why matching failed or the link was lost.
  public var cause: String?

  public init() {}
}

/// The charge session.
public struct SessionStatus: Hashable, Sendable {
  public enum Authorization: String, CaseIterable, Sendable {
    /// Nobody asked for it.
    case none
    /// The vehicle waits for `authorize`.
    case needed
    case granted
    case refused
  }

  /// As `NodePhase`: "idle", "pilot", "matching", "joining", "discovery", "setup", "preparation", "energy",
  /// "stopping", "finished".
  public var phase = "idle"
  /// "iso15118-2", "iec61851", ...; `nil` until it is agreed on.
  public var protocolName: String?
  public var authorization = Authorization.none
  /// Since the vehicle was plugged in, s; `nil` without one.
  public var seconds: Int?
  /// Since the session started, Wh.
  public var wattHours = 0
  /// State of charge of the vehicle, percent, where it is known.
  public var socPercent: Int?
  /// How the last session ended, for people; `nil` before the first.
  public var outcome: String?

  public init() {}
}

/// What the charger switches.
public struct OutputStatus: Hashable, Sendable {
  /// Command to the contactor.
  public var contactorClosed = false
  /// Its feedback; `nil` where the board has none.
  public var contactorFeedback: Bool?
  /// `nil` where the outlet has no lock of its own.
  public var locked: Bool?
  /// The DC power stage.
  public var powerStageEnabled = false

  public init() {}
}

/// Present values of the energy path.
public struct PowerValues: Hashable, Sendable {
  /// Between the poles (DC) or from phase to neutral (AC).
  public var millivolts = 0
  /// Per phase with AC.
  public var milliamps = 0
  /// 1 with DC.
  public var phases = 1
  /// AC: of each phase, where a meter tells them apart.
  public var phaseMilliamps: [Int]?
  public var watts = 0
  /// Set point of the power stage (DC), `nil` where there is none.
  public var targetMillivolts: Int?
  public var targetMilliamps: Int?
  /// Of the hottest sensor, tenths of a degree Celsius, where there is one.
  public var temperatureDecidegrees: Int?

  public init() {}
}

/// Limits of a connector; in `limit` what is `nil` stays as it is.
public struct ControlLimits: Hashable, Sendable {
  /// Per phase (AC) or pole (DC), mA. 0 pauses the energy.
  public var milliamps: Int?
  /// DC alone, mV.
  public var millivolts: Int?
  /// All phases together, W.
  public var watts: Int?
  /// AC: phases that are closed, 1 or 3.
  public var phases: Int?

  public init(milliamps: Int? = nil, millivolts: Int? = nil, watts: Int? = nil, phases: Int? = nil) {
    self.milliamps = milliamps
    self.millivolts = millivolts
    self.watts = watts
    self.phases = phases
  }
}

/// A fault, with what to do about it.
public struct ControlFault: Hashable, Sendable {
  /// Its name in the code: "contactorWelded".
  public var name: String
  /// What happened and what helps, for people.
  public var text: String
  /// What ends it.
  public enum Latch: String, CaseIterable, Sendable {
    /// Told, not kept.
    case none
    /// The session's host is heard again.
    case heartbeat
    /// The plug is out and the cause is gone.
    case unplugged
    /// `clear`, after a person has looked at the charger.
    case service
  }
  public var latch: Latch

  public init(name: String, text: String, latch: Latch) {
    self.name = name
    self.text = text
    self.latch = latch
  }
}

/// One line of the list of errors: an item of the result of `errors`.
public struct ErrorEntry: Hashable, Sendable {
  /// Counts up from 1 since the daemon started; a gap means that the list was too short.
  public var number: Int
  public var connector: Int
  /// Seconds since 1970-01-01 UTC; 0 where the clock was not set.
  public var unixSeconds: Int64
  /// Which layer: "pilot", "slac", "safety", "session" ...
  public var layer: String
  public var name: String
  public var text: String
  /// It still holds.
  public var isPresent: Bool

  public init(
    number: Int, connector: Int, unixSeconds: Int64, layer: String, name: String, text: String,
    isPresent: Bool
  ) {
    self.number = number
    self.connector = connector
    self.unixSeconds = unixSeconds
    self.layer = layer
    self.name = name
    self.text = text
    self.isPresent = isPresent
  }
}

/// Present values of one connector: an item of the result of `values`.
public struct ConnectorValues: Hashable, Sendable {
  public var connector: Int
  public var power: PowerValues
  /// Since the session started, Wh.
  public var wattHours: Int

  public init(connector: Int, power: PowerValues, wattHours: Int) {
    self.connector = connector
    self.power = power
    self.wattHours = wattHours
  }
}
