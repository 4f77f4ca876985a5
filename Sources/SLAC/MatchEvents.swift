public import HomePlug
public import PLCModem
public import Wire

/// What happens to an `EVSEMatcher`.
public enum EVSEMatchEvent: Sendable {
  /// Power-up: the modem gets a fresh key.
  case start
  /// Control pilot in B, C or D with 5 % applied.
  case vehicleConnected
  /// Control pilot in A.
  case vehicleDisconnected
  /// Control pilot in E or F.
  case pilotError
  /// Control pilot moved between B (`false`) and C or D (`true`) at `since`: the toggles of CM_VALIDATE are
  /// counted from it.
  case asksForEnergy(Bool, since: Instant)
  case received(ManagementFrame)
  /// D-LINK_TERMINATE.request: leave, the session is over.
  case terminate
  /// D-LINK_ERROR.request: leave, the control pilot's error routine follows.
  case error
  /// D-LINK_PAUSE.request: keep keys and state; the modem may sleep and is not polled.
  case pause
  /// The end of a pause.
  case resume
  /// No vehicle is there, and the modem may be switched off: forget it. `start` wakes.
  case sleep
  case timeout
}

/// What happens to an `EVMatcher`.
public enum EVMatchEvent: Sendable {
  /// Power-up: the modem gets a fresh key, so that it is in no old network.
  case start
  /// Plugged, at least T_conn_init_HLC (200 ms) in state B with the oscillator on: match now.
  case pilotReady
  /// Unplugged, E or F; while matching also the oscillator switched off. A charger that goes to X1 to pause
  /// a matched session is not an event.
  case pilotLost
  case received(ManagementFrame)
  /// D-LINK_TERMINATE.request
  case terminate
  /// D-LINK_ERROR.request
  case error
  /// D-LINK_PAUSE.request
  case pause
  /// The end of a pause.
  case resume
  /// The modem may be switched off: forget it. `start` wakes.
  case sleep
  case timeout
}

/// What a matcher wants done.
public enum MatchAction: Sendable, Equatable {
  case send(ManagementFrame)
  /// D-LINK_READY (up): the network is joined; talk to this peer only.
  case linkReady(peer: MACAddress)
  /// D-LINK_READY (down), once per loss.
  case linkLost(LinkLoss)
  /// EV: open and close S2 so many times, each B and C lasting TP_EV_vald_state_duration, beginning with C: the
  /// validation of CM_VALIDATE step 2.
  case toggle(times: Int)
  /// Matching ended without a link. The higher layer decides: control pilot error routine, or giving up.
  case failed(MatchFailure)
  /// For timelines and logs; never key material.
  case trace(SLACTrace)
}

/// Why a link that was ready is gone.
public enum LinkLoss: String, Hashable, Sendable {
  /// The modem sees no peer any more.
  case linkDown
  /// The modem does not answer any more.
  case modemSilent
  /// Control pilot A, E or F.
  case pilot
  /// D-LINK_TERMINATE
  case terminated
  /// D-LINK_ERROR
  case error
}

/// Why matching failed.
public enum MatchFailure: Hashable, Sendable {
  /// The own modem does not confirm CM_SET_KEY.REQ, or refuses it every time.
  case modemSilent
  /// The own modem confirms the key and is in another network all the same.
  case keyNotTaken
  /// The own modem cannot do what this side needs.
  case modemUnfit(ModemUnfitness)
  /// EVSE: no valid CM_SLAC_PARM.REQ within TT_EVSE_SLAC_init.
  case noRequest
  /// EVSE: every session failed, this one last.
  case sessionsFailed(EVSESessionFailure)
  /// No link within TT_match_join.
  case joinTimeout
  /// EV: no valid CM_SLAC_PARM.CNF.
  case noConfirmation
  /// EV: no valid CM_ATTEN_CHAR.IND within TT_EV_atten_results.
  case noAttenuation
  /// EV: reports came, all above the limit.
  case notFound(best: Attenuation)
  /// EV: EVSEs were potentially found, and none validated.
  case notValidated
  /// EV: the chosen EVSE did not confirm CM_SLAC_MATCH.REQ.
  case noMatchConfirmation

  /// Where to look first.
  public enum Party: String, Sendable { case ownModem, peer, line }

  public var party: Party {
    switch self {
    case .modemSilent, .keyNotTaken, .modemUnfit: .ownModem
    case .noRequest, .noConfirmation, .noMatchConfirmation: .peer
    case .sessionsFailed(let failure): failure.isOwnModem ? .ownModem : .peer
    case .joinTimeout, .noAttenuation, .notFound, .notValidated: .line
    }
  }

  /// The timer, count or message of ISO 15118-3 that ended it.
  public var clause: StaticString {
    switch self {
    case .modemSilent: "CM_SET_KEY.CNF"
    case .keyNotTaken: "CM_SET_KEY.REQ"
    case .modemUnfit: "CM_ATTEN_PROFILE.IND"
    case .noRequest: "TT_EVSE_SLAC_init"
    case .sessionsFailed(let failure): failure.clause
    case .joinTimeout: "TT_match_join"
    case .noConfirmation: "TT_match_response, CM_SLAC_PARM.CNF"
    case .noAttenuation: "TT_EV_atten_results"
    case .notFound: "C_EV_match_signalattn_indirect"
    case .notValidated: "CM_VALIDATE.CNF"
    case .noMatchConfirmation: "TT_match_response, CM_SLAC_MATCH.CNF"
    }
  }
}

extension MatchFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .modemSilent: "own modem does not confirm CM_SET_KEY.REQ"
    case .keyNotTaken: "own modem confirmed the key, but stays in another network"
    case .modemUnfit(.reportsNoAttenuation):
      "own modem has the firmware of a home plug: it reports no attenuation, and no EV could be matched"
    case .modemUnfit(.runsNoFirmware): "own modem runs its boot loader, no firmware"
    case .noRequest: "no vehicle asked for SLAC (CM_SLAC_PARM.REQ) in time"
    case .sessionsFailed(let failure): "every matching session failed, the last because \(failure)"
    case .joinTimeout: "key exchanged, but the modems did not join one network in time"
    case .noConfirmation: "no charger confirmed CM_SLAC_PARM.REQ"
    case .noAttenuation: "no charger reported attenuation (CM_ATTEN_CHAR.IND) in time"
    case .notFound(let best): "no charger close enough; the best is at \(best)"
    case .notValidated: "no charger proved by CM_VALIDATE that it holds the other end of the cable"
    case .noMatchConfirmation: "the chosen charger did not confirm CM_SLAC_MATCH.REQ"
    }
  }
}

/// Why one session of one EV failed at the EVSE.
public enum EVSESessionFailure: Hashable, Sendable {
  /// No CM_START_ATTEN_CHAR.IND within TT_match_sequence.
  case noStart
  /// The own modem delivered no CM_ATTEN_PROFILE.IND: wrong role in its configuration, or all sounds lost.
  case noProfile
  /// The own modem sent VS_ATTENUATION_CHARACTERISTICS in place of CM_ATTEN_PROFILE.IND.
  case homePlugProfile
  /// No CM_ATTEN_CHAR.RSP after all repetitions.
  case noResponse
  /// No CM_SLAC_MATCH.REQ within TT_EVSE_match_session.
  case noMatchRequest
  /// CM_VALIDATE was begun, and the EV did not go on within TT_match_sequence.
  case validationAbandoned
  /// Dropped to make room in a full table.
  case evicted

  /// The own modem is where to look.
  public var isOwnModem: Bool { self == .noProfile || self == .homePlugProfile }

  public var clause: StaticString {
    switch self {
    case .noStart: "TT_match_sequence"
    case .noProfile: "TT_EVSE_match_MNBC"
    case .homePlugProfile: "TT_EVSE_match_MNBC"
    case .validationAbandoned: "TT_match_sequence, CM_VALIDATE.CNF"
    case .noResponse: "TT_match_response, C_EV_match_retry"
    case .noMatchRequest: "TT_EVSE_match_session"
    case .evicted: "C_EVSE_match_parallel"
    }
  }
}

extension EVSESessionFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noStart: "CM_START_ATTEN_CHAR.IND did not come"
    case .noProfile: "the own modem reported no sound (is its SLAC mode EVSE?)"
    case .homePlugProfile: "the own modem reports sounds as a home plug does: its SLAC mode is not EVSE"
    case .validationAbandoned: "the EV began CM_VALIDATE and did not go on"
    case .noResponse: "CM_ATTEN_CHAR.RSP did not come"
    case .noMatchRequest: "CM_SLAC_MATCH.REQ did not come"
    case .evicted: "its place was needed"
    }
  }
}
