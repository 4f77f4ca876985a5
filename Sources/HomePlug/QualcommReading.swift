import Wire

extension QualcommMessage {
  /// Reads a message of Qualcomm's, behind the OUI, in the form with MMV 0; `nil` for a type that is none.
  init?(_ type: ManagementType, _ reader: inout ByteReader) {
    if let message = Self.module(type, &reader) ?? Self.station(type, &reader) {
      self = message
    } else {
      return nil
    }
  }

  private static func module(_ type: ManagementType, _ reader: inout ByteReader) -> QualcommMessage? {
    switch type {
    case .VS_WR_MOD_REQ:
      let module = reader.moduleNumber()
      reader.skip(1)
      let length = Int(reader.uint16LittleEndian())
      return .writeModuleReq(
        VS_WR_MOD_REQ(
          module: module, offset: reader.uint32LittleEndian(), checksum: reader.uint32LittleEndian(),
          data: ModuleData(reader.octets(length))))
    case .VS_WR_MOD_CNF:
      let status = reader.uint8()
      let module = reader.moduleNumber()
      reader.skip(1)
      return .writeModuleCnf(
        VS_WR_MOD_CNF(
          status: status, module: module, length: reader.uint16LittleEndian(),
          offset: reader.uint32LittleEndian()))
    case .VS_RD_MOD_REQ:
      // The secret may be there or not, and padding looks like none.
      return .readModuleReq(
        VS_RD_MOD_REQ(
          module: reader.moduleNumber(), access: reader.uint8(), length: reader.uint16LittleEndian(),
          offset: reader.uint32LittleEndian()))
    case .VS_RD_MOD_CNF:
      let status = reader.uint8()
      reader.skip(3)
      let module = reader.moduleNumber()
      reader.skip(1)
      let length = Int(reader.uint16LittleEndian())
      return .readModuleCnf(
        VS_RD_MOD_CNF(
          status: status, module: module, offset: reader.uint32LittleEndian(),
          checksum: reader.uint32LittleEndian(), data: ModuleData(status == 0 ? reader.octets(length) : [])))
    case .VS_MOD_NVM_REQ: return .commitModuleReq(module: reader.moduleNumber())
    case .VS_MOD_NVM_CNF: return .commitModuleCnf(status: reader.uint8(), module: reader.moduleNumber())
    case .VS_MODULE_OPERATION_REQ:
      guard let operation = VS_MODULE_OPERATION_REQ(&reader) else { return nil }
      return .moduleOperationReq(operation)
    case .VS_MODULE_OPERATION_CNF:
      guard let confirmation = VS_MODULE_OPERATION_CNF(&reader) else { return nil }
      return .moduleOperationCnf(confirmation)
    default: return nil
    }
  }

  private static func station(_ type: ManagementType, _ reader: inout ByteReader) -> QualcommMessage? {
    switch type {
    case .VS_RS_DEV_REQ: return .resetReq
    case .VS_RS_DEV_CNF: return .resetCnf(status: reader.uint8())
    case .VS_FAC_DEFAULTS_REQ: return .factoryDefaultsReq
    case .VS_FAC_DEFAULTS_CNF: return .factoryDefaultsCnf(status: reader.uint8())
    case .VS_HOST_ACTION_IND:
      return .hostActionInd(
        VS_HOST_ACTION_IND(
          action: VS_HOST_ACTION_IND.Action(rawValue: reader.uint8()), majorVersion: reader.uint8(),
          minorSession: reader.uint8()))
    case .VS_HOST_ACTION_RSP: return .hostActionRsp(status: reader.uint8())
    case .VS_OP_ATTRIBUTES_REQ:
      let cookie = reader.uint32LittleEndian()
      reader.skip(1)
      return .attributesReq(cookie: cookie)
    case .VS_OP_ATTRIBUTES_CNF: return .attributesCnf(VS_OP_ATTRIBUTES_CNF(&reader))
    case .VS_LNK_STATS_REQ:
      return .linkStatisticsReq(
        VS_LNK_STATS_REQ(
          control: reader.uint8(), direction: LinkDirection(rawValue: reader.uint8()), link: reader.uint8(),
          peer: reader.macAddress()))
    case .VS_LNK_STATS_CNF: return .linkStatisticsCnf(VS_LNK_STATS_CNF(&reader))
    case .VS_RX_TONE_MAP_CHAR_REQ:
      return .toneMapReq(VS_RX_TONE_MAP_CHAR_REQ(peer: reader.macAddress(), slot: reader.uint8()))
    case .VS_RX_TONE_MAP_CHAR_CNF: return .toneMapCnf(VS_RX_TONE_MAP_CHAR_CNF(&reader))
    case .VS_GET_PROPERTY_REQ:
      let cookie = reader.uint32LittleEndian()
      let formats = (data: reader.uint8(), property: reader.uint8())
      reader.skip(2)
      return .getPropertyReq(
        VS_GET_PROPERTY_REQ(
          cookie: cookie, dataFormat: formats.data, propertyFormat: formats.property,
          version: reader.uint32LittleEndian(), length: reader.uint32LittleEndian(),
          number: reader.uint32LittleEndian()))
    case .VS_GET_PROPERTY_CNF:
      let status = reader.uint32LittleEndian()
      let cookie = reader.uint32LittleEndian()
      let format = reader.uint8()
      reader.skip(3)
      let length = Int(clamping: reader.uint32LittleEndian())
      let data = status == 0 ? reader.octets(length) : []
      return .getPropertyCnf(
        VS_GET_PROPERTY_CNF(status: status, cookie: cookie, format: format, data: ModuleData(data)))
    default: return nil
    }
  }
}

extension VS_OP_ATTRIBUTES_CNF {
  fileprivate init(_ reader: inout ByteReader) {
    self.init(
      status: reader.uint16LittleEndian(), cookie: reader.uint32LittleEndian(), reportType: reader.uint8(),
      attributes: nil)
    guard reader.uint16LittleEndian() >= Self.attributeOctets, reportType == 0, !reader.failed else { return }
    var found = Attributes(
      family: reader.text(16), firmwareType: reader.text(16), major: reader.uint32LittleEndian(),
      minor: reader.uint32LittleEndian(), parameters: reader.uint32LittleEndian(),
      build: reader.uint32LittleEndian(), buildNumber: reader.uint32LittleEndian(), date: reader.text(8),
      release: reader.text(12), memoryType: reader.uint8())
    reader.skip(1)
    found.lineFrequency = LineFrequency(rawValue: reader.uint8())
    found.memorySize = reader.uint32LittleEndian()
    found.authorizationMode = reader.uint8()
    attributes = found
  }

  /// Octets that the fields read here take.
  static let attributeOctets: UInt16 = 80
}

extension VS_LNK_STATS_CNF {
  fileprivate init(_ reader: inout ByteReader) {
    self.init(
      status: reader.uint8(), direction: LinkDirection(rawValue: reader.uint8()), link: reader.uint8(),
      tei: reader.uint8())
    guard status == 0 else { return }
    if direction == .transmit || direction == .both {
      transmit = Transmit(
        acknowledged: reader.uint64LittleEndian(), collided: reader.uint64LittleEndian(),
        failed: reader.uint64LittleEndian(), blocksPassed: reader.uint64LittleEndian(),
        blocksFailed: reader.uint64LittleEndian())
    }
    if direction == .receive || direction == .both {
      var found = Receive(
        acknowledged: reader.uint64LittleEndian(), failed: reader.uint64LittleEndian(),
        blocksPassed: reader.uint64LittleEndian(), blocksFailed: reader.uint64LittleEndian(),
        bitErrorsPassed: reader.uint64LittleEndian(), bitErrorsFailed: reader.uint64LittleEndian())
      for _ in 0..<reader.uint8() where !reader.failed {
        found.intervals.append(
          Interval(
            rate: reader.uint8(), blocksPassed: reader.uint64LittleEndian(),
            blocksFailed: reader.uint64LittleEndian(), bitErrorsPassed: reader.uint64LittleEndian(),
            bitErrorsFailed: reader.uint64LittleEndian()))
      }
      receive = found
    }
  }
}

extension VS_RX_TONE_MAP_CHAR_CNF {
  fileprivate init(_ reader: inout ByteReader) {
    self.init(
      status: reader.uint8(), slot: reader.uint8(), maps: reader.uint8(),
      carriers: reader.uint16LittleEndian(), modulation: [])
    guard status == 0 else { return }
    modulation = reader.octets((Int(carriers) + 1) / 2)
    guardInterval = reader.uint8()
    gain = reader.uint8()
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func moduleNumber() -> ModuleNumber { ModuleNumber(rawValue: uint8()) }

  /// Text in a field of `count` octets, up to the first zero.
  @_lifetime(self: copy self)
  fileprivate mutating func text(_ count: Int) -> [UInt8] { Array(octets(count).prefix { $0 != 0 }) }
}
