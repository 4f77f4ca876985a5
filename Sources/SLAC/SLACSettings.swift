public import HomePlug
public import PLCModem
public import Wire

/// Choices the standard leaves to the maker, calibration, and tolerances toward real peers.
public struct SLACSettings: Hashable, Sendable {
  /// What is overlooked in peers.
  public var tolerances = SLACTolerances.lenient
  /// The modem, where the board knows it; `nil` asks at `start`.
  public var modem: ModemVendor?
  /// CM_AMP_MAP: the power this side wants its peer, and itself, to keep to; `nil` wants nothing. Octets as in
  /// `CM_AMP_MAP_REQ.reductions`.
  public var amplitudeMap: CM_AMP_MAP_REQ?
  /// MMV of CM_AMP_MAP.REQ. HomePlug came to it in AV 2.0; the templates of ISO 15118-5 have 1. Both are read.
  public var amplitudeMapVersion: UInt8 = 2

  /// The result in CM_SET_KEY.CNF that means the modem took the key; any other is then a refusal and the request is
  /// repeated. `nil` leaves it to the driver of the modem: HomePlug says 0, QCA700x firmware says 1 and answers 0 when
  /// it refuses, which a QCA7005 does when the request follows a match or a leave closely.
  public var acceptedKeyResult: UInt8?
  /// A modem that answers no question for its link counts as joined so long after it took the key; `nil` never takes
  /// it for granted. Vertexcom's link status is not public.
  public var linkAssumedAfter: Duration?

  // MARK: EV

  /// C_EV_match_signalattn_direct: an EVSE up to this average is found (EVSE_FOUND).
  ///
  /// The standard gives no figure that holds for every cable and calibration. Public EV stacks (open-plc
  /// `pev`, pyslac) use 40 dB, one modem vendor's kit 10 dB; uncalibrated chargers report 10...30 dB on their
  /// own cable, so 10 dB would refuse them. A neighbour's cable couples tens of dB worse, and the lowest
  /// average wins among all that answer: the choice, not this limit, is what keeps EVs apart.
  public var attenuationDirectMax = Attenuation(decibels: 40)
  /// C_EV_match_signalattn_indirect: up to this an EVSE is potentially found, above it is not a candidate.
  public var attenuationIndirectMax = Attenuation(decibels: 60)
  /// AttnTxEV: calibrated transmit level of the EV, taken off every average.
  public var transmitCalibration = Attenuation(decibels: 0)
  /// Wait out TT_match_response for more CM_SLAC_PARM.CNF before sounding. Off: sounding starts with the first
  /// one, which saves 200 ms; EVSEs that confirm while sounding runs (they must within 100 ms, sounding takes
  /// 240 ms) are still waited for.
  public var collectConfirmations = false
  /// TP_EV_vald_state_duration: length of each B and C of a toggle. Legal: 200...400 ms. Keep it equal to the pilot's
  /// own `toggleHalf`.
  public var validationPhase: Duration = .milliseconds(250)
  /// From CM_VALIDATE.REQ step 2 to the first toggle. The EVSE counts from when it has read the request.
  public var validationLead: Duration = .milliseconds(50)
  /// An EVSE that answers CM_VALIDATE with "not ready" is asked again after this while, if no other candidate is left;
  /// `nil` turns to the next one for good.
  public var validationRetry: Duration? = .milliseconds(500)
  /// What the EV does about "not required": match at once, or insist on validating.
  public var insistsOnValidation = false
  /// T_conn_resetup: after a lost link match again by itself so much later (option B), 15 s at most; `nil` waits for
  /// the control pilot (option A).
  public var rematchAfterLoss: Duration?
  /// EVSEs considered in one matching process.
  public var evsesMax = 16

  // MARK: EVSE

  /// AttnRxEVSE: calibrated loss of the receive path per group, taken off every average.
  public var receiverLoss = AttenuationProfile(repeating: 0)
  /// Answer to CM_VALIDATE.REQ step 1. `ready`: toggles are counted. `failure`: not supported here. `notRequired`: the
  /// wiring makes it needless, and toggles are counted all the same if the EV insists.
  public var validation: ValidateResult = .ready
  /// Sessions at a time that sound or are past it. The standard asks for 5 (C_EVSE_match_parallel).
  public var sessionsMax = 32
  /// EVs at a time that have only asked, which costs next to nothing: their place is kept for as long as
  /// TT_match_sequence lets them wait, however many strangers ask meanwhile. The bound is for a flood of random RunIDs.
  public var requestsMax = 256
  /// How often TT_EVSE_SLAC_init starts over under `SLACTolerance.repeatedSessions`.
  public var restartsMax = 3

  public init() {}
}

/// Who a machine is and how it behaves.
public struct SLACConfiguration: Hashable, Sendable {
  /// The host's own interface address, which is the identity in matching.
  public var address: MACAddress
  /// Where the own modem listens.
  public var modem: MACAddress
  public var timers: SLACTimers
  public var settings: SLACSettings

  public init(
    address: MACAddress, modem: MACAddress = ManagementFrame.localModem, timers: SLACTimers = .standard,
    settings: SLACSettings = SLACSettings()
  ) {
    self.address = address
    self.modem = modem
    self.timers = timers
    self.settings = settings
  }
}

/// An attenuation, in thousandths of a dB.
public struct Attenuation: Hashable, Comparable, Sendable {
  public var millidecibels: Int

  public init(millidecibels: Int) { self.millidecibels = millidecibels }
  public init(decibels: Int) { millidecibels = 1000 * decibels }

  /// The mean over the groups of a profile; `nil` without groups.
  public init?(meanOf profile: AttenuationProfile) {
    guard profile.count > 0 else { return nil }
    millidecibels = profile.sum * 1000 / profile.count
  }

  public static func < (a: Self, b: Self) -> Bool { a.millidecibels < b.millidecibels }
  public static func - (a: Self, b: Self) -> Self {
    Attenuation(millidecibels: a.millidecibels - b.millidecibels)
  }
}

extension Attenuation: CustomStringConvertible {
  /// `20.3 dB`
  public var description: String {
    let tenths = (abs(millidecibels) + 50) / 100
    return "\(millidecibels < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10) dB"
  }
}
