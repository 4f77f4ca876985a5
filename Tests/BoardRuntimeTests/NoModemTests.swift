import Foundation
import Testing

/// `coupler evse --link none` and `coupler ev --link none`: a charge by the duty alone, without a network and without root.
@Suite(.enabled(if: Program.areBuilt, "the programs were not built beside the tests"))
struct NoModemTests {
  @Test func two_processes_charge_by_the_duty_alone() throws {
    let folder = try ScratchFolder()
    let common = ["--link", "none", "--ac", "--pilot", folder.path + "/cable"]
    var vehicle: Program.Result?
    let charger = try Program.coupler.run(["evse", "--once"] + common) { _ in
      vehicle = try Program.coupler.run(["ev", "--seconds", "1"] + common)
    }
    #expect(vehicle?.status == 0, "\(vehicle?.errors ?? "")")
    #expect(vehicle?.output.contains("vehicle reads 31.9 A") == true)
    #expect(charger.status == 0, "\(charger.errors)")
    #expect(charger.output.contains("ready: charger without a modem"))
    #expect(charger.output.contains("charger drives 53.3 %") && !charger.output.contains("drives 5 %"))
    #expect(charger.output.contains("outlet live") && charger.output.contains("outlet dead"))
  }

  @Test func a_vehicle_alone_has_a_charger_played_to_it() throws {
    let result = try Program.coupler.run(["ev", "--link", "none", "--ac", "--seconds", "0.5"])
    #expect(result.status == 0 && result.output.contains("session terminated"), "\(result.errors)")
  }

  @Test(arguments: [
    (["ev", "--ac"], "--interface is missing"), (["ev", "--link", "none"], "add --ac"),
    (["evse", "--link", "none", "--ac", "--interface", "lo"], "leave --interface out"),
    (["evse", "--link", "none", "--ac", "--port", "50000"], "--port is of a network"),
    (["evse", "--link", "none", "--ac", "--slac-mode", "conformant"], "options of SLAC have no meaning"),
    (["ev", "--link", "none", "--ac", "--record", "x.pcapng"], "--record is of a network"),
    (["ev", "--link", "none", "--ac", "--until", "match"], "needs SLAC"),
    (["ev", "--link", "none", "--ac", "--no-slac"], "exclude each other"),
  ])
  func what_would_do_nothing_is_refused(arguments: [String], text: String) throws {
    let result = try Program.coupler.run(arguments)
    #expect(result.status == 64 && result.errors.contains(text), "\(result.errors)")
  }
}
