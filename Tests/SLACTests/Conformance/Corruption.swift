import HomePlug

/// A field of a frame that arrives changed, or a frame that arrives short.
struct Corruption: Hashable, Sendable {
  let name: String
  /// Octets of the field that are inverted; empty for a frame cut short.
  let octets: Range<Int>
  var cutTo: Int?

  init(_ name: String, _ at: Int, _ count: Int = 1) {
    self.name = name
    octets = at..<at + count
  }

  init(cutTo count: Int) {
    name = "cut to \(count)"
    octets = 0..<0
    cutTo = count
  }

  func applied(to frame: [UInt8]) -> [UInt8] {
    var frame = frame
    // The lowest bit of the first octet stays, so that an address does not become a group.
    for index in octets where frame.indices.contains(index) {
      frame[index] ^= index == octets.lowerBound && octets.count == 6 ? 0xFC : 0xFF
    }
    if let cutTo { frame.removeSubrange(min(cutTo, frame.count)..<frame.count) }
    return frame
  }

  /// Every field class of such a message, the header's first.
  static func all(of type: ManagementType) -> [Corruption] {
    header(of: type) + fields(of: type)
  }

  private static func header(of type: ManagementType) -> [Corruption] {
    var header = [
      Corruption("ODA", 0, 6), Corruption("OSA", 6, 6), Corruption("EtherType", 12, 2), Corruption("MMV", 14),
      Corruption("MMTYPE", 15, 2), Corruption(cutTo: 16), Corruption(cutTo: 20),
    ]
    if !type.isVendor { header += [Corruption("FMI", 17), Corruption("FMSN", 18)] }
    return header
  }

  private static func fields(of type: ManagementType) -> [Corruption] {
    switch type {
    case .CM_SLAC_PARM_REQ:
      [
        Corruption("APPLICATION_TYPE", 19), Corruption("SECURITY_TYPE", 20), Corruption("RunID", 21, 8),
        Corruption("padding", 29, 31),
      ]
    case .CM_SLAC_PARM_CNF:
      [
        Corruption("M_SOUND_TARGET", 19, 6), Corruption("NUM_SOUNDS", 25), Corruption("TIME_OUT", 26),
        Corruption("RESP_TYPE", 27), Corruption("FORWARDING_STA", 28, 6), Corruption("APPLICATION_TYPE", 34),
        Corruption("SECURITY_TYPE", 35), Corruption("RunID", 36, 8), Corruption("padding", 44, 16),
      ]
    case .CM_START_ATTEN_CHAR_IND:
      [
        Corruption("APPLICATION_TYPE", 19), Corruption("SECURITY_TYPE", 20), Corruption("NUM_SOUNDS", 21),
        Corruption("TIME_OUT", 22), Corruption("RESP_TYPE", 23), Corruption("FORWARDING_STA", 24, 6),
        Corruption("RunID", 30, 8), Corruption("padding", 38, 22),
      ]
    case .CM_MNBC_SOUND_IND:
      [
        Corruption("APPLICATION_TYPE", 19), Corruption("SECURITY_TYPE", 20), Corruption("SenderID", 21, 17),
        Corruption("CNT", 38), Corruption("RunID", 39, 8), Corruption("reserved", 47, 8),
        Corruption("RND", 55, 16),
      ]
    case .CM_ATTEN_PROFILE_IND:
      [
        Corruption("PEV_MAC", 19, 6), Corruption("NumGroups", 25), Corruption("reserved", 26),
        Corruption("AAG[1]", 27), Corruption("AAG[58]", 84),
      ]
    case .CM_ATTEN_CHAR_IND:
      [
        Corruption("APPLICATION_TYPE", 19), Corruption("SECURITY_TYPE", 20),
        Corruption("SOURCE_ADDRESS", 21, 6), Corruption("RunID", 27, 8), Corruption("SOURCE_ID", 35, 17),
        Corruption("RESP_ID", 52, 17), Corruption("NUM_SOUNDS", 69), Corruption("NumGroups", 70),
        Corruption("AAG[1]", 71), Corruption("AAG[58]", 128),
      ]
    case .CM_ATTEN_CHAR_RSP:
      [
        Corruption("APPLICATION_TYPE", 19), Corruption("SECURITY_TYPE", 20),
        Corruption("SOURCE_ADDRESS", 21, 6), Corruption("RunID", 27, 8), Corruption("SOURCE_ID", 35, 17),
        Corruption("RESP_ID", 52, 17), Corruption("Result", 69),
      ]
    case .CM_VALIDATE_REQ:
      [
        Corruption("SignalType", 19), Corruption("Timer", 20), Corruption("Result", 21),
        Corruption("padding", 22, 38),
      ]
    case .CM_VALIDATE_CNF:
      [
        Corruption("SignalType", 19), Corruption("ToggleNum", 20), Corruption("Result", 21),
        Corruption("padding", 22, 38),
      ]
    case .CM_SLAC_MATCH_REQ:
      matchFields
    case .CM_SLAC_MATCH_CNF:
      matchFields + [Corruption("NID", 85, 7), Corruption("reserved", 92), Corruption("NMK", 93, 16)]
    case .CM_SET_KEY_REQ:
      [
        Corruption("KeyType", 19), Corruption("MyNonce", 20, 4), Corruption("YourNonce", 24, 4),
        Corruption("PID", 28), Corruption("PRN", 29, 2), Corruption("PMN", 31),
        Corruption("CCoCapability", 32),
        Corruption("NID", 33, 7), Corruption("NewEKS", 40), Corruption("NewKey", 41, 16),
        Corruption("padding", 57, 3),
      ]
    case .CM_SET_KEY_CNF:
      [
        Corruption("Result", 19), Corruption("MyNonce", 20, 4), Corruption("YourNonce", 24, 4),
        Corruption("PID", 28), Corruption("PRN", 29, 2), Corruption("PMN", 31),
        Corruption("CCoCapability", 32),
      ]
    default:
      // The modem's own messages: OUI, then status and value.
      type.isVendor
        ? [
          Corruption("OUI", 17, 3), Corruption("status", 20), Corruption("value", 21),
          Corruption("value 2", 22),
        ]
        : [Corruption("payload", 19)]
    }
  }

  private static let matchFields = [
    Corruption("APPLICATION_TYPE", 19), Corruption("SECURITY_TYPE", 20), Corruption("MVFLength", 21, 2),
    Corruption("PEV_ID", 23, 17), Corruption("PEV_MAC", 40, 6), Corruption("EVSE_ID", 46, 17),
    Corruption("EVSE_MAC", 63, 6), Corruption("RunID", 69, 8), Corruption("reserved", 77, 8),
  ]
}
