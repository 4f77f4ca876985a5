/// Which modem a simulated one is: what it answers, and in whose words.
public enum ModemModel: String, CaseIterable, Hashable, Sendable {
  case qca7000, qca7005, qca7006
  /// A home plug, without SLAC.
  case qca7420
  case cg5317
  /// Answers HomePlug's own messages: those of its vendor are not public.
  case mse1021
  case generic

  /// Answers Qualcomm's messages.
  var isQualcomm: Bool {
    switch self {
    case .qca7000, .qca7005, .qca7006, .qca7420: true
    case .cg5317, .mse1021, .generic: false
    }
  }

  var hasSLAC: Bool { self != .qca7420 }

  /// MDEVICE_CLASS of VS_SW_VER.CNF.
  var deviceClass: UInt8 {
    switch self {
    case .qca7420: 0x20
    case .qca7006: 0x21
    default: 0x22
    }
  }

  /// As VS_SW_VER.CNF has it.
  var firmware: String {
    switch self {
    case .qca7000: "MAC-QCA7000-1.1.0.730-04-SIMULATED"
    case .qca7005: "MAC-QCA7005-1.1.0.730-04-SIMULATED"
    case .qca7006: "MAC-QCA7006-1.2.0.844-00-SIMULATED"
    case .qca7420: "MAC-QCA7420-1.3.0.2134-00-SIMULATED"
    case .cg5317, .mse1021, .generic: ""
    }
  }

  /// Result of CM_SET_KEY.CNF for a key that was taken. Qualcomm's firmware answers 1, and CG5317 is said to do alike;
  /// the others are taken to follow HomePlug's text, which has 0.
  var keyAccepted: UInt8 { isQualcomm || self == .cg5317 ? 1 : 0 }
}

/// What may be wrong with a modem, or special about its firmware.
public enum ModemFault: String, CaseIterable, Hashable, Sendable {
  /// Answers nothing, and still carries frames.
  case silent
  /// Runs its boot loader: carries nothing, and tells little.
  case bootLoader = "boot-loader"
  /// Firmware without SLAC: sends VS_ATTENUATION_CHARACTERISTICS in place of CM_ATTEN_PROFILE.IND, and its parameter
  /// block ends before the SLAC mode.
  case withoutSLAC = "no-slac"
  /// SLAC mode 0 in the parameter block.
  case slacOff = "slac-off"
  /// CCo selection of an EV in the parameter block, whatever the SLAC mode: forms no network.
  case neverCoordinates = "no-coordinator"
  /// Refuses a key (result 0) that follows a match or another key within 400 ms, as a QCA7005 is reported to do.
  case refusesKey = "refuses-key"
  /// Confirms every key and takes none.
  case ignoresKey = "ignores-key"
  /// Confirms a key whose NID does not belong to the NMK, and does not take it.
  case checksNID = "checks-nid"
  /// CM_SET_KEY.CNF with 0 where this model has 1, and the reverse.
  case invertedResult = "inverted-result"
  /// VS_NW_INFO.CNF has the octets of the NID in reverse order.
  case reversedNID = "reversed-nid"
  /// VS_PL_LNK_STATUS is not answered, as by old firmware.
  case noLinkStatus = "no-link-status"
  /// Answers what it does not know by CM_MME_ERROR.IND instead of silence.
  case reportsErrors = "reports-errors"
  /// VS_RD_MOD, VS_WR_MOD and VS_MOD_NVM are not answered, as by newer firmware.
  case noPieces = "no-pieces"
  /// VS_MODULE_OPERATION is not answered, as by old firmware.
  case noOperations = "no-operations"
  /// Refuses to take anything into flash.
  case flashFails = "flash-fails"
  /// One bit of what is taken into flash flips.
  case flashFlips = "flash-flips"
}
