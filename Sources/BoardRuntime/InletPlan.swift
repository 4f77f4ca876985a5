import ControlPilot
import HAL
public import ISO15118
import Node
import SLAC
import V2GTransport
public import Wire

/// What a site wants of one inlet of its board.
public struct InletPlan: Hashable, Sendable {
  /// Who speaks for the battery.
  public enum Battery: String, Hashable, Sendable {
    /// The simulated one.
    case board
    /// A client of the control socket, by `battery`.
    case control
  }

  /// 1, 2, 3 ..., as people and the control socket say.
  public var number = 1
  public var name: String { "\(number)" }
  /// Which inlet of the board, from 0.
  public var inlet = 0
  /// Interface of the modem; `nil` looks for the one that the board describes.
  public var interface: String?
  /// EVCCID; `nil`: the interface's MAC address.
  public var evccID: MACAddress?
  public var battery = Battery.board
  /// Longest silence of the battery's management.
  public var batterySilence = Duration.seconds(2)
  /// Per phase or pole, mA; never above what the inlet carries.
  public var milliampsMax = 32_000
  /// DC: highest voltage, mV.
  public var millivoltsMax = 1_000_000
  public var wattsMax = 350_000
  /// A session ends in order with this energy, Wh; `nil` for none.
  public var wattHoursMax: Int?
  /// ... and at this state of charge, percent.
  public var socMax = 100
  /// Where the site differs from its board.
  public var hasLock: Bool?
  public var usesSLAC = true
  /// SLAC by the letter, for a test laboratory.
  public var isConformant = false
  /// AC: charges by a nominal duty alone where nobody communicates.
  public var chargesBasic = true
  /// Protocols it offers, best first.
  public var protocols: [SessionProtocol] = [.iso15118_2]
  /// Simulation board: the socket at which the charger in another process is plugged in.
  public var cablePath: String?
  /// Timers for slow peers on a rig.
  public var isRelaxed = false

  public init() {}
}

extension InletPlan {
  /// How the link comes about: a board of lines without a modem charges by the duty alone.
  func link(_ inlet: Inlet) -> LinkPolicy {
    if inlet.modem == nil, inlet.hardware != .simulated, interface == nil { return .absent }
    return usesSLAC ? .slac : .assumed
  }

  /// Within what the inlet carries.
  func milliamps(_ inlet: Inlet) -> Int { min(milliampsMax, inlet.milliampsMax) }

  func configuration(_ inlet: Inlet, _ port: any InletPort, _ address: MACAddress?) -> VehicleConfiguration {
    let modes: [EnergyMode] =
      switch inlet.current {
      case .dc: [.DC_extended]
      case .ac: [.AC_three_phase_core, .AC_single_phase_core]
      }
    var session = EVCCConfiguration(evccID: evccID ?? address ?? MACAddress(0), modes: modes)
    session.protocols = protocols
    var configuration = VehicleConfiguration(
      link: link(inlet), session: session)
    configuration.pilot.measurementSilenceMax = port.pilotSilenceMax
    configuration.pilot.toggleHalf = matching.validationPhase
    configuration.coupling.basicCharging = chargesBasic
    configuration.safety.hasLock = hasLock ?? inlet.hasLock
    configuration.safety.feedbackMax = inlet.current == .dc ? port.feedbackMax ?? .seconds(3) : nil
    configuration.safety.temperatureEnds = port.temperatureEnds
    configuration.safety.asksBattery = true
    if isRelaxed {
      configuration.session.timers = .relaxed
      configuration.transport = .relaxed
    }
    return configuration
  }

  var matching: SLACSettings {
    var settings = SLACSettings()
    settings.tolerances = isConformant ? .conformant : .lenient
    return settings
  }
}
