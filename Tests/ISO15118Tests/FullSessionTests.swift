import Testing
import Wire

@testable import ISO15118

@Suite struct FullSessionTests {
  @Test func a_dc_session_charges_and_ends_when_the_battery_is_full() {
    var rig = SessionRig.dc()
    rig.after(.seconds(10)) { $0.setVehicle { $0.chargingComplete = true } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
    #expect(rig.seccOutcomes == [.terminated])
    #expect(
      rig.messageLines.filter { $0.contains("Req") }.map(name).uniqued() == [
        "supportedAppProtocolReq", "SessionSetupReq", "ServiceDiscoveryReq", "PaymentServiceSelectionReq",
        "AuthorizationReq", "ChargeParameterDiscoveryReq", "CableCheckReq", "PreChargeReq",
        "PowerDeliveryReq",
        "CurrentDemandReq", "PowerDeliveryReq", "WeldingDetectionReq", "SessionStopReq",
      ])
    #expect(
      rig.energies == [
        .cableCheck(millivolts: 450_000), .preCharge(millivolts: 400_000, milliamps: 2000),
        .deliver(millivolts: 420_000, milliamps: 100_000), .deliver(millivolts: 420_000, milliamps: 0), .none,
      ])
    #expect(!rig.codes.contains { $0.isFailure })
  }

  @Test func an_ac_session_charges_and_ends_when_the_vehicle_wants_to() {
    var rig = SessionRig.ac()
    rig.after(.seconds(10)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
    #expect(rig.seccOutcomes == [.terminated])
    #expect(rig.energies == [.closeAC, .none])
    #expect(
      rig.messageLines.filter { $0.contains("Req") }.map(name).uniqued() == [
        "supportedAppProtocolReq", "SessionSetupReq", "ServiceDiscoveryReq", "PaymentServiceSelectionReq",
        "AuthorizationReq", "ChargeParameterDiscoveryReq", "PowerDeliveryReq", "ChargingStatusReq",
        "PowerDeliveryReq", "SessionStopReq",
      ])
    #expect(rig.ladder.contains { $0.hasSuffix("EVCC charger 16000 mA") })
  }

  @Test func the_ladder_of_an_ac_session_is_the_committed_one() {
    var rig = SessionRig.ac()
    rig.after(.milliseconds(2500)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.ladder.joined(separator: "\n") == Ladders.ac)
  }

  @Test func the_ladder_of_a_dc_session_is_the_committed_one() {
    var rig = SessionRig.dc()
    rig.after(.milliseconds(3000)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.ladder.joined(separator: "\n") == Ladders.dc)
  }

  @Test(arguments: [true, false]) func the_charger_can_ask_the_vehicle_to_stop(dc: Bool) {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.after(.seconds(8)) { $0.give(SECCEvent.stop(.user)) }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
    #expect(rig.seccOutcomes == [.terminated])
    #expect(rig.now < .zero + .seconds(12))
  }

  @Test(arguments: [true, false]) func a_notification_to_stop_is_followed(dc: Bool) {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.after(.seconds(8)) { $0.setCharger { $0.notification = .StopCharging } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
    #expect(rig.seccOutcomes == [.terminated])
  }

  @Test(arguments: [true, false]) func a_paused_session_is_resumed_with_its_id(dc: Bool) throws {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.after(.seconds(8)) { $0.setVehicle { $0.wish = .pause } }
    rig.connect()
    rig.runToEnd()
    let id = try #require(rig.secc.paused?.id)
    #expect(rig.seccOutcomes == [.paused(id)])
    #expect(rig.evccOutcomes == [.paused(id)])
    rig.run(for: .seconds(60))
    rig.authorizeAfter = nil
    rig.charger.authorization = .pending
    rig.vehicle.wish = .charge
    rig.codes = []
    rig.connect()
    _ = rig.run { $0.codes.contains(.OK_OldSessionJoined) }
    #expect(rig.secc.sessionID == id)
    rig.after(.seconds(8)) { $0.setVehicle { $0.wish = .stop } }
    rig.runToEnd()
    #expect(rig.seccOutcomes.last == .terminated)
    #expect(rig.evccOutcomes.last == .terminated)
    #expect(rig.secc.paused == nil)
    #expect(rig.evcc.paused == nil)
    #expect(!rig.codes.contains { $0.isFailure })
  }

  @Test func an_unknown_old_id_gets_a_new_session() throws {
    var rig = SessionRig.ac()
    rig.evcc.paused = PausedSession(
      id: SessionID(value: 0x1122), mode: .AC_three_phase_core, scheduleTupleID: 7)
    rig.after(.seconds(8)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.codes.contains(.OK_NewSessionEstablished))
    #expect(rig.evccOutcomes == [.terminated])
  }

  @Test(arguments: [true, false], [true, false])
  func a_renegotiation_goes_back_to_the_charge_parameters(dc: Bool, byVehicle: Bool) {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.after(.seconds(8)) {
      if byVehicle {
        $0.setVehicle { $0.wish = .renegotiate }
      } else {
        $0.setCharger { $0.notification = .ReNegotiation }
      }
    }
    rig.after(.seconds(20)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
    #expect(rig.seccOutcomes == [.terminated])
    let requests = rig.messageLines.filter { $0.contains("Req") }.map(name).uniqued()
    #expect(requests.filter { $0 == "ChargeParameterDiscoveryReq" }.count == 2)
    #expect(requests.filter { $0 == "CableCheckReq" }.count == (dc ? 2 : 0))
    // AC keeps its contactor closed all the way.
    if !dc { #expect(rig.energies == [.closeAC, .none]) }
  }

  @Test func a_vehicle_that_gives_up_early_stops_in_order() {
    for delay in stride(from: 0, through: 3000, by: 50) {
      var rig = SessionRig.dc()
      rig.after(.milliseconds(delay)) { $0.setVehicle { $0.wish = .stop } }
      rig.connect()
      rig.runToEnd()
      #expect(rig.evccOutcomes == [.terminated], "stop after \(delay) ms")
      #expect(rig.seccOutcomes == [.terminated], "stop after \(delay) ms")
    }
  }

  @Test(arguments: [EVSEConditions.Fault.emergencyShutdown, .malfunction, .utilityInterruptEvent])
  func a_fault_stops_the_energy_at_once_and_is_told_in_the_next_response(fault: EVSEConditions.Fault) {
    for delay in stride(from: 100, through: 6000, by: 290) {
      var rig = SessionRig.dc()
      rig.after(.milliseconds(delay)) { rig in
        rig.setCharger { $0.fault = fault }
        #expect(rig.energies.last ?? .none == EnergyCommand.none)
      }
      rig.connect()
      rig.runToEnd()
      #expect(rig.seccOutcomes.count == 1 && rig.evccOutcomes.count == 1)
      guard case .failed(let failure)? = rig.seccOutcomes.first else {
        Issue.record("no failure after \(delay) ms")
        continue
      }
      #expect(failure.cause == .emergency)
      #expect(failure.fault == .equipment)
      guard case .failed(let seen)? = rig.evccOutcomes.first else {
        Issue.record("no failure at the vehicle after \(delay) ms")
        continue
      }
      // Responses without an EVSE status can only say FAILED.
      #expect(seen.cause == .emergency || seen.cause == .refused)
    }
  }

  @Test func a_vehicle_that_ignores_the_wish_to_stop_loses_its_energy() {
    var driver = SECCDriver.at(.WaitForCurrentDemandOrPowerDeliveryReq, dc: true)
    driver.rig.setCharger { $0.notificationMaxDelay = 5 }
    driver.rig.give(SECCEvent.stop(.backend))
    let start = driver.rig.now
    while driver.rig.now < start + .seconds(15) {
      #expect(driver.send(.CurrentDemandReq, settle: .milliseconds(250)) == .OK)
    }
    driver.rig.run(for: .milliseconds(1))
    #expect(driver.rig.energies.last == EnergyCommand.none)
    #expect(driver.send(.CurrentDemandReq) == .FAILED)
  }

  @Test func the_customer_can_take_minutes_when_the_site_allows_it() {
    var rig = SessionRig.ac { charger, _ in charger.timers.eimAuthorization = .seconds(180) }
    rig.authorizeAfter = .seconds(170)
    rig.after(.seconds(180)) { $0.setVehicle { $0.wish = .stop } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
  }

  @Test func targets_are_clamped_and_the_limits_are_named() {
    var driver = SECCDriver.at(.WaitForCurrentDemandReq, dc: true)
    driver.send(.CurrentDemandReq) {
      $0.targetVolts = 600
      $0.targetAmps = 300
    }
    // 50 kW at 500 V.
    #expect(driver.rig.energies.last == .deliver(millivolts: 500_000, milliamps: 100_000))
    driver.rig.setCharger { $0.limits.maximumWatts = 1_000_000 }
    driver.send(.CurrentDemandReq) { $0.targetAmps = 300 }
    #expect(driver.rig.energies.last == .deliver(millivolts: 400_000, milliamps: 125_000))
  }

  private func name(_ line: String) -> String {
    line.split(separator: " ").first { $0.hasSuffix("Req") }.map(String.init) ?? line
  }
}

extension Array where Element: Equatable {
  /// Repetitions in a row count once.
  func uniqued() -> [Element] {
    var result: [Element] = []
    for element in self where result.last != element { result.append(element) }
    return result
  }
}
