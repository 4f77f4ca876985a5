/// A field of the parameter block that is known: where it stands, what it holds, what it means.
public enum ParameterField: String, CaseIterable, Sendable {
  case version, length, checksum
  case mac, dak
  case manufacturerHFID = "manufacturer-hfid"
  case nmk
  case userHFID = "user-hfid"
  case networkHFID = "network-hfid"
  case coordinator = "cco"
  case coexistence
  case lineFrequency = "line-frequency"
  case preferredNID = "preferred-nid"
  case membership = "avln-membership"
  case medium
  case slacMode = "slac-mode"
  case backgroundHAR = "background-har"
  case fastAssociation = "fast-association"
  case lowSpeedLimit = "low-speed-limit"
  case highSpeedLimit = "high-speed-limit"
  case dbc
  case simpleQoS = "simple-qos"

  /// From the start of the block.
  public var offset: Int {
    switch self {
    case .version: 0x00
    case .length: 0x04
    case .checksum: 0x08
    case .mac: 0x0C
    case .dak: 0x12
    case .manufacturerHFID: 0x24
    case .nmk: 0x64
    case .userHFID: 0x74
    case .networkHFID: 0xB4
    case .coordinator: 0xF4
    case .coexistence: 0xF5
    case .lineFrequency: 0xF6
    case .preferredNID: 0xF8
    case .membership: 0xFF
    case .medium: 0x109
    case .slacMode: 0x1653
    case .backgroundHAR: 0x16D2
    case .fastAssociation: 0x16D3
    case .lowSpeedLimit: 0x1C98
    case .highSpeedLimit: 0x1C9C
    case .dbc: 0x1F80
    case .simpleQoS: 0x2030
    }
  }

  /// Octets it takes.
  public var count: Int {
    switch self {
    case .version, .length: 2
    case .checksum, .lowSpeedLimit, .highSpeedLimit: 4
    case .mac: 6
    case .preferredNID: 7
    case .dak, .nmk: 16
    case .manufacturerHFID, .userHFID, .networkHFID: 64
    default: 1
    }
  }

  public var kind: ParameterKind {
    switch self {
    case .version, .length, .checksum: .computed
    case .mac: .address
    case .dak, .nmk: .key
    case .manufacturerHFID, .userHFID, .networkHFID: .text
    case .preferredNID: .network
    case .coordinator: .number(0...3)
    case .slacMode: .number(0...2)
    case .backgroundHAR, .fastAssociation, .dbc, .simpleQoS: .number(0...1)
    case .coexistence, .lineFrequency, .membership, .medium: .number(0...255)
    case .lowSpeedLimit, .highSpeedLimit: .number(0...UInt32.max)
    }
  }

  /// One line for the person who decides about it.
  public var meaning: String {
    switch self {
    case .version: "version of the old format; 0 in the new"
    case .length: "octets of the block in the old format; 0 in the new"
    case .checksum: "checksum of the old format; the new one has it in the image's header"
    case .mac: "the modem's own address, one of its kind"
    case .dak: "device access key, for setting keys over the line"
    case .manufacturerHFID: "name of the device, from its maker"
    case .nmk: "network key the modem starts with"
    case .userHFID: "name of the device, from its user"
    case .networkHFID: "name of the network"
    case .coordinator: "CCo: 0 automatic, 1 never (EV), 2 always (EVSE), 3 user"
    case .coexistence: "coexistence mode"
    case .lineFrequency: "line frequency selection"
    case .preferredNID: "network the modem prefers"
    case .membership: "AVLN membership; 0 for both roles (one source)"
    case .medium: "medium; sources disagree: leave it as delivered"
    case .slacMode: "SLAC: 0 off, 1 EV, 2 EVSE (reports attenuation)"
    case .backgroundHAR: "background HAR; 0"
    case .fastAssociation: "fast association to a network; 1 for an EVSE"
    case .lowSpeedLimit: "limit of a low-speed link; 10240 as delivered"
    case .highSpeedLimit: "limit of a high-speed link; 102400 as delivered"
    case .dbc: "DBC; 0"
    case .simpleQoS: "simple quality of service; 0; only in long blocks"
    }
  }
}

/// What a field holds.
public enum ParameterKind: Hashable, Sendable {
  /// Follows from the rest of the block; never set by hand.
  case computed
  case number(ClosedRange<UInt32>)
  case address
  case network
  /// Up to 63 printable ASCII characters, filled up with zeros.
  case text
  /// Sixteen secret octets.
  case key
}
