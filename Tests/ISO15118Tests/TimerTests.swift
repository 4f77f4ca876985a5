import Testing
import Wire

@testable import ISO15118

/// Every timer of the session, in virtual time, to the millisecond.
@Suite struct TimerTests {
  // MARK: SECC

  @Test func a_silent_vehicle_is_given_up_sixty_seconds_after_each_response() {
    for dc in [true, false] {
      for (state, driver) in SECCDriver.states(dc: dc) {
        if state == .WaitForDisconnect || state == .WaitForSupportedAppProtocolReq { continue }
        if state == .WaitForSessionSetupReq { continue }  // the communication setup timeout comes first
        var copy = driver
        let start = copy.rig.now
        let before = copy.rig.secc.deadline
        copy.rig.run(for: .seconds(70))
        #expect(copy.rig.seccEnded == before, "\(state)")
        // The state was reached by a response; what followed it took less than a second.
        #expect(before.map { $0 - start <= .seconds(60) && $0 - start > .seconds(59) } == true, "\(state)")
        guard case .failed(let failure)? = copy.rig.seccOutcomes.first else {
          Issue.record("no failure in \(state)")
          continue
        }
        #expect(failure.cause == .sequenceTimeout)
        #expect(copy.rig.energies.last ?? .none == EnergyCommand.none)
        #expect(copy.rig.ladder.contains { $0.hasSuffix("SECC close immediately") })
      }
    }
  }

  @Test func without_a_session_setup_the_connection_lasts_twenty_seconds() {
    var silent = SECCDriver(dc: true)
    silent.rig.run(for: .seconds(70))
    #expect(silent.rig.seccEnded == .zero + .seconds(20))
    var slow = SECCDriver(dc: true)
    slow.rig.run(for: .seconds(10))
    slow.negotiate()
    slow.rig.run(for: .seconds(70))
    #expect(slow.rig.seccEnded == .zero + .seconds(20))
    guard case .failed(let failure)? = slow.rig.seccOutcomes.first else {
      Issue.record("no failure")
      return
    }
    #expect(failure.cause == .communicationSetupTimeout)
  }

  @Test func the_setup_time_counts_from_the_link_when_it_is_told() {
    var rig = SessionRig.dc()
    rig.give(SECCEvent.linkReady)
    rig.run(for: .seconds(5))
    rig.connectSECC()
    rig.run(for: .seconds(60))
    #expect(rig.seccEnded == .zero + .seconds(20))
  }

  @Test func a_link_without_a_connection_ends_after_twenty_seconds_on_both_sides() {
    var rig = SessionRig.dc()
    rig.give(SECCEvent.linkReady)
    rig.give(EVCCEvent.linkReady)
    rig.run(for: .seconds(60))
    #expect(rig.seccEnded == .zero + .seconds(20))
    #expect(rig.evccEnded == .zero + .seconds(20))
    #expect(rig.secc.deadline == nil)
    #expect(rig.evcc.deadline == nil)
  }

  @Test func a_vehicle_that_does_not_close_is_closed_after_five_seconds() {
    for dc in [true, false] {
      var driver = SECCDriver.at(.WaitForDisconnect, dc: dc)
      #expect(driver.state == .WaitForDisconnect)
      let start = driver.rig.now
      driver.rig.run(for: .seconds(60))
      #expect(driver.rig.seccEnded == start + .seconds(5))
      #expect(driver.rig.seccOutcomes == [.terminated])
    }
  }

  @Test func an_ignored_payload_type_does_not_feed_the_sequence_timer() {
    var driver = SECCDriver.states(dc: true)[2].1
    let due = driver.rig.secc.deadline
    driver.rig.run(for: .seconds(30))
    for type: UInt16 in [0x7001, 0x8002, 0x9000, 0xA000, 0] {
      driver.rig.receive([0x80, 0x98], type: .init(rawValue: type), by: .secc)
    }
    driver.rig.receive([], by: .secc)
    #expect(driver.rig.secc.deadline == due)
    #expect(driver.state == .WaitForServiceDiscoveryReq)
    #expect(driver.send(.ServiceDiscoveryReq) == .OK)
  }

  // MARK: EVCC

  /// The SECC's answers stop with the one of the given number; when the EVCC gives up, and why.
  private func silence(after number: Int, dc: Bool) -> (
    waited: Duration, failure: SessionFailure?, SessionRig
  ) {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.tamper = { octets, side, index in side == .secc && index >= number ? [] : octets }
    rig.authorizeAfter = .milliseconds(100)
    rig.cableCheckTime = .milliseconds(200)
    rig.after(.milliseconds(1700)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    let start = rig.ladder.last { $0.contains("EVCC -> ") }.map(time) ?? .zero
    guard case .failed(let failure)? = rig.evccOutcomes.first, let end = rig.evccEnded else {
      return (.zero, nil, rig)
    }
    return (end - start, failure, rig)
  }

  private func time(_ line: String) -> Instant {
    let parts = line.split(separator: " ")[0].split(separator: ".")
    return .zero + .seconds(Int64(parts[0]) ?? 0) + .milliseconds(Int64(parts[1]) ?? 0)
  }

  @Test func each_message_has_its_own_timeout() {
    let standard = SessionTimers.standard
    var seen: Set<SessionMessage> = []
    for dc in [true, false] {
      for number in 0..<200 {
        let (waited, failure, rig) = silence(after: number, dc: dc)
        guard let failure, let message = failure.message else {
          #expect(rig.evccOutcomes == [.terminated])
          break
        }
        #expect(failure.cause == .messageTimeout)
        #expect(failure.layer == .timer)
        seen.insert(message)
        let expected: Duration =
          switch message {
          case .CurrentDemandRes: standard.currentDemand
          case .PowerDeliveryRes: standard.powerDelivery
          default: .seconds(2)
          }
        #expect(waited == expected, "\(message)")
        #expect(rig.seccOutcomes.count == 1)
        #expect(rig.evcc.deadline == nil)
      }
    }
    #expect(seen.count == 13)
  }

  @Test func ongoing_charge_parameters_end_after_sixty_seconds() {
    var rig = SessionRig.ac { charger, _ in charger.timers.seccOngoing = .seconds(600) }
    rig.charger.powerStageReady = false
    rig.connect()
    rig.runToEnd()
    let first = rig.ladder.first { $0.contains("EVCC <- ChargeParameterDiscoveryRes OK Ongoing") }.map(time)
    #expect(rig.evccEnded == first.map { $0 + .seconds(60) })
    expectFailure(rig, .ongoingTimeout)
  }

  @Test func waiting_for_the_customer_has_no_limit_at_the_vehicle() {
    var rig = SessionRig.ac { charger, _ in charger.timers.eimAuthorization = .seconds(3600) }
    rig.authorizeAfter = nil
    rig.connect()
    rig.run(for: .seconds(200))
    #expect(rig.evccOutcomes.isEmpty)
    rig.setCharger { $0.authorization = .granted }
    rig.run(for: .seconds(2))
    #expect(rig.evcc.state == .WaitForChargingStatusRes)
  }

  @Test func cable_check_ends_after_forty_seconds() {
    var rig = SessionRig.dc { charger, _ in charger.timers.seccCableCheck = .seconds(600) }
    rig.cableCheckTime = .seconds(3600)
    rig.connect()
    rig.runToEnd()
    let first = rig.ladder.first { $0.contains("EVCC <- ChargeParameterDiscoveryRes OK Finished") }.map(time)
    #expect(rig.evccEnded == first.map { $0 + .seconds(40) })
    expectFailure(rig, .cableCheckTimeout)
  }

  @Test func precharge_ends_after_seven_seconds() {
    var rig = SessionRig.dc()
    rig.vehicleContactorFollows = false
    rig.connect()
    rig.runToEnd()
    let first = rig.ladder.first { $0.contains("EVCC <- CableCheckRes OK Finished") }.map(time)
    #expect(rig.evccEnded == first.map { $0 + .seconds(7) })
    expectFailure(rig, .preChargeTimeout)
  }

  @Test func the_pilot_reaches_c_in_a_quarter_second_or_the_vehicle_gives_up() {
    for dc in [true, false] {
      var rig = dc ? SessionRig.dc() : SessionRig.ac()
      rig.vehiclePilotFollows = false
      rig.connect()
      rig.runToEnd()
      let asked = rig.ladder.first { $0.hasSuffix("EVCC pilot C") }.map(time)
      #expect(rig.evccEnded == asked.map { $0 + .milliseconds(250) })
      expectFailure(rig, .pilot)
    }
  }

  @Test func a_silent_charger_ends_the_setup_with_the_link_timer() {
    var rig = SessionRig.dc()
    rig.tamper = { octets, side, _ in side == .secc ? [] : octets }
    rig.give(EVCCEvent.linkReady)
    rig.run(for: .milliseconds(19_000))
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccEnded == .zero + .seconds(20))
    expectFailure(rig, .communicationSetupTimeout)
  }

  @Test func the_dc_loop_keeps_its_pace() {
    var rig = SessionRig.dc { _, vehicle in vehicle.timers.currentDemandPace = .milliseconds(50) }
    rig.after(.seconds(12)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    let times = rig.ladder.filter { $0.hasSuffix("EVCC -> CurrentDemandReq") }.map(time)
    #expect(times.count > 100)
    for (a, b) in zip(times.dropFirst(), times.dropFirst(2)).dropLast(2) {
      #expect(b - a == .milliseconds(54))
    }
  }

  @Test func a_timeout_that_comes_early_late_or_twice_is_harmless() {
    var rig = SessionRig.dc()
    rig.after(.seconds(4)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    for _ in 0..<100_000 where rig.evccEnded == nil || rig.seccEnded == nil {
      rig.give(SECCEvent.timeout)
      rig.give(EVCCEvent.timeout)
      guard rig.run(until: { _ in true }) else { break }
      rig.run(for: .milliseconds(1))
    }
    #expect(rig.evccOutcomes == [.terminated])
    #expect(rig.seccOutcomes == [.terminated])
  }

  private func expectFailure(_ rig: SessionRig, _ cause: SessionFailure.Cause) {
    guard case .failed(let failure)? = rig.evccOutcomes.first else {
      Issue.record("no failure")
      return
    }
    #expect(failure.cause == cause)
  }
}
