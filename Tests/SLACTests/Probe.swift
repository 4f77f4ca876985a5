import Cryptography
import HomePlug
import SLAC
import Wire

/// What both machines' events have in common.
protocol MatchEvent: Sendable {
  static var timeout: Self { get }
  static func received(_ frame: ManagementFrame) -> Self
}

extension EVMatchEvent: MatchEvent {}
extension EVSEMatchEvent: MatchEvent {}

typealias TestEV = EVMatcher<SeededNetworkKeys>
typealias TestEVSE = EVSEMatcher<SeededNetworkKeys>

/// One machine in virtual time with a modem that answers at once; the test plays the peer.
struct Probe<M: Machine> where M.Action == MatchAction, M.Event: MatchEvent {
  var machine: M
  var now = Instant.zero
  /// Everything the machine wanted, with the time.
  var actions: [(at: Instant, action: MatchAction)] = []
  /// Where the modem's answers come from.
  var modem = MACAddress(0x00B0_5200_0055)
  /// The modem confirms keys and answers polls.
  var modemAnswers = true
  /// What the modem says about its link.
  var linkUp = false
  /// The key the modem holds.
  var key: NetworkKey?
  let own: MACAddress

  init(_ machine: M, own: MACAddress) {
    self.machine = machine
    self.own = own
  }

  mutating func handle(_ event: M.Event) {
    var events = [event]
    while !events.isEmpty {
      var wanted: [MatchAction] = []
      machine.handle(events.removeFirst(), at: now) { wanted.append($0) }
      for action in wanted {
        actions.append((now, action))
        guard modemAnswers, case .send(let frame) = action, let answer = answer(frame) else { continue }
        events.append(.received(answer))
      }
    }
  }

  /// The modem is alone in the network of its key.
  private func networks() -> VS_NW_INFO_CNF {
    guard let key else { return VS_NW_INFO_CNF(networks: []) }
    return VS_NW_INFO_CNF(networks: [
      .init(
        nid: key.nid, shortID: 1, tei: 1, role: 2, coordinator: modem,
        coordinatorTEI: 1,
        stations: [])
    ])
  }

  private mutating func answer(_ frame: ManagementFrame) -> ManagementFrame? {
    let message: ManagementMessage
    switch frame.message {
    case .setKeyReq(let request):
      key = request.key
      message = .setKeyCnf(CM_SET_KEY_CNF(result: 1))
    case .linkStatusReq: message = .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: linkUp ? 1 : 0))
    case .ampMapReq where frame.destination == ManagementFrame.localModem:
      message = .ampMapCnf(CM_AMP_MAP_CNF())
    case .softwareVersionReq:
      message = .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7000".utf8)))
    case .networkInfoReq: message = .networkInfoCnf(networks())
    default: return nil
    }
    return ManagementFrame(destination: own, source: modem, message: message)
  }

  /// The peer, or another station, sends.
  mutating func receive(_ message: ManagementMessage, from source: MACAddress, to: MACAddress? = nil) {
    handle(.received(ManagementFrame(destination: to ?? own, source: source, message: message)))
  }

  /// Lets time pass, with a timeout at every deadline.
  mutating func advance(_ duration: Duration) {
    let end = now + duration
    var steps = 0
    while let deadline = machine.deadline, deadline <= end, steps < 100_000 {
      now = max(now, deadline)
      handle(.timeout)
      steps += 1
    }
    now = end
  }

  /// Messages sent since the last call, those to the own modem left out.
  mutating func takeSent() -> [ManagementMessage] {
    defer { actions.removeAll() }
    return actions.compactMap { entry in
      guard case .send(let frame) = entry.action, frame.destination != ManagementFrame.localModem else {
        return nil
      }
      return frame.message
    }
  }

  /// Types of the messages sent since the last call.
  mutating func takeSentTypes() -> [ManagementType] { takeSent().map(\.type) }

  /// Keys given to the modem so far.
  var keysSet: [NetworkKey] {
    actions.compactMap { entry in
      guard case .send(let frame) = entry.action, case .setKeyReq(let request) = frame.message else {
        return nil
      }
      return request.key
    }
  }

  var failures: [MatchFailure] {
    actions.compactMap { if case .failed(let failure) = $0.action { failure } else { nil } }
  }

  var losses: [LinkLoss] {
    actions.compactMap { if case .linkLost(let loss) = $0.action { loss } else { nil } }
  }

  var ready: [MACAddress] {
    actions.compactMap { if case .linkReady(let peer) = $0.action { peer } else { nil } }
  }
}

let evMAC = MACAddress(0x0200_0000_00E1)
let otherEV = MACAddress(0x0200_0000_00E2)
let evseMAC = MACAddress(0x0200_0000_00C1)
let otherEVSE = MACAddress(0x0200_0000_00C2)
let run = RunID(0x1122_3344_5566_7788)

func evseProbe(
  seed: UInt64 = 1, _ change: (inout SLACConfiguration) -> Void = { _ in }
) -> Probe<TestEVSE> {
  var configuration = SLACConfiguration(address: evseMAC)
  configuration.settings.tolerances = .conformant
  change(&configuration)
  return Probe(
    EVSEMatcher(configuration: configuration, keys: SeededNetworkKeys(seed: seed)), own: evseMAC)
}

func evProbe(seed: UInt64 = 2, _ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEV> {
  var configuration = SLACConfiguration(address: evMAC)
  configuration.settings.tolerances = .conformant
  change(&configuration)
  return Probe(EVMatcher(configuration: configuration, keys: SeededNetworkKeys(seed: seed)), own: evMAC)
}

// MARK: an EV played by the test

extension Probe where M == TestEVSE {
  /// Key set, vehicle plugged, listening.
  mutating func plugIn() {
    handle(.start)
    handle(.vehicleConnected)
    actions.removeAll()
  }

  mutating func parm(_ ev: MACAddress = evMAC, _ runID: RunID = run) {
    receive(.slacParmReq(CM_SLAC_PARM_REQ(runID: runID)), from: ev, to: .broadcast)
  }

  mutating func start(_ ev: MACAddress = evMAC, _ runID: RunID = run) {
    receive(
      .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: ev, runID: runID)), from: ev,
      to: .broadcast)
  }

  /// A sound, and what the modem makes of it.
  mutating func sound(
    _ remaining: UInt8, decibels: UInt8 = 20, _ ev: MACAddress = evMAC, _ runID: RunID = run
  ) {
    receive(
      .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: remaining, runID: runID, random: .zero)), from: ev,
      to: .broadcast)
    receive(
      .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: ev, profile: AttenuationProfile(repeating: decibels))),
      from: modem)
  }

  /// From CM_SLAC_PARM.REQ to the report.
  mutating func attenuate(_ ev: MACAddress = evMAC, _ runID: RunID = run, sounds: Int = 10) {
    parm(ev, runID)
    start(ev, runID)
    for remaining in (0..<sounds).reversed() { sound(UInt8(remaining), ev, runID) }
  }

  mutating func respond(_ change: (inout CM_ATTEN_CHAR_RSP) -> Void = { _ in }) {
    var response = CM_ATTEN_CHAR_RSP(sourceAddress: evMAC, runID: run)
    change(&response)
    receive(.attenCharRsp(response), from: evMAC)
  }

  mutating func match(_ change: (inout CM_SLAC_MATCH_REQ) -> Void = { _ in }) {
    var request = CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: run)
    change(&request)
    receive(.slacMatchReq(request), from: evMAC)
  }
}

// MARK: an EVSE played by the test

extension Probe where M == TestEV {
  /// Key set and control pilot ready; returns the RunID of the request.
  mutating func plugIn() -> RunID {
    handle(.start)
    handle(.pilotReady)
    return takeRunID()
  }

  mutating func takeRunID() -> RunID {
    for case .slacParmReq(let request) in takeSent() { return request.runID }
    return RunID(0)
  }

  mutating func confirm(
    _ runID: RunID, by evse: MACAddress = evseMAC, _ change: (inout CM_SLAC_PARM_CNF) -> Void = { _ in }
  ) {
    var confirmation = CM_SLAC_PARM_CNF(forwardingStation: evMAC, runID: runID)
    change(&confirmation)
    receive(.slacParmCnf(confirmation), from: evse)
  }

  mutating func report(
    _ runID: RunID, by evse: MACAddress = evseMAC, decibels: UInt8 = 20,
    _ change: (inout CM_ATTEN_CHAR_IND) -> Void = { _ in }
  ) {
    var report = CM_ATTEN_CHAR_IND(
      sourceAddress: evMAC, runID: runID, soundCount: 10, profile: AttenuationProfile(repeating: decibels))
    change(&report)
    receive(.attenCharInd(report), from: evse)
  }

  mutating func confirmMatch(
    _ runID: RunID, by evse: MACAddress = evseMAC, _ change: (inout CM_SLAC_MATCH_CNF) -> Void = { _ in }
  ) {
    var confirmation = CM_SLAC_MATCH_CNF(
      evMAC: evMAC, evseMAC: evse, runID: runID,
      key: NetworkKey(derivingFrom: NMK(Octets16(high: 1, low: 2))))
    change(&confirmation)
    receive(.slacMatchCnf(confirmation), from: evse)
  }
}
