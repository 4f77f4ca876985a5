public import Wire

// The messages from the first request to the attenuation report: ISO 15118-3 Annex A.7.1, HomePlug Green PHY
// 11.5.45 ff. All are values; defaults are what ISO 15118-3 Tables A.2 ff. ask for.

/// CM_SLAC_PARM.REQ: EV to all, opens a matching process.
///
/// With SECURITY_TYPE 1 cipher suites would follow; ISO 15118-3 does not use them, they are not kept.
public struct CM_SLAC_PARM_REQ: Hashable, Sendable {
  /// 0: EV-EVSE matching.
  public var applicationType: UInt8
  /// 0: no security.
  public var securityType: UInt8
  public var runID: RunID

  public init(applicationType: UInt8 = 0, securityType: UInt8 = 0, runID: RunID) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.runID = runID
  }
}

/// CM_SLAC_PARM.CNF: EVSE to EV, how to sound.
public struct CM_SLAC_PARM_CNF: Hashable, Sendable {
  /// Where the sounds go: broadcast.
  public var soundTarget: MACAddress
  /// NUM_SOUNDS: C_EV_match_MNBC = 10.
  public var soundCount: UInt8
  /// TIME_OUT in units of 100 ms: TT_EVSE_match_MNBC = 6.
  public var timeOut: UInt8
  /// RESP_TYPE 1: report to another Green PHY station.
  public var responseType: UInt8
  /// FORWARDING_STA: the EV.
  public var forwardingStation: MACAddress
  public var applicationType: UInt8
  public var securityType: UInt8
  public var runID: RunID

  public init(
    soundTarget: MACAddress = .broadcast, soundCount: UInt8 = 10, timeOut: UInt8 = 6, responseType: UInt8 = 1,
    forwardingStation: MACAddress, applicationType: UInt8 = 0, securityType: UInt8 = 0, runID: RunID
  ) {
    self.soundTarget = soundTarget
    self.soundCount = soundCount
    self.timeOut = timeOut
    self.responseType = responseType
    self.forwardingStation = forwardingStation
    self.applicationType = applicationType
    self.securityType = securityType
    self.runID = runID
  }
}

/// CM_START_ATTEN_CHAR.IND: EV to all, three times: sounds follow.
public struct CM_START_ATTEN_CHAR_IND: Hashable, Sendable {
  public var applicationType: UInt8
  public var securityType: UInt8
  /// NUM_SOUNDS from the CM_SLAC_PARM.CNF.
  public var soundCount: UInt8
  /// TIME_OUT in units of 100 ms, from the CM_SLAC_PARM.CNF.
  public var timeOut: UInt8
  public var responseType: UInt8
  /// FORWARDING_STA: the EV.
  public var forwardingStation: MACAddress
  public var runID: RunID

  public init(
    applicationType: UInt8 = 0, securityType: UInt8 = 0, soundCount: UInt8 = 10, timeOut: UInt8 = 6,
    responseType: UInt8 = 1, forwardingStation: MACAddress, runID: RunID
  ) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.soundCount = soundCount
    self.timeOut = timeOut
    self.responseType = responseType
    self.forwardingStation = forwardingStation
    self.runID = runID
  }
}

/// CM_MNBC_SOUND.IND: EV to all, the sound itself.
public struct CM_MNBC_SOUND_IND: Hashable, Sendable {
  public var applicationType: UInt8
  public var securityType: UInt8
  public var senderID: StationIdentifier
  /// CNT: sounds still to come, 9 down to 0.
  public var remaining: UInt8
  public var runID: RunID
  /// RND: random octets.
  public var random: Octets16

  public init(
    applicationType: UInt8 = 0, securityType: UInt8 = 0, senderID: StationIdentifier = .zero,
    remaining: UInt8, runID: RunID, random: Octets16
  ) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.senderID = senderID
    self.remaining = remaining
    self.runID = runID
    self.random = random
  }
}

/// CM_ATTEN_PROFILE.IND: the EVSE's own modem to its host, one per sound heard. It carries no RunID.
public struct CM_ATTEN_PROFILE_IND: Hashable, Sendable {
  /// Who sent the sound.
  public var evMAC: MACAddress
  /// NumGroups and AAG.
  public var profile: AttenuationProfile

  public init(evMAC: MACAddress, profile: AttenuationProfile) {
    self.evMAC = evMAC
    self.profile = profile
  }
}

/// CM_ATTEN_CHAR.IND: EVSE to EV, the averaged attenuation.
public struct CM_ATTEN_CHAR_IND: Hashable, Sendable {
  public var applicationType: UInt8
  public var securityType: UInt8
  /// SOURCE_ADDRESS: the EV.
  public var sourceAddress: MACAddress
  public var runID: RunID
  public var sourceID: StationIdentifier
  public var responseID: StationIdentifier
  /// NUM_SOUNDS: how many sounds are in the average.
  public var soundCount: UInt8
  /// NumGroups and AAG.
  public var profile: AttenuationProfile

  public init(
    applicationType: UInt8 = 0, securityType: UInt8 = 0, sourceAddress: MACAddress, runID: RunID,
    sourceID: StationIdentifier = .zero, responseID: StationIdentifier = .zero, soundCount: UInt8,
    profile: AttenuationProfile
  ) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.sourceAddress = sourceAddress
    self.runID = runID
    self.sourceID = sourceID
    self.responseID = responseID
    self.soundCount = soundCount
    self.profile = profile
  }
}

/// CM_ATTEN_CHAR.RSP: EV to EVSE, the report arrived.
public struct CM_ATTEN_CHAR_RSP: Hashable, Sendable {
  public var applicationType: UInt8
  public var securityType: UInt8
  /// SOURCE_ADDRESS: the EV.
  public var sourceAddress: MACAddress
  public var runID: RunID
  public var sourceID: StationIdentifier
  public var responseID: StationIdentifier
  /// 0: success.
  public var result: UInt8

  public init(
    applicationType: UInt8 = 0, securityType: UInt8 = 0, sourceAddress: MACAddress, runID: RunID,
    sourceID: StationIdentifier = .zero, responseID: StationIdentifier = .zero, result: UInt8 = 0
  ) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.sourceAddress = sourceAddress
    self.runID = runID
    self.sourceID = sourceID
    self.responseID = responseID
    self.result = result
  }
}
