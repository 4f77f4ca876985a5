public import HomePlug
public import Wire

/// CG5317.
///
/// Facts from one public project. Its other messages are under a confidentiality agreement.
public struct LumissilModem: PLCModemDriver {
  public init() {}

  public var vendor: ModemVendor { .lumissil }
  public var identityRequests: [ManagementMessage] { [.lumissil(.versionReq(LMSHeader()))] }
  /// No public source says what its firmware means by the result, and nothing proves a key at once: that it answers
  /// counts.
  public func verdict(onKeyResult result: UInt8) -> KeyVerdict { .accepted }
  /// Without flash its host loads firmware and configuration again.
  public var restart: Duration { .seconds(10) }

  public func message(for request: ModemRequest) throws(ModemLimit) -> ManagementMessage {
    switch request {
    case .link: .lumissil(.linkStatusReq(LMSHeader()))
    case .reset: .lumissil(.resetReq(LMSHeader(), mode: 0))
    case .stations: .nwStatsReq
    default: throw .undisclosed
    }
  }

  public func answer(in message: ManagementMessage, from source: MACAddress) -> ModemAnswer? {
    switch message {
    case .lumissil(.versionCnf(_, let version)):
      let firmware = "\(version.major).\(version.minor).\(version.patch).\(version.build)"
      return .identity(
        ModemIdentity(vendor: .lumissil, chip: "CG5317", firmware: firmware, address: source))
    case .lumissil(.linkStatusCnf(_, let status)): return .link(isUp: status == 1)
    default: return message.stations
    }
  }
}
