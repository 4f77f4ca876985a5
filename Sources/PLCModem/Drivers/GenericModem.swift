public import HomePlug
public import Wire

/// A modem that knows HomePlug's own messages: CM_SET_KEY, CM_NW_STATS.
public struct GenericModem: PLCModemDriver {
  public init() {}

  public var vendor: ModemVendor { .generic }
  public var identityRequests: [ManagementMessage] { [] }
  public func identity(in message: ManagementMessage, from source: MACAddress) -> ModemIdentity? { nil }
  /// Nobody knows this firmware: that it answers at all counts.
  public func verdict(onKeyResult result: UInt8) -> KeyVerdict { .accepted }
  public var restart: Duration { .seconds(10) }
  public var linkRequest: ManagementMessage? { .nwStatsReq }

  public func isLinkUp(in message: ManagementMessage) -> Bool? {
    if case .nwStatsCnf(let statistics) = message { !statistics.stations.isEmpty } else { nil }
  }

  public var membershipRequest: ManagementMessage? { nil }
  public func membership(in message: ManagementMessage) -> [NID]? { nil }
  public var resetRequest: ManagementMessage? { nil }
  public func isResetAccepted(in message: ManagementMessage) -> Bool? { nil }
}
