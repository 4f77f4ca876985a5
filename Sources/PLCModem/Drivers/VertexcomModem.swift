public import HomePlug
public import Wire

/// MSE1021, MSE1022.
///
/// Its own messages are not public, so it cannot be told from a generic modem by asking: it is chosen by name, or by the
/// name of its Linux driver (`ModemVendor.init(linuxDriver:)`). SLAC and CM_SET_KEY work as the standards have them.
public struct VertexcomModem: PLCModemDriver {
  public init() {}

  public var vendor: ModemVendor { .vertexcom }
  public var identityRequests: [ManagementMessage] { [] }
  /// No public source says what its firmware means by the result: that it answers counts.
  public func verdict(onKeyResult result: UInt8) -> KeyVerdict { .accepted }
  /// Not public; the longest time of any modem known.
  public var restart: Duration { .seconds(10) }

  public func message(for request: ModemRequest) throws(ModemLimit) -> ManagementMessage {
    switch request {
    case .link, .stations: .nwStatsReq
    default: throw .undisclosed
    }
  }

  public func answer(in message: ManagementMessage, from source: MACAddress) -> ModemAnswer? {
    message.stations
  }
}
