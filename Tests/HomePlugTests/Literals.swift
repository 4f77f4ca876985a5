import HomePlug
import Wire

let ev = MACAddress(0x0200_0000_00E1)
let evse = MACAddress(0x0200_0000_00C1)
let evseModem = MACAddress(0x00B0_5200_00C1)
let run = RunID(0x1122_3344_5566_7788)
let ramp = AttenuationProfile(0..<58)
let key = NetworkKey(
  nmk: NMK(Octets16(octets(hexadecimal: "b59319d7e8157ba001b018669ccee30d") ?? [])),
  nid: NID(octets(hexadecimal: "026bcba5354e08") ?? []))

extension Literal {
  static let all: [Literal] = sounding + matching + modem + vendor + modules + diagnosis + lumissil

  private init(
    _ name: String, from source: MACAddress, to destination: MACAddress, _ message: ManagementMessage,
    ends fieldsEnd: Int, _ text: String
  ) {
    self.init(
      name: name, destination: destination, source: source, message: message, fieldsEnd: fieldsEnd,
      hexadecimalText: text)
  }

  static let sounding = [
    Literal(
      "CM_SLAC_PARM.REQ", from: ev, to: .broadcast, .slacParmReq(CM_SLAC_PARM_REQ(runID: run)), ends: 29,
      slacParmReqOctets),
    Literal(
      "CM_SLAC_PARM.CNF", from: evse, to: ev,
      .slacParmCnf(CM_SLAC_PARM_CNF(forwardingStation: ev, runID: run)), ends: 44, slacParmCnfOctets),
    Literal(
      "CM_START_ATTEN_CHAR.IND", from: ev, to: .broadcast,
      .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: ev, runID: run)), ends: 38,
      startAttenCharIndOctets),
    Literal(
      "CM_MNBC_SOUND.IND", from: ev, to: .broadcast,
      .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 9, runID: run, random: Octets16(0..<16))), ends: 71,
      mnbcSoundIndOctets),
    Literal(
      "CM_ATTEN_PROFILE.IND", from: evseModem, to: evse,
      .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: ev, profile: ramp)), ends: 85, attenProfileIndOctets),
    Literal(
      "CM_ATTEN_CHAR.IND", from: evse, to: ev,
      .attenCharInd(CM_ATTEN_CHAR_IND(sourceAddress: ev, runID: run, soundCount: 10, profile: ramp)),
      ends: 129, attenCharIndOctets),
    Literal(
      "CM_ATTEN_CHAR.RSP", from: ev, to: evse,
      .attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: ev, runID: run)), ends: 70, attenCharRspOctets),
  ]

  static let matching = [
    Literal(
      "CM_VALIDATE.REQ step 1", from: ev, to: evse, .validateReq(CM_VALIDATE_REQ(timer: 0)), ends: 22,
      validateReqStep1Octets),
    Literal(
      "CM_VALIDATE.CNF step 1", from: evse, to: ev, .validateCnf(CM_VALIDATE_CNF(result: .ready)), ends: 22,
      validateCnfStep1Octets),
    Literal(
      "CM_VALIDATE.REQ step 2", from: ev, to: evse, .validateReq(CM_VALIDATE_REQ(timer: 15)), ends: 22,
      validateReqStep2Octets),
    Literal(
      "CM_VALIDATE.CNF step 2", from: evse, to: ev,
      .validateCnf(CM_VALIDATE_CNF(toggleCount: 2, result: .success)), ends: 22, validateCnfStep2Octets),
    Literal(
      "CM_SLAC_MATCH.REQ", from: ev, to: evse,
      .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: ev, evseMAC: evse, runID: run)), ends: 85, slacMatchReqOctets),
    Literal(
      "CM_SLAC_MATCH.CNF", from: evse, to: ev,
      .slacMatchCnf(CM_SLAC_MATCH_CNF(evMAC: ev, evseMAC: evse, runID: run, key: key)), ends: 109,
      slacMatchCnfOctets),
  ]

  static let modem = [
    Literal(
      "CM_SET_KEY.REQ", from: ev, to: ManagementFrame.localModem, .setKeyReq(CM_SET_KEY_REQ(key: key)),
      ends: 57, setKeyReqOctets),
    Literal(
      "CM_SET_KEY.CNF", from: evseModem, to: ev, .setKeyCnf(CM_SET_KEY_CNF(result: 1)), ends: 33,
      setKeyCnfOctets),
    Literal(
      "CM_GET_KEY.REQ", from: ev, to: ManagementFrame.localModem, .getKeyReq(CM_GET_KEY_REQ(nid: key.nid)),
      ends: 36, getKeyReqOctets),
    Literal(
      "CM_GET_KEY.CNF", from: evseModem, to: ev, .getKeyCnf(CM_GET_KEY_CNF(key: key)), ends: 57,
      getKeyCnfOctets),
    Literal(
      "CM_MME_ERROR.IND", from: evse, to: ev,
      .mmeErrorInd(CM_MME_ERROR_IND(reason: 0, version: 1, type: .CM_SLAC_PARM_REQ, fieldOffset: 0)),
      ends: 25, mmeErrorIndOctets),
    Literal(
      "CM_NW_STATS.REQ", from: ev, to: ManagementFrame.localModem, .nwStatsReq, ends: 19, nwStatsReqOctets),
    Literal(
      "CM_NW_STATS.CNF", from: evseModem, to: ev,
      .nwStatsCnf(
        CM_NW_STATS_CNF(stations: [
          CM_NW_STATS_CNF.Station(address: evse, transmitRate: 10, receiveRate: 10)
        ])), ends: 28, nwStatsCnfOctets),
  ]

  static let vendor = [
    Literal(
      "VS_SW_VER.REQ", from: ev, to: ManagementFrame.localModem, .softwareVersionReq, ends: 20,
      softwareVersionReqOctets),
    Literal(
      "VS_SW_VER.CNF", from: evseModem, to: ev,
      .softwareVersionCnf(
        VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7000-1.1.0.730-04-20140815-CS".utf8))),
      ends: 59, softwareVersionCnfOctets),
    Literal(
      name: "VS_NW_INFO.REQ", destination: ManagementFrame.localModem, source: ev, message: .networkInfoReq,
      fieldsEnd: 20, hexadecimalText: networkInfoReqOctets, version: 0),
    Literal(
      "VS_NW_INFO.CNF", from: evseModem, to: ev,
      .networkInfoCnf(
        VS_NW_INFO_CNF(networks: [
          VS_NW_INFO_CNF.Network(
            nid: key.nid, shortID: 1, tei: 2, role: 2, coordinator: evseModem, coordinatorTEI: 1,
            stations: [
              VS_NW_INFO_CNF.Station(
                address: evseModem, tei: 3, bridged: evse, transmitRate: 10, receiveRate: 10)
            ])
        ])), ends: 54, networkInfoCnfOctets),
    Literal(
      "VS_PL_LNK_STATUS.REQ", from: ev, to: ManagementFrame.localModem, .linkStatusReq, ends: 20,
      linkStatusReqOctets),
    Literal(
      "VS_PL_LNK_STATUS.CNF", from: evseModem, to: ev, .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)),
      ends: 22, linkStatusCnfOctets),
  ]
}
