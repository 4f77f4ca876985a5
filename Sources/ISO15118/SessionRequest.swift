/// A request as the SECC's rules need it: plain values, nothing kept of the received octets.
struct SessionRequest: Equatable {
  var message: SessionMessage
  var session: SessionID
  var content: Content

  enum Content: Equatable {
    case none
    case sessionSetup(evccID: UInt64, count: Int)
    case serviceDetail(id: UInt16)
    case paymentServiceSelection(external: Bool, chargeService: Bool, foreignService: Bool)
    case chargeParameterDiscovery(ChargeParameters)
    case powerDelivery(PowerDelivery)
    case status(DCStatus)
    case preCharge(DCStatus, DCTarget)
    case currentDemand(DCStatus, DCTarget)
    case sessionStop(pause: Bool)
  }

  /// DC_EVStatus
  struct DCStatus: Equatable {
    var ready = false
    var error = EVConditions.ErrorCode.NO_ERROR
    var socPercent = 0
  }

  /// What a vehicle asks the output to be, in thousandths; nil where the unit is none of V and A.
  struct DCTarget: Equatable {
    var millivolts: Int?
    var milliamps: Int?
  }

  struct ChargeParameters: Equatable {
    var mode = EnergyMode.DC_core
    /// The parameter element is that of DC charging.
    var isDC = false
    var departureSeconds: UInt32?
    var socPercent: Int?
    /// nil: absent or in a wrong unit.
    var maximumMillivolts: Int?
    var maximumMilliamps: Int?
    var minimumMilliamps: Int?
    var maximumWatts: Int?
    var energyWattHours: Int?
    /// A value carries a unit that is not its own.
    var hasWrongUnit = false
  }

  enum Progress: Equatable { case start, stop, renegotiate }

  struct PowerDelivery: Equatable {
    var progress = Progress.start
    var tupleID: UInt8 = 0
    /// Highest power of the charging profile in W; nil without a profile.
    var profileWatts: Int?
    var hasWrongUnit = false
  }
}

/// One protocol of supportedAppProtocolReq that we could serve.
struct ProtocolOffer: Equatable {
  var name: SessionProtocol
  var versionMinor: UInt32
  var schemaID: UInt8
  var priority: UInt8
}

/// A response on its way out: everything else in it comes from the charger's conditions.
struct SessionAnswer: Equatable {
  var message: SessionMessage
  var code: SessionResponseCode
  var processing: SessionProcessing?
  /// ServiceDetailRes repeats the id that was asked for.
  var serviceID: UInt16 = 1
  /// supportedAppProtocolRes names the schema that was chosen.
  var schemaID: UInt8?
}

extension SessionMessage {
  /// The response that belongs to a request; nil for responses.
  var response: SessionMessage? {
    switch self {
    case .supportedAppProtocolReq: .supportedAppProtocolRes
    case .SessionSetupReq: .SessionSetupRes
    case .ServiceDiscoveryReq: .ServiceDiscoveryRes
    case .ServiceDetailReq: .ServiceDetailRes
    case .PaymentServiceSelectionReq: .PaymentServiceSelectionRes
    case .CertificateInstallationReq: .CertificateInstallationRes
    case .CertificateUpdateReq: .CertificateUpdateRes
    case .PaymentDetailsReq: .PaymentDetailsRes
    case .AuthorizationReq: .AuthorizationRes
    case .ChargeParameterDiscoveryReq: .ChargeParameterDiscoveryRes
    case .CableCheckReq: .CableCheckRes
    case .PreChargeReq: .PreChargeRes
    case .PowerDeliveryReq: .PowerDeliveryRes
    case .ChargingStatusReq: .ChargingStatusRes
    case .CurrentDemandReq: .CurrentDemandRes
    case .MeteringReceiptReq: .MeteringReceiptRes
    case .WeldingDetectionReq: .WeldingDetectionRes
    case .SessionStopReq: .SessionStopRes
    default: nil
    }
  }
}
