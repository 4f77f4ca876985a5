import ControlAPI
import Testing

@Suite struct EventTests {
  @Test func only_states_may_be_replaced_by_newer_ones() {
    let contents: [ControlEvent.Content] = [
      .pilot(PilotStatus()), .slac(SLACStatus()), .session(SessionStatus()), .outputs(OutputStatus()),
      .power(PowerValues()), .limits(ControlLimits()), .stage(PowerStageStatus()),
      .powerCommand(PowerCommand()), .inlet(InletStatus()), .paused(true), .trouble(""),
      .fault(ControlFault(name: "earthLost", text: "", latch: .unplugged)), .cleared(name: "earthLost"),
      .ended(ok: true, text: "", wattHours: 0),
    ]
    let events = contents.map { ControlEvent(connector: 1, milliseconds: 0, $0) }
    #expect(Set(events.map(\.kind)) == Set(ControlEvent.Kind.allCases))
    #expect(events.filter { !$0.isState }.map(\.kind) == [.fault, .cleared, .ended])
  }
}
