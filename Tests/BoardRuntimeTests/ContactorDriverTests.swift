import HAL
import LinuxHardware
import Node
import Testing
import Wire

@testable import BoardRuntime

/// Contactors of more than one pole: one phase or three, in steps, and every pole's mirror contact.
@Suite struct ContactorDriverTests {
  typealias Rig = LineOutletTests.Rig

  private static func pole(_ duty: ContactorPole.Duty) -> ContactorPole {
    ContactorPole(
      duty, coil: FakeBoard.output("COIL \(duty.rawValue)"),
      feedback: .normallyOpen(FakeBoard.line("MIRROR \(duty.rawValue)")))
  }

  private func rig(
    _ duties: [ContactorPole.Duty], _ order: ContactorDescription.Order, canSwitch: Bool = true
  ) throws -> Rig {
    let rig = try Rig {
      $0.lines { $0.contactor = ContactorDescription(poles: duties.map(Self.pole), order: order) }
      $0.outlets[0].limits = OutletLimits(supply: .ac(phases: 3, canSwitch: canSwitch))
    }
    #expect(rig.description.problems.filter { $0.contains("contactor") || $0.contains("canSwitch") } == [])
    try rig.start()
    return rig
  }

  private func coils(_ rig: Rig, _ duties: [ContactorPole.Duty]) throws -> [Bool] {
    try duties.map { try rig.output("COIL \($0.rawValue)").value }
  }

  private func move(_ rig: Rig, _ duty: ContactorPole.Duty, closed: Bool) throws {
    try rig.input("MIRROR \(duty.rawValue)").set(closed, at: rig.loop.now)
  }

  @Test func a_mutual_contactor_closes_the_pole_for_all_phases_or_that_for_one() throws {
    let duties: [ContactorPole.Duty] = [.firstPhase, .mains]
    let rig = try rig(duties, .mutual)
    #expect(rig.outlet.switchesPhases)
    rig.outlet.perform(.contactor(close: true))
    #expect(try coils(rig, duties) == [false, true], "three, whatever stands first")
    try move(rig, .mains, closed: true)
    #expect(rig.contactor() == [false, true])
    rig.outlet.perform(.contactor(close: false))
    try move(rig, .mains, closed: false)
    rig.outlet.perform(.phases(three: false))
    #expect(try coils(rig, duties) == [false, false], "a choice moves nothing")
    rig.outlet.perform(.contactor(close: true))
    #expect(try coils(rig, duties) == [true, false])
    try move(rig, .firstPhase, closed: true)
    #expect(rig.contactor() == [false, true, false, true])
  }

  @Test func a_first_phase_closes_alone_or_with_the_others() throws {
    let duties: [ContactorPole.Duty] = [.firstPhase, .otherPhases]
    let rig = try rig(duties, .simultaneous)
    #expect(rig.outlet.switchesPhases)
    rig.outlet.perform(.contactor(close: true))
    #expect(try coils(rig, duties) == [true, true])
    try move(rig, .firstPhase, closed: true)
    #expect(rig.contactor() == [false], "one pole of two")
    try move(rig, .otherPhases, closed: true)
    #expect(rig.contactor() == [false, true])
    rig.outlet.perform(.contactor(close: false))
    for duty in duties { try move(rig, duty, closed: false) }
    rig.outlet.perform(.phases(three: false))
    rig.outlet.perform(.contactor(close: true))
    #expect(try coils(rig, duties) == [true, false])
    try move(rig, .firstPhase, closed: true)
    #expect(rig.contactor().last == true)
  }

  @Test(arguments: [ContactorPole.Duty.firstPhase, .mains])
  func either_pole_that_is_welded_reads_closed(welded: ContactorPole.Duty) throws {
    let rig = try rig([.mains, .firstPhase], .mutual)
    rig.outlet.perform(.phases(three: welded == .mains))
    rig.outlet.perform(.contactor(close: true))
    try move(rig, welded, closed: true)
    rig.outlet.perform(.contactor(close: false))
    #expect(rig.contactor() == [false, true], "still closed")
    rig.outlet.perform(.phases(three: welded != .mains))
    #expect(rig.contactor() == [false, true], "whatever is chosen now")
  }

  @Test func a_pole_that_was_not_chosen_and_closes_is_a_contactor_that_does_not_obey() throws {
    let rig = try rig([.mains, .firstPhase], .mutual)
    rig.outlet.perform(.phases(three: false))
    rig.outlet.perform(.contactor(close: true))
    try move(rig, .firstPhase, closed: true)
    #expect(rig.contactor() == [false, true])
    try move(rig, .mains, closed: true)
    #expect(rig.contactor() == [false, true, false], "the supervisor opens for it")
    rig.outlet.perform(.contactor(close: false))
    #expect(rig.contactor() == [false, true, false, true], "and finds it welded")
  }

  @Test func phases_are_not_changed_under_load() throws {
    let rig = try rig([.mains, .firstPhase], .mutual)
    rig.outlet.perform(.contactor(close: true))
    rig.outlet.perform(.phases(three: false))
    #expect(rig.outlet.trouble == nil)
    #expect(try coils(rig, [.mains, .firstPhase]) == [true, false], "as it was")
    rig.outlet.perform(.contactor(close: false))
    rig.outlet.perform(.contactor(close: true))
    #expect(try coils(rig, [.mains, .firstPhase]) == [false, true], "from the next closing on")
  }

  @Test func a_board_that_may_not_switch_does_not() throws {
    #expect(try !rig([.firstPhase, .otherPhases], .simultaneous, canSwitch: false).outlet.switchesPhases)
    #expect(try !Rig().outlet.switchesPhases)
  }

  @Test func poles_in_series_follow_each_other_and_leave_the_supervisor_as_long() throws {
    let duties: [ContactorPole.Duty] = [.firstPhase, .otherPhases]
    let rig = try rig(duties, .serial(delay: .milliseconds(50)), canSwitch: false)
    rig.outlet.perform(.contactor(close: true))
    #expect(try coils(rig, duties) == [true, false])
    try move(rig, .firstPhase, closed: true)
    #expect(rig.contactor() == [false])
    try rig.run(.milliseconds(70))
    #expect(try coils(rig, duties) == [true, true])
    try move(rig, .otherPhases, closed: true)
    #expect(rig.contactor() == [false, true])
  }
}
