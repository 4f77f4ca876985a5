import HomePlug
import Wire

extension PowerLine {
  /// The modem of a port answers its host, or is silent.
  mutating func serve(_ request: ManagementFrame, port: Int, at now: Instant) {
    let message: ManagementMessage
    if let known = answer(to: request.message, port: port, at: now) {
      message = known
    } else if modems[port].faults.contains(.reportsErrors), request.message.type.isRequest {
      // Its own header form, whatever that of the request.
      let error = CM_MME_ERROR_IND(
        reason: 0, version: request.version, type: request.message.type, fieldOffset: 0)
      return answer(
        ManagementFrame(
          destination: request.source, source: modems[port].address, message: .mmeErrorInd(error)),
        port: port, at: now)
    } else {
      return
    }
    answer(
      ManagementFrame(
        destination: request.source, source: modems[port].address, message: message, version: request.version),
      port: port, at: now)
  }

  private mutating func answer(
    to request: ManagementMessage, port: Int, at now: Instant
  ) -> ManagementMessage? {
    let model = modems[port].model
    guard !modems[port].faults.contains(.bootLoader) else {
      return model.isQualcomm ? bootLoaderAnswer(to: request, port: port, at: now) : nil
    }
    switch request {
    case .setKeyReq(let request):
      let result = modems[port].take(
        request.key, at: now, restart: configuration.modemRestart,
        accepted: configuration.setKeyResult ?? model.keyAccepted)
      return .setKeyCnf(
        CM_SET_KEY_CNF(
          result: result, myNonce: request.myNonce, yourNonce: request.yourNonce,
          protocolID: request.protocolID, protocolRun: request.protocolRun,
          protocolMessage: request.protocolMessage))
    case .getKeyReq(let request):
      let key = modems[port].key ?? NetworkKey(nmk: .zero, nid: NID(0))
      return .getKeyCnf(CM_GET_KEY_CNF(yourNonce: request.myNonce, key: key))
    case .ampMapReq(let map):
      return .ampMapCnf(CM_AMP_MAP_CNF(result: modems[port].take(map) ? 0 : 1))
    case .nwStatsReq:
      let stations = peers(of: port, at: now).prefix(255).map {
        CM_NW_STATS_CNF.Station(
          address: modems[$0].address, transmitRate: rate(port, $0), receiveRate: rate($0, port))
      }
      return .nwStatsCnf(CM_NW_STATS_CNF(stations: stations))
    default:
      if model.isQualcomm { return qualcommAnswer(to: request, port: port, at: now) }
      if model == .cg5317 { return lumissilAnswer(to: request, port: port, at: now) }
      return nil
    }
  }

  /// Ports whose modem is in one network with that of `port`.
  func peers(of port: Int, at now: Instant) -> [Int] {
    modems.indices.filter { areJoined(port, $0, at: now) }
  }

  /// A plausible PHY rate in Mbit/s: Green PHY's 10 up to 40 dB, then falling.
  func rate(_ from: Int, _ to: Int) -> UInt8 {
    guard let attenuation = attenuation(from: from, to: to) else { return 0 }
    return UInt8(max(1, 10 - max(0, attenuation - 40) / 5))
  }

  private mutating func lumissilAnswer(
    to request: ManagementMessage, port: Int, at now: Instant
  ) -> ManagementMessage? {
    switch request {
    case .lumissil(.versionReq(let header)):
      return .lumissil(
        .versionCnf(header, NSCM_GET_VERSION_CNF(major: 1, minor: 2, patch: 3, build: 456)))
    case .lumissil(.linkStatusReq(let header)):
      guard !modems[port].faults.contains(.noLinkStatus) else { return nil }
      return .lumissil(.linkStatusCnf(header, status: peers(of: port, at: now).isEmpty ? 0 : 1))
    case .lumissil(.resetReq):
      // Nothing confirms it.
      modems[port].restart(at: now, for: configuration.modemRestart)
      return nil
    default: return nil
    }
  }
}

extension ManagementType {
  /// MMTYPE's mode bits: a request.
  var isRequest: Bool { rawValue & 3 == 0 }
}
