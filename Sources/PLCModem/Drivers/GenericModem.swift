public import HomePlug
public import Wire

/// A modem that knows HomePlug's own messages: CM_SET_KEY, CM_NW_STATS.
public struct GenericModem: PLCModemDriver {
  public init() {}

  public var vendor: ModemVendor { .generic }
  public var identityRequests: [ManagementMessage] { [] }
  /// Nobody knows this firmware: that it answers at all counts.
  public func verdict(onKeyResult result: UInt8) -> KeyVerdict { .accepted }
  public var restart: Duration { .seconds(10) }

  public func message(for request: ModemRequest) throws(ModemLimit) -> ManagementMessage {
    switch request {
    case .link, .stations: .nwStatsReq
    default: throw .vendorUnknown
    }
  }

  public func answer(in message: ManagementMessage, from source: MACAddress) -> ModemAnswer? {
    message.stations
  }
}
