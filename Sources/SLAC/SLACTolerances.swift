/// What is overlooked in peers that do not keep to ISO 15118-3. Each can be on or off by itself.
///
/// `conformant` overlooks nothing: what a test lab wants. `lenient` overlooks all of it: what a public charger wants.
public enum SLACTolerance: UInt8, CaseIterable, Sendable {
  /// EV: CM_SLAC_PARM.CNF with RESP_TYPE 0, as open-plc-utils' `evse` sends by default.
  case responseTypeZero
  /// EV: where no EVSE that was only potentially found validates, the nearest of those that answered CM_VALIDATE with
  /// "failure", or not at all, is matched. Public EVSE stacks cannot validate.
  case matchWithoutValidation
  /// EV: where CM_SLAC_MATCH.CNF has a NID that does not belong to its NMK, and no link comes in half of TT_match_join,
  /// the key is set once more with the derived one. Some firmware confirms a foreign NID and does not apply it, some
  /// derives its own; pyPLC's EVSE sends one.
  case foreignNID
  /// EVSE: TT_EVSE_SLAC_init starts over when every session failed: EVs try again within TT_matching_repetition, and
  /// sessions of foreign EVs heard through cross-talk always fail here.
  case repeatedSessions
  /// EVSE: where not one profile came in TT_EVSE_match_MNBC, they are waited for up to 1,050 ms after the first
  /// CM_START_ATTEN_CHAR.IND: the modem delivers late. The EV waits 1,200 ms.
  case lateProfiles
  /// EVSE: CM_SLAC_MATCH.REQ is answered although CM_ATTEN_CHAR.RSP was lost. The EV has evidently read the report.
  case missingResponse
  /// EVSE: PEV_ID, EVSE_ID, SOURCE_ID and RESP_ID may hold something; the standard has them zero.
  case stationIdentifiers
  /// EVSE: CM_START_ATTEN_CHAR.IND may come up to 2 s after CM_SLAC_PARM.CNF, instead of TT_match_sequence. Slow EVs
  /// wait out their own collecting of confirmations several times over.
  case lateStart
  /// EVSE: the EV just matched may begin a new run while its link is awaited: every confirmation was lost to it.
  case newRunWhileJoining
}

/// A set of tolerances.
public struct SLACTolerances: Hashable, Sendable, ExpressibleByArrayLiteral {
  private var bits: UInt32

  private init(bits: UInt32) { self.bits = bits }

  public init(arrayLiteral tolerances: SLACTolerance...) {
    bits = 0
    for tolerance in tolerances { insert(tolerance) }
  }

  /// To the letter of the standard.
  public static let conformant: SLACTolerances = []
  /// Everything known to help with cars and chargers of the field.
  public static let lenient = SLACTolerances(bits: (1 << UInt32(SLACTolerance.allCases.count)) - 1)

  public func contains(_ tolerance: SLACTolerance) -> Bool { bits & (1 << UInt32(tolerance.rawValue)) != 0 }
  public mutating func insert(_ tolerance: SLACTolerance) { bits |= 1 << UInt32(tolerance.rawValue) }
  public mutating func remove(_ tolerance: SLACTolerance) { bits &= ~(1 << UInt32(tolerance.rawValue)) }
}
