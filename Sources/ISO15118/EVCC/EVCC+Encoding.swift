import AppProtocolMessages
import EXI
import ISO15118_2Messages
import Wire

/// Writes requests from the vehicle's conditions.
extension EVCC {
  mutating func encode(_ request: EVRequest) -> Bool {
    codec.begin()
    guard request != .supportedAppProtocol else { return encodeProtocols() }
    let element = element(request)
    return codec.write(element, session: sessionID)
  }

  /// SchemaID and Priority both count from 1 in the order of the configuration.
  private mutating func encodeProtocols() -> Bool {
    var entries: [AppProtocol] = []
    for name in configuration.protocols.prefix(20) {
      let number = UInt8(truncatingIfNeeded: entries.count + 1)
      entries.append(
        AppProtocol(
          protocolNamespace: codec.arena.string(name.namespace), versionNumberMajor: name.versionMajor,
          versionNumberMinor: name.versionMinor, schemaID: number, priority: number))
    }
    return codec.write(SupportedAppProtocolReq(appProtocol: codec.arena.list(entries)))
  }

  private mutating func element(_ request: EVRequest) -> BodyElement {
    switch request {
    case .supportedAppProtocol, .sessionSetup:
      return .sessionSetupReq(
        SessionSetupReq(evccID: codec.arena.binary(bigEndian: configuration.evccID.value, count: 6)))
    case .serviceDiscovery: return .serviceDiscoveryReq(ServiceDiscoveryReq())
    case .paymentServiceSelection:
      return .paymentServiceSelectionReq(
        PaymentServiceSelectionReq(
          selectedPaymentOption: .ExternalPayment,
          selectedServiceList: SelectedServiceList(
            selectedService: codec.arena.list(CollectionOfOne(SelectedService(serviceID: 1))))))
    case .authorization: return .authorizationReq(AuthorizationReq())
    case .chargeParameterDiscovery: return .chargeParameterDiscoveryReq(chargeParameters)
    case .cableCheck: return .cableCheckReq(CableCheckReq(dcEVStatus: status))
    case .preCharge:
      return .preChargeReq(
        PreChargeReq(
          dcEVStatus: status, evTargetVoltage: SessionCodec.volts(conditions.batteryMillivolts),
          evTargetCurrent: SessionCodec.amps(configuration.preChargeMilliamps)))
    case .powerDelivery(let progress): return .powerDeliveryReq(powerDelivery(progress))
    case .chargingStatus: return .chargingStatusReq(ChargingStatusReq())
    case .currentDemand: return .currentDemandReq(currentDemand)
    case .weldingDetection: return .weldingDetectionReq(WeldingDetectionReq(dcEVStatus: status))
    case .sessionStop(let pause):
      return .sessionStopReq(SessionStopReq(chargingSession: pause ? .Pause : .Terminate))
    }
  }

  private var status: DC_EVStatus {
    DC_EVStatus(
      evReady: conditions.error == .NO_ERROR, evErrorCode: conditions.error.schemaValue,
      evRESSSOC: Int8(clamping: min(max(conditions.socPercent, 0), 100)))
  }

  private var chargeParameters: ChargeParameterDiscoveryReq {
    let mode = mode ?? .DC_extended
    let parameter: EVChargeParameter =
      mode.isDC
      ? .dcEVChargeParameter(
        DC_EVChargeParameter(
          departureTime: conditions.departureSeconds, dcEVStatus: status,
          evMaximumCurrentLimit: SessionCodec.amps(conditions.maximumMilliamps),
          evMaximumPowerLimit: SessionCodec.watts(conditions.maximumWatts),
          evMaximumVoltageLimit: SessionCodec.volts(conditions.maximumMillivolts),
          evEnergyRequest: SessionCodec.wattHours(conditions.energyRequestWattHours)))
      : .acEVChargeParameter(
        AC_EVChargeParameter(
          departureTime: conditions.departureSeconds,
          eAmount: SessionCodec.wattHours(conditions.energyRequestWattHours),
          evMaxVoltage: SessionCodec.volts(conditions.maximumMillivolts),
          evMaxCurrent: SessionCodec.amps(conditions.maximumMilliamps),
          evMinCurrent: SessionCodec.amps(conditions.minimumMilliamps)))
    return ChargeParameterDiscoveryReq(
      requestedEnergyTransferMode: mode.schemaValue, evChargeParameter: parameter)
  }

  private mutating func powerDelivery(_ progress: SessionRequest.Progress) -> PowerDeliveryReq {
    let schemaProgress: ChargeProgress =
      switch progress {
      case .start: .Start
      case .stop: .Stop
      case .renegotiate: .Renegotiate
      }
    var profile: ChargingProfile?
    if !isDC, progress == .start {
      // One entry for the whole time, never above PMax ([V2G2-478]).
      let entry = ProfileEntry(
        chargingProfileEntryStart: 0,
        chargingProfileEntryMaxPower: SessionCodec.watts(min(schedule.watts, conditions.maximumWatts)))
      profile = ChargingProfile(profileEntry: codec.arena.list(CollectionOfOne(entry)))
    }
    return PowerDeliveryReq(
      chargeProgress: schemaProgress, saScheduleTupleID: schedule.tupleID, chargingProfile: profile,
      evPowerDeliveryParameter: isDC
        ? .dcEVPowerDeliveryParameter(
          DC_EVPowerDeliveryParameter(dcEVStatus: status, chargingComplete: conditions.chargingComplete))
        : nil)
  }

  /// The targets come from the battery, not above what the charger offers; on the way out the current is 0.
  private var currentDemand: CurrentDemandReq {
    let wanted = min(conditions.targetMilliamps, conditions.maximumMilliamps, evseMilliamps ?? .max)
    return CurrentDemandReq(
      dcEVStatus: status, evTargetCurrent: SessionCodec.amps(ramp == nil ? max(wanted, 0) : 0),
      evMaximumVoltageLimit: SessionCodec.volts(conditions.maximumMillivolts),
      evMaximumCurrentLimit: SessionCodec.amps(conditions.maximumMilliamps),
      evMaximumPowerLimit: SessionCodec.watts(conditions.maximumWatts),
      chargingComplete: conditions.chargingComplete,
      evTargetVoltage: SessionCodec.volts(conditions.targetMillivolts))
  }
}
