import Cryptography
import HomePlug
import ISO15118
import Node
import SimulatedHardware
import Simulation
import Testing
import V2GTransport
import Wire

/// A site that is run by hand, with notes of what both sides told. Every step is watched.
struct Rig {
  /// What the observer wrote down; a class, as the observer outlives each call.
  final class Notes {
    var outcomes: [NodeOutcome] = []
    var vehicleOutcomes: [NodeOutcome] = []
    var traces: [(side: SiteSide, trace: NodeTrace, at: Instant)] = []
    /// Management messages each side sent to other stations or its modem.
    var sent: [(side: SiteSide, type: ManagementType, at: Instant)] = []
    /// Keys that were given to a modem, in hexadecimal digits.
    var keys: Set<String> = []
  }

  var site: SimulatedSite<SeededNetworkKeys>
  var watch = SiteWatch()
  let notes = Notes()
  init(_ description: SiteDescription) {
    let notes = notes
    site = description.site(keys: { side in
      SeededNetworkKeys(seed: description.seed &* 2 &+ UInt64(side.rawValue))
    }) { event, now in
      if case .frame(let side, let octets, outgoing: true) = event,
        let frame = try? ManagementFrame(parsing: octets.span.bytes)
      {
        notes.sent.append((side, frame.message.type, now))
        if case .setKeyReq = frame.message, octets.count >= 57 {
          notes.keys.insert(hexadecimal(octets[41..<57]))
        }
      }
      guard case .trace(let side, let trace) = event else { return }
      notes.traces.append((side, trace, now))
      guard case .ended(let outcome) = trace else { return }
      if side == .charger { notes.outcomes.append(outcome) } else { notes.vehicleOutcomes.append(outcome) }
    }
  }

  /// A site with a vehicle that has enough soon.
  init(
    _ current: SiteDescription.Current, wattHours: Int = 20,
    _ change: (inout SiteDescription) -> Void = { _ in }
  ) {
    var description = SiteDescription(current)
    description.energyWanted = wattHours
    change(&description)
    self.init(description)
  }

  var outcome: NodeOutcome? { notes.outcomes.last }
  var vehicleOutcome: NodeOutcome? { notes.vehicleOutcomes.last }
  var failures: [NodeFailure] {
    notes.outcomes.compactMap { if case .failed(let failure) = $0 { failure } else { nil } }
  }
  var phase: NodePhase { site.charger.phase }
  var isFinal: Bool { phase == .finished && !site.charger.isRetrying }

  /// True as soon as `condition` holds, false at the end of the time.
  @discardableResult
  mutating func run(for limit: Duration = .seconds(300), until condition: (Rig) -> Bool) -> Bool {
    let end = site.now + limit
    while !condition(self) {
      guard site.step(until: end) else { return condition(self) }
      watch.look(at: site)
    }
    return true
  }

  mutating func run(for duration: Duration) { run(for: duration) { _ in false } }

  mutating func plugIn() {
    site.plugIn(at: site.now)
    run(for: .milliseconds(1))
  }

  mutating func unplug() {
    site.unplug(at: site.now)
    run(for: .milliseconds(1))
  }

  /// Runs to the first moment of a phase of the charger.
  mutating func reach(_ phase: NodePhase, sourceLocation: SourceLocation = #_sourceLocation) {
    guard !run(until: { $0.phase == phase }) else { return }
    Issue.record(
      "\(phase) is not reached but \(self.phase); \(failures.text)", sourceLocation: sourceLocation)
  }

  /// Pulls the plug, lets everything come to rest and looks.
  mutating func rest() {
    if site.bench.isPlugged { site.unplug(at: site.now) }
    run(for: .seconds(20))
    watch.lookAtRest(site)
  }

  /// Messages the vehicle has sent.
  var vehicleMessages: [String] {
    notes.traces.compactMap {
      if case (.vehicle, .session(.sent(let message, _, _))) = ($0.side, $0.trace) {
        "\(message)"
      } else {
        nil
      }
    }
  }

  /// Plugs in and charges; the numbers of those of the vehicle's messages that differ from the one before.
  mutating func firstOfEachKind() -> [Int] {
    plugIn()
    run { $0.isFinal }
    let all = vehicleMessages
    return all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] }
  }

  /// A whole session from here, unplugged at the end: its outcome.
  mutating func charge() -> NodeOutcome? {
    notes.outcomes.removeAll()
    plugIn()
    run { $0.isFinal }
    let outcome = outcome
    rest()
    return outcome
  }
}

extension Rig {
  /// A whole session from here, which has to end in order.
  mutating func chargeAgain(sourceLocation: SourceLocation = #_sourceLocation) {
    let outcome = charge()
    #expect(outcome?.isCompleted == true, "\(failures.text)", sourceLocation: sourceLocation)
    #expect(watch.violations == [], sourceLocation: sourceLocation)
  }
}

extension NodeOutcome {
  /// Layer and cause for a table: without what was expected and the clause, which may be worded anew.
  var brief: String {
    guard case .failed(.session(let failure)) = self else { return "\(self)" }
    let code = failure.code.map { " \($0)" } ?? ""
    let message = failure.message.map { " at \($0)" } ?? ""
    return
      "failed in \(NodeFailure.session(failure).layer): \(failure.cause) (\(failure.layer), \(failure.fault))\(message)\(code)"
  }

  var isCompleted: Bool { if case .completed = self { true } else { false } }
}

extension [NodeFailure] {
  /// As text, short.
  var text: String { map { "\($0)" }.joined(separator: "; ") }
}

extension IPv6Address {
  static let vehicle = IPv6Address(linkLocalFor: SiteDescription.vehicleAddress)
  static let stranger = IPv6Address(linkLocalFor: MACAddress(0x0200_0000_0066))
}
