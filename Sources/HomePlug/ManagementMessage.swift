/// A HomePlug management message entry (MME), without its Ethernet header.
public enum ManagementMessage: Hashable, Sendable {
  case slacParmReq(CM_SLAC_PARM_REQ)
  case slacParmCnf(CM_SLAC_PARM_CNF)
  case startAttenCharInd(CM_START_ATTEN_CHAR_IND)
  case mnbcSoundInd(CM_MNBC_SOUND_IND)
  case attenProfileInd(CM_ATTEN_PROFILE_IND)
  case attenCharInd(CM_ATTEN_CHAR_IND)
  case attenCharRsp(CM_ATTEN_CHAR_RSP)
  case validateReq(CM_VALIDATE_REQ)
  case validateCnf(CM_VALIDATE_CNF)
  case slacMatchReq(CM_SLAC_MATCH_REQ)
  case slacMatchCnf(CM_SLAC_MATCH_CNF)
  case setKeyReq(CM_SET_KEY_REQ)
  case setKeyCnf(CM_SET_KEY_CNF)
  case getKeyReq(CM_GET_KEY_REQ)
  case getKeyCnf(CM_GET_KEY_CNF)
  case ampMapReq(CM_AMP_MAP_REQ)
  case ampMapCnf(CM_AMP_MAP_CNF)
  case nwStatsReq
  case nwStatsCnf(CM_NW_STATS_CNF)
  case mmeErrorInd(CM_MME_ERROR_IND)
  case softwareVersionReq
  case softwareVersionCnf(VS_SW_VER_CNF)
  case networkInfoReq
  case networkInfoCnf(VS_NW_INFO_CNF)
  case linkStatusReq
  case linkStatusCnf(VS_PL_LNK_STATUS_CNF)
  case qualcomm(QualcommMessage)
  case lumissil(LumissilMessage)
  /// Any other type, or one of the above in a header form it is not defined for.
  case unknown(UnknownMessage)

  public var type: ManagementType {
    switch self {
    case .slacParmReq: .CM_SLAC_PARM_REQ
    case .slacParmCnf: .CM_SLAC_PARM_CNF
    case .startAttenCharInd: .CM_START_ATTEN_CHAR_IND
    case .mnbcSoundInd: .CM_MNBC_SOUND_IND
    case .attenProfileInd: .CM_ATTEN_PROFILE_IND
    case .attenCharInd: .CM_ATTEN_CHAR_IND
    case .attenCharRsp: .CM_ATTEN_CHAR_RSP
    case .validateReq: .CM_VALIDATE_REQ
    case .validateCnf: .CM_VALIDATE_CNF
    case .slacMatchReq: .CM_SLAC_MATCH_REQ
    case .slacMatchCnf: .CM_SLAC_MATCH_CNF
    case .setKeyReq: .CM_SET_KEY_REQ
    case .setKeyCnf: .CM_SET_KEY_CNF
    case .getKeyReq: .CM_GET_KEY_REQ
    case .getKeyCnf: .CM_GET_KEY_CNF
    case .ampMapReq: .CM_AMP_MAP_REQ
    case .ampMapCnf: .CM_AMP_MAP_CNF
    case .nwStatsReq: .CM_NW_STATS_REQ
    case .nwStatsCnf: .CM_NW_STATS_CNF
    case .mmeErrorInd: .CM_MME_ERROR_IND
    case .softwareVersionReq: .VS_SW_VER_REQ
    case .softwareVersionCnf: .VS_SW_VER_CNF
    case .networkInfoReq: .VS_NW_INFO_REQ
    case .networkInfoCnf: .VS_NW_INFO_CNF
    case .linkStatusReq: .VS_PL_LNK_STATUS_REQ
    case .linkStatusCnf: .VS_PL_LNK_STATUS_CNF
    case .qualcomm(let message): message.type
    case .lumissil(let message): message.type
    case .unknown(let message): message.type
    }
  }

  /// MMV the message is sent with unless told otherwise: 0 for vendors' messages, 2 for CM_NW_STATS and CM_AMP_MAP,
  /// which came with HomePlug AV 2.0, else 1. VS_NW_INFO.REQ has 1, as Qualcomm's own tool sends it to a QCA7000; the
  /// answer has the form of the request.
  public var defaultVersion: UInt8 {
    switch self {
    case .nwStatsReq, .nwStatsCnf, .ampMapReq, .ampMapCnf: 2
    case .softwareVersionReq, .softwareVersionCnf, .networkInfoCnf, .linkStatusReq, .linkStatusCnf, .qualcomm,
      .lumissil:
      0
    case .unknown(let message): message.type.isVendor ? 0 : 1
    default: 1
    }
  }
}
