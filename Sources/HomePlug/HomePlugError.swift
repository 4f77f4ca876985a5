/// Why a received frame is not a management message we can read. The sender is at fault, or the line.
public enum HomePlugError: Error, Hashable, Sendable {
  /// Not even an Ethernet and MME header: 17 octets are the least.
  case frameTooShort(octets: Int)
  /// The EtherType is not 0x88E1.
  case notHomePlug(etherType: UInt16)
  /// MMV is none of 0 (vendor, HomePlug 1.0 header), 1 (AV 1.1), 2 (AV 2.0).
  case unknownVersion(UInt8)
  /// A message of ours came in more than one fragment; none of them needs to.
  case fragmented(type: UInt16)
  /// The message of this MMTYPE ends before its last field.
  case truncated(type: UInt16, octets: Int)
  /// NumGroups is above the 58 that exist in Green PHY.
  case tooManyGroups(type: UInt16, groups: Int)

  /// The error without its values, for counters.
  public enum Reason: UInt8, CaseIterable, Hashable, Sendable {
    case frameTooShort, notHomePlug, unknownVersion, fragmented, truncated, tooManyGroups
  }

  public var reason: Reason {
    switch self {
    case .frameTooShort: .frameTooShort
    case .notHomePlug: .notHomePlug
    case .unknownVersion: .unknownVersion
    case .fragmented: .fragmented
    case .truncated: .truncated
    case .tooManyGroups: .tooManyGroups
    }
  }
}

extension HomePlugError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .frameTooShort(let octets):
      "frame of \(octets) octets; an MME header ends at octet 17"
    case .notHomePlug(let etherType):
      "EtherType 0x\(String(etherType, radix: 16)); HomePlug AV is 0x88e1"
    case .unknownVersion(let version):
      "MMV \(version); known are 0, 1 and 2"
    case .fragmented(let type):
      "fragment of \(ManagementType(type)); expected one frame"
    case .truncated(let type, let octets):
      "\(ManagementType(type)) of \(octets) octets ends before its last field"
    case .tooManyGroups(let type, let groups):
      "\(ManagementType(type)) with \(groups) carrier groups; Green PHY has at most 58"
    }
  }
}

/// Refused frames, counted by reason.
public struct RefusedFrames: Hashable, Sendable {
  private var counts = [UInt64](repeating: 0, count: HomePlugError.Reason.allCases.count)

  public init() {}

  public mutating func count(_ error: HomePlugError) { counts[Int(error.reason.rawValue)] &+= 1 }

  public subscript(reason: HomePlugError.Reason) -> UInt64 { counts[Int(reason.rawValue)] }

  /// All refused frames.
  public var total: UInt64 { counts.reduce(0, &+) }
}
