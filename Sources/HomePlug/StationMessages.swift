public import Wire

/// CM_NW_STATS.CNF: the stations in the modem's network with their average PHY rates.
public struct CM_NW_STATS_CNF: Hashable, Sendable {
  public struct Station: Hashable, Sendable {
    public var address: MACAddress
    /// Average PHY rate to and from the station in Mbit/s.
    public var transmitRate: UInt8, receiveRate: UInt8

    public init(address: MACAddress, transmitRate: UInt8, receiveRate: UInt8) {
      self.address = address
      self.transmitRate = transmitRate
      self.receiveRate = receiveRate
    }
  }

  /// Empty when the modem has left its network. At most 255.
  public var stations: [Station]

  public init(stations: [Station]) { self.stations = stations }
}

/// CM_MME_ERROR.IND: a station could not use a message. Counted, never a reason to abort.
public struct CM_MME_ERROR_IND: Hashable, Sendable {
  /// 0 not supported, 1 invalid fields, 2 unsupported feature.
  public var reason: UInt8
  /// MMV and MMTYPE of the message complained about.
  public var version: UInt8
  public var type: ManagementType
  public var fieldOffset: UInt16

  public init(reason: UInt8, version: UInt8, type: ManagementType, fieldOffset: UInt16) {
    self.reason = reason
    self.version = version
    self.type = type
    self.fieldOffset = fieldOffset
  }
}

/// VS_SW_VER.CNF (Qualcomm): device class and firmware version.
public struct VS_SW_VER_CNF: Hashable, Sendable {
  /// MSTATUS: 0 success.
  public var status: UInt8
  /// 0x20: QCA7420/7450, 0x21: QCA7006AQ/6410, 0x22: QCA7000/7005.
  public var deviceClass: UInt8
  /// ASCII text such as `MAC-QCA7000-1.1.0.730-04-20140815-CS`; at most 254 octets.
  public var version: [UInt8]

  public init(status: UInt8 = 0, deviceClass: UInt8, version: [UInt8]) {
    self.status = status
    self.deviceClass = deviceClass
    self.version = version
  }
}

/// VS_PL_LNK_STATUS.CNF (Qualcomm): is there a peer in the network?
public struct VS_PL_LNK_STATUS_CNF: Hashable, Sendable {
  /// MSTATUS: 0 success.
  public var status: UInt8
  /// LINKSTATUS 1: at least one peer station in the network.
  public var linkStatus: UInt8

  public init(status: UInt8 = 0, linkStatus: UInt8) {
    self.status = status
    self.linkStatus = linkStatus
  }

  /// The link is up: asked successfully, and a peer is there.
  public var isUp: Bool { status == 0 && linkStatus == 1 }
}

/// A message this module has no layout for, kept whole.
public struct UnknownMessage: Hashable, Sendable {
  public var type: ManagementType
  /// FMI and FMSN where MMV is 1 or 2; 0 in MMV 0, which has neither.
  public var fragmentation: UInt16
  /// Everything behind the header; a vendor message starts with its OUI here.
  public var payload: [UInt8]

  public init(type: ManagementType, fragmentation: UInt16 = 0, payload: [UInt8]) {
    self.type = type
    self.fragmentation = fragmentation
    self.payload = payload
  }
}

extension UnknownMessage: CustomStringConvertible, CustomDebugStringConvertible {
  /// Without the payload: a vendor's set-key message has the key in it.
  public var description: String { "\(type), \(payload.count) octets" }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension UnknownMessage: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: ["type": type.description]) }
  }
#endif
