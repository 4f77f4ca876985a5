import ControlAPI
import HAL
import LinuxHardware
import Node
import Testing
import Wire

@testable import BoardRuntime

/// What a program that ends does before it parts contacts.
@Suite struct UnloadingTests {
  /// An outlet whose power stage a client drives, in the middle of a charge.
  final class Rig {
    let loop: EventLoop
    let port = ControlDeskTests.QuietPort()
    let connector: ConnectorRuntime
    var stageCommands: [(command: PowerCommand, isContactorClosed: Bool)] = []
    static let client = ControlClientID(3)

    init(_ current: OutletCurrent) throws {
      loop = try EventLoop()
      let outlet = Outlet(
        current: current, hasLock: false, isVentilated: false, milliampsMax: 200_000,
        recloseIntervalMin: .zero, receiverLossDecibels: 0)
      var plan = ConnectorPlan()
      plan.link = current == .ac ? .absent : .assumed
      plan.interface = "none-such"
      connector = ConnectorRuntime(
        plan, outlet: outlet, port: port, loop: loop,
        handlers: ConnectorRuntime.Handlers(trace: { _, _ in }, authorizationNeeded: {}, log: { _ in }))
      connector.commanded = { [unowned self] in stageCommands.append(($0, isClosed)) }
      try connector.start()
      connector.command(.setPoint(PowerReading(millivolts: 400_000, milliamps: 200_000)))
      connector.command(.powerStage(enabled: true))
      connector.command(.contactor(close: true))
      if current == .dc { try report(amps: 200) }
    }

    func report(amps: Int) throws {
      try connector.power(
        PowerReport(millivolts: 400_000, milliamps: amps * 1_000), from: Self.client)
    }

    var isClosed: Bool {
      port.commands.last { if case .contactor = $0 { true } else { false } } == .contactor(close: true)
    }

    func end() -> Duration {
      let start = loop.now
      Unloading.run([connector], on: loop)
      return loop.now - start
    }
  }

  @Test func the_power_stage_is_off_and_the_current_gone_before_the_contactor_opens() throws {
    let rig = try Rig(.dc)
    rig.stageCommands = []
    let start = rig.loop.now
    let timer = rig.loop.addTimer { try? rig.report(amps: 4) }
    timer.deadline = start + .milliseconds(60)
    #expect(rig.end() >= .milliseconds(60))
    #expect(rig.stageCommands.map(\.command.isEnabled) == [false])
    #expect(rig.stageCommands.first?.isContactorClosed == true)
    #expect(rig.isClosed, "still")
    if InletRig.isTimed { #expect(rig.loop.now - start < .milliseconds(150)) }
  }

  @Test func a_power_stage_that_goes_on_is_waited_for_as_long_as_at_the_end_of_a_session() throws {
    let rig = try Rig(.dc)
    #expect(rig.end() >= .milliseconds(300))
    #expect(rig.isClosed)
    rig.connector.makeSafe()
  }

  @Test func nothing_is_energized_on_the_way_out() throws {
    let rig = try Rig(.dc)
    let timer = rig.loop.addTimer {
      rig.connector.command(.powerStage(enabled: true))
      rig.connector.command(.contactor(close: true))
      rig.connector.command(.lock(true))
      rig.connector.command(.setDuty(.digital))
    }
    timer.deadline = rig.loop.now
    let count = rig.port.commands.count
    _ = rig.end()
    #expect(rig.port.commands.dropFirst(count) == [.powerStage(enabled: false)])
  }

  /// A pilot that is lost meanwhile opens at once, and then there is nothing to wait for.
  @Test func contacts_that_are_open_are_waited_for_by_nobody() throws {
    let rig = try Rig(.dc)
    let timer = rig.loop.addTimer { rig.connector.command(.contactor(close: false)) }
    timer.deadline = rig.loop.now + .milliseconds(20)
    #expect(rig.end() < .milliseconds(300))
    let other = try Rig(.dc)
    other.connector.command(.contactor(close: false))
    #expect(other.end() < .milliseconds(100))
  }

  @Test func an_AC_contactor_opens_without_waiting() throws {
    let rig = try Rig(.ac)
    #expect(rig.end() < .milliseconds(100))
  }
}
