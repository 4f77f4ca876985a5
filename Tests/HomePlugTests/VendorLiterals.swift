import HomePlug
import Wire

/// What stands in a module in these frames: a key, as in a parameter block.
private let moduleOctets = ModuleData(key.nmk.key.octets)
private let piece = ModuleRange(module: ModuleIdentifier(module: 0x7002, part: 1), length: 16, offset: 0x1234)
private let lms = LMSHeader(version: 1, requestID: 7)

extension Literal {
  private static func request(
    _ message: QualcommMessage, ends fieldsEnd: Int, _ text: String, _ name: String = ""
  ) -> Literal {
    Literal(
      name: message.type.description + name, destination: ManagementFrame.localModem, source: ev,
      message: .qualcomm(message), fieldsEnd: fieldsEnd, hexadecimalText: text)
  }

  private static func confirmation(
    _ message: QualcommMessage, ends fieldsEnd: Int, _ text: String, _ name: String = ""
  ) -> Literal {
    Literal(
      name: message.type.description + name, destination: ev, source: evseModem,
      message: .qualcomm(message), fieldsEnd: fieldsEnd, hexadecimalText: text)
  }

  static let modules = [
    request(
      .readModuleReq(VS_RD_MOD_REQ(module: .parameters, offset: 0x400)), ends: 28, readModuleReqOctets),
    confirmation(
      .readModuleCnf(
        VS_RD_MOD_CNF(module: .parameters, offset: 0x64, checksum: 0xE366_073F, data: moduleOctets)),
      ends: 52, readModuleCnfOctets),
    confirmation(
      .readModuleCnf(
        VS_RD_MOD_CNF(status: 0x10, module: .parameters, offset: 0x64, checksum: 0, data: ModuleData())),
      ends: 36, readModuleRefusedOctets, " refused"),
    request(
      .writeModuleReq(
        VS_WR_MOD_REQ(
          module: .parameters, offset: 0x1234_5678, checksum: 0xE366_073F, data: moduleOctets)),
      ends: 48, writeModuleReqOctets),
    confirmation(
      .writeModuleCnf(VS_WR_MOD_CNF(module: .parameters, length: 16, offset: 0x1234_5678)), ends: 29,
      writeModuleCnfOctets),
    request(.commitModuleReq(module: .parameters), ends: 21, commitModuleReqOctets),
    confirmation(.commitModuleCnf(status: 0, module: .parameters), ends: 22, commitModuleCnfOctets),
    request(
      .moduleOperationReq(.read(piece, fromFlash: true)), ends: 43, operationReadReqOctets, " read"),
    confirmation(
      .moduleOperationCnf(
        VS_MODULE_OPERATION_CNF(operation: .read(piece, fromFlash: true, data: moduleOctets))),
      ends: 63, operationReadCnfOctets, " read"),
    confirmation(
      .moduleOperationCnf(
        VS_MODULE_OPERATION_CNF(
          status: 0x14, error: 2, operation: .read(piece, fromFlash: false, data: ModuleData()))),
      ends: 47, operationReadRefusedOctets, " read refused"),
    request(
      .moduleOperationReq(
        .start(
          session: 0xC0FFEE,
          modules: [
            VS_MODULE_OPERATION_REQ.Module(module: .parameters, length: 0x1F90, checksum: 0xDEAD_BEEF)
          ])), ends: 50, operationStartReqOctets, " start"),
    confirmation(
      .moduleOperationCnf(
        VS_MODULE_OPERATION_CNF(
          operation: .start(
            session: 0xC0FFEE, modules: [VS_MODULE_OPERATION_CNF.ModuleStatus(status: 1, error: 2)]))),
      ends: 46, operationStartCnfOctets, " start"),
    request(
      .moduleOperationReq(.write(session: 0xC0FFEE, index: 0, piece, data: moduleOctets)), ends: 64,
      operationWriteReqOctets, " write"),
    confirmation(
      .moduleOperationCnf(
        VS_MODULE_OPERATION_CNF(operation: .write(session: 0xC0FFEE, index: 0, piece))), ends: 52,
      operationWriteCnfOctets, " write"),
    request(
      .moduleOperationReq(.close(session: 0xC0FFEE, [.force, .factoryParameters])), ends: 41,
      operationCloseReqOctets, " close"),
    confirmation(
      .moduleOperationCnf(
        VS_MODULE_OPERATION_CNF(
          operation: .close(
            session: 0xC0FFEE, [.force, .factoryParameters],
            modules: [VS_MODULE_OPERATION_CNF.ModuleStatus()]))), ends: 50, operationCloseCnfOctets, " close"),
  ]

  static let diagnosis = [
    request(.resetReq, ends: 20, resetReqOctets),
    confirmation(.resetCnf(status: 1), ends: 21, resetCnfOctets),
    request(.linkStatisticsReq(VS_LNK_STATS_REQ(peer: evse)), ends: 29, linkStatisticsReqOctets),
    confirmation(
      .linkStatisticsCnf(
        VS_LNK_STATS_CNF(
          direction: .both, tei: 3, transmit: transmitted,
          receive: VS_LNK_STATS_CNF.Receive(
            acknowledged: 5, failed: 6, blocksPassed: 7, blocksFailed: 8, bitErrorsPassed: 9,
            bitErrorsFailed: 10,
            intervals: [
              VS_LNK_STATS_CNF.Interval(
                rate: 10, blocksPassed: 11, blocksFailed: 12, bitErrorsPassed: 13, bitErrorsFailed: 14)
            ]))), ends: 146, linkStatisticsCnfOctets),
    confirmation(
      .linkStatisticsCnf(VS_LNK_STATS_CNF(direction: .transmit, tei: 3, transmit: transmitted)), ends: 64,
      linkStatisticsTransmitOctets, " transmit"),
    confirmation(
      .hostActionInd(VS_HOST_ACTION_IND(action: .startDevice, majorVersion: 1, minorSession: 2)), ends: 23,
      hostActionIndOctets),
    request(.hostActionRsp(status: 0), ends: 21, hostActionRspOctets),
    request(.attributesReq(cookie: 0x12345), ends: 25, attributesReqOctets),
    confirmation(
      .attributesCnf(
        VS_OP_ATTRIBUTES_CNF(
          cookie: 0x12345,
          attributes: VS_OP_ATTRIBUTES_CNF.Attributes(
            family: Array("QCA7000".utf8), firmwareType: Array("MAC".utf8), major: 1, minor: 2,
            parameters: 3, build: 730, buildNumber: 4, date: Array("20140815".utf8),
            release: Array("CS".utf8), memoryType: 2,
            lineFrequency: VS_OP_ATTRIBUTES_CNF.LineFrequency(rawValue: 5), memorySize: 0x80_0000,
            authorizationMode: 1))), ends: 109, attributesCnfOctets),
    request(.factoryDefaultsReq, ends: 20, factoryDefaultsReqOctets),
    confirmation(.factoryDefaultsCnf(status: 0), ends: 21, factoryDefaultsCnfOctets),
    request(.toneMapReq(VS_RX_TONE_MAP_CHAR_REQ(peer: evse, slot: 2)), ends: 27, toneMapReqOctets),
    confirmation(
      .toneMapCnf(
        VS_RX_TONE_MAP_CHAR_CNF(
          slot: 2, maps: 5, carriers: 5, modulation: [0x21, 0x43, 0x05], guardInterval: 6, gain: 7)),
      ends: 30, toneMapCnfOctets),
    request(
      .getPropertyReq(
        VS_GET_PROPERTY_REQ(
          cookie: 0x12345, dataFormat: 1, propertyFormat: 2, version: 3, length: 4, number: 5)), ends: 40,
      getPropertyReqOctets),
    confirmation(
      .getPropertyCnf(VS_GET_PROPERTY_CNF(cookie: 0x12345, format: 1, data: moduleOctets)), ends: 52,
      getPropertyCnfOctets),
    Literal(
      name: "VS_NW_INFO.REQ wide", destination: ManagementFrame.localModem, source: ev,
      message: .networkInfoReq, fieldsEnd: 22, hexadecimalText: networkInfoWideReqOctets),
    Literal(
      name: "VS_NW_INFO.CNF wide", destination: ev, source: evseModem,
      message: .networkInfoCnf(
        VS_NW_INFO_CNF(networks: [
          VS_NW_INFO_CNF.Network(
            nid: key.nid, shortID: 1, tei: 2, role: 2, coordinator: evseModem, coordinatorTEI: 1,
            stations: [
              VS_NW_INFO_CNF.Station(
                address: evseModem, tei: 3, bridged: evse, transmitRate: 300, receiveRate: 301, coupling: 4)
            ])
        ])), fieldsEnd: 84, hexadecimalText: networkInfoWideCnfOctets, version: 1),
  ]

  private static let transmitted = VS_LNK_STATS_CNF.Transmit(
    acknowledged: 1, collided: 2, failed: 3, blocksPassed: 4, blocksFailed: 0x0102_0304_0506_0708)

  static let lumissil = [
    Literal(
      name: "NSCM_GET_VERSION.REQ", destination: ManagementFrame.localModem, source: ev,
      message: .lumissil(.versionReq(lms)), fieldsEnd: 39, hexadecimalText: lumissilVersionReqOctets),
    Literal(
      name: "NSCM_GET_VERSION.CNF", destination: ev, source: evseModem,
      message: .lumissil(.versionCnf(lms, NSCM_GET_VERSION_CNF(major: 1, minor: 2, patch: 3, build: 456))),
      fieldsEnd: 49, hexadecimalText: lumissilVersionCnfOctets),
    Literal(
      name: "NSCM_RESET_DEVICE.REQ", destination: ManagementFrame.localModem, source: ev,
      message: .lumissil(.resetReq(lms, mode: 0)), fieldsEnd: 40, hexadecimalText: lumissilResetReqOctets),
    Literal(
      name: "NSCM_GET_D_LINK_STATUS.REQ", destination: ManagementFrame.localModem, source: ev,
      message: .lumissil(.linkStatusReq(lms)), fieldsEnd: 39, hexadecimalText: lumissilLinkReqOctets),
    Literal(
      name: "NSCM_GET_D_LINK_STATUS.CNF", destination: ev, source: evseModem,
      message: .lumissil(.linkStatusCnf(lms, status: 1)), fieldsEnd: 40,
      hexadecimalText: lumissilLinkCnfOctets),
  ]
}
