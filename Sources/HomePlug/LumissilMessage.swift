import Wire

/// Lumissil's OUI, first in the payload of its messages.
let lumissilOUI: UInt32 = 0x0016E8

/// A message of Lumissil's CG5317.
///
/// Read in one public project; that it is sent with MMV 0 its authors call unclear themselves.
public enum LumissilMessage: Hashable, Sendable {
  /// NSCM_GET_VERSION.
  case versionReq(LMSHeader)
  case versionCnf(LMSHeader, NSCM_GET_VERSION_CNF)
  /// NSCM_RESET_DEVICE; nothing confirms it. Mode 0 is the ordinary restart.
  case resetReq(LMSHeader, mode: UInt8)
  /// NSCM_GET_D_LINK_STATUS; 1 is up.
  case linkStatusReq(LMSHeader)
  case linkStatusCnf(LMSHeader, status: UInt8)

  public var type: ManagementType {
    switch self {
    case .versionReq: .NSCM_GET_VERSION_REQ
    case .versionCnf: .NSCM_GET_VERSION_CNF
    case .resetReq: .NSCM_RESET_DEVICE_REQ
    case .linkStatusReq: .NSCM_GET_D_LINK_STATUS_REQ
    case .linkStatusCnf: .NSCM_GET_D_LINK_STATUS_CNF
    }
  }
}

/// What stands in front of each of Lumissil's messages: 19 octets, most of them reserved.
public struct LMSHeader: Hashable, Sendable {
  public var version: UInt16
  /// Comes back in the confirmation.
  public var requestID: UInt8

  public init(version: UInt16 = 0, requestID: UInt8 = 0) {
    self.version = version
    self.requestID = requestID
  }
}

/// NSCM_GET_VERSION.CNF.
public struct NSCM_GET_VERSION_CNF: Hashable, Sendable {
  public var major: UInt16, minor: UInt16, patch: UInt16, build: UInt16

  public init(major: UInt16, minor: UInt16, patch: UInt16, build: UInt16) {
    self.major = major
    self.minor = minor
    self.patch = patch
    self.build = build
  }
}

extension ManagementMessage {
  /// Reads a message of Lumissil's, behind the OUI; `nil` for a type that is none.
  static func lumissil(_ type: ManagementType, _ reader: inout ByteReader) -> ManagementMessage? {
    switch type {
    case .NSCM_GET_VERSION_REQ: return .lumissil(.versionReq(reader.lmsHeader()))
    case .NSCM_GET_VERSION_CNF:
      let header = reader.lmsHeader()
      let version = NSCM_GET_VERSION_CNF(
        major: reader.uint16LittleEndian(), minor: reader.uint16LittleEndian(),
        patch: reader.uint16LittleEndian(), build: reader.uint16LittleEndian())
      reader.skip(2)
      return .lumissil(.versionCnf(header, version))
    case .NSCM_RESET_DEVICE_REQ: return .lumissil(.resetReq(reader.lmsHeader(), mode: reader.uint8()))
    case .NSCM_GET_D_LINK_STATUS_REQ: return .lumissil(.linkStatusReq(reader.lmsHeader()))
    case .NSCM_GET_D_LINK_STATUS_CNF:
      return .lumissil(.linkStatusCnf(reader.lmsHeader(), status: reader.uint8()))
    default: return nil
    }
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func lmsHeader() -> LMSHeader {
    let version = uint16LittleEndian()
    skip(4)
    let requestID = uint8()
    skip(12)
    return LMSHeader(version: version, requestID: requestID)
  }
}

extension LumissilMessage {
  func write(to output: inout OutputBuffer) {
    output.append(bigEndian: UInt64(lumissilOUI), octets: 3)
    switch self {
    case .versionReq(let header), .linkStatusReq(let header): header.write(to: &output)
    case .versionCnf(let header, let version):
      header.write(to: &output)
      for part in [version.major, version.minor, version.patch, version.build, 0] {
        output.append(littleEndian: part)
      }
    case .resetReq(let header, let octet), .linkStatusCnf(let header, let octet):
      header.write(to: &output)
      output.append(octet)
    }
  }
}

extension LMSHeader {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(littleEndian: version)
    output.append(zeros: 4)
    output.append(requestID)
    output.append(zeros: 12)
  }
}
