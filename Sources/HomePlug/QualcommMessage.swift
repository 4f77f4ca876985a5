/// A message of Qualcomm's modems beside VS_SW_VER, VS_NW_INFO and VS_PL_LNK_STATUS.
///
/// Layouts as public tools write and read them; no real modem has been asked.
public enum QualcommMessage: Hashable, Sendable {
  /// VS_RS_DEV: restart. The confirmation has MSTATUS, 0 for success.
  case resetReq
  case resetCnf(status: UInt8)
  /// VS_WR_MOD: a piece of a module into the modem's memory.
  case writeModuleReq(VS_WR_MOD_REQ)
  case writeModuleCnf(VS_WR_MOD_CNF)
  /// VS_RD_MOD: a piece of a module out of the modem.
  case readModuleReq(VS_RD_MOD_REQ)
  case readModuleCnf(VS_RD_MOD_CNF)
  /// VS_MOD_NVM: what was written goes to flash; the modem restarts.
  case commitModuleReq(module: ModuleNumber)
  case commitModuleCnf(status: UInt8, module: ModuleNumber)
  case linkStatisticsReq(VS_LNK_STATS_REQ)
  case linkStatisticsCnf(VS_LNK_STATS_CNF)
  /// VS_HOST_ACTION: the modem wants something done, such as to be given its firmware.
  case hostActionInd(VS_HOST_ACTION_IND)
  case hostActionRsp(status: UInt8)
  /// VS_OP_ATTRIBUTES: who are you? The cookie comes back in the confirmation.
  case attributesReq(cookie: UInt32)
  case attributesCnf(VS_OP_ATTRIBUTES_CNF)
  /// VS_FAC_DEFAULTS: back to the parameters of the factory.
  case factoryDefaultsReq
  case factoryDefaultsCnf(status: UInt8)
  case toneMapReq(VS_RX_TONE_MAP_CHAR_REQ)
  case toneMapCnf(VS_RX_TONE_MAP_CHAR_CNF)
  /// VS_MODULE_OPERATION: modules in sessions, as newer firmware wants it.
  case moduleOperationReq(VS_MODULE_OPERATION_REQ)
  case moduleOperationCnf(VS_MODULE_OPERATION_CNF)
  case getPropertyReq(VS_GET_PROPERTY_REQ)
  case getPropertyCnf(VS_GET_PROPERTY_CNF)

  public var type: ManagementType {
    switch self {
    case .resetReq: .VS_RS_DEV_REQ
    case .resetCnf: .VS_RS_DEV_CNF
    case .writeModuleReq: .VS_WR_MOD_REQ
    case .writeModuleCnf: .VS_WR_MOD_CNF
    case .readModuleReq: .VS_RD_MOD_REQ
    case .readModuleCnf: .VS_RD_MOD_CNF
    case .commitModuleReq: .VS_MOD_NVM_REQ
    case .commitModuleCnf: .VS_MOD_NVM_CNF
    case .linkStatisticsReq: .VS_LNK_STATS_REQ
    case .linkStatisticsCnf: .VS_LNK_STATS_CNF
    case .hostActionInd: .VS_HOST_ACTION_IND
    case .hostActionRsp: .VS_HOST_ACTION_RSP
    case .attributesReq: .VS_OP_ATTRIBUTES_REQ
    case .attributesCnf: .VS_OP_ATTRIBUTES_CNF
    case .factoryDefaultsReq: .VS_FAC_DEFAULTS_REQ
    case .factoryDefaultsCnf: .VS_FAC_DEFAULTS_CNF
    case .toneMapReq: .VS_RX_TONE_MAP_CHAR_REQ
    case .toneMapCnf: .VS_RX_TONE_MAP_CHAR_CNF
    case .moduleOperationReq: .VS_MODULE_OPERATION_REQ
    case .moduleOperationCnf: .VS_MODULE_OPERATION_CNF
    case .getPropertyReq: .VS_GET_PROPERTY_REQ
    case .getPropertyCnf: .VS_GET_PROPERTY_CNF
    }
  }
}
