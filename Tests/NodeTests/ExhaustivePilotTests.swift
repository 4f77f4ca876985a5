import ControlPilot
import HAL
import ISO15118
import Node
import Safety
import SimulatedHardware
import Simulation
import Testing
import Wire

/// Every phase of a charge, in every state of the pilot, with everything that can happen, as committed text: what wire,
/// coil and bolt are afterwards. An observer with a stopwatch, who knows nothing of the machines, watches each run.
@Suite struct ExhaustivePilotTests {
  enum Way: String, CaseIterable {
    /// By a session, DC or AC, or by the nominal duty alone.
    case dc, ac, basic
  }

  /// The ways there are to be in a phase.
  static func phases(_ way: Way) -> [NodePhase] {
    way == .basic
      ? [.idle, .pilot, .preparation, .energy, .stopping, .finished]
      : [.idle, .matching, .joining, .discovery, .setup, .preparation, .energy, .stopping, .finished]
  }

  static let events: [(String, @Sendable (inout Rig) -> Void)] = {
    var rows: [(String, @Sendable (inout Rig) -> Void)] = []
    func tell(_ name: String, _ event: ChargerEvent) {
      rows.append((name, { $0.site.schedule(event, at: $0.site.now) }))
    }
    rows.append(("nothing", { _ in }))
    for state in PilotState.allCases { rows.append(("to \(state)", { Self.bring(&$0, to: state) })) }
    tell("stop", .stop(.user))
    tell("resume", .resume)
    tell("authorized", .authorization(.granted))
    tell("rejected", .authorization(.refused))
    tell("identified", .identified(true))
    tell("not identified", .identified(false))
    tell("limit 0 A", .limits(.ac(milliamps: 0, phases: 3)))
    tell("limit 10 A", .limits(.ac(milliamps: 10_000, phases: 3)))
    tell("reads closed", .contactorFeedback(closed: true))
    tell("reads open", .contactorFeedback(closed: false))
    tell("reads unlocked", .lock(locked: false))
    tell("earth lost", .earth(ok: false))
    tell("residual current", .residualCurrent(ok: false))
    tell("emergency stop", .emergencyStop(true))
    tell("insulation fault", .insulation(.fault))
    tell("insulation valid", .insulation(.valid))
    tell("output 400 V", .output(PowerReading(volts: 400, amps: 10), wattHours: 1))
    tell("service reset", .serviceReset)
    tell("hot", .temperature(sensor: 0, millicelsius: 99_000))
    tell("connection lost", .network(.disconnected))
    tell("address lost", .network(.address(nil)))
    tell("timeout early", .timeout)
    rows.append(("link lost", { $0.site.cutLine(true) }))
    rows.append(("contactor drops", { $0.site.change { $0.breakContactor(.dropsOut) } }))
    rows.append(("vehicle dies", { $0.site.killVehicle() }))
    return rows
  }()

  /// Puts the wire into a state, whatever it was in.
  static func bring(_ rig: inout Rig, to state: PilotState) {
    let load: PilotLoad? =
      switch state {
      case .B: .b
      case .C: .c
      case .D: .d
      default: nil
      }
    switch state {
    case .A: rig.site.change { if $0.isPlugged { $0.unplug() } }
    case .E: rig.site.change { $0.breakWire(.shortToEarth) }
    case .fault: rig.site.change { $0.breakWire(.diodeMissing) }
    case .F:
      let low = PilotLevels(highMillivolts: -12_000, lowMillivolts: -12_000)
      for wait in [0, 5, 10] {
        rig.site.schedule(ChargerEvent.pilot(low), at: rig.site.now + .milliseconds(Int64(wait)))
      }
    case .B, .C, .D: break
    }
    guard let load else { return }
    rig.site.change {
      $0.breakWire([])
      if !$0.isPlugged { $0.plugIn() }
      $0.apply(.setLoad(load))
    }
  }

  static func sight(_ rig: Rig, ventilated: Bool) -> OutletObserver.Sight {
    let bench = rig.site.bench
    let wire = bench.wire
    let isAsking = wire.load == .c || (wire.load == .d && ventilated)
    // A missing diode shows only while the pilot oscillates.
    let faults = wire.duty.isOscillating ? wire.faults : wire.faults.subtracting(.diodeMissing)
    return OutletObserver.Sight(
      isReady: bench.isPlugged && isAsking && faults.isEmpty && wire.duty != .steadyLow,
      isCoilOn: bench.contactor.isCoilOn, areContactsClosed: bench.contactor.areContactsClosed,
      isBoltOut: bench.lock.isLocked())
  }

  private func run(_ rig: inout Rig, _ observer: inout OutletObserver, for duration: Duration) {
    let end = rig.site.now + duration
    var isGoing = true
    while isGoing {
      isGoing = rig.site.step(until: end)
      observer.look(Self.sight(rig, ventilated: false), at: rig.site.now)
    }
  }

  /// A site in this phase, or `nil` with the failure noted.
  private func rig(_ way: Way, in phase: NodePhase) -> Rig {
    var rig = Rig(way == .dc ? .dc : .ac, wattHours: 40) {
      $0.authorizesAfter = .milliseconds(300)
      $0.joinDelay = .milliseconds(400)
      $0.temperatureSensors = [
        Derating(startMillicelsius: 60_000, endMillicelsius: 80_000, fullMilliamps: 200_000)
      ]
      if way == .basic {
        $0.chargerLink = .absent
        $0.vehicleLink = .absent
      }
    }
    rig.watch.permitsNominalDuty = true
    rig.site.schedule(ChargerEvent.temperature(sensor: 0, millicelsius: 20_000), at: .zero)
    rig.run(for: .seconds(1))
    guard phase != .idle else { return rig }
    if way == .basic, phase != .pilot { rig.site.schedule(ChargerEvent.identified(true), at: rig.site.now) }
    rig.plugIn()
    if way == .basic, phase >= .stopping {
      rig.reach(.energy)
      rig.site.schedule(ChargerEvent.stop(.user), at: rig.site.now)
    }
    rig.reach(phase)
    if phase == .energy { rig.run(for: .milliseconds(700)) }
    return rig
  }

  private func afterwards(_ rig: Rig, _ way: Way) -> String {
    let bench = rig.site.bench
    let coil = bench.contactor.isCoilOn ? "closed" : "open"
    let bolt = way == .dc ? "" : bench.lock.isLocked() ? ", locked" : ", free"
    return "\(coil)\(bolt), \(bench.wire.duty), \(rig.phase)"
  }

  @Test(arguments: Way.allCases)
  func in_each_phase_and_state_each_event_does_what_the_committed_table_says(way: Way) throws {
    var text = ""
    var runs = 0
    var slowest = Duration.zero
    for phase in Self.phases(way) {
      let reached = rig(way, in: phase)
      for state in PilotState.allCases {
        var there = reached
        var before = OutletObserver(hasLock: way != .dc)
        before.look(Self.sight(there, ventilated: false), at: there.site.now)
        Self.bring(&there, to: state)
        run(&there, &before, for: .milliseconds(60))
        text += "\(phase), \(state)\n"
        // Events with the same outcome share a line, which stands where the first of them does.
        var outcomes: [(outcome: String, events: [String])] = []
        for (name, event) in Self.events {
          var rig = there
          var observer = before
          event(&rig)
          run(&rig, &observer, for: .milliseconds(150))
          let outcome = afterwards(rig, way)
          if let place = outcomes.firstIndex(where: { $0.outcome == outcome }) {
            outcomes[place].events.append(name)
          } else {
            outcomes.append((outcome, [name]))
          }
          run(&rig, &observer, for: .seconds(2))
          #expect(observer.violation == nil, "\(way) \(phase), \(state), \(name)")
          let broken = rig.site.charger.safety.invariants(at: rig.site.now)
          #expect(broken == [], "\(way) \(phase), \(state), \(name)")
          slowest = max(slowest, observer.slowest)
          runs += 1
        }
        for (outcome, events) in outcomes { text += "  \(outcome): \(events.joined(separator: ", "))\n" }
      }
    }
    print("\(way): \(runs) runs, slowest opening \(slowest.milliseconds) ms")
    try expectCommitted(text, as: "every-\(way.rawValue).txt")
  }
}
