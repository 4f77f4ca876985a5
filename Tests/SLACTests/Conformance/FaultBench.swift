import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Wire

/// One EV and one EVSE on a simulated line, one frame of whose match goes wrong.
///
/// Frames are numbered in the order in which they come about. What a host sends is one frame, whether to its own modem or
/// to the line; what a modem says to its host on its own is another. Until the chosen frame a run is the same as the
/// clean one, so a number always means the same frame.
struct FaultBench {
  enum Fault: Hashable, Sendable {
    case none
    case lost
    case doubled
    /// Past the timer somebody waits with for this frame.
    case delayed(Duration)
    /// It arrives behind the next frame of the same sender.
    case overtaken
    case corrupted(Corruption)
  }

  struct Frame: Sendable {
    let at: Instant
    /// 0 is the EV, 1 the EVSE.
    let port: Int
    let fromHost: Bool
    let octets: [UInt8]

    var type: ManagementType {
      octets.count >= 17 ? ManagementType(UInt16(octets[15]) | UInt16(octets[16]) << 8) : ManagementType(0)
    }

    var destination: MACAddress {
      MACAddress(octets[0..<6].reduce(0) { $0 << 8 | UInt64($1) })
    }
  }

  fileprivate enum Item {
    var isRecover: Bool { if case .recover = self { true } else { false } }

    case toLine([UInt8], port: Int)
    case toHost([UInt8], port: Int)
    case energy(Bool)
    /// The charger's pilot is back from state E/F.
    case recover
  }

  private(set) var now = Instant.zero
  private(set) var ev: TestEV
  private(set) var evse: TestEVSE
  private(set) var line: PowerLine
  private(set) var frames: [Frame] = []
  private(set) var actions: [(port: Int, action: MatchAction)] = []
  private(set) var refused = 0
  private var queue: [(due: Instant, item: Item)] = []
  private var held: (frame: Frame, octets: [UInt8])?
  private var number = -1
  private var fault = Fault.none
  private let togglePhase: Duration
  private var steps = 0
  /// C_sequ_retry: how often the charger has gone through state E/F.
  private(set) var errorSequences = 0
  private var isPlugged = false

  init(
    validates: Bool, number: Int = -1, fault: Fault = .none,
    settings: (inout SLACSettings) -> Void = { $0.tolerances = .conformant }
  ) {
    var configuration = PowerLineConfiguration.pair
    configuration.joinDelay = .milliseconds(300)
    configuration.ripple = 0
    // Modems differ: some hand over one START of a run, some all three.
    configuration.handsOverOneStart = validates
    configuration.attenuation = validates ? 50 : 20
    line = PowerLine(configuration: configuration, seed: 1)
    var ofEV = SLACConfiguration(address: evMAC)
    var ofEVSE = SLACConfiguration(address: evseMAC)
    settings(&ofEV.settings)
    settings(&ofEVSE.settings)
    togglePhase = ofEV.settings.validationPhase
    ev = EVMatcher(configuration: ofEV, keys: SeededNetworkKeys(seed: 11))
    evse = EVSEMatcher(configuration: ofEVSE, keys: SeededNetworkKeys(seed: 12))
    self.number = number
    self.fault = fault
    toEV(.start)
    toEVSE(.start)
    // Both modems have their keys, or have failed to take them, before the plug goes in.
    run(.seconds(1))
  }

  // MARK: what happens

  mutating func plug() {
    isPlugged = true
    errorSequences = 0
    toEVSE(.vehicleConnected)
    toEV(.pilotReady)
  }

  mutating func unplug() {
    isPlugged = false
    queue.removeAll {
      switch $0.item {
      case .energy, .recover: true
      case .toLine, .toHost: false
      }
    }
    toEVSE(.vehicleDisconnected)
    toEV(.pilotLost)
  }

  mutating func toEV(_ event: EVMatchEvent) {
    var wanted: [MatchAction] = []
    ev.handle(event, at: now) { wanted.append($0) }
    perform(wanted, port: 0)
  }

  mutating func toEVSE(_ event: EVSEMatchEvent) {
    var wanted: [MatchAction] = []
    evse.handle(event, at: now) { wanted.append($0) }
    perform(wanted, port: 1)
  }

  private mutating func perform(_ wanted: [MatchAction], port: Int) {
    for action in wanted {
      actions.append((port, action))
      switch action {
      case .send(let frame):
        pass(Frame(at: now, port: port, fromHost: true, octets: frame.octets))
      case .toggle(let times):
        for half in 0..<2 * times {
          queue.append((now + togglePhase * half, .energy(half % 2 == 0)))
        }
      case .failed, .linkLost: if port == 1 { stepThroughError() }
      case .linkReady, .trace: break
      }
    }
  }

  /// What the charger above the matcher does: state E/F for T_step_EF and X1 for 750 ms make the vehicle start anew
  /// [V2G3-M06-07]. Both sides see it.
  private mutating func stepThroughError() {
    guard isPlugged, errorSequences < 2, !queue.contains(where: \.item.isRecover) else { return }
    errorSequences += 1
    queue.append((now + .milliseconds(4750), .recover))
    toEVSE(.pilotError)
    toEV(.pilotLost)
  }

  private mutating func hand(_ event: PowerLineEvent) {
    var due: [PowerLineAction] = []
    line.handle(event, at: now) { due.append($0) }
    for case .deliver(let octets, let port) in due {
      let frame = Frame(at: now, port: port, fromHost: false, octets: octets)
      // What crossed the line was a frame when it was sent; what the modem says by itself is one now.
      switch frame.type {
      case .CM_SLAC_PARM_REQ, .CM_SLAC_PARM_CNF, .CM_START_ATTEN_CHAR_IND, .CM_MNBC_SOUND_IND,
        .CM_ATTEN_CHAR_IND, .CM_ATTEN_CHAR_RSP, .CM_VALIDATE_REQ, .CM_VALIDATE_CNF, .CM_SLAC_MATCH_REQ,
        .CM_SLAC_MATCH_CNF:
        deliver(octets, port: port)
      default: pass(frame)
      }
    }
  }

  /// A frame comes about; here it goes wrong.
  private mutating func pass(_ frame: Frame) {
    let index = frames.count
    frames.append(frame)
    guard index == number else {
      go(frame, frame.octets)
      if let late = held, late.frame.port == frame.port, late.frame.fromHost == frame.fromHost {
        held = nil
        go(late.frame, late.octets)
      }
      return
    }
    switch fault {
    case .none: go(frame, frame.octets)
    case .lost: break
    case .doubled:
      go(frame, frame.octets)
      go(frame, frame.octets)
    case .delayed(let duration): go(frame, frame.octets, after: duration)
    case .overtaken: held = (frame, frame.octets)
    case .corrupted(let corruption): go(frame, corruption.applied(to: frame.octets))
    }
  }

  private mutating func go(_ frame: Frame, _ octets: [UInt8], after delay: Duration = .zero) {
    queue.append(
      (now + delay, frame.fromHost ? .toLine(octets, port: frame.port) : .toHost(octets, port: frame.port)))
  }

  private mutating func deliver(_ octets: [UInt8], port: Int) {
    guard let frame = try? ManagementFrame(parsing: octets.span.bytes) else {
      refused += 1
      return
    }
    if port == 0 { toEV(.received(frame)) } else { toEVSE(.received(frame)) }
  }

  // MARK: time

  private var nextDue: Instant? {
    var next = earliest(line.deadline, ev.deadline, evse.deadline)
    for entry in queue { next = earliest(next, entry.due) }
    return next
  }

  /// Runs so long, or until `done`.
  mutating func run(_ duration: Duration, until done: (FaultBench) -> Bool = { _ in false }) {
    let end = now + duration
    while steps < 200_000, !done(self), let next = nextDue, next <= end {
      now = max(now, next)
      steps += 1
      if let index = queue.firstIndex(where: { $0.due <= now }) {
        let item = queue.remove(at: index).item
        switch item {
        case .toLine(let octets, let port): hand(.frame(octets, port: port))
        case .toHost(let octets, let port): deliver(octets, port: port)
        case .energy(let asks): toEVSE(.asksForEnergy(asks, since: now))
        case .recover:
          toEVSE(.vehicleConnected)
          toEV(.pilotReady)
        }
        continue
      }
      if let due = line.deadline, due <= now { hand(.timeout) }
      if let due = ev.deadline, due <= now { toEV(.timeout) }
      if let due = evse.deadline, due <= now { toEVSE(.timeout) }
    }
    if !done(self) { now = end }
  }

  // MARK: what came of it

  var isMatched: Bool { ev.phase == .matched && evse.phase == .matched && ev.network == evse.network }

  /// Matching processes the EV has begun since it was made.
  var processes: Int {
    actions.count { $0.port == 0 && $0.action.isProcess }
  }

  /// D-LINK_READY (up) of either side.
  var readies: Int { actions.count { if case .linkReady = $0.action { true } else { false } } }
}

extension MatchAction {
  fileprivate var isProcess: Bool {
    if case .trace(.process) = self { true } else { false }
  }
}
