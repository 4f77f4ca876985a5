import HAL
import Testing
import Wire

@testable import Safety

/// Every state of the supervisor with every event, as committed text. What it prints is what it commands.
@Suite struct SupervisorTableTests {
  static let states: [(String, Station)] = {
    var rows: [(String, Station)] = []
    func add(_ name: String, _ station: Station, _ change: (inout Station) -> Void = { _ in }) {
      var station = station
      change(&station)
      station.log = []
      rows.append((name, station))
    }
    add("AC idle, A", Station(.relaxed(.ac)))
    add("AC ready, C2 authorized and locked", .readyAC())
    add("AC closing", .readyAC()) { $0.supervise(.energyRequested(.ac)) }
    add("AC closed", .chargingAC())
    add("AC closed in C1", .chargingAC()) { $0.request(.x1) }
    add("AC opening", .chargingAC()) { $0.supervise(.energyRequested(nil)) }
    add("AC emergency stop", .chargingAC()) {
      $0.supervise(.emergencyStop(true))
      $0.run(.milliseconds(100))
    }
    add("AC host lost", .chargingAC()) {
      $0.isHostDead = true
      $0.run(.seconds(3))
    }
    add("AC welded", .chargingAC()) {
      $0.path.contactor.fault = .welded
      $0.supervise(.energyRequested(nil))
      $0.run(.milliseconds(300))
    }
    let all = Station.allSettings
    add("AC monitor under test", .readyAC(all)) { $0.supervise(.energyRequested(.ac)) }
    add("AC monitor has tripped", .readyAC(all)) {
      $0.supervise(.energyRequested(.ac))
      $0.run(.milliseconds(60))
    }
    add("AC monitor failed its test", .readyAC(all)) {
      $0.monitor.fault = .deaf
      $0.supervise(.energyRequested(.ac))
      $0.run(.seconds(1))
    }
    add("AC tested and closed", .chargingAC(all))
    add("AC one phase wanted, closed", .chargingAC(all)) { $0.supervise(.phases(three: false)) }
    add("AC one phase wanted, X1 and open", .chargingAC(all)) {
      $0.supervise(.phases(three: false))
      $0.request(.x1)
      $0.plug(.b)
      $0.run(.milliseconds(300))
    }
    add("DC insulation test", .testingDC())
    add("DC pre-charge", .testingDC()) {
      $0.supervise(.insulation(.valid))
      $0.supervise(.energyRequested(.dcPreCharge))
    }
    add("DC delivery", .chargingDC())
    add("DC unloading", .chargingDC()) { $0.supervise(.energyRequested(nil)) }
    add("DC delivery, stage of another program", .chargingDC(.externalStage))
    add("DC unloading, stage of another program", .chargingDC(.externalStage)) {
      $0.supervise(.energyRequested(nil))
    }
    add("DC stage silent", .chargingDC(.externalStage)) {
      $0.supervise(.powerStageTrouble(.silent))
      $0.run(.milliseconds(100))
    }
    add("DC session failed, unloading", .chargingDC()) { $0.supervise(.authorized(false)) }
    add("DC opening", .chargingDC()) {
      $0.supervise(.authorized(false))
      $0.supervise(.powerStage(PowerReading(volts: 400, amps: 4)))
    }
    return rows
  }()

  static let events: [(String, SafetySupervisor.Event)] = {
    var rows: [(String, SafetySupervisor.Event)] = []
    for state in PilotState.allCases {
      rows.append(("pilot \(state), 5 %", .pilot(state, .digital)))
      rows.append(("pilot \(state), +12 V", .pilot(state, .steadyHigh)))
    }
    rows += [
      ("pilot F, -12 V", .pilot(.F, .steadyLow)),
      ("diode seen", .diode(proven: true)), ("diode not seen", .diode(proven: false)),
      ("authorized", .authorized(true)), ("authorization withdrawn", .authorized(false)),
      ("demand none", .energyRequested(nil)),
    ]
    rows += EnergyDemand.allCases.map { ("demand \($0.rawValue)", .energyRequested($0)) }
    rows += [
      ("reads closed", .contactorFeedback(closed: true)), ("reads open", .contactorFeedback(closed: false)),
      ("earth ok", .earth(ok: true)), ("earth lost", .earth(ok: false)),
      ("residual current", .residualCurrent(ok: false)), ("no residual current", .residualCurrent(ok: true)),
      ("one phase", .phases(three: false)), ("three phases", .phases(three: true)),
      ("locked", .lock(locked: true)), ("unlocked", .lock(locked: false)),
    ]
    rows += InsulationStatus.allCases.map { ("insulation \($0.rawValue)", .insulation($0)) }
    rows += [
      ("output 400 V 0 A", .powerStage(PowerReading(volts: 400, amps: 0))),
      ("output 400 V 100 A", .powerStage(PowerReading(volts: 400, amps: 100))),
      ("stage well", .powerStageTrouble(nil)),
    ]
    rows += PowerStageTrouble.allCases.map { ("stage \($0.rawValue)", .powerStageTrouble($0)) }
    rows += [
      ("stop pressed", .emergencyStop(true)), ("stop released", .emergencyStop(false)),
      ("heartbeat", .heartbeat), ("service reset", .serviceReset), ("timeout early", .timeout),
    ]
    return rows
  }()

  /// Times at which nothing but a timeout comes: the supervisor alone with its fears.
  static let silences: [(String, Duration)] = [
    ("100 ms alone", .milliseconds(100)), ("10 s alone", .seconds(10)),
  ]

  @Test func the_supervisor_does_in_each_state_what_the_committed_table_says() throws {
    var text = ""
    for (name, station) in Self.states {
      let opening = station.supervisor.isContactorCommandedClosed ? "commanded closed" : "commanded open"
      text += "\(name)  (\(opening))\n"
      for (event, value) in Self.events {
        var supervisor = station.supervisor
        var actions: [String] = []
        supervisor.handle(value, at: station.now) { actions.append(SafetyTests.text($0)) }
        #expect(supervisor.invariants(at: station.now) == [], "\(name), \(event)")
        text += line(event, actions)
      }
      for (event, duration) in Self.silences {
        var supervisor = station.supervisor
        var actions: [String] = []
        let end = station.now + duration
        var rounds = 0
        while let due = supervisor.deadline, due <= end, rounds < 100 {
          rounds += 1
          supervisor.handle(.timeout, at: due) { actions.append(SafetyTests.text($0)) }
        }
        #expect(rounds < 20, "\(name): a deadline that does not end")
        text += line(event, actions)
      }
      text += "\n"
    }
    try expectCommitted(text, as: "SafetySupervisor.txt")
  }

  private func line(_ event: String, _ actions: [String]) -> String {
    let padding = String(repeating: " ", count: max(0, 24 - event.count))
    return "  \(event)\(padding) \(actions.isEmpty ? "-" : actions.joined(separator: ", "))\n"
  }
}
