/// A response as the EVCC's rules need it: plain values, nothing kept of the received octets.
struct SessionResponse: Equatable {
  /// DC_EVSEStatusCode, as far as it matters to the vehicle.
  enum StatusCode: Equatable { case running, shutdown, emergencyShutdown, malfunction, utilityInterruptEvent }

  var message: SessionMessage
  var session: SessionID
  var code: SessionResponseCode
  var processing: SessionProcessing?

  /// supportedAppProtocolRes
  var schemaID: UInt8?
  /// ServiceDiscoveryRes
  var offersExternalPayment = false
  var modes = EnergyModes()
  /// ChargeParameterDiscoveryRes
  var schedule: Schedule?
  var parametersAreDC: Bool?
  /// EVSEStatus
  var notification = SessionNotification.None
  var notificationMaxDelay: UInt16 = 0
  var status = StatusCode.running
  /// nil: absent.
  var isolation: EVSEConditions.Isolation?
  var presentMillivolts: Int?
  var presentMilliamps: Int?
  var maximumMilliamps: Int?
  var meterWattHours: UInt64?

  struct Schedule: Equatable {
    var tupleID: UInt8
    /// PMax of the entry that holds now, in W.
    var watts: Int
  }

  init(message: SessionMessage, session: SessionID, code: SessionResponseCode) {
    self.message = message
    self.session = session
    self.code = code
  }
}

/// A set of energy transfer modes.
struct EnergyModes: Equatable, Sendable {
  private var bits: UInt8 = 0

  private static func bit(_ mode: EnergyMode) -> UInt8 {
    switch mode {
    case .AC_single_phase_core: 1
    case .AC_three_phase_core: 2
    case .DC_core: 4
    case .DC_extended: 8
    case .DC_combo_core: 16
    case .DC_unique: 32
    }
  }

  mutating func insert(_ mode: EnergyMode) { bits |= Self.bit(mode) }
  func contains(_ mode: EnergyMode) -> Bool { bits & Self.bit(mode) != 0 }
}

/// A request on its way out: everything else in it comes from the vehicle's conditions.
enum EVRequest: Equatable, Sendable {
  case supportedAppProtocol
  case sessionSetup
  case serviceDiscovery
  case paymentServiceSelection
  case authorization
  case chargeParameterDiscovery
  case cableCheck
  case preCharge
  case powerDelivery(SessionRequest.Progress)
  case chargingStatus
  case currentDemand
  case weldingDetection
  case sessionStop(pause: Bool)

  var message: SessionMessage {
    switch self {
    case .supportedAppProtocol: .supportedAppProtocolReq
    case .sessionSetup: .SessionSetupReq
    case .serviceDiscovery: .ServiceDiscoveryReq
    case .paymentServiceSelection: .PaymentServiceSelectionReq
    case .authorization: .AuthorizationReq
    case .chargeParameterDiscovery: .ChargeParameterDiscoveryReq
    case .cableCheck: .CableCheckReq
    case .preCharge: .PreChargeReq
    case .powerDelivery: .PowerDeliveryReq
    case .chargingStatus: .ChargingStatusReq
    case .currentDemand: .CurrentDemandReq
    case .weldingDetection: .WeldingDetectionReq
    case .sessionStop: .SessionStopReq
    }
  }

  var state: EVCCState {
    switch self {
    case .supportedAppProtocol: .WaitForSupportedAppProtocolRes
    case .sessionSetup: .WaitForSessionSetupRes
    case .serviceDiscovery: .WaitForServiceDiscoveryRes
    case .paymentServiceSelection: .WaitForPaymentServiceSelectionRes
    case .authorization: .WaitForAuthorizationRes
    case .chargeParameterDiscovery: .WaitForChargeParameterDiscoveryRes
    case .cableCheck: .WaitForCableCheckRes
    case .preCharge: .WaitForPreChargeRes
    case .powerDelivery(.start): .WaitForPowerDeliveryStartRes
    case .powerDelivery(.renegotiate): .WaitForPowerDeliveryRenegotiateRes
    case .powerDelivery(.stop): .WaitForPowerDeliveryStopRes
    case .chargingStatus: .WaitForChargingStatusRes
    case .currentDemand: .WaitForCurrentDemandRes
    case .weldingDetection: .WaitForWeldingDetectionRes
    case .sessionStop: .WaitForSessionStopRes
    }
  }

  /// The message timeout.
  func timeout(_ timers: SessionTimers) -> Duration {
    switch self {
    case .supportedAppProtocol: timers.supportedAppProtocol
    case .sessionSetup: timers.sessionSetup
    case .serviceDiscovery: timers.serviceDiscovery
    case .paymentServiceSelection: timers.paymentServiceSelection
    case .authorization: timers.authorization
    case .chargeParameterDiscovery: timers.chargeParameterDiscovery
    case .cableCheck: timers.cableCheck
    case .preCharge: timers.preCharge
    case .powerDelivery: timers.powerDelivery
    case .chargingStatus: timers.chargingStatus
    case .currentDemand: timers.currentDemand
    case .weldingDetection: timers.weldingDetection
    case .sessionStop: timers.sessionStop
    }
  }
}
