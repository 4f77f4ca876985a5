import Foundation
import Testing

/// One test per scenario; the function names are the scenarios' names. One after the other, since each
/// keeps both cores of a small machine busy.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropTests {
  @Test func coupler_evse_charges_coupler_ev_over_a_line_dc() throws { try Scenario.holds() }
  @Test func coupler_evse_charges_coupler_ev_over_a_line_ac() throws { try Scenario.holds() }
  @Test func coupler_demo_records_a_dc_session_that_tshark_reads() throws { try Scenario.holds() }
  @Test func coupler_demo_records_an_ac_session_that_tshark_reads() throws { try Scenario.holds() }
  @Test func iso15118_evcc_charges_from_coupler_evse_ac() throws { try Scenario.holds() }
  @Test func iso15118_evcc_charges_from_coupler_evse_dc() throws { try Scenario.holds() }
  @Test func coupler_ev_charges_from_iso15118_secc_ac() throws { try Scenario.holds() }
  @Test func coupler_ev_charges_from_iso15118_secc_dc() throws { try Scenario.holds() }
  @Test func coupler_evse_answers_a_wrong_session_id_with_FAILED_UnknownSession() throws {
    try Scenario.holds()
  }
  @Test func coupler_evse_answers_a_message_out_of_order_with_FAILED_SequenceError() throws {
    try Scenario.holds()
  }
  @Test func coupler_evse_survives_vehicles_that_vanish_at_every_step() throws { try Scenario.holds() }
  @Test func exificient_and_coupler_exi_agree_on_random_documents() throws { try Scenario.holds() }
}

/// Scenarios that mostly wait for timers of a minute, beside the others.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropTimeoutTests {
  @Test func coupler_evse_survives_vehicles_that_stall() throws { try Scenario.holds() }
  @Test func coupler_evse_notices_a_vehicle_that_falls_silent_while_charging() throws {
    try Scenario.holds()
  }
}

/// Strangers at SLAC: they mostly wait, beside the others.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropSLACTests {
  @Test func pyslac_evse_matches_coupler_ev() throws { try Scenario.holds() }
  @Test func a_raw_frame_ev_matches_coupler_evse() throws { try Scenario.holds() }
  @Test func vehicles_with_every_known_defect_against_coupler_evse() throws { try Scenario.holds() }
  @Test func chargers_with_every_known_defect_against_coupler_ev() throws { try Scenario.holds() }
  @Test func coupler_evse_sleeps_while_nobody_is_plugged_in() throws { try Scenario.holds() }
  @Test func recorded_vehicles_match_coupler_evse() throws { try Scenario.holds() }
  @Test func recorded_chargers_match_coupler_ev() throws { try Scenario.holds() }
}

/// Modems: their tools, and SPI in front of them.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropModemTests {
  @Test func coupler_modem_speaks_with_the_modem_of_each_vendor() throws { try Scenario.holds() }
  @Test func coupler_modem_makes_a_vehicles_modem_a_chargers() throws { try Scenario.holds() }
  @Test func coupler_modem_writes_firmware_and_parameters_with_every_kind_of_flash() throws {
    try Scenario.holds()
  }
  @Test func coupler_modem_doctor_names_the_fault_of_a_modem() throws { try Scenario.holds() }
  @Test func coupler_modem_shows_the_attenuation_at_both_ends() throws { try Scenario.holds() }
  @Test func a_session_runs_over_two_chips_on_spi() throws { try Scenario.holds() }
  @Test func a_session_runs_over_spidev_and_a_gpio_line() throws { try Scenario.holds() }
  @Test func a_chip_that_goes_away_is_found_again() throws { try Scenario.holds() }
}

/// The daemon that is flashed.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropDaemonTests {
  @Test func a_vehicle_charges_from_the_daemon() throws { try Scenario.holds() }
  @Test func the_daemon_opens_before_it_stops_in_a_session() throws { try Scenario.holds() }
  @Test func the_daemon_waits_for_its_interface() throws { try Scenario.holds() }
  @Test func the_daemon_is_steered_by_its_control_socket() throws { try Scenario.holds() }
  @Test func a_killed_daemon_has_forgotten_nothing_and_charges_again() throws { try Scenario.holds() }
  @Test func a_python_power_stage_charges_a_vehicle_from_the_daemon() throws { try Scenario.holds() }
  @Test func a_power_stage_that_falls_silent_ends_the_charge() throws { try Scenario.holds() }
  @Test func a_power_stage_that_dies_ends_the_charge_and_its_heir_charges() throws { try Scenario.holds() }
}

/// The daemon in a vehicle.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropVehicleTests {
  @Test func a_vehicle_daemon_charges_from_a_charger_daemon() throws { try Scenario.holds() }
  @Test func a_vehicle_daemon_charges_from_coupler_evse() throws { try Scenario.holds() }
  @Test func a_vehicle_daemon_charges_from_iso15118_secc() throws { try Scenario.holds() }
  @Test func a_vehicle_whose_battery_falls_silent_ends_in_order() throws { try Scenario.holds() }
  @Test func a_killed_vehicle_daemon_tells_it_and_charges_again() throws { try Scenario.holds() }
}

/// The daemon behind a safety controller.
@Suite(
  .serialized,
  .enabled(if: Scenario.obstacle == nil, Comment(rawValue: Scenario.obstacle ?? "")))
struct InteropControllerTests {
  @Test func a_vehicle_charges_behind_a_safety_controller() throws { try Scenario.holds() }
  @Test func a_killed_daemon_leaves_it_to_the_controller_to_open() throws { try Scenario.holds() }
  @Test func a_controller_that_falls_silent_ends_the_session() throws { try Scenario.holds() }
}

@Suite struct InteropListTests {
  @Test func every_scenario_has_a_test() throws {
    let tests = try String(contentsOfFile: #filePath, encoding: .utf8)
    for name in try Scenario.names() {
      #expect(tests.contains("@Test func \(name)() "), "no test runs the scenario \(name)")
    }
  }
}
