/// Every timer of an ISO 15118-2 session (ISO 15118-2 clause 8.7, and the requirements named beside them).
public struct SessionTimers: Equatable, Sendable {
  // MARK: EVCC, message timeouts

  public var supportedAppProtocol: Duration = .seconds(2)
  public var sessionSetup: Duration = .seconds(2)
  public var serviceDiscovery: Duration = .seconds(2)
  public var serviceDetail: Duration = .seconds(5)
  public var paymentServiceSelection: Duration = .seconds(2)
  public var authorization: Duration = .seconds(2)
  public var chargeParameterDiscovery: Duration = .seconds(2)
  public var cableCheck: Duration = .seconds(2)
  public var preCharge: Duration = .seconds(2)
  public var powerDelivery: Duration = .seconds(5)
  public var chargingStatus: Duration = .seconds(2)
  public var currentDemand: Duration = .milliseconds(250)
  public var weldingDetection: Duration = .seconds(2)
  public var sessionStop: Duration = .seconds(2)

  // MARK: EVCC, phases

  /// V2G_EVCC_CommunicationSetup_Timeout: link ready to SessionSetupRes.
  public var evccCommunicationSetup: Duration = .seconds(20)
  /// V2G_EVCC_Ongoing_Timeout: EVSEProcessing=Ongoing, except WaitingForCustomerInteraction.
  public var evccOngoing: Duration = .seconds(60)
  /// V2G_EVCC_CableCheck_Timeout.
  public var evccCableCheck: Duration = .seconds(40)
  /// V2G_EVCC_PreCharge_Timeout.
  public var evccPreCharge: Duration = .seconds(7)
  /// The EV changes the pilot state in this time ([V2G2-847], [V2G2-848]).
  public var evccPilotChange: Duration = .milliseconds(250)

  // MARK: EVCC, pace (ours)

  /// Between a CurrentDemandRes and the next CurrentDemandReq.
  public var currentDemandPace: Duration = .milliseconds(100)
  /// Between a ChargingStatusRes and the next ChargingStatusReq.
  public var chargingStatusPace: Duration = .seconds(1)
  /// Between an Ongoing response (also PreCharge, WeldingDetection) and the repeated request.
  public var repeatPace: Duration = .milliseconds(200)
  /// The output current has this long to fall below 1 A before PowerDelivery(Stop) goes out anyway.
  public var rampDown: Duration = .seconds(2)
  /// AC: an onboard charger that was told to take nothing has this long before S2 opens, unless its current is known to be
  /// below 1 A earlier. A station opens its contactor 100 ms after S2 (IEC 61851-1 Table A.6).
  public var onboardRampDown: Duration = .seconds(2)
  /// WeldingDetection is repeated no longer than this.
  public var evccWelding: Duration = .seconds(10)

  // MARK: SECC

  /// V2G_SECC_Sequence_Timeout: after each response, and after the connection came up.
  public var seccSequence: Duration = .seconds(60)
  /// V2G_SECC_CommunicationSetup_Timeout: link ready to SessionSetupRes sent.
  public var seccCommunicationSetup: Duration = .seconds(20)
  /// V2G_SECC_Ongoing_Performance_Time: Ongoing answers end at the latest here.
  public var seccOngoing: Duration = .seconds(55)
  /// How long a person may take to authorize. The conformance tests expect the ongoing time here; a public
  /// charger wants minutes.
  public var eimAuthorization: Duration = .seconds(55)
  /// V2G_SECC_CableCheck_Performance_Time.
  public var seccCableCheck: Duration = .seconds(38)
  /// V2G_SECC_CPState_Detection_Timeout: wait for C or D, or for B, before a request that needs it fails.
  public var seccPilotDetection: Duration = .milliseconds(250)
  /// The contactor closes this long after C or D was seen ([V2G2-860]).
  public var seccContactor: Duration = .seconds(3)
  /// The contactor, or the output current, has this long to open or fall at PowerDelivery(Stop).
  public var seccContactorOpen: Duration = .seconds(3)
  /// PowerDeliveryRes goes out at the latest here (performance time).
  public var seccPowerDelivery: Duration = .milliseconds(4500)
  /// After `SECCEvent.stop` the EV has this long beyond NotificationMaxDelay; then the energy is cut.
  public var seccStopGrace: Duration = .seconds(10)
  /// From the response that ends the session until we close the connection, when the EV does not
  /// (the 5 s TCP termination limit).
  public var tcpClose: Duration = .seconds(5)
  /// As `tcpClose`, after a FAILED response.
  public var tcpCloseAfterFailure: Duration = .seconds(2)

  public init() {}

  /// The values of the standard.
  public static let standard = SessionTimers()

  /// For slow peers and rigs: pilot detection 0.5 s, three minutes to authorize, slow charge loops.
  public static let relaxed: SessionTimers = {
    var timers = SessionTimers()
    timers.currentDemand = .seconds(2)
    timers.evccPreCharge = .seconds(20)
    timers.seccPilotDetection = .milliseconds(500)
    timers.eimAuthorization = .seconds(180)
    return timers
  }()
}
