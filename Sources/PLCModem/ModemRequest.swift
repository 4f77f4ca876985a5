public import HomePlug
public import Wire

/// What a modem can be asked for or told to do. Not every modem can; `PLCModemDriver.message(for:)` says why not.
public enum ModemRequest: Hashable, Sendable {
  /// Is a peer in the network?
  case link
  /// Which networks is it in, and who else?
  case networks
  /// Who else is in its network, and how fast?
  case stations
  /// Restart. Not every modem confirms.
  case reset
  /// Back to the parameters of the factory.
  case factoryDefaults
  /// How did frames to and from a station fare?
  case statistics(of: MACAddress)
  /// How finely is modulated what comes from a station?
  case toneMap(of: MACAddress, slot: UInt8)
  /// Which end of the cable is it set up for?
  case role(RoleField)
  /// A piece of a module.
  case readModule(ModuleNumber, offset: UInt32, length: UInt16)
  case writeModule(ModuleNumber, offset: UInt32, ModuleData)
  /// Take what was written into flash. The modem restarts.
  case commitModule(ModuleNumber)
}

/// The two fields of a Qualcomm parameter block that make a modem an EV's or an EVSE's; offsets into the block.
public enum RoleField: UInt32, CaseIterable, Hashable, Sendable {
  /// CCo selection: 0 auto, 1 never, 2 always, 3 user. Never for an EV, always for an EVSE.
  case coordinatorSelection = 0xF4
  /// 0 off, 1 EV, 2 EVSE.
  case slacMode = 0x1653

  /// The role that a value of the field makes; both fields use 1 and 2 alike.
  public func role(_ value: UInt8) -> ModemRole? {
    switch value {
    case 1: .ev
    case 2: .evse
    default: nil
    }
  }
}

/// Why a modem cannot be asked for something.
public enum ModemLimit: String, Error, CaseIterable, Hashable, Sendable {
  /// Its vendor has messages for that and keeps them to itself.
  case undisclosed
  /// Nobody knows whose modem it is, and HomePlug's own messages have nothing for that.
  case vendorUnknown
}

extension ModemLimit: CustomStringConvertible {
  public var description: String {
    switch self {
    case .undisclosed: "the modem's vendor does not publish a message for that"
    case .vendorUnknown: "the modem did not say whose it is, and HomePlug has no message of its own for that"
    }
  }
}

/// What a message from a modem says.
public enum ModemAnswer: Hashable, Sendable {
  case identity(ModemIdentity)
  case link(isUp: Bool)
  case networks([VS_NW_INFO_CNF.Network])
  case stations([CM_NW_STATS_CNF.Station])
  case reset(accepted: Bool)
  case factoryDefaults(accepted: Bool)
  case statistics(VS_LNK_STATS_CNF)
  case toneMap(VS_RX_TONE_MAP_CHAR_CNF)
  /// `nil`: set up for neither end.
  case role(RoleField, ModemRole?)
  case module(VS_RD_MOD_CNF)
  case moduleWritten(VS_WR_MOD_CNF)
  case moduleCommitted(ModuleNumber, accepted: Bool)
  /// A sound was heard by firmware without SLAC: VS_ATTENUATION_CHARACTERISTICS in place of CM_ATTEN_PROFILE.IND.
  case attenuationWithoutSLAC
}
