import Wire

extension ManagementMessage {
  /// Reads the payload of a known type in the header form it is defined for; `nil` for any other, with the
  /// reader still at the start of the payload. Too short a payload leaves the reader failed.
  init?(type: ManagementType, version: UInt8, from reader: inout ByteReader) throws(HomePlugError) {
    let message: ManagementMessage?
    if type.isVendor {
      message = Self.vendor(type, version: version, &reader)
    } else if version == 0 {
      message = nil
    } else if let sounding = try Self.sounding(type, &reader) {
      message = sounding
    } else {
      message = Self.matching(type, &reader) ?? Self.keys(type, &reader) ?? Self.stations(type, &reader)
    }
    guard let message else { return nil }
    self = message
  }

  private static func sounding(
    _ type: ManagementType, _ reader: inout ByteReader
  ) throws(HomePlugError) -> ManagementMessage? {
    switch type {
    case .CM_SLAC_PARM_REQ:
      return .slacParmReq(
        CM_SLAC_PARM_REQ(
          applicationType: reader.uint8(), securityType: reader.uint8(), runID: reader.runID()))
    case .CM_SLAC_PARM_CNF:
      return .slacParmCnf(
        CM_SLAC_PARM_CNF(
          soundTarget: reader.macAddress(), soundCount: reader.uint8(), timeOut: reader.uint8(),
          responseType: reader.uint8(), forwardingStation: reader.macAddress(),
          applicationType: reader.uint8(), securityType: reader.uint8(), runID: reader.runID()))
    case .CM_START_ATTEN_CHAR_IND:
      return .startAttenCharInd(
        CM_START_ATTEN_CHAR_IND(
          applicationType: reader.uint8(), securityType: reader.uint8(), soundCount: reader.uint8(),
          timeOut: reader.uint8(), responseType: reader.uint8(), forwardingStation: reader.macAddress(),
          runID: reader.runID()))
    case .CM_MNBC_SOUND_IND:
      var sound = CM_MNBC_SOUND_IND(
        applicationType: reader.uint8(), securityType: reader.uint8(), senderID: reader.stationIdentifier(),
        remaining: reader.uint8(), runID: reader.runID(), random: .zero)
      reader.skip(8)
      sound.random = reader.octets16()
      return .mnbcSoundInd(sound)
    case .CM_ATTEN_PROFILE_IND:
      let evMAC = reader.macAddress()
      let groups = Int(reader.uint8())
      reader.skip(1)
      return .attenProfileInd(
        CM_ATTEN_PROFILE_IND(evMAC: evMAC, profile: try profile(groups, type, &reader)))
    case .CM_ATTEN_CHAR_IND:
      var report = CM_ATTEN_CHAR_IND(
        applicationType: reader.uint8(), securityType: reader.uint8(), sourceAddress: reader.macAddress(),
        runID: reader.runID(), sourceID: reader.stationIdentifier(), responseID: reader.stationIdentifier(),
        soundCount: reader.uint8(), profile: AttenuationProfile())
      report.profile = try profile(Int(reader.uint8()), type, &reader)
      return .attenCharInd(report)
    case .CM_ATTEN_CHAR_RSP:
      return .attenCharRsp(
        CM_ATTEN_CHAR_RSP(
          applicationType: reader.uint8(), securityType: reader.uint8(), sourceAddress: reader.macAddress(),
          runID: reader.runID(), sourceID: reader.stationIdentifier(), responseID: reader.stationIdentifier(),
          result: reader.uint8()))
    default:
      return nil
    }
  }

  private static func profile(
    _ groups: Int, _ type: ManagementType, _ reader: inout ByteReader
  ) throws(HomePlugError) -> AttenuationProfile {
    guard groups <= AttenuationProfile.groupsMax else {
      throw .tooManyGroups(type: type.rawValue, groups: groups)
    }
    var profile = AttenuationProfile()
    for _ in 0..<groups { profile.append(reader.uint8()) }
    return profile
  }

  private static func matching(_ type: ManagementType, _ reader: inout ByteReader) -> ManagementMessage? {
    switch type {
    case .CM_VALIDATE_REQ:
      return .validateReq(
        CM_VALIDATE_REQ(
          signalType: reader.uint8(), timer: reader.uint8(), result: ValidateResult(rawValue: reader.uint8()))
      )
    case .CM_VALIDATE_CNF:
      return .validateCnf(
        CM_VALIDATE_CNF(
          signalType: reader.uint8(), toggleCount: reader.uint8(),
          result: ValidateResult(rawValue: reader.uint8())))
    case .CM_SLAC_MATCH_REQ:
      let request = CM_SLAC_MATCH_REQ(
        applicationType: reader.uint8(), securityType: reader.uint8(), length: reader.uint16LittleEndian(),
        evID: reader.stationIdentifier(), evMAC: reader.macAddress(), evseID: reader.stationIdentifier(),
        evseMAC: reader.macAddress(), runID: reader.runID())
      reader.skip(8)
      return .slacMatchReq(request)
    case .CM_SLAC_MATCH_CNF:
      var confirmation = CM_SLAC_MATCH_CNF(
        applicationType: reader.uint8(), securityType: reader.uint8(), length: reader.uint16LittleEndian(),
        evID: reader.stationIdentifier(), evMAC: reader.macAddress(), evseID: reader.stationIdentifier(),
        evseMAC: reader.macAddress(), runID: reader.runID(), key: NetworkKey(nmk: .zero, nid: NID(0)))
      reader.skip(8)
      confirmation.key.nid = reader.nid()
      reader.skip(1)
      confirmation.key.nmk = reader.nmk()
      return .slacMatchCnf(confirmation)
    default:
      return nil
    }
  }

  private static func keys(_ type: ManagementType, _ reader: inout ByteReader) -> ManagementMessage? {
    switch type {
    case .CM_SET_KEY_REQ:
      var request = CM_SET_KEY_REQ(
        keyType: reader.uint8(), myNonce: reader.uint32BigEndian(), yourNonce: reader.uint32BigEndian(),
        protocolID: reader.uint8(), protocolRun: reader.uint16LittleEndian(), protocolMessage: reader.uint8(),
        coordinatorCapability: reader.uint8(), key: NetworkKey(nmk: .zero, nid: NID(0)))
      request.key.nid = reader.nid()
      request.keySelect = reader.uint8()
      request.key.nmk = reader.nmk()
      return .setKeyReq(request)
    case .CM_SET_KEY_CNF:
      return .setKeyCnf(
        CM_SET_KEY_CNF(
          result: reader.uint8(), myNonce: reader.uint32BigEndian(), yourNonce: reader.uint32BigEndian(),
          protocolID: reader.uint8(), protocolRun: reader.uint16LittleEndian(),
          protocolMessage: reader.uint8(), coordinatorCapability: reader.uint8()))
    case .CM_GET_KEY_REQ:
      return .getKeyReq(
        CM_GET_KEY_REQ(
          requestType: reader.uint8(), keyType: reader.uint8(), nid: reader.nid(),
          myNonce: reader.uint32BigEndian(), protocolID: reader.uint8(),
          protocolRun: reader.uint16LittleEndian(), protocolMessage: reader.uint8()))
    case .CM_GET_KEY_CNF:
      var confirmation = CM_GET_KEY_CNF(
        result: reader.uint8(), keyType: reader.uint8(), myNonce: reader.uint32BigEndian(),
        yourNonce: reader.uint32BigEndian(), key: NetworkKey(nmk: .zero, nid: reader.nid()))
      confirmation.keySelect = reader.uint8()
      confirmation.protocolID = reader.uint8()
      confirmation.protocolRun = reader.uint16LittleEndian()
      confirmation.protocolMessage = reader.uint8()
      confirmation.key.nmk = reader.nmk()
      return .getKeyCnf(confirmation)
    default:
      return nil
    }
  }

  private static func stations(_ type: ManagementType, _ reader: inout ByteReader) -> ManagementMessage? {
    switch type {
    case .CM_AMP_MAP_REQ:
      let carriers = reader.uint16LittleEndian()
      // What the frame has: whether that is enough for the carriers is for the receiver to judge.
      let octets = min((Int(carriers) + 1) / 2, reader.remaining)
      return .ampMapReq(CM_AMP_MAP_REQ(carriers: carriers, reductions: reader.octets(octets)))
    case .CM_AMP_MAP_CNF:
      return .ampMapCnf(CM_AMP_MAP_CNF(result: reader.uint8()))
    case .CM_NW_STATS_REQ:
      return .nwStatsReq
    case .CM_NW_STATS_CNF:
      var stations: [CM_NW_STATS_CNF.Station] = []
      for _ in 0..<reader.uint8() where !reader.failed {
        stations.append(
          CM_NW_STATS_CNF.Station(
            address: reader.macAddress(), transmitRate: reader.uint8(), receiveRate: reader.uint8()))
      }
      return .nwStatsCnf(CM_NW_STATS_CNF(stations: stations))
    case .CM_MME_ERROR_IND:
      return .mmeErrorInd(
        CM_MME_ERROR_IND(
          reason: reader.uint8(), version: reader.uint8(), type: ManagementType(reader.uint16LittleEndian()),
          fieldOffset: reader.uint16LittleEndian()))
    default:
      return nil
    }
  }
}
