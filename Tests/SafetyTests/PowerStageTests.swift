import HAL
import Testing
import Wire

@testable import Safety

extension SafetySettings {
  /// DC, whose power stage another program drives.
  static var externalStage: SafetySettings {
    var settings = relaxed(.dc)
    settings.hasExternalPowerStage = true
    return settings
  }
}

/// A power stage that another program drives.
@Suite struct PowerStageTests {
  @Test(arguments: PowerStageTrouble.allCases)
  func trouble_under_load_switches_the_stage_off_and_opens_at_once(trouble: PowerStageTrouble) {
    var station = Station.chargingDC(.externalStage)
    #expect(station.supervisor.isContactorCommandedClosed)
    let begin = station.now
    station.supervise(.powerStageTrouble(trouble))
    let name = SafetyFault.powerStage(trouble).name
    #expect(station.takeLog() == ["power off", "open", "fault \(name)", "force X1"])
    #expect(station.openedAt == begin)
    station.supervise(.powerStageTrouble(nil))
    station.supervise(.authorized(true))
    station.supervise(.energyRequested(.dcInsulationTest))
    station.run(.seconds(2))
    #expect(!station.supervisor.isContactorCommandedClosed, "the plug has to come out first")
    #expect(station.supervisor.latched == .powerStage(trouble))
  }

  @Test func its_latch_ends_when_the_plug_is_out_and_the_stage_is_well() {
    var station = Station.chargingDC(.externalStage)
    station.supervise(.powerStageTrouble(.silent))
    station.plug(.detached)
    station.run(.seconds(1))
    #expect(station.supervisor.latched == .powerStage(.silent))
    station.supervise(.powerStageTrouble(.faulty))
    #expect(station.supervisor.latched == .powerStage(.silent))
    station.supervise(.powerStageTrouble(nil))
    #expect(station.supervisor.latched == nil)
  }

  @Test func nothing_closes_before_it_was_heard() {
    var station = Station(.externalStage)
    station.plug(.b)
    station.run(.milliseconds(50))
    station.supervise(.authorized(true))
    station.request(.digital)
    station.plug(.c)
    station.run(.milliseconds(100))
    _ = station.takeLog()
    station.supervise(.energyRequested(.dcInsulationTest))
    station.run(.seconds(1))
    #expect(station.takeLog() == ["fault powerStageSilent", "force X1"])
    #expect(station.closings.isEmpty)
  }

  @Test func trouble_while_nothing_is_demanded_is_no_fault() {
    var station = Station(.externalStage)
    station.plug(.b)
    for trouble in PowerStageTrouble.allCases {
      station.supervise(.powerStageTrouble(trouble))
      station.run(.milliseconds(100))
    }
    #expect(!station.takeLog().contains { $0.hasPrefix("fault") })
    #expect(station.supervisor.latched == nil)
  }

  @Test func a_stage_of_the_board_is_never_asked_for_a_sign_of_life() {
    var station = Station.chargingDC()
    for trouble in PowerStageTrouble.allCases { station.supervise(.powerStageTrouble(trouble)) }
    station.run(.seconds(1))
    #expect(station.supervisor.isContactorCommandedClosed)
  }
}
