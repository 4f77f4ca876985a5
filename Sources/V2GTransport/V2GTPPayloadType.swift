import Wire

/// What a V2GTP payload is, and so which grammar reads it (ISO 15118-2 table 10, ISO 15118-20 table 14).
///
/// A plain number with names: code points that have none survive a round trip.
public struct V2GTPPayloadType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// EXI: SupportedAppProtocol of every protocol, DIN 70121, ISO 15118-2.
  public static let exi = V2GTPPayloadType(rawValue: 0x8001)
  /// ISO 15118-20 common messages, main stream.
  public static let iso20Common = V2GTPPayloadType(rawValue: 0x8002)
  /// ISO 15118-20 AC, main stream.
  public static let iso20AC = V2GTPPayloadType(rawValue: 0x8003)
  /// ISO 15118-20 DC, main stream.
  public static let iso20DC = V2GTPPayloadType(rawValue: 0x8004)
  /// ISO 15118-20 automatic connection device, main stream.
  public static let iso20ACDP = V2GTPPayloadType(rawValue: 0x8005)
  /// ISO 15118-20 wireless power transfer, main stream.
  public static let iso20WPT = V2GTPPayloadType(rawValue: 0x8006)
  /// ISO 15118-20 schedule renegotiation, side stream.
  public static let iso20ScheduleRenegotiation = V2GTPPayloadType(rawValue: 0x8101)
  /// ISO 15118-20 metering confirmation, side stream.
  public static let iso20MeteringConfirmation = V2GTPPayloadType(rawValue: 0x8102)
  /// ISO 15118-20 ACDP system status, side stream.
  public static let iso20ACDPSystemStatus = V2GTPPayloadType(rawValue: 0x8103)
  /// ISO 15118-20 parking status, side stream.
  public static let iso20ParkingStatus = V2GTPPayloadType(rawValue: 0x8104)
  /// SDP request, UDP only.
  public static let sdpRequest = V2GTPPayloadType(rawValue: 0x9000)
  /// SDP response, UDP only.
  public static let sdpResponse = V2GTPPayloadType(rawValue: 0x9001)
  /// SDP request for wireless coupling, UDP only.
  public static let sdpRequestWireless = V2GTPPayloadType(rawValue: 0x9002)
  /// SDP response for wireless coupling, UDP only.
  public static let sdpResponseWireless = V2GTPPayloadType(rawValue: 0x9003)

  /// True for the types that carry EXI over a connection: these a session may look at, all else it ignores.
  @inlinable public var isSession: Bool {
    switch rawValue {
    case 0x8001...0x8006, 0x8101...0x8104: true
    default: false
    }
  }

  /// True for the types of SECC discovery, which have no place on a connection.
  @inlinable public var isDiscovery: Bool { (0x9000...0x9005).contains(rawValue) }

  /// True for the range left to manufacturers.
  @inlinable public var isManufacturerSpecific: Bool { rawValue >= 0xA000 }
}

extension V2GTPPayloadType: CustomStringConvertible {
  /// `0x8001 EXI`
  public var description: String {
    let number = "0x" + hexadecimal(UInt8(rawValue >> 8)) + hexadecimal(UInt8(rawValue & 0xFF))
    let name: String? =
      switch self {
      case .exi: "EXI"
      case .iso20Common: "ISO 15118-20 common"
      case .iso20AC: "ISO 15118-20 AC"
      case .iso20DC: "ISO 15118-20 DC"
      case .iso20ACDP: "ISO 15118-20 ACDP"
      case .iso20WPT: "ISO 15118-20 WPT"
      case .iso20ScheduleRenegotiation: "ISO 15118-20 schedule renegotiation"
      case .iso20MeteringConfirmation: "ISO 15118-20 metering confirmation"
      case .iso20ACDPSystemStatus: "ISO 15118-20 ACDP system status"
      case .iso20ParkingStatus: "ISO 15118-20 parking status"
      case .sdpRequest: "SDP request"
      case .sdpResponse: "SDP response"
      case .sdpRequestWireless: "SDP request, wireless"
      case .sdpResponseWireless: "SDP response, wireless"
      default: nil
      }
    guard let name else { return number }
    return number + " " + name
  }
}
