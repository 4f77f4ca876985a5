public import HAL
public import ISO15118
public import Node
import HomePlug
import SLAC
import Safety

/// What a site wants of one connector of its board.
public struct ConnectorPlan: Hashable, Sendable {
  /// Who may charge.
  public enum Authorization: String, Hashable, Sendable {
    /// Whoever plugs in.
    case free
    /// Whom the control socket lets.
    case control
  }

  /// How digital communication and a nominal duty go together with AC.
  public enum Digital: String, Hashable, Sendable {
    /// 5 %, and a nominal duty where the vehicle does not communicate.
    case first
    /// A nominal duty at once; a vehicle that communicates may do so beside it.
    case beside
    /// 5 % alone.
    case only
  }

  /// 1, 2, 3 ..., as people and the control socket say.
  public var number = 1
  public var name: String { "\(number)" }
  /// Which outlet of the board, from 0.
  public var outlet = 0
  /// Interface of the modem; `nil` looks for the one that the board describes.
  public var interface: String?
  /// Port of the session; `nil` for a free one.
  public var port: UInt16?
  public var evseID = "DE*CPL*E00001"
  public var authorization = Authorization.free
  /// Per phase or pole, mA; never above what the outlet carries.
  public var milliampsMax = 32_000
  /// DC: lowest current, mA.
  public var milliampsMin = 0
  /// AC only.
  public var phases = 3
  /// DC, or with AC the nominal voltage from phase to neutral.
  public var millivoltsMax = 920_000
  public var millivoltsMin = 150_000
  public var wattsMax = 60_000
  /// Where the site differs from its board.
  public var hasLock: Bool?
  public var isVentilated: Bool?
  /// SLAC by the letter, for a test laboratory.
  public var isConformant = false
  /// SLAC proves who is at the plug; with `.assumed` any station on the interface is taken for the vehicle, which is for
  /// rigs. `.absent` charges by the duty alone, and opens no network.
  public var link = LinkPolicy.slac
  public var usesSLAC: Bool { link == .slac }
  public var coupling = ChargerCoupling()
  public var digital = Digital.first
  /// Another program drives the power stage, also where the board has one that is simulated.
  public var isStageExternal = false
  /// Longest silence of that program.
  public var stageSilenceMax: Duration = .seconds(1)
  /// Simulation board: the socket at which a vehicle in another process is plugged in.
  public var cablePath: String?
  /// Timers for slow peers on a rig.
  public var isRelaxed = false

  public init() {}
}

extension ConnectorPlan {
  /// What the session offers, within what the outlet carries.
  public func limits(_ outlet: Outlet) -> EVSELimits {
    let milliamps = min(milliampsMax, outlet.milliampsMax)
    switch outlet.current {
    case .ac:
      var limits = EVSELimits.ac(milliamps: milliamps, phases: phases)
      // What a site file may call a nominal voltage; a plan that is not of one has a DC voltage here.
      if (100_000...300_000).contains(millivoltsMax) { limits.maximumMillivolts = millivoltsMax }
      // mV * mA / 10^6 = W, in 64 bits for targets with a 32-bit Int.
      let watts = Int64(limits.maximumMillivolts) * Int64(milliamps) * Int64(phases) / 1_000_000
      limits.maximumWatts = min(Int(clamping: watts), wattsMax)
      // A duty below 6 A says nothing anyway.
      let least = max(milliampsMin, outlet.limits.milliampsMin)
      if least > 6_000 { limits.minimumMilliamps = least }
      return limits
    case .dc:
      var limits = EVSELimits()
      limits.minimumMilliamps = max(milliampsMin, outlet.limits.milliampsMin)
      limits.maximumMillivolts = millivoltsMax
      limits.minimumMillivolts = millivoltsMin
      limits.maximumMilliamps = milliamps
      limits.maximumWatts = wattsMax
      return limits
    }
  }

  /// AC: the current at which all phases together take no more than so many watts, mA. A vehicle that does not communicate
  /// knows no power, only what its duty says.
  func milliamps(ofWatts watts: Int, at millivolts: Int, phases: Int) -> Int {
    let square = Int64(max(millivolts, 1)) * Int64(max(phases, 1))
    guard watts >= 0, Int64(watts) < Int64.max / 1_000_001 else { return watts < 0 ? 0 : .max }
    // The largest one whose power, without its fraction, is not more.
    return Int(clamping: ((Int64(watts) + 1) * 1_000_000 - 1) / square)
  }

  func configuration(_ outlet: Outlet, _ port: any OutletPort) -> ChargerConfiguration {
    let modes: [EnergyMode] =
      switch outlet.current {
      case .dc: [.DC_extended]
      case .ac: phases == 1 ? [.AC_single_phase_core] : [.AC_three_phase_core]
      }
    var session = SECCConfiguration(modes: modes)
    session.evseID = evseID
    session.freeService = authorization == .free
    var configuration = ChargerConfiguration(
      link: link, safety: SafetySettings(outlet), session: session)
    configuration.coupling = coupling
    if !port.samplesPilot { configuration.pilot.sampleSilenceMax = nil }
    configuration.pilot.diodeProof = port.diodeProof
    configuration.safety.readsProximity = port.readsProximity
    configuration.safety.hasExternalPowerStage = outlet.current == .dc && !port.hasPowerStage
    configuration.safety.feedbackMax = port.feedbackMax
    configuration.safety.hasResidualCurrentInput = port.readsResidualCurrent
    configuration.safety.testsResidualCurrent = port.testsResidualCurrent
    configuration.safety.switchesPhases = port.switchesPhases
    // The board's table narrows the limits in steps; the node has the last word, where it ends.
    configuration.temperatureSensors = port.temperatureEnds.map { end in
      Derating(
        startMillicelsius: end - 1_000, endMillicelsius: end, fullMilliamps: outlet.milliampsMax,
        endMilliamps: outlet.milliampsMax)
    }
    configuration.coupling.digitalFirst = digital == .first && outlet.current == .ac
    configuration.coupling.offersNominal = digital != .only
    if isRelaxed {
      configuration.session.timers = .relaxed
      configuration.transport = .relaxed
    }
    return configuration
  }

  func matching(_ outlet: Outlet) -> SLACSettings {
    var settings = SLACSettings()
    settings.receiverLoss = AttenuationProfile(repeating: UInt8(clamping: outlet.receiverLossDecibels))
    settings.validation = .ready
    settings.tolerances = isConformant ? .conformant : .lenient
    return settings
  }
}
