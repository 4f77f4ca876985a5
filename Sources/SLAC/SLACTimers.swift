public import PLCModem

/// Every timer and count of the matching process: ISO 15118-3 Table A.1 and clause 8, and our modem dialogue.
public struct SLACTimers: Hashable, Sendable {
  /// TT_match_response: a request, or CM_ATTEN_CHAR.IND, sent until its answer; then it is repeated.
  public var matchResponse: Duration = .milliseconds(200)
  /// C_EV_match_retry: repetitions after the first transmission.
  public var retriesMax = 2
  /// TT_match_sequence (EVSE): confirmation sent until the next request.
  public var matchSequence: Duration = .milliseconds(400)
  /// TT_EVSE_SLAC_init: 5 % applied until the first valid CM_SLAC_PARM.REQ. Legal: 20...50 s.
  public var evseSlacInit: Duration = .seconds(40)
  /// Longest TT_EVSE_match_MNBC: what an EV may ask for through TIME_OUT, and how long the first profile is waited for
  /// under `SLACTolerance.lateProfiles`. The standard has 600 ms; modems that deliver late need up to 1050 ms, which
  /// still fits into the EV's 1200 ms.
  public var soundWindowMax: Duration = .milliseconds(1050)
  /// TT_EV_atten_results: first CM_START_ATTEN_CHAR.IND sent until every CM_ATTEN_CHAR.IND is here.
  public var attenResults: Duration = .milliseconds(1200)
  /// TT_EVSE_match_session: CM_ATTEN_CHAR.RSP until CM_SLAC_MATCH.REQ.
  public var matchSession: Duration = .seconds(10)
  /// TT_match_join: CM_SLAC_MATCH.CNF until the link is there.
  public var matchJoin: Duration = .seconds(12)
  /// TP_link_ready_notification: link up until D-LINK_READY. Legal: 200 ms...1 s.
  public var linkReadyNotification: Duration = .milliseconds(200)
  /// TT_matching_repetition: after this no new matching process is started. Legal: 10 s or more. Longer than
  /// `matchJoin`, so that a join that failed is followed by another process.
  public var matchingRepetition: Duration = .seconds(20)
  /// TT_matching_rate: a failed process until the next one. Legal: 400 ms or more.
  public var matchingRate: Duration = .milliseconds(400)
  /// C_conn_max_match: matching processes inside TT_matching_repetition. The standard's least is 3; with a
  /// charger that wakes up only at plug-in three of them are over before it listens, so ours fill the 10 s.
  public var processesMax = 10
  /// TP_EV_batch_msg_interval: between CM_START_ATTEN_CHAR.IND and CM_MNBC_SOUND.IND. Legal: 20...50 ms.
  public var soundGap: Duration = .milliseconds(20)
  /// C_EV_start_atten_char_inds.
  public var startIndications = 3
  /// C_EV_match_MNBC as the EVSE asks for it.
  public var sounds: UInt8 = 10
  /// TT_EVSE_match_MNBC as the EVSE asks for it, in units of 100 ms.
  public var soundTimeOut: UInt8 = 6

  /// T_conn_resume: the end of a pause until the link has to be back.
  public var resume: Duration = .seconds(6)
  /// The longest TT_EVSE_vald_toggle: an EV that asks for more gets this much.
  public var validationWindowMax: Duration = .milliseconds(3500)
  /// What may come late under `SLACTolerance.lateStart`, instead of `matchSequence`.
  public var lateStart: Duration = .seconds(2)

  /// The dialogue with the own modem.
  public var modem = ModemTimers()

  public init() {}

  /// The standard's values.
  public static let standard = SLACTimers()

  /// For rigs with slow peers and debuggers: every wait is longer, what we do ourselves is not slower.
  public static let relaxed: SLACTimers = {
    var timers = SLACTimers()
    timers.matchResponse = .seconds(1)
    timers.matchSequence = .seconds(2)
    timers.evseSlacInit = .seconds(50)
    timers.attenResults = .seconds(3)
    timers.matchSession = .seconds(20)
    timers.matchJoin = .seconds(30)
    timers.matchingRepetition = .seconds(60)
    timers.processesMax = 30
    timers.modem.setKeyConfirmation = .seconds(3)
    timers.modem.linkPollMissesMax = 10
    return timers
  }()
}
