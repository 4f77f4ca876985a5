public import HomePlug
public import Wire

/// QCA7000, QCA7005, QCA7006AQ, and the home plugs of the QCA7420 family.
public struct QualcommModem: PLCModemDriver {
  public init() {}

  public var vendor: ModemVendor { .qualcomm }

  /// VS_SW_VER alone: all firmware answers it, boot loaders too. VS_OP_ATTRIBUTES.CNF is read where somebody asks.
  public var identityRequests: [ManagementMessage] { [.softwareVersionReq] }

  /// HomePlug's text has 0 for success. This firmware answers 1 when it took the key of its own host, and 0 when it
  /// refused; that 0 is a refusal everywhere is not sure enough to give up on it.
  public func verdict(onKeyResult result: UInt8) -> KeyVerdict { result == 1 ? .accepted : .unclear }
  public var restart: Duration { .seconds(3) }

  public func message(for request: ModemRequest) -> ManagementMessage {
    switch request {
    case .link: .linkStatusReq
    case .networks: .networkInfoReq
    case .stations: .nwStatsReq
    case .reset: .qualcomm(.resetReq)
    case .factoryDefaults: .qualcomm(.factoryDefaultsReq)
    case .statistics(let peer): .qualcomm(.linkStatisticsReq(VS_LNK_STATS_REQ(peer: peer)))
    case .toneMap(let peer, let slot): .qualcomm(.toneMapReq(VS_RX_TONE_MAP_CHAR_REQ(peer: peer, slot: slot)))
    case .role(let field):
      .qualcomm(.readModuleReq(VS_RD_MOD_REQ(module: .parameters, length: 1, offset: field.rawValue)))
    case .readModule(let module, let offset, let length):
      .qualcomm(.readModuleReq(VS_RD_MOD_REQ(module: module, length: length, offset: offset)))
    case .writeModule(let module, let offset, let data):
      .qualcomm(
        .writeModuleReq(
          VS_WR_MOD_REQ(
            module: module, offset: offset, checksum: ModuleChecksum.of(data.octets), data: data)))
    case .commitModule(let module): .qualcomm(.commitModuleReq(module: module))
    }
  }

  public func answer(in message: ManagementMessage, from source: MACAddress) -> ModemAnswer? {
    switch message {
    case .softwareVersionCnf(let version): Self.identity(version, source).map { .identity($0) }
    case .linkStatusCnf(let status): .link(isUp: status.isUp)
    case .networkInfoCnf(let info): .networks(info.networks)
    case .qualcomm(let message): answer(in: message, from: source)
    case .unknown(let unknown) where unknown.type == .VS_ATTENUATION_CHARACTERISTICS: .attenuationWithoutSLAC
    default: message.stations
    }
  }

  private func answer(in message: QualcommMessage, from source: MACAddress) -> ModemAnswer? {
    switch message {
    case .attributesCnf(let confirmation): Self.identity(confirmation, source).map { .identity($0) }
    case .resetCnf(let status): .reset(accepted: status == 0)
    case .factoryDefaultsCnf(let status): .factoryDefaults(accepted: status == 0)
    case .linkStatisticsCnf(let statistics): .statistics(statistics)
    case .toneMapCnf(let map): .toneMap(map)
    case .readModuleCnf(let piece): Self.role(piece) ?? .module(piece)
    case .writeModuleCnf(let written): .moduleWritten(written)
    case .commitModuleCnf(let status, let module): .moduleCommitted(module, accepted: status == 0)
    default: nil
    }
  }

  /// One octet of the parameter block, where a role stands.
  private static func role(_ piece: VS_RD_MOD_CNF) -> ModemAnswer? {
    guard piece.status == 0, piece.module == .parameters, piece.data.count == 1,
      let field = RoleField(rawValue: piece.offset), let value = piece.data.octets.first
    else { return nil }
    return .role(field, field.role(value))
  }

  // MARK: who it is

  /// Chips that a text may name. Those of one device class differ in nothing else.
  private static let chips = [
    "QCA7000", "QCA7005", "QCA7006", "QCA7420", "QCA7450", "QCA7451", "QCA7500", "QCA6410", "QCA6411",
    "AR7420", "AR7400", "AR6405", "INT6400", "INT6300", "INT6000",
  ]

  private static func identity(_ confirmation: VS_SW_VER_CNF, _ source: MACAddress) -> ModemIdentity? {
    guard confirmation.status == 0 else { return nil }
    let firmware = text(confirmation.version)
    let named = chips.first { isPart($0, of: firmware) }
    let chip =
      switch confirmation.deviceClass {
      case 0x20: named ?? "QCA7420"
      case 0x21: named == nil || named == "QCA7006" ? "QCA7006AQ" : named
      case 0x22: named ?? "QCA7000"
      default: named
      }
    return ModemIdentity(vendor: .qualcomm, chip: chip ?? "", firmware: firmware, address: source)
  }

  /// The attributes have the parts of the text that VS_SW_VER.CNF has whole.
  private static func identity(_ confirmation: VS_OP_ATTRIBUTES_CNF, _ source: MACAddress) -> ModemIdentity? {
    guard confirmation.status == 0, let attributes = confirmation.attributes else { return nil }
    let family = text(attributes.family)
    let number = attributes.buildNumber < 10 ? "0\(attributes.buildNumber)" : "\(attributes.buildNumber)"
    let version =
      "\(attributes.major).\(attributes.minor).\(attributes.parameters).\(attributes.build)-\(number)"
    let firmware = [
      text(attributes.firmwareType), family, version, text(attributes.date), text(attributes.release),
    ]
    return ModemIdentity(
      vendor: .qualcomm, chip: family.hasPrefix("QCA7006") ? "QCA7006AQ" : family,
      firmware: firmware.filter { !$0.isEmpty }.joined(separator: "-"), address: source)
  }

  /// Printable ASCII up to the first zero: what a modem says ends up on terminals and in logs.
  private static func text(_ octets: [UInt8]) -> String {
    let printable = octets.prefix { $0 != 0 }.filter { (0x20...0x7E).contains($0) }
    return String(decoding: printable, as: UTF8.self)
  }
}

/// The standard library's own search brings half a megabyte of regular expressions with it.
private func isPart(_ text: String, of whole: String) -> Bool {
  let (octets, part) = (Array(whole.utf8), Array(text.utf8))
  guard part.count <= octets.count else { return false }
  return (0...octets.count - part.count).contains { octets[$0...].starts(with: part) }
}
