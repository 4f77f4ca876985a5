public import HomePlug
public import Wire

/// Gives a modem a key, and proves that it took it.
///
/// CM_SET_KEY.CNF alone proves nothing: its result means different things to different firmware, and some confirm
/// without taking the key. So the modem is asked which networks it is in, where its driver knows how, else whether it
/// has a link. A refusal right after a match passes: it is asked three times, 500 ms apart.
public struct SetKey: ModemDialogue {
  public typealias Outcome = KeyOutcome

  private enum State: Hashable {
    case asking, pausing, proving
    /// Between two looks at the modem's networks or link.
    case resting
  }

  public static let triesMax = 3
  public static let pauseBetweenTries: Duration = .milliseconds(500)
  static let pollInterval: Duration = .milliseconds(250)

  /// A modem that answers, and is in no network or has no link, has nobody to meet: it is given so long.
  static let patienceWithoutPeer: Duration = .seconds(3)

  private let driver: ModemDriver
  private let key: NetworkKey
  private let formsNetwork: Bool
  private var state = State.asking
  private var tries = 0
  private var result: UInt8 = 0
  private var proveUntil = Instant.zero
  private var seen: [NID]?
  private var sawLinkDown = false
  private var asksNarrow = true
  /// It answered since the key was confirmed, and is in no network or has no link.
  private var isAlone = false

  /// `formsNetwork` where the modem is known to coordinate: it is then in the key's network without any peer, and in
  /// none only where it did not take the key.
  public init(driver: ModemDriver, key: NetworkKey, formsNetwork: Bool = false) {
    self.driver = driver
    self.key = key
    self.formsNetwork = formsNetwork
  }

  public mutating func begin(at now: Instant) -> ModemStep<KeyOutcome> { ask() }

  private mutating func ask() -> ModemStep<KeyOutcome> {
    state = .asking
    tries += 1
    seen = nil
    isAlone = false
    return .ask(.setKeyReq(CM_SET_KEY_REQ(key: key)), ModemPatience(.seconds(1), attempts: 1))
  }

  private mutating func again(or failure: ModemTaskFailure) -> ModemStep<KeyOutcome> {
    guard tries < Self.triesMax else { return .fail(failure) }
    state = .pausing
    return .wait(Self.pauseBetweenTries)
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<KeyOutcome>? {
    switch state {
    case .asking:
      guard case .setKeyCnf(let confirmation) = message else { return nil }
      result = confirmation.result
      if driver.verdict(onKeyResult: result) == .refused {
        return again(or: .refused(.CM_SET_KEY_REQ, status: UInt32(result)))
      }
      // It may restart now, and be silent meanwhile.
      proveUntil = now + driver.restart + .seconds(2)
      return prove()
    case .proving:
      if let networks = driver.membership(in: message) {
        seen = networks
        if networks.contains(key.nid) { return end(.membership) }
        if networks.isEmpty { noPeer(at: now) }
        return rest(at: now)
      }
      guard driver.membershipRequest == nil, let isUp = driver.isLinkUp(in: message) else { return nil }
      if isUp { return end(.link) }
      sawLinkDown = true
      noPeer(at: now)
      return rest(at: now)
    case .pausing, .resting: return nil
    }
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<KeyOutcome> {
    switch state {
    case .asking: return again(or: pause.failure)
    case .pausing: return ask()
    case .resting: return prove()
    case .proving:
      if case .notUnderstood = pause { return end(.unproven(.notTold(driver.vendor))) }
      return rest(at: now)
    }
  }

  private mutating func noPeer(at now: Instant) {
    guard !formsNetwork, !isAlone else { return }
    isAlone = true
    proveUntil = min(proveUntil, now + Self.patienceWithoutPeer)
  }

  private func end(_ proof: KeyProof) -> ModemStep<KeyOutcome> {
    .end(KeyOutcome(nid: key.nid, proof: proof, result: result, tries: tries))
  }

  private mutating func prove() -> ModemStep<KeyOutcome> {
    guard let request = driver.membershipRequest ?? driver.linkRequest else {
      return end(.unproven(.notTold(driver.vendor)))
    }
    state = .proving
    // The two forms of VS_NW_INFO in turn: which firmware answers which is not sure.
    asksNarrow.toggle()
    let version: UInt8? = request == .networkInfoReq && asksNarrow ? 0 : nil
    return .ask(request, ModemPatience(.milliseconds(500)), version: version)
  }

  private mutating func rest(at now: Instant) -> ModemStep<KeyOutcome> {
    guard now >= proveUntil else {
      state = .resting
      return .wait(Self.pollInterval)
    }
    if let seen, !seen.isEmpty || formsNetwork {
      // It answered, and is elsewhere: this is the firmware that confirms and does nothing, or a refusal.
      return again(or: .keyNotTaken(wanted: key.nid, found: seen))
    }
    // A vehicle's modem is in no network before the charger's is there; an answer that may be a refusal is put again.
    if driver.verdict(onKeyResult: result) == .unclear, tries < Self.triesMax {
      return again(or: .refused(.CM_SET_KEY_REQ, status: UInt32(result)))
    }
    return end(.unproven(seen != nil || sawLinkDown ? .noPeer : .silent))
  }
}

/// What came of setting a key.
public struct KeyOutcome: Hashable, Sendable {
  /// The network of the key.
  public var nid: NID
  public var proof: KeyProof
  /// The result in CM_SET_KEY.CNF, as it came.
  public var result: UInt8
  /// Requests until the key was confirmed.
  public var tries: Int

  public init(nid: NID, proof: KeyProof, result: UInt8, tries: Int) {
    self.nid = nid
    self.proof = proof
    self.result = result
    self.tries = tries
  }
}

/// How it is known that a modem holds a key.
public enum KeyProof: Hashable, Sendable {
  /// It says that it is in the network of the key.
  case membership
  /// It has a link to a peer. A link of an old key is over by then.
  case link
  case unproven(Doubt)

  public enum Doubt: Hashable, Sendable {
    /// This modem tells nothing that would prove it.
    case notTold(ModemVendor)
    /// It is in no network, or tells a link only, and there is no peer with the key yet.
    case noPeer
    /// It confirmed the key and has not answered since.
    case silent
  }
}

extension KeyProof: CustomStringConvertible {
  public var description: String {
    switch self {
    case .membership: "the modem says it is in the key's network"
    case .link: "the modem has a link to a peer with the key"
    case .unproven(.notTold(let vendor)):
      "confirmed, but not proven: modems of vendor \(vendor.rawValue) do not tell their network"
    case .unproven(.noPeer):
      "confirmed, but not proven: no peer with the key is there, and the modem is in no network"
    case .unproven(.silent): "confirmed, but not proven: the modem has not answered since"
    }
  }
}
