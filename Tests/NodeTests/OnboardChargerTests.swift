import HAL
import Cryptography
import HomePlug
import ISO15118
import Node
import SimulatedHardware
import Simulation
import Testing
import Wire

/// S2 of an AC vehicle opens when its onboard charger is down, as the station parts its contactor 100 ms later; where
/// something is wrong it opens at once.
@Suite struct OnboardChargerTests {
  private func amps(_ rig: Rig) -> Double {
    guard case .ac(let path) = rig.site.bench.path else { return 0 }
    return path.charger.amps
  }

  @Test(arguments: [LinkPolicy.slac, .absent])
  func an_ordinary_end_parts_no_contact_under_load(link: LinkPolicy) {
    var rig = Rig(.ac) {
      $0.vehicleLink = link
      $0.chargerLink = link
    }
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    rig.tellCharger(.identified(true))
    rig.plugIn()
    #expect(rig.run { amps($0) > 15 }, "\(rig.phase)")
    #expect(rig.run { $0.site.vehicle.load == .b })
    #expect(amps(rig) < 1, "\(amps(rig)) A at the moment S2 opens")
    #expect(rig.run { !$0.site.bench.contactor.areContactsClosed })
    #expect(amps(rig) < 1)
    rig.run { $0.vehicleOutcome != nil }
    #expect(rig.vehicleOutcome?.isCompleted == true, "\(rig.failures.text)")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  /// A vehicle by itself that takes 16 A by a duty of 53.3 %, whose time is the test's.
  private struct Vehicle {
    var node: VehicleNode<SeededNetworkKeys>
    var now = Instant.zero + .seconds(1)
    var load = PilotLoad.b
    var milliamps = 0
    private var conditions = EVConditions()

    init(hasLock: Bool = false) {
      let rig = Rig(.ac) {
        $0.vehicleLink = .absent
        $0.vehicleSafety.hasLock = hasLock
      }
      node = rig.site.vehicle
      conditions.maximumMilliamps = 16_000
      conditions.inletMillivolts = 230_000
      tell(.start)
      tell(.conditions(conditions))
      tell(.proximity(.plugged(cableMilliamps: nil)))
      if hasLock { tell(.lock(locked: true)) }
      // Longer than it waits for communication.
      pass(.seconds(3))
    }

    mutating func tell(_ event: VehicleEvent) {
      var actions: [VehicleAction] = []
      node.handle(event, at: now) { actions.append($0) }
      for action in actions {
        switch action {
        case .setLoad(let new): load = new
        case .charger(let new): milliamps = new
        default: break
        }
      }
    }

    mutating func want(_ wish: EVConditions.Wish, onboard: Int?) {
      conditions.wish = wish
      conditions.onboardMilliamps = onboard
      tell(.conditions(conditions))
    }

    /// Lets time pass, with the pilot measured every 100 ms.
    mutating func pass(_ duration: Duration) {
      let end = now + duration
      while now < end {
        now = min(now + .milliseconds(100), end)
        tell(.pilot(.pwm(permille: 533)))
        tell(.timeout)
      }
    }
  }

  @Test(arguments: [EVConditions.Wish.stop, .pause])
  func a_current_that_nobody_measures_has_two_seconds(wish: EVConditions.Wish) {
    var vehicle = Vehicle()
    #expect(vehicle.load == .c && vehicle.milliamps == 16_000)
    vehicle.want(wish, onboard: nil)
    #expect(vehicle.load == .c && vehicle.milliamps == 0)
    vehicle.pass(.milliseconds(1_900))
    #expect(vehicle.load == .c)
    vehicle.pass(.milliseconds(100))
    #expect(vehicle.load == .b)
  }

  @Test func a_current_that_is_measured_ends_the_wait() {
    var vehicle = Vehicle()
    vehicle.want(.charge, onboard: 16_000)
    vehicle.want(.stop, onboard: 16_000)
    vehicle.pass(.milliseconds(500))
    vehicle.want(.stop, onboard: 1_000)
    #expect(vehicle.load == .c)
    vehicle.want(.stop, onboard: 999)
    #expect(vehicle.load == .b)
  }

  @Test func a_current_that_is_no_more_waits_for_nothing() {
    var vehicle = Vehicle()
    vehicle.want(.charge, onboard: 200)
    vehicle.want(.stop, onboard: 200)
    #expect(vehicle.load == .b)
  }

  @Test(
    arguments: [
      VehicleEvent.pilot(.steadyLow), .pilot(.none), .proximity(.buttonPressed), .proximity(.open),
      .lock(locked: false), .equipment(ok: false),
    ])
  func what_is_wrong_meanwhile_opens_at_once(event: VehicleEvent) {
    var vehicle = Vehicle(hasLock: true)
    #expect(vehicle.load == .c)
    vehicle.want(.stop, onboard: nil)
    vehicle.pass(.milliseconds(300))
    #expect(vehicle.load == .c)
    vehicle.tell(event)
    #expect(vehicle.load == .b)
  }

  @Test func a_vehicle_that_thinks_better_of_it_goes_on() {
    var vehicle = Vehicle()
    vehicle.want(.pause, onboard: nil)
    vehicle.pass(.milliseconds(300))
    vehicle.want(.charge, onboard: nil)
    vehicle.pass(.seconds(5))
    #expect(vehicle.load == .c && vehicle.milliamps == 16_000)
  }
}
