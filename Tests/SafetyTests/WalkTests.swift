import ControlPilot
import HAL
import SimulatedHardware
import Testing
import Wire

@testable import Safety

/// Random walks, judged by an observer who sees the wire and the contacts and has a stopwatch, and knows nothing of
/// what the machines believe.
@Suite struct WalkTests {
  struct Judge {
    /// The first rule that was broken, with its time.
    var violation: String?
    var openings = 0
    var changes = 0
    private var closedThree = true
    private var closingsSeen = 0
    /// What the monitor did since the last closing: it has to trip under test, and to return.
    private var hasTripped = false
    private var hasReturned = false
    private var isUnderTest = false
    private var wasWelded = false
    private var hasFailedTest = false
    private var wasClosed = false
    /// Welded contacts stay closed whatever anybody does, until the weld is broken.
    private var isExcused = false

    mutating func look(at station: Station) {
      let contacts = station.path.contactor
      let isClosed = contacts.areContactsClosed
      isExcused = isClosed && !contacts.isCoilOn && (contacts.fault == .welded || isExcused)
      if wasClosed, !isClosed { openings += 1 }
      wasClosed = isClosed
      func rule(_ text: @autoclosure () -> String, _ holds: Bool) {
        if !holds, violation == nil { violation = "\(station.now.nanoseconds / 1_000_000) ms: \(text())" }
      }
      if isClosed, !isExcused {
        // Sampling, debouncing and drop-out included.
        if let since = station.notReadySince {
          rule(
            "closed \(station.now - since) after leaving C and D", station.now - since <= .milliseconds(100))
        }
        rule("live and unlocked", station.lock.isLocked() || !station.supervisor.settings.hasLock)
        rule("live without a host", station.now - station.lastHeartbeat <= .milliseconds(2_050))
      }
      // The test output goes off in the very moment of the trip.
      if isUnderTest, station.monitor.isTripped { hasTripped = true }
      isUnderTest = station.monitor.isUnderTest
      if hasTripped, !station.monitor.isTripped { hasReturned = true }
      rule("monitor under test, coil on", !station.monitor.isUnderTest || !contacts.isCoilOn)
      if station.closesThree != closedThree { changes += 1 }
      closedThree = station.closesThree
      rule("phases changed under load or with an offer", station.wrongChanges == 0)
      while closingsSeen < station.closings.count {
        let closing = station.closings[closingsSeen]
        closingsSeen += 1
        // 30 ms: what the pilot needs to see that the wire has left.
        rule(
          "coil on in A, B, E or F", station.notReadySince.map { closing - $0 <= .milliseconds(30) } ?? true)
        rule("coil on after welding", !wasWelded)
        rule(
          "coil on without a test of the monitor",
          hasReturned || !station.supervisor.settings.testsResidualCurrent)
        rule("coil on after a failed test", !hasFailedTest)
        (hasTripped, hasReturned) = (false, false)
      }
      rule("power on, coil off", !station.path.stage.isEnabled || contacts.isCoilOn)
      let broken = station.supervisor.invariants(at: station.now)
      rule("invariants \(broken)", broken.isEmpty)
      let deadline = station.supervisor.deadline
      rule("a deadline in the past", deadline.map { $0 > station.now } ?? true)
      if case .contactorWelded = station.supervisor.latched { wasWelded = true } else { wasWelded = false }
      hasFailedTest = station.supervisor.latched == .residualCurrentTest(.didNotTrip)
    }
  }

  /// One random thing. Weighted so that sessions happen: most steps are what a well-behaved session would do next.
  func disturb(_ station: inout Station, _ random: inout SeededGenerator) {
    let dc = station.supervisor.settings.current == .dc
    switch random.next() % 40 {
    case 0...7: station.plug([.b, .c, .c, .c][Int(random.next() % 4)])
    case 8: station.plug([.detached, .d][Int(random.next() % 2)])
    case 9 where random.chance(perMille: 400):
      station.plug(station.wire.load, faults: PilotWire.Faults(rawValue: UInt8(random.next() % 8)))
    case 10...14: station.request(.digital)
    case 15: station.request([.x1, .nominal(milliamps: 16_000), .stateF, .errorStep][Int(random.next() % 4)])
    case 16...20: station.supervise(.authorized(true))
    case 21 where random.chance(perMille: 300): station.supervise(.authorized(false))
    case 22...27:
      let demands: [EnergyDemand] = dc ? [.dcInsulationTest, .dcPreCharge, .dcDelivery] : [.ac, .ac, .ac]
      station.supervise(.energyRequested(demands[Int(random.next() % 3)]))
    case 28 where random.chance(perMille: 500): station.supervise(.energyRequested(nil))
    case 29: station.supervise(.earth(ok: !random.chance(perMille: 300)))
    case 30...31: station.supervise(.earth(ok: true))
    case 32 where random.chance(perMille: 200): station.supervise(.emergencyStop(true))
    case 33...34: station.supervise(.emergencyStop(false))
    case 35: station.isHostDead = random.chance(perMille: 200)
    case 36 where random.chance(perMille: 100):
      station.path.contactor.fault = SimulatedContactor.Fault.allCases[Int(random.next() % 4)]
    case 37:
      station.path.contactor.fault = .none
      station.supervise(.serviceReset)
    case 38: station.supervise(.insulation([.valid, .valid, .fault, .warning][Int(random.next() % 4)]))
    default: station.path.vehicleContactor.command(closed: random.chance(perMille: 500))
    }
  }

  /// What only an outlet with a tested monitor and contactors for one phase or three has.
  func disturbMore(_ station: inout Station, _ random: inout SeededGenerator) {
    switch random.next() % 40 {
    case 0...2: station.supervise(.phases(three: random.chance(perMille: 500)))
    case 3: station.monitor.isLeaking = random.chance(perMille: 300)
    case 4...5: station.monitor.isLeaking = false
    case 6 where random.chance(perMille: 300):
      station.monitor.fault = SimulatedResidualCurrentMonitor.Fault.allCases[Int(random.next() % 3)]
    case 7: station.monitor.fault = .none
    // Long enough for a change of phases.
    case 8 where random.chance(perMille: 50):
      station.request(.x1)
      station.plug(.b)
      station.run(.seconds(11))
    default: break
    }
  }

  func walk(_ settings: SafetySettings, seed: UInt64, steps: Int) -> Judge {
    var random = SeededGenerator(seed: seed)
    var station = Station(settings)
    var judge = Judge()
    for _ in 0..<steps where judge.violation == nil {
      disturb(&station, &random)
      if settings.testsResidualCurrent { disturbMore(&station, &random) }
      judge.look(at: station)
      // Mostly shorter than a debounce, sometimes longer than every wait but the longest.
      let pause = random.chance(perMille: 10) ? 400 : Int(random.next() % 14)
      for _ in 0..<pause {
        station.run(.milliseconds(5))
        judge.look(at: station)
      }
      station.log = []
    }
    return judge
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func ten_thousand_steps_of_AC_keep_the_rules(seed: UInt64) {
    let judge = walk(.relaxed(.ac), seed: seed, steps: 10_000)
    #expect(judge.violation == nil, "seed \(seed)")
    #expect(judge.openings > 30, "seed \(seed): \(judge.openings) openings are too few to mean anything")
  }

  @Test(arguments: 21...24 as ClosedRange<UInt64>)
  func ten_thousand_steps_with_a_tested_monitor_and_phases_keep_the_rules(seed: UInt64) {
    let judge = walk(Station.allSettings, seed: seed, steps: 10_000)
    #expect(judge.violation == nil, "seed \(seed)")
    #expect(judge.openings > 30, "seed \(seed): \(judge.openings) openings are too few to mean anything")
    #expect(judge.changes > 5, "seed \(seed): \(judge.changes) changes of phases are too few")
  }

  @Test(arguments: 11...14 as ClosedRange<UInt64>)
  func ten_thousand_steps_of_DC_keep_the_rules(seed: UInt64) {
    let judge = walk(.relaxed(.dc), seed: seed, steps: 10_000)
    #expect(judge.violation == nil, "seed \(seed)")
    #expect(judge.openings > 30, "seed \(seed): \(judge.openings) openings are too few to mean anything")
  }
}
