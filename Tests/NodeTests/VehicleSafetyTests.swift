import HAL
import ISO15118
import Node
import Safety
import SimulatedHardware
import Simulation
import Testing
import Wire

/// A vehicle's contactors and lock, in virtual time. The battery's own contactors are the bench's; proximity, lock, heat and
/// battery are told by hand.
@Suite struct VehicleSafetyTests {
  /// A DC vehicle that charges, with everything that has to agree.
  private func charging(_ change: (inout VehicleSafety) -> Void = { _ in }) -> Rig {
    var rig = Rig(.dc, wattHours: 5000) { description in
      description.vehicleSafety.hasLock = true
      description.vehicleSafety.feedbackMax = .milliseconds(200)
      description.vehicleSafety.temperatureEnds = [90_000]
      description.vehicleSafety.asksBattery = true
      change(&description.vehicleSafety)
    }
    rig.tell(.temperature(sensor: 0, millicelsius: 25_000))
    rig.tell(.battery(ready: true))
    rig.plugIn()
    rig.tell(.lock(locked: true))
    rig.reach(.energy)
    rig.run(for: .seconds(2))
    return rig
  }

  @Test func it_charges_where_everything_agrees() {
    let rig = charging()
    #expect(rig.coil && rig.load == .c && rig.vehicleLock == true)
    #expect(rig.site.vehicle.fault == nil)
  }

  /// Behind contacts that nobody has said to be open a welded one could not be told from a sound one.
  @Test func nothing_closes_before_the_contacts_were_said_to_be_open() {
    var rig = Rig(.dc) { $0.vehicleSafety.feedbackMax = .milliseconds(200) }
    rig.site.vehicleFeedbackIsSilent = true
    rig.plugIn()
    rig.run(for: .seconds(60))
    #expect(rig.closings == 0)
  }

  @Test(arguments: [PilotSignal.steadyLow, .none])
  func contactors_open_at_once_with_the_pilot(signal: PilotSignal) {
    var rig = charging()
    rig.tell(.pilot(signal))
    #expect(!rig.coil && rig.load == .b)
  }

  @Test func contactors_open_within_100_ms_of_the_oscillators_end() {
    var rig = charging()
    let start = rig.site.now
    // Three periods without an edge, then every 10 ms.
    for delay in [3, 13, 23] {
      rig.site.schedule(VehicleEvent.pilot(.steadyHigh), at: start + .milliseconds(delay))
    }
    rig.run(for: .milliseconds(30))
    #expect(rig.load == .b)
    rig.run(for: .milliseconds(60))
    #expect(!rig.coil)
    // An offer that comes back closes nothing in this session.
    for _ in 0..<3 { rig.tell(.pilot(.pwm(permille: 50))) }
    rig.run { $0.vehicleOutcome != nil }
    #expect(rig.closings == 1)
  }

  @Test func the_button_of_the_plug_ends_current_and_S2_at_once_and_the_session_in_order() {
    var rig = charging()
    rig.tell(.proximity(.buttonPressed))
    #expect(rig.load == .b)
    rig.run(for: .milliseconds(51))
    #expect(!rig.coil)
    rig.run { $0.vehicleOutcome != nil }
    rig.run(for: .seconds(2))
    #expect(rig.vehicleLock == false, "the plug can come out")
  }

  @Test func a_lock_that_lets_go_opens_and_ends_the_session() {
    var rig = charging()
    rig.tell(.lock(locked: false))
    #expect(rig.load == .b)
    rig.run(for: .milliseconds(51))
    #expect(!rig.coil)
    #expect(rig.site.vehicle.fault == .lockLost)
    rig.run(for: .seconds(5)) { $0.vehicleOutcome != nil }
    #expect(rig.vehicleOutcome != nil)
    rig.tell(.lock(locked: true))
    rig.run(for: .seconds(30))
    #expect(rig.closings == 1, "latched until the plug is out")
    rig.unplug()
    #expect(rig.site.vehicle.fault == nil, "ends with the plug")
  }

  @Test func no_session_begins_without_the_lock_and_it_is_told_after_5_s() {
    var rig = Rig(.dc) { $0.vehicleSafety.hasLock = true }
    rig.plugIn()
    #expect(rig.vehicleLock == true, "commanded")
    rig.run(for: .seconds(6))
    #expect(rig.vehicleMessages.isEmpty)
    guard case .failed(.safety(.lockNotConfirmed))? = rig.vehicleOutcome else {
      Issue.record("\(String(describing: rig.vehicleOutcome))")
      return
    }
    #expect(rig.vehicleLock == false)
    rig.tell(.lock(locked: true))
    rig.run(for: .seconds(20))
    #expect(!rig.coil && rig.vehicleMessages.isEmpty, "not in this plug-in")
  }

  @Test func a_battery_that_forbids_it_opens_at_once_and_one_that_never_spoke_closes_nothing() {
    var rig = charging()
    rig.tell(.battery(ready: false))
    rig.run(for: .milliseconds(51))
    #expect(!rig.coil && rig.load == .b)
    var mute = Rig(.dc) { $0.vehicleSafety.asksBattery = true }
    mute.plugIn()
    mute.run(for: .seconds(60))
    #expect(mute.closings == 0)
  }

  @Test func a_battery_that_is_late_closes_within_precharge() {
    var rig = Rig(.dc) { $0.vehicleSafety.asksBattery = true }
    rig.plugIn()
    rig.run { $0.vehicleMessages.contains("PreChargeReq") }
    rig.run(for: .seconds(2))
    #expect(!rig.coil)
    rig.tell(.battery(ready: true))
    #expect(rig.coil)
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }

  @Test func hardware_that_fails_opens_at_once() {
    var rig = charging()
    rig.tell(.equipment(ok: false))
    #expect(!rig.coil && rig.load == .b)
  }

  @Test func heat_ends_the_session_in_order_and_a_sensor_nobody_read_closes_nothing() {
    var rig = charging()
    rig.tell(.temperature(sensor: 0, millicelsius: 90_000))
    #expect(rig.coil, "the current goes down first")
    rig.run { $0.vehicleOutcome != nil }
    #expect(!rig.coil && rig.vehicleMessages.last == "SessionStopReq")
    var blind = Rig(.dc) { $0.vehicleSafety.temperatureEnds = [90_000] }
    blind.plugIn()
    blind.run(for: .seconds(60))
    #expect(blind.closings == 0)
  }

  @Test func a_welded_contactor_is_found_and_blocks_until_a_person_has_looked() {
    var rig = charging()
    rig.site.needs.wish = .stop
    rig.tell(.conditions(rig.site.needs))
    rig.run { !$0.coil }
    // The mirror contact stays closed.
    for _ in 0..<10 {
      rig.tell(.contactorFeedback(closed: true))
      rig.run(for: .milliseconds(50))
    }
    #expect(rig.site.vehicle.fault == .contactorWelded)
    #expect(rig.vehicleLock == true, "the plug is live")
    rig.unplug()
    rig.tell(.serviceReset)
    #expect(rig.site.vehicle.fault == .contactorWelded, "it still reads closed")
    rig.run(for: .seconds(5))
    rig.site.needs.wish = .charge
    rig.tell(.conditions(rig.site.needs))
    let before = rig.closings
    rig.plugIn()
    rig.run(for: .seconds(30))
    #expect(rig.closings == before)
    rig.unplug()
    rig.tell(.contactorFeedback(closed: false))
    rig.tell(.serviceReset)
    #expect(rig.site.vehicle.fault == nil)
  }

  @Test func contactors_that_do_not_close_are_a_fault() {
    var rig = Rig(.dc) { $0.vehicleSafety.feedbackMax = .milliseconds(5) }
    rig.plugIn()
    rig.run(for: .seconds(60)) { $0.site.vehicle.fault != nil }
    #expect(rig.site.vehicle.fault == .contactorDidNotClose, "the bench takes 20 ms")
    #expect(!rig.coil)
  }

  @Test func the_plug_is_unlocked_only_with_the_contactors_open_and_the_inlet_dead() {
    var rig = charging()
    rig.site.needs.wish = .stop
    rig.tell(.conditions(rig.site.needs))
    rig.run(for: .seconds(60)) { $0.vehicleLock == false }
    #expect(rig.vehicleLock == false)
    #expect(!rig.coil && rig.load == .b)
    #expect(rig.site.needs.inletMillivolts <= 60_000)
    let unlocked = rig.notes.traces.lastIndex {
      if case .safety(.lock(false)) = $0.trace, $0.side == .vehicle { true } else { false }
    }
    let opened = rig.notes.traces.lastIndex {
      if case .safety(.contactor(closed: false)) = $0.trace, $0.side == .vehicle { true } else { false }
    }
    #expect((opened ?? .max) < (unlocked ?? 0))
  }

  @Test func a_vehicle_that_wants_nothing_matches_when_it_does() {
    var rig = Rig(.dc)
    rig.site.needs.wish = .stop
    rig.tell(.conditions(rig.site.needs))
    rig.plugIn()
    rig.run(for: .seconds(5))
    #expect(!rig.notes.sent.contains { $0.type == .CM_SLAC_PARM_REQ })
    rig.site.needs.wish = .charge
    rig.tell(.conditions(rig.site.needs))
    rig.run(for: .seconds(1))
    #expect(rig.notes.sent.contains { $0.type == .CM_SLAC_PARM_REQ })
  }

  /// Whatever is told in whatever order: closed contactors have everything that they need, after every event.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func at_random_contactors_are_closed_only_where_everything_agrees(seed: UInt64) {
    var rig = charging()
    var random = SeededGenerator(seed: seed)
    var locked = true
    var ready = true
    var sound = true
    var plugged = true
    var again = 0
    for step in 0..<160 {
      // Now and then in any case, or nothing would be tried after the first disagreement.
      let isAnew = step % 40 == 39
      switch isAnew ? 7 : random.next() % 11 {
      case 0:
        locked = random.next() % 4 != 0
        rig.tell(.lock(locked: locked))
      case 1:
        ready = random.next() % 4 != 0
        rig.tell(.battery(ready: ready))
      case 2:
        sound = random.next() % 8 != 0
        rig.tell(.equipment(ok: sound))
      case 3: rig.tell(.temperature(sensor: 0, millicelsius: Int(random.next() % 100_000)))
      case 4: rig.tell(.pilot([.steadyHigh, .steadyLow, .pwm(permille: 50), .none][Int(random.next() % 4)]))
      case 5:
        plugged = random.next() % 3 != 0
        rig.tell(.proximity(plugged ? .plugged(cableMilliamps: nil) : .buttonPressed))
      case 6:
        rig.site.needs.wish = [.charge, .charge, .stop, .pause][Int(random.next() % 4)]
        rig.tell(.conditions(rig.site.needs))
      case 7 where isAnew || random.next() % 4 == 0:
        // A new plug-in, with everything as it has to be, so that it closes again.
        rig.unplug()
        (locked, ready, sound, plugged) = (true, true, true, true)
        rig.site.needs.wish = .charge
        rig.tell(.conditions(rig.site.needs))
        rig.tell(.battery(ready: true))
        rig.tell(.equipment(ok: true))
        rig.tell(.temperature(sensor: 0, millicelsius: 20_000))
        rig.run(for: .seconds(8))
        rig.plugIn()
        rig.tell(.lock(locked: true))
        rig.run(for: .seconds(20)) { $0.coil }
        again += rig.coil ? 1 : 0
      default: rig.run(for: .milliseconds(Int(random.next() % 400)))
      }
      // Where a current is to be ended first, they may take so long.
      if rig.site.vehicle.isContactorCommanded, rig.load == .b { rig.run(for: .milliseconds(60)) }
      let vehicle = rig.site.vehicle
      if vehicle.isContactorCommanded {
        #expect(
          locked && ready && sound && plugged && vehicle.offer == .digital && vehicle.load != .b
            && vehicle.fault == nil, "seed \(seed), step \(step)")
      }
      #expect(rig.coil == vehicle.isContactorCommanded, "seed \(seed), step \(step)")
    }
    #expect(again > 0, "seed \(seed): it never charged again, so that nothing was tried")
  }

  @Test func the_current_is_ended_by_S2_before_the_contactors_part() {
    var rig = charging()
    #expect(rig.amps > 50)
    rig.tell(.battery(ready: false))
    #expect(rig.load == .b && rig.coil, "the charger is asked first")
    var amps = rig.amps
    let start = rig.site.now
    while rig.coil, rig.site.now - start < .milliseconds(100) {
      amps = rig.amps
      rig.run(for: .milliseconds(1))
    }
    // 5 A: IEC 61851-23 on the charger's side.
    #expect(amps < 5, "the charger was faster than the contactors")
    #expect(rig.site.now - start <= .milliseconds(53))
  }

  @Test func a_duty_that_was_there_before_the_proximity_contact_told_of_the_plug_counts() {
    var rig = Rig(.dc)
    rig.site.change { $0.plugIn() }
    rig.run(for: .milliseconds(200))
    #expect(rig.site.vehicle.phase == .idle)
    rig.tell(.proximity(.plugged(cableMilliamps: nil)))
    #expect(rig.site.vehicle.offer == .digital)
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }

  @Test func a_bolt_that_an_earlier_run_left_out_is_drawn_back() {
    var rig = Rig(.dc) {
      $0.vehicleSafety.hasLock = true
      $0.vehicleSafety.feedbackMax = .milliseconds(200)
    }
    rig.run(for: .seconds(1))
    #expect(rig.vehicleLock == false)
  }
}

extension Rig {
  /// Tells the vehicle something, now.
  fileprivate mutating func tell(_ event: VehicleEvent) {
    site.schedule(event, at: site.now)
    run(for: .microseconds(1))
  }

  /// The coil of the vehicle's contactors.
  fileprivate var coil: Bool {
    if case .dc(let path) = site.bench.path { path.vehicleContactor.isCoilOn } else { false }
  }
  fileprivate var load: PilotLoad { site.vehicle.load }
  fileprivate var amps: Double {
    if case .dc(let path) = site.bench.path { path.stage.output().amps } else { 0 }
  }
  /// What the vehicle's lock was told, in order.
  fileprivate var lockings: [Bool] {
    notes.traces.compactMap {
      if case (.vehicle, .safety(.lock(let locked))) = ($0.side, $0.trace) { locked } else { nil }
    }
  }
  fileprivate var vehicleLock: Bool? { lockings.last }
  fileprivate var closings: Int {
    notes.traces.count {
      if case (.vehicle, .safety(.contactor(closed: true))) = ($0.side, $0.trace) { true } else { false }
    }
  }
}
