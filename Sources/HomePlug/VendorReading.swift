import Wire

/// Qualcomm's OUI, first in the payload of each of its messages.
let qualcommOUI: UInt32 = 0x00B052

extension ManagementMessage {
  /// Reads a vendor's message we know; `nil`, with the reader where it was, for any other OUI, type or header form.
  static func vendor(
    _ type: ManagementType, version: UInt8, _ reader: inout ByteReader
  ) -> ManagementMessage? {
    var ahead = reader
    let high = UInt32(ahead.uint8()) << 16
    let oui = high | UInt32(ahead.uint16BigEndian())
    // Too short for an OUI: whoever knows the type finds the frame too short for it.
    let isShort = ahead.failed
    var message: ManagementMessage?
    if isShort || oui == qualcommOUI {
      message = version == 0 ? qualcomm(type, &ahead) : qualcommWide(type, version: version, &ahead)
    }
    if message == nil, version == 0, isShort || oui == lumissilOUI { message = lumissil(type, &ahead) }
    if message != nil { reader = ahead }
    return message
  }

  private static func qualcomm(_ type: ManagementType, _ reader: inout ByteReader) -> ManagementMessage? {
    switch type {
    case .VS_SW_VER_REQ: return .softwareVersionReq
    case .VS_SW_VER_CNF:
      let status = reader.uint8()
      let deviceClass = reader.uint8()
      let version = reader.octets(Int(reader.uint8()))
      return .softwareVersionCnf(VS_SW_VER_CNF(status: status, deviceClass: deviceClass, version: version))
    case .VS_NW_INFO_REQ: return .networkInfoReq
    case .VS_NW_INFO_CNF: return .networkInfoCnf(VS_NW_INFO_CNF(&reader))
    case .VS_PL_LNK_STATUS_REQ: return .linkStatusReq
    case .VS_PL_LNK_STATUS_CNF:
      return .linkStatusCnf(VS_PL_LNK_STATUS_CNF(status: reader.uint8(), linkStatus: reader.uint8()))
    default: return QualcommMessage(type, &reader).map { .qualcomm($0) }
    }
  }

  /// The one message whose form with MMV 1 is public.
  private static func qualcommWide(
    _ type: ManagementType, version: UInt8, _ reader: inout ByteReader
  ) -> ManagementMessage? {
    guard version == 1 else { return nil }
    switch type {
    case .VS_NW_INFO_REQ: return .networkInfoReq
    case .VS_NW_INFO_CNF: return .networkInfoCnf(VS_NW_INFO_CNF(wide: &reader))
    default: return nil
    }
  }
}
