public import HomePlug

/// What a modem keeps in its flash.
public enum ModemModule: String, CaseIterable, Hashable, Sendable {
  case firmware, parameters

  /// Octets at the most, far above what the field has.
  public var octetsMax: Int { self == .firmware ? ImageChain.octetsMax : ParameterBlock.octetsMax }

  var number: ModuleNumber { self == .firmware ? .firmware : .parameters }
  var identifier: ModuleIdentifier { self == .firmware ? .firmware : .parameters }
  var ability: ModemAbility { self == .firmware ? .firmware : .parameters }
}

/// How a module gets out of a modem and into it. Firmware knows one or both.
public enum ModuleTransport: String, CaseIterable, Hashable, Sendable {
  /// VS_RD_MOD, VS_WR_MOD, VS_MOD_NVM: pieces of up to 1024 octets.
  case pieces
  /// VS_MODULE_OPERATION: sessions with pieces of up to 1400 octets.
  case operations

  var pieceMax: Int { self == .pieces ? Int(VS_RD_MOD_REQ.lengthMax) : Int(ModuleRange.lengthMax) }
}

/// A module as it came out of a modem. Its octets may hold keys, so no description shows them.
public struct ModuleImage: Hashable, Sendable {
  public var module: ModemModule
  public var transport: ModuleTransport
  public var data: ModuleData
}

extension ModemDriver {
  /// Why modules cannot be read and written; `nil` where they can.
  func limit(onReading module: ModemModule) -> ModemLimit? {
    do {
      _ = try message(for: .readModule(module.number, offset: 0, length: VS_RD_MOD_REQ.lengthMax))
      return nil
    } catch {
      return error
    }
  }
}

extension VS_MODULE_OPERATION_CNF {
  /// The status, or where there is none the first one of a module, as one number.
  var failure: UInt32? {
    if status != 0 { return UInt32(error) << 16 | UInt32(status) }
    let modules: [ModuleStatus]
    switch operation {
    case .start(_, let list), .close(_, _, let list): modules = list
    case .read, .write: modules = []
    }
    return modules.first { $0.status != 0 }.map { UInt32($0.error) << 16 | UInt32($0.status) }
  }
}
