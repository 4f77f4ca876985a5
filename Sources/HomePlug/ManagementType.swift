/// MMTYPE: base type OR mode (0 REQ, 1 CNF, 2 IND, 3 RSP). Unknown values survive.
public struct ManagementType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt16

  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }

  public static let CM_SET_KEY_REQ = ManagementType(0x6008)
  public static let CM_SET_KEY_CNF = ManagementType(0x6009)
  public static let CM_GET_KEY_REQ = ManagementType(0x600C)
  public static let CM_GET_KEY_CNF = ManagementType(0x600D)
  public static let CM_AMP_MAP_REQ = ManagementType(0x601C)
  public static let CM_AMP_MAP_CNF = ManagementType(0x601D)
  public static let CM_NW_INFO_REQ = ManagementType(0x6038)
  public static let CM_NW_INFO_CNF = ManagementType(0x6039)
  public static let CM_MME_ERROR_IND = ManagementType(0x6046)
  public static let CM_NW_STATS_REQ = ManagementType(0x6048)
  public static let CM_NW_STATS_CNF = ManagementType(0x6049)
  public static let CM_SLAC_PARM_REQ = ManagementType(0x6064)
  public static let CM_SLAC_PARM_CNF = ManagementType(0x6065)
  public static let CM_START_ATTEN_CHAR_IND = ManagementType(0x606A)
  public static let CM_ATTEN_CHAR_IND = ManagementType(0x606E)
  public static let CM_ATTEN_CHAR_RSP = ManagementType(0x606F)
  public static let CM_MNBC_SOUND_IND = ManagementType(0x6076)
  public static let CM_VALIDATE_REQ = ManagementType(0x6078)
  public static let CM_VALIDATE_CNF = ManagementType(0x6079)
  public static let CM_SLAC_MATCH_REQ = ManagementType(0x607C)
  public static let CM_SLAC_MATCH_CNF = ManagementType(0x607D)
  public static let CM_ATTEN_PROFILE_IND = ManagementType(0x6086)
  public static let VS_SW_VER_REQ = ManagementType(0xA000)
  public static let VS_SW_VER_CNF = ManagementType(0xA001)
  public static let VS_RS_DEV_REQ = ManagementType(0xA01C)
  public static let VS_RS_DEV_CNF = ManagementType(0xA01D)
  public static let VS_NW_INFO_REQ = ManagementType(0xA038)
  public static let VS_NW_INFO_CNF = ManagementType(0xA039)
  public static let VS_OP_ATTRIBUTES_REQ = ManagementType(0xA068)
  public static let VS_OP_ATTRIBUTES_CNF = ManagementType(0xA069)
  public static let VS_PL_LNK_STATUS_REQ = ManagementType(0xA0B8)
  public static let VS_PL_LNK_STATUS_CNF = ManagementType(0xA0B9)
  public static let VS_WR_MOD_REQ = ManagementType(0xA020)
  public static let VS_WR_MOD_CNF = ManagementType(0xA021)
  public static let VS_RD_MOD_REQ = ManagementType(0xA024)
  public static let VS_RD_MOD_CNF = ManagementType(0xA025)
  public static let VS_MOD_NVM_REQ = ManagementType(0xA028)
  public static let VS_MOD_NVM_CNF = ManagementType(0xA029)
  public static let VS_LNK_STATS_REQ = ManagementType(0xA030)
  public static let VS_LNK_STATS_CNF = ManagementType(0xA031)
  /// Sets a key as CM_SET_KEY does. Never sent, never read: what comes stays unknown.
  public static let VS_SET_KEY_REQ = ManagementType(0xA050)
  public static let VS_SET_KEY_CNF = ManagementType(0xA051)
  public static let VS_HOST_ACTION_IND = ManagementType(0xA062)
  public static let VS_HOST_ACTION_RSP = ManagementType(0xA063)
  public static let VS_FAC_DEFAULTS_REQ = ManagementType(0xA07C)
  public static let VS_FAC_DEFAULTS_CNF = ManagementType(0xA07D)
  public static let VS_RX_TONE_MAP_CHAR_REQ = ManagementType(0xA090)
  public static let VS_RX_TONE_MAP_CHAR_CNF = ManagementType(0xA091)
  public static let VS_MODULE_OPERATION_REQ = ManagementType(0xA0B0)
  public static let VS_MODULE_OPERATION_CNF = ManagementType(0xA0B1)
  public static let VS_GET_PROPERTY_REQ = ManagementType(0xA0F8)
  public static let VS_GET_PROPERTY_CNF = ManagementType(0xA0F9)
  public static let VS_SET_PROPERTY_REQ = ManagementType(0xA100)
  public static let VS_SET_PROPERTY_CNF = ManagementType(0xA101)
  // Lumissil's; the numbers belong to its OUI.
  public static let NSCM_GET_VERSION_REQ = ManagementType(0xAC6C)
  public static let NSCM_GET_VERSION_CNF = ManagementType(0xAC6D)
  public static let NSCM_RESET_DEVICE_REQ = ManagementType(0xAC70)
  public static let NSCM_GET_D_LINK_STATUS_REQ = ManagementType(0xAC9C)
  public static let NSCM_GET_D_LINK_STATUS_CNF = ManagementType(0xAC9D)
  /// Unsolicited, one per sound, from Qualcomm parts that are not in SLAC mode EVSE.
  public static let VS_ATTENUATION_CHARACTERISTICS = ManagementType(0xA14E)

  /// The vendor category: the OUI follows the header.
  @inlinable public var isVendor: Bool { rawValue & 0xE000 == 0xA000 }
}

extension ManagementType: CustomStringConvertible {
  /// The name as the standard prints it, or the number.
  public var description: String {
    switch self {
    case .CM_SET_KEY_REQ: "CM_SET_KEY.REQ"
    case .CM_SET_KEY_CNF: "CM_SET_KEY.CNF"
    case .CM_GET_KEY_REQ: "CM_GET_KEY.REQ"
    case .CM_GET_KEY_CNF: "CM_GET_KEY.CNF"
    case .CM_AMP_MAP_REQ: "CM_AMP_MAP.REQ"
    case .CM_AMP_MAP_CNF: "CM_AMP_MAP.CNF"
    case .CM_NW_INFO_REQ: "CM_NW_INFO.REQ"
    case .CM_NW_INFO_CNF: "CM_NW_INFO.CNF"
    case .CM_MME_ERROR_IND: "CM_MME_ERROR.IND"
    case .CM_NW_STATS_REQ: "CM_NW_STATS.REQ"
    case .CM_NW_STATS_CNF: "CM_NW_STATS.CNF"
    case .CM_SLAC_PARM_REQ: "CM_SLAC_PARM.REQ"
    case .CM_SLAC_PARM_CNF: "CM_SLAC_PARM.CNF"
    case .CM_START_ATTEN_CHAR_IND: "CM_START_ATTEN_CHAR.IND"
    case .CM_ATTEN_CHAR_IND: "CM_ATTEN_CHAR.IND"
    case .CM_ATTEN_CHAR_RSP: "CM_ATTEN_CHAR.RSP"
    case .CM_MNBC_SOUND_IND: "CM_MNBC_SOUND.IND"
    case .CM_VALIDATE_REQ: "CM_VALIDATE.REQ"
    case .CM_VALIDATE_CNF: "CM_VALIDATE.CNF"
    case .CM_SLAC_MATCH_REQ: "CM_SLAC_MATCH.REQ"
    case .CM_SLAC_MATCH_CNF: "CM_SLAC_MATCH.CNF"
    case .CM_ATTEN_PROFILE_IND: "CM_ATTEN_PROFILE.IND"
    case .VS_SW_VER_REQ: "VS_SW_VER.REQ"
    case .VS_SW_VER_CNF: "VS_SW_VER.CNF"
    case .VS_RS_DEV_REQ: "VS_RS_DEV.REQ"
    case .VS_RS_DEV_CNF: "VS_RS_DEV.CNF"
    case .VS_NW_INFO_REQ: "VS_NW_INFO.REQ"
    case .VS_NW_INFO_CNF: "VS_NW_INFO.CNF"
    case .VS_OP_ATTRIBUTES_REQ: "VS_OP_ATTRIBUTES.REQ"
    case .VS_OP_ATTRIBUTES_CNF: "VS_OP_ATTRIBUTES.CNF"
    case .VS_PL_LNK_STATUS_REQ: "VS_PL_LNK_STATUS.REQ"
    case .VS_PL_LNK_STATUS_CNF: "VS_PL_LNK_STATUS.CNF"
    case .VS_WR_MOD_REQ: "VS_WR_MOD.REQ"
    case .VS_WR_MOD_CNF: "VS_WR_MOD.CNF"
    case .VS_RD_MOD_REQ: "VS_RD_MOD.REQ"
    case .VS_RD_MOD_CNF: "VS_RD_MOD.CNF"
    case .VS_MOD_NVM_REQ: "VS_MOD_NVM.REQ"
    case .VS_MOD_NVM_CNF: "VS_MOD_NVM.CNF"
    case .VS_LNK_STATS_REQ: "VS_LNK_STATS.REQ"
    case .VS_LNK_STATS_CNF: "VS_LNK_STATS.CNF"
    case .VS_SET_KEY_REQ: "VS_SET_KEY.REQ"
    case .VS_SET_KEY_CNF: "VS_SET_KEY.CNF"
    case .VS_HOST_ACTION_IND: "VS_HOST_ACTION.IND"
    case .VS_HOST_ACTION_RSP: "VS_HOST_ACTION.RSP"
    case .VS_FAC_DEFAULTS_REQ: "VS_FAC_DEFAULTS.REQ"
    case .VS_FAC_DEFAULTS_CNF: "VS_FAC_DEFAULTS.CNF"
    case .VS_RX_TONE_MAP_CHAR_REQ: "VS_RX_TONE_MAP_CHAR.REQ"
    case .VS_RX_TONE_MAP_CHAR_CNF: "VS_RX_TONE_MAP_CHAR.CNF"
    case .VS_MODULE_OPERATION_REQ: "VS_MODULE_OPERATION.REQ"
    case .VS_MODULE_OPERATION_CNF: "VS_MODULE_OPERATION.CNF"
    case .VS_GET_PROPERTY_REQ: "VS_GET_PROPERTY.REQ"
    case .VS_GET_PROPERTY_CNF: "VS_GET_PROPERTY.CNF"
    case .VS_SET_PROPERTY_REQ: "VS_SET_PROPERTY.REQ"
    case .VS_SET_PROPERTY_CNF: "VS_SET_PROPERTY.CNF"
    case .NSCM_GET_VERSION_REQ: "NSCM_GET_VERSION.REQ"
    case .NSCM_GET_VERSION_CNF: "NSCM_GET_VERSION.CNF"
    case .NSCM_RESET_DEVICE_REQ: "NSCM_RESET_DEVICE.REQ"
    case .NSCM_GET_D_LINK_STATUS_REQ: "NSCM_GET_D_LINK_STATUS.REQ"
    case .NSCM_GET_D_LINK_STATUS_CNF: "NSCM_GET_D_LINK_STATUS.CNF"
    case .VS_ATTENUATION_CHARACTERISTICS: "VS_ATTENUATION_CHARACTERISTICS"
    default: "MME 0x" + String(rawValue, radix: 16)
    }
  }
}
