public import ControlPilot
public import ISO15118
public import Safety
public import V2GTransport
import Wire

/// How the data link comes about.
public enum LinkPolicy: Sendable {
  /// SLAC matching on the modem's interface.
  case slac
  /// The interface is a plain network: the link counts as up while the pilot holds 5 %. For rigs without
  /// modems; never for a charger in the field, as nothing proves that the peer is the vehicle at the plug.
  case assumed
  /// There is no modem: a charger offers nominal duties alone, a vehicle charges by them.
  case absent
}

/// A charger with one outlet.
public struct ChargerConfiguration: Sendable {
  public var link: LinkPolicy
  public var pilot: PilotTimers
  public var safety: SafetySettings
  public var transport: TransportTimers
  public var session: SECCConfiguration
  public var coupling = ChargerCoupling()
  /// What each temperature sensor of the outlet leaves of the current, in the order of `ChargerEvent.temperature`. Until
  /// every one of them was read nothing is offered.
  public var temperatureSensors: [Derating] = []
  /// DC: the insulation monitor tells a fault within this time (IEC 61557-8: 10 s). The cable check lasts as long, from the
  /// moment in which the test voltage is there; zero for a monitor that tells a result of its own test at that voltage.
  public var insulationResponse: Duration = .seconds(10)
  /// V2G messages are taken up to this many octets.
  public var payloadMax = 16 * 1024
  /// C_sequ_retry (ISO 15118-3 Table 3): how often a plug-in that failed is tried again through state E/F.
  public var retries = 2
  /// V2G_SECC_CPOscillator_Retain_Time: 5 % stays on this long after SessionStopRes.
  public var oscillatorRetain: Duration = .milliseconds(1500)
  /// A dead connection or link is called unplugged when the pilot says so within this time.
  public var unplugDetection: Duration = .milliseconds(300)
  /// After a fault a vehicle has this long to ask once more and hear of it before the connection is closed.
  public var farewell: Duration = .seconds(2)

  public init(
    link: LinkPolicy = .slac, pilot: PilotTimers = .standard, safety: SafetySettings,
    transport: TransportTimers = .standard, session: SECCConfiguration
  ) {
    self.link = link
    self.pilot = pilot
    self.safety = safety
    self.transport = transport
    self.session = session
  }
}

/// A vehicle.
public struct VehicleConfiguration: Sendable {
  public var link: LinkPolicy
  public var pilot: PilotTimers
  public var transport: TransportTimers
  public var session: EVCCConfiguration
  public var coupling = VehicleCoupling()
  public var safety = VehicleSafety()
  public var payloadMax = 16 * 1024
  /// T_conn_init_HLC (ISO 15118-3 Table 3): 5 % is seen at least this long before matching starts.
  public var communicationDelay: Duration = .milliseconds(200)
  /// After X1 in the middle of a session the vehicle draws nothing, but hears the charger out for so long. Below
  /// the 3 s in which S2 has to open.
  public var offerLossPatience: Duration = .milliseconds(1500)

  public init(
    link: LinkPolicy = .slac, pilot: PilotTimers = .standard, transport: TransportTimers = .standard,
    session: EVCCConfiguration
  ) {
    self.link = link
    self.pilot = pilot
    self.transport = transport
    self.session = session
  }
}
