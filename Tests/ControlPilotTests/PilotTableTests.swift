import ControlPilot
import HAL
import SimulatedHardware
import Testing
import Wire

/// Every state with every event, as committed text. A row that gives nothing is printed too: an event without an
/// effect is a decision.
@Suite struct PilotTableTests {
  static let stations: [(String, PilotBench)] = {
    var rows: [(String, PilotBench)] = []
    func add(
      _ name: String, _ load: PilotLoad, _ requests: [PilotRequest], then: Duration = .milliseconds(50)
    ) {
      var bench = PilotBench()
      bench.wire.load = load
      bench.run(.milliseconds(50))
      for request in requests {
        bench.request(request)
        bench.run(then)
      }
      bench.log = []
      rows.append((name, bench))
    }
    add("A1", .detached, [])
    add("B1", .b, [])
    add("B2 5 %", .b, [.digital])
    add("C2 5 %", .c, [.digital])
    add("C2 16 A", .c, [.nominal(milliamps: 16_000)])
    add("C1", .c, [.digital, .x1])
    add("D2 5 %", .d, [.digital])
    add("B1 on the way from 5 % to 16 A", .b, [.digital, .nominal(milliamps: 16_000)])
    add("F asked for", .b, [.stateF])
    add("F for a step", .b, [.digital, .errorStep])
    add("X1 after the step", .b, [.digital, .errorStep], then: .milliseconds(4020))
    var short = rows[3].1
    short.wire.faults = .shortToEarth
    short.run(.milliseconds(50))
    short.log = []
    rows.append(("E", short))
    var diode = rows[3].1
    diode.wire.faults = .diodeMissing
    diode.run(.milliseconds(50))
    diode.log = []
    rows.append(("fault, diode missing", diode))
    return rows
  }()

  static let stationEvents: [(String, @Sendable (inout PilotBench) -> Void)] = {
    func wire(_ load: PilotLoad, _ faults: PilotWire.Faults = []) -> @Sendable (inout PilotBench) -> Void {
      {
        $0.wire.load = load
        $0.wire.faults = faults
        $0.run(.milliseconds(15))
      }
    }
    return [
      ("wire A", wire(.detached)), ("wire B", wire(.b)), ("wire C", wire(.c)), ("wire D", wire(.d)),
      ("wire 0 V", wire(.c, .shortToEarth)), ("wire no diode", wire(.c, .diodeMissing)),
      (
        "sampler silent",
        {
          $0.isSampling = false; $0.run(.milliseconds(50))
        }
      ),
      ("x1", { $0.request(.x1) }), ("digital", { $0.request(.digital) }),
      ("nominal 16 A", { $0.request(.nominal(milliamps: 16_000)) }),
      ("nominal 3 A", { $0.request(.nominal(milliamps: 3_000)) }),
      ("stateF", { $0.request(.stateF) }), ("errorStep", { $0.request(.errorStep) }),
      ("timeout early", { $0.handle(.timeout) }), ("10 s pass", { $0.run(.seconds(10)) }),
    ]
  }()

  @Test func the_station_does_in_each_state_what_the_committed_table_says() throws {
    var text = ""
    for (name, bench) in Self.stations {
      text += "\(name)  (\(bench.pilot.state), \(bench.pilot.duty))\n"
      for (event, apply) in Self.stationEvents {
        var copy = bench
        apply(&copy)
        let actions = copy.log.isEmpty ? "-" : copy.log.joined(separator: ", ")
        text += "  \(pad(event)) \(actions)\n"
      }
      text += "\n"
    }
    try expectCommitted(text, as: "EVSEPilot.txt")
  }

  static let vehicles: [(String, VehicleBench)] = {
    var losing = VehicleBench.plugged(.pwm(permille: 266), .c)
    losing.signal = .steadyHigh
    losing.run(.milliseconds(100))
    losing.log = []
    return [
      ("detached", VehicleBench()),
      ("B1", .plugged(.steadyHigh)),
      ("B1, wants C", .plugged(.steadyHigh, .c)),
      ("B2 5 %", .plugged(.pwm(permille: 50))),
      ("B2 16 A", .plugged(.pwm(permille: 266))),
      ("C2 5 %", .plugged(.pwm(permille: 50), .c)),
      ("C2 16 A", .plugged(.pwm(permille: 266), .c)),
      ("D2 5 %", .plugged(.pwm(permille: 50), .d)),
      ("C1, offer lost", losing),
      ("toggling", .plugged(.steadyHigh, .toggle(2))),
      ("E or F", .plugged(.steadyLow)),
    ]
  }()

  static let vehicleEvents: [(String, @Sendable (inout VehicleBench) -> Void)] = {
    func signal(_ signal: PilotSignal) -> @Sendable (inout VehicleBench) -> Void {
      {
        $0.signal = signal
        $0.run(.milliseconds(120))
      }
    }
    return [
      ("0 V", signal(.none)), ("-12 V", signal(.steadyLow)), ("+12 V", signal(.steadyHigh)),
      ("5 %", signal(.pwm(permille: 50))), ("7.5 %", signal(.pwm(permille: 75))),
      ("26.6 %", signal(.pwm(permille: 266))), ("53.3 %", signal(.pwm(permille: 533))),
      (
        "driver silent",
        {
          $0.isMeasuring = false; $0.run(.milliseconds(350))
        }
      ),
      ("plug in", { $0.handle(.proximity(.plugged(cableMilliamps: nil))) }),
      ("plug out", { $0.handle(.proximity(.open)) }),
      ("button", { $0.handle(.proximity(.buttonPressed)) }),
      ("ask b", { $0.handle(.request(.b)) }), ("ask c", { $0.handle(.request(.c)) }),
      ("ask d", { $0.handle(.request(.d)) }), ("toggle 1", { $0.handle(.request(.toggle(1))) }),
      ("timeout early", { $0.handle(.timeout) }), ("5 s pass", { $0.run(.seconds(5)) }),
    ]
  }()

  @Test func the_vehicle_does_in_each_state_what_the_committed_table_says() throws {
    var text = ""
    for (name, bench) in Self.vehicles {
      text += "\(name)  (\(bench.pilot.load), \(bench.pilot.offer))\n"
      for (event, apply) in Self.vehicleEvents {
        var copy = bench
        apply(&copy)
        let actions = copy.log.isEmpty ? "-" : copy.log.joined(separator: ", ")
        text += "  \(pad(event)) \(actions)\n"
      }
      text += "\n"
    }
    try expectCommitted(text, as: "EVPilot.txt")
  }

  private func pad(_ text: String) -> String {
    text + String(repeating: " ", count: max(0, 15 - text.count))
  }
}
