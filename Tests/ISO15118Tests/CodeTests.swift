import ISO15118_2Messages
import Testing
import Wire

@testable import ISO15118

/// Response codes by message (ISO 15118-2 8.8.4), each from the state the request belongs to.
@Suite struct CodeTests {
  private func driver(_ state: SECCState, dc: Bool = true) -> SECCDriver { SECCDriver.at(state, dc: dc) }

  @Test func a_service_that_is_not_offered_has_no_details() {
    var driver = driver(.WaitForServiceDetailOrPaymentServiceSelectionReq)
    #expect(driver.send(.ServiceDetailReq) == .FAILED_ServiceIDInvalid)
  }

  @Test func payment_and_services_are_checked_in_order() {
    let start = driver(.WaitForServiceDetailOrPaymentServiceSelectionReq)
    for (payment, services, code) in [
      (PaymentOption.Contract, [UInt16(1)], SessionResponseCode.FAILED_PaymentSelectionInvalid),
      (.Contract, [9], .FAILED_PaymentSelectionInvalid),
      (.ExternalPayment, [1, 9], .FAILED_ServiceSelectionInvalid),
      (.ExternalPayment, [9], .FAILED_ServiceSelectionInvalid), (.ExternalPayment, [1], .OK),
    ] {
      var driver = start
      #expect(
        driver.send(.PaymentServiceSelectionReq) {
          $0.payment = payment
          $0.services = services
        } == code)
    }
  }

  @Test func an_energy_mode_that_is_not_offered_is_refused() {
    for mode in [EnergyTransferMode.AC_three_phase_core, .AC_single_phase_core, .DC_unique, .DC_combo_core] {
      var driver = driver(.WaitForChargeParameterDiscoveryReq)
      #expect(driver.send(.ChargeParameterDiscoveryReq) { $0.mode = mode } == .FAILED_WrongEnergyTransferMode)
    }
    var driver = driver(.WaitForChargeParameterDiscoveryReq)
    #expect(
      driver.send(.ChargeParameterDiscoveryReq) {
        $0.dc = false
        $0.mode = .DC_extended
      } == .FAILED_WrongEnergyTransferMode)
  }

  @Test func charge_parameters_have_to_be_sane() {
    for dc in [true, false] {
      for change: (inout Requests.Options) -> Void in [
        { $0.maximumAmps = -32 }, { $0.maximumAmps = 0 }, { $0.maximumVolts = 0 }, { $0.maximumVolts = -1 },
      ] {
        var driver = driver(.WaitForChargeParameterDiscoveryReq, dc: dc)
        #expect(driver.send(.ChargeParameterDiscoveryReq, change) == .FAILED_WrongChargeParameter)
      }
    }
    var low = driver(.WaitForChargeParameterDiscoveryReq)
    #expect(low.send(.ChargeParameterDiscoveryReq) { $0.maximumVolts = 149 } == .FAILED_WrongChargeParameter)
    var unit = driver(.WaitForChargeParameterDiscoveryReq)
    #expect(unit.send(.ChargeParameterDiscoveryReq) { $0.powerUnit = .V } == .FAILED_WrongChargeParameter)
  }

  @Test func charge_parameters_stay_ongoing_while_the_power_stage_is_not_ready() {
    var driver = driver(.WaitForChargeParameterDiscoveryReq)
    driver.rig.setCharger { $0.powerStageReady = false }
    let start = driver.rig.now
    while driver.rig.now < start + .seconds(55) {
      #expect(driver.send(.ChargeParameterDiscoveryReq, settle: .seconds(5)) == .OK)
      #expect(driver.state == .WaitForChargeParameterDiscoveryReq)
    }
    #expect(driver.send(.ChargeParameterDiscoveryReq) == .FAILED)
  }

  @Test func authorization_waits_for_the_customer_and_not_forever() {
    var waiting = driver(.WaitForServiceDetailOrPaymentServiceSelectionReq)
    waiting.rig.authorizeAfter = nil
    waiting.send(.PaymentServiceSelectionReq)
    let start = waiting.rig.now
    while waiting.rig.now < start + .seconds(55) {
      #expect(waiting.send(.AuthorizationReq, settle: .seconds(1)) == .OK)
      #expect(waiting.rig.messageLines.last?.hasSuffix("OK Ongoing_WaitingForCustomerInteraction") == true)
    }
    #expect(waiting.send(.AuthorizationReq) == .FAILED)
  }

  @Test func a_refused_customer_stays_ongoing() {
    var driver = driver(.WaitForServiceDetailOrPaymentServiceSelectionReq)
    driver.rig.authorizeAfter = nil
    driver.send(.PaymentServiceSelectionReq)
    driver.rig.setCharger { $0.authorization = .refused }
    #expect(driver.send(.AuthorizationReq) == .OK)
    #expect(driver.state == .WaitForAuthorizationReq)
  }

  @Test func cable_check_without_c_fails_after_the_detection_time() {
    var driver = driver(.WaitForCableCheckReq)
    driver.pilot(.B)
    let start = driver.rig.now
    #expect(driver.send(.CableCheckReq) == nil)
    #expect(driver.rig.secc.deadline == start + .milliseconds(250))
    driver.rig.run(for: .milliseconds(250))
    #expect(driver.code == .FAILED)
    #expect(driver.rig.energies.isEmpty)
  }

  @Test func cable_check_takes_c_or_d_even_when_late() {
    for letter in [PilotLetter.C, .D] {
      var driver = driver(.WaitForCableCheckReq)
      driver.pilot(.B)
      #expect(driver.send(.CableCheckReq, settle: .milliseconds(200)) == nil)
      driver.pilot(letter)
      #expect(driver.code == .OK)
    }
  }

  @Test func only_valid_and_warning_pass_the_insulation_test() {
    for (isolation, code) in [
      (EVSEConditions.Isolation.valid, SessionResponseCode.OK), (.warning, .OK), (.fault, .FAILED),
      (.noIMD, .FAILED),
    ] {
      var driver = driver(.WaitForCableCheckReq)
      driver.rig.isolationResult = isolation
      #expect(driver.send(.CableCheckReq, settle: .milliseconds(200)) == .OK)
      #expect(driver.state == .WaitForCableCheckReq)
      #expect(driver.send(.CableCheckReq) == code)
      #expect(driver.state == (code == .OK ? .WaitForPreChargeReq : .WaitForDisconnect))
    }
  }

  @Test func an_old_insulation_result_does_not_count() {
    var driver = driver(.WaitForCableCheckReq)
    driver.rig.setCharger { $0.isolation = .valid }
    driver.rig.cableCheckTime = .seconds(3600)
    #expect(driver.send(.CableCheckReq) == .OK)
    #expect(driver.send(.CableCheckReq) == .OK)
    #expect(driver.state == .WaitForCableCheckReq)
  }

  @Test func cable_check_that_takes_too_long_fails() {
    var driver = driver(.WaitForCableCheckReq)
    driver.rig.cableCheckTime = .seconds(3600)
    let start = driver.rig.now
    while driver.rig.now < start + .seconds(38) {
      #expect(driver.send(.CableCheckReq, settle: .seconds(1)) == .OK)
    }
    #expect(driver.send(.CableCheckReq) == .FAILED)
  }

  @Test func a_vehicle_error_stops_before_energy_flows() {
    for (state, message) in [
      (SECCState.WaitForCableCheckReq, SessionMessage.CableCheckReq), (.WaitForPreChargeReq, .PreChargeReq),
    ] {
      var driver = driver(state)
      #expect(driver.send(message) { $0.error = .FAILED_EVRESSMalfunction } == .FAILED)
    }
  }

  @Test func precharge_voltage_has_to_fit() {
    var driver = driver(.WaitForPreChargeReq)
    #expect(driver.send(.PreChargeReq) { $0.targetVolts = 501 } == .FAILED)
  }

  @Test func power_delivery_checks_schedule_profile_and_order() {
    for dc in [true, false] {
      let state: SECCState = dc ? .WaitForPreChargeOrPowerDeliveryReq : .WaitForPowerDeliveryReq
      var tuple = driver(state, dc: dc)
      #expect(tuple.send(.PowerDeliveryReq) { $0.tupleID = 2 } == .FAILED_TariffSelectionInvalid)
      var profile = driver(state, dc: dc)
      #expect(profile.send(.PowerDeliveryReq) { $0.profileWatts = 60_000 } == .FAILED_ChargingProfileInvalid)
      var renegotiate = driver(state, dc: dc)
      #expect(renegotiate.send(.PowerDeliveryReq) { $0.progress = .Renegotiate } == .FAILED)
    }
  }

  @Test func power_delivery_waits_for_the_contactor_and_fails_after_three_seconds() {
    var driver = driver(.WaitForPowerDeliveryReq, dc: false)
    driver.rig.contactorFollows = false
    let start = driver.rig.now
    #expect(driver.send(.PowerDeliveryReq) == nil)
    #expect(driver.rig.energies == [.closeAC])
    driver.rig.run(for: .milliseconds(2999))
    #expect(driver.code == .OK)
    driver.rig.run(for: .milliseconds(1))
    #expect(driver.code == .FAILED_ContactorError)
    #expect(driver.rig.now == start + .seconds(3))
    #expect(driver.rig.energies == [.closeAC, .none])
  }

  @Test func power_delivery_without_c_is_not_applied() {
    var driver = driver(.WaitForPowerDeliveryReq, dc: false)
    driver.pilot(.B)
    #expect(driver.send(.PowerDeliveryReq, settle: .milliseconds(250)) == .FAILED_PowerDeliveryNotApplied)
    #expect(driver.rig.energies.isEmpty)
  }

  @Test func a_contactor_that_stays_closed_is_told() {
    var driver = driver(.WaitForChargingStatusOrPowerDeliveryReq, dc: false)
    driver.rig.contactorFollows = false
    #expect(driver.send(.PowerDeliveryReq, settle: .milliseconds(2999)) { $0.progress = .Stop } == nil)
    driver.rig.run(for: .milliseconds(1))
    #expect(driver.code == .FAILED_ContactorError)
  }

  @Test func leaving_c_in_the_dc_loop_cuts_the_energy_at_once_and_for_good() {
    var driver = driver(.WaitForCurrentDemandOrPowerDeliveryReq)
    driver.pilot(.B)
    #expect(driver.rig.energies.last == EnergyCommand.none)
    driver.pilot(.C)
    #expect(driver.send(.CurrentDemandReq) == .FAILED)
  }

  @Test func after_leaving_c_the_dc_loop_can_still_be_stopped_in_order() {
    var driver = driver(.WaitForCurrentDemandOrPowerDeliveryReq)
    driver.pilot(.B)
    #expect(driver.send(.PowerDeliveryReq, settle: .milliseconds(500)) { $0.progress = .Stop } == .OK)
    #expect(driver.send(.WeldingDetectionReq) == .OK)
    #expect(driver.send(.SessionStopReq) == .OK)
  }

  @Test func errors_of_the_vehicle_do_not_spoil_the_stop() {
    for error in [DC_EVErrorCode.FAILED_RESSTemperatureInhibit, .NoData, .Reserved_A] {
      var driver = driver(.WaitForCurrentDemandOrPowerDeliveryReq)
      #expect(driver.send(.CurrentDemandReq) { $0.error = error } == .OK)
      guard case .deliver(_, 0)? = driver.rig.energies.last else {
        Issue.record("current is wanted in spite of \(error)")
        continue
      }
      #expect(
        driver.send(.PowerDeliveryReq, settle: .milliseconds(500)) {
          $0.progress = .Stop
          $0.error = error
        } == .OK)
    }
  }

  @Test func welding_detection_and_session_stop_want_b() {
    for message in [SessionMessage.WeldingDetectionReq, .SessionStopReq] {
      var late = driver(.WaitForWeldingDetectionOrSessionStopReq)
      late.pilot(.C)
      #expect(late.send(message, settle: .milliseconds(249)) == nil)
      var intime = late
      intime.pilot(.B)
      #expect(intime.code == .OK)
      late.rig.run(for: .milliseconds(1))
      #expect(late.code == .FAILED)
      var tolerant = driver(.WaitForWeldingDetectionOrSessionStopReq)
      tolerant.pilot(.A)
      #expect(tolerant.send(message) == .OK)
    }
  }

  @Test func every_code_survives_the_schema() {
    for code in SessionResponseCode.allCases
    where code != .Failed_NoNegotiation && !code.rawValue.hasPrefix("OK_Successful") {
      #expect(SessionResponseCode(ResponseCode(code)) == code)
      #expect("\(ResponseCode(code))" == code.rawValue)
    }
  }

  @Test func physical_values_keep_what_sixteen_bits_can_hold() {
    for (thousandths, text) in [
      (0, "0 * 10^0"), (400_000, "400 * 10^0"), (420_500, "4205 * 10^-1"), (1, "1 * 10^-3"),
      (-1500, "-15 * 10^-1"),
      (32_767, "32767 * 10^-3"), (32_768, "3276 * 10^-2"), (1_000_000, "1000 * 10^0"),
      (50_000_000, "5000 * 10^1"),
      (125_000, "125 * 10^0"), (Int(Int32.max), "21474 * 10^2"),
    ] {
      let value = SessionCodec.physical(thousandths: thousandths, .V)
      #expect("\(value.value) * 10^\(value.multiplier)" == text)
    }
  }
}

extension CodeTests {
  @Test func session_stop_in_the_loop_is_admitted_only_by_quirk() throws {
    for dc in [true, false] {
      for tolerates in [true, false] {
        let states = SECCDriver.states(dc: dc) { $0.quirks.sessionStopInLoop = tolerates }
        for (_, state) in states where state.state.isLoop {
          var driver = state
          driver.pilot(.B)
          #expect(driver.send(.SessionStopReq) == (tolerates ? .OK : .FAILED_SequenceError))
          #expect(driver.rig.energies.last == EnergyCommand.none)
        }
      }
    }
  }

  @Test func a_paused_session_is_forgotten_when_the_vehicle_leaves() {
    var driver = SECCDriver.states(dc: true).last { $0.0 == .WaitForWeldingDetectionOrSessionStopReq }?.1
    driver?.send(.SessionStopReq) { $0.pause = true }
    #expect(driver?.rig.secc.paused != nil)
    driver?.pilot(.A)
    #expect(driver?.rig.secc.paused == nil)
  }

  @Test func a_tripped_residual_current_device_stops_the_vehicle() {
    var rig = SessionRig.ac()
    rig.after(.seconds(5)) { $0.setCharger { $0.residualCurrentTripped = true } }
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
  }
}
