public import HomePlug
public import Wire

/// QCA7000, QCA7005, QCA7006AQ, and the home plugs of the QCA7420 family.
public struct QualcommModem: PLCModemDriver {
  public init() {}

  public var vendor: ModemVendor { .qualcomm }
  public var identityRequests: [ManagementMessage] { [.softwareVersionReq] }

  public func identity(in message: ManagementMessage, from source: MACAddress) -> ModemIdentity? {
    guard case .softwareVersionCnf(let confirmation) = message, confirmation.status == 0 else { return nil }
    let chip =
      switch confirmation.deviceClass {
      case 0x20: "QCA7420"
      case 0x21: "QCA7006AQ"
      case 0x22: "QCA7000"
      default: ""
      }
    let text = confirmation.version.prefix { $0 != 0 }
    return ModemIdentity(
      vendor: .qualcomm, chip: chip, firmware: String(decoding: text, as: UTF8.self), address: source)
  }

  /// HomePlug's text has 0 for success. This firmware answers 1 when it took the key of its own host, and 0 when it
  /// refused; that 0 is a refusal everywhere is not sure enough to give up on it.
  public func verdict(onKeyResult result: UInt8) -> KeyVerdict { result == 1 ? .accepted : .unclear }
  public var restart: Duration { .seconds(3) }

  public var linkRequest: ManagementMessage? { .linkStatusReq }

  public func isLinkUp(in message: ManagementMessage) -> Bool? {
    if case .linkStatusCnf(let status) = message { status.isUp } else { nil }
  }

  public var membershipRequest: ManagementMessage? { .networkInfoReq }

  public func membership(in message: ManagementMessage) -> [NID]? {
    if case .networkInfoCnf(let info) = message { info.networks.map(\.nid) } else { nil }
  }

  public var resetRequest: ManagementMessage? { nil }
  public func isResetAccepted(in message: ManagementMessage) -> Bool? { nil }
}
