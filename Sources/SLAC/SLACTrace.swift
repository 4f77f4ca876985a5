public import HomePlug
public import PLCModem
public import Wire

/// What a timeline shows of a matching process. Never key material, and no address of an EV before it is matched; nor its
/// RunID, which some EVs make of their address.
public enum SLACTrace: Hashable, Sendable {
  /// The own modem says who it is; `nil`: it answers no vendor's question.
  case modem(ModemIdentity?)
  /// The modem confirmed a key; `result` as it came (QCA700x: 1 is accepted).
  case keySet(NID, result: UInt8)
  /// The modem is in the network of its key. Not every modem tells.
  case keyProven(NID)
  /// CM_SET_KEY.REQ was not answered, or refused; this attempt follows.
  case keyRetry(attempt: Int)
  /// The EVSE answers requests from now on.
  case listening
  /// A CM_SLAC_PARM.REQ was answered. `again`: its session existed and starts over.
  case request(EVNumber, again: Bool)
  /// A CM_SLAC_PARM.REQ was not answered: its EV has runs enough under way.
  case requestRefused
  /// The first CM_START_ATTEN_CHAR.IND of a session.
  case sounding(EVNumber)
  /// Averaged and reported (EVSE).
  case reported(EVNumber, Attenuation, sounds: Int)
  /// Received (EV).
  case attenuation(evse: MACAddress, Attenuation, sounds: Int)
  case sessionFailed(EVNumber, EVSESessionFailure)
  /// EVSE: CM_VALIDATE.REQ was answered so.
  case validation(EVNumber, ValidateResult)
  /// EVSE: so many toggles were counted in the window.
  case toggles(EVNumber, Int)
  /// EV: an EVSE is only potentially found, and is asked to count toggles.
  case validating(evse: MACAddress)
  /// EV: what the EVSE answered; `nil` nothing.
  case validationAnswer(evse: MACAddress, ValidateResult?)
  /// A matching process begins; attempts count from 1.
  case process(attempt: Int, RunID)
  case confirmation(evse: MACAddress)
  /// The EV chose: directly, after validation, or for want of it.
  case chosen(evse: MACAddress, Attenuation?, Choice)
  case processFailed(attempt: Int, MatchFailure)
  /// CM_SLAC_MATCH.CNF came with a NID that does not belong to its NMK.
  case foreignNID(evse: MACAddress)
  /// CM_SLAC_MATCH.CNF sent or received.
  case matched(peer: MACAddress, NID)
  /// The modem sees its peer, or is taken to see it where it cannot be asked.
  case linkUp(assumed: Bool)
  /// CM_AMP_MAP agreed on less power, because the peer asked or because we did.
  case amplitudeMap(peer: MACAddress, byPeer: Bool)
  case amplitudeMapUnanswered(peer: MACAddress)
  /// CM_MME_ERROR.IND: a station could not use a message of ours.
  case messageRejected(ManagementType, reason: UInt8)
  /// Leaving the network: a fresh key goes to the modem.
  case leaving

  /// Why the EV chose an EVSE.
  public enum Choice: String, Hashable, Sendable {
    /// EVSE_FOUND.
    case found
    /// Potentially found, and validated.
    case validated
    /// Potentially found; it says that nothing has to be validated.
    case notRequired
    /// Potentially found and not validated (`SLACTolerance.matchWithoutValidation`).
    case unvalidated
  }
}

extension SLACTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .modem(let identity):
      if let identity {
        "modem \(identity.address): \(identity.vendor.rawValue)"
          + (identity.chip.isEmpty ? "" : " \(identity.chip)")
          + (identity.firmware.isEmpty ? "" : ", \(identity.firmware)")
      } else {
        "modem does not say who it is; HomePlug's own messages have to do"
      }
    case .keySet(let nid, let result): "modem took the key of network \(nid) (result \(result))"
    case .keyProven(let nid): "modem is in network \(nid)"
    case .keyRetry(let attempt): "CM_SET_KEY.REQ unanswered or refused, attempt \(attempt)"
    case .listening: "listening for CM_SLAC_PARM.REQ"
    case .request(let ev, let again): "\(again ? "again " : "")asked by \(ev)"
    case .requestRefused: "a request is not answered, its EV has runs enough under way"
    case .sounding(let ev): "\(ev) starts sounding"
    case .reported(let ev, let average, let sounds): "\(average) to \(ev), mean of \(sounds) sounds"
    case .attenuation(let evse, let average, let sounds): "\(average) to \(evse), mean of \(sounds) sounds"
    case .sessionFailed(let ev, let failure): "session of \(ev) failed: \(failure)"
    case .validation(let ev, let result): "validation asked by \(ev), answered \(result)"
    case .toggles(let ev, let count): "\(ev) toggled \(count) times"
    case .validating(let evse): "asks \(evse) to validate"
    case .validationAnswer(let evse, let result):
      if let result {
        "\(evse) answers to validation: \(result)"
      } else {
        "\(evse) does not answer to validation"
      }
    case .process(let attempt, let runID): "matching process \(attempt), run \(runID)"
    case .confirmation(let evse): "\(evse) confirms"
    case .chosen(let evse, let average, let choice):
      "chose \(evse)" + (average.map { " at \($0)" } ?? "") + choice.remark
    case .processFailed(let attempt, let failure): "matching process \(attempt) failed: \(failure)"
    case .foreignNID(let evse): "\(evse) sent a NID that does not belong to its NMK"
    case .matched(let peer, let nid): "matched with \(peer), network \(nid)"
    case .linkUp(let assumed): assumed ? "link taken for up: the modem cannot be asked" : "link up"
    case .amplitudeMap(let peer, let byPeer):
      byPeer ? "\(peer) asks for less power; so be it" : "\(peer) will send with less power"
    case .amplitudeMapUnanswered(let peer): "\(peer) does not agree to less power"
    case .messageRejected(let type, let reason): "CM_MME_ERROR.IND: \(type) was not usable (reason \(reason))"
    case .leaving: "leaving the network"
    }
  }
}

extension SLACTrace.Choice {
  fileprivate var remark: String {
    switch self {
    case .found: ""
    case .validated: ", validated"
    case .notRequired: ", validation not required"
    case .unvalidated: ", not validated"
    }
  }
}
