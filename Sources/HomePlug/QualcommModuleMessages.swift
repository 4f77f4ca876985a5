/// Octets of a module, or of a property: a parameter block has the network's key in it, so no description, dump or
/// error shows them. `octets` is the one way to them.
public struct ModuleData: Hashable, Sendable {
  public var octets: [UInt8]

  public init(_ octets: [UInt8] = []) { self.octets = octets }

  public var count: Int { octets.count }
}

extension ModuleData: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String { "\(octets.count) octets" }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension ModuleData: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: ["count": octets.count]) }
  }
#endif

/// A module as VS_RD_MOD, VS_WR_MOD and VS_MOD_NVM name it.
public struct ModuleNumber: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The firmware (MAC).
  public static let firmware = ModuleNumber(rawValue: 1)
  /// The parameter information block (PIB).
  public static let parameters = ModuleNumber(rawValue: 2)
}

/// VS_RD_MOD.REQ. The secret some firmware wants behind the offset is sent as zeros and not kept when read.
public struct VS_RD_MOD_REQ: Hashable, Sendable {
  /// Octets of one piece at the most.
  public static let lengthMax: UInt16 = 1024

  public var module: ModuleNumber
  /// MACCESS; 0 as every public tool sends it.
  public var access: UInt8
  /// Octets wanted, at most `lengthMax`.
  public var length: UInt16
  /// Octets from the start of the module.
  public var offset: UInt32

  public init(module: ModuleNumber, access: UInt8 = 0, length: UInt16 = lengthMax, offset: UInt32) {
    self.module = module
    self.access = access
    self.length = length
    self.offset = offset
  }
}

/// VS_RD_MOD.CNF.
public struct VS_RD_MOD_CNF: Hashable, Sendable {
  /// MSTATUS: 0 success.
  public var status: UInt8
  public var module: ModuleNumber
  public var offset: UInt32
  /// Of the data, as `ModuleChecksum` has it.
  public var checksum: UInt32
  /// Empty without success. Shorter than what was asked for at the end of the module.
  public var data: ModuleData

  public init(
    status: UInt8 = 0, module: ModuleNumber, offset: UInt32, checksum: UInt32, data: ModuleData
  ) {
    self.status = status
    self.module = module
    self.offset = offset
    self.checksum = checksum
    self.data = data
  }
}

/// VS_WR_MOD.REQ.
public struct VS_WR_MOD_REQ: Hashable, Sendable {
  public var module: ModuleNumber
  public var offset: UInt32
  /// Of the data, as `ModuleChecksum` has it.
  public var checksum: UInt32
  /// At most 1024 octets.
  public var data: ModuleData

  public init(module: ModuleNumber, offset: UInt32, checksum: UInt32, data: ModuleData) {
    self.module = module
    self.offset = offset
    self.checksum = checksum
    self.data = data
  }
}

/// VS_WR_MOD.CNF.
public struct VS_WR_MOD_CNF: Hashable, Sendable {
  /// MSTATUS: 0 success.
  public var status: UInt8
  public var module: ModuleNumber
  public var length: UInt16
  public var offset: UInt32

  public init(status: UInt8 = 0, module: ModuleNumber, length: UInt16, offset: UInt32) {
    self.status = status
    self.module = module
    self.length = length
    self.offset = offset
  }
}

/// The checksum of modules, their headers and their pieces: the bitwise NOT of the XOR of all 32-bit words,
/// little-endian. Octets behind the last whole word do not count.
public enum ModuleChecksum {
  public static func of(_ octets: some Collection<UInt8>) -> UInt32 {
    var sum: UInt32 = 0
    var word: UInt32 = 0
    var shift: UInt32 = 0
    for octet in octets {
      word |= UInt32(octet) << shift
      shift += 8
      if shift == 32 {
        sum ^= word
        word = 0
        shift = 0
      }
    }
    return ~sum
  }
}
