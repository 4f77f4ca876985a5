import HAL
import LinuxHardware
import Node
import SimulatedController
import Testing
import Wire

@testable import BoardRuntime

/// An outlet behind a controller of which a line of Linux's own fails: nobody drives it any more, but what it holds is let go.
@Suite(.serialized) struct LinkFailureTests {
  @Test func an_outlet_that_failed_opens_and_lets_its_plug_go_5_s_later() throws {
    let rig = try LinkRig(.phyverso, hasButton: true)
    try rig.start()
    try #require(try rig.waits { rig.outputs.duty == 10_000 }, "\(rig.situation)")
    try rig.charge()
    #expect(rig.outputs.isLocked)
    // Its contacts do not open yet.
    rig.tell(.contactsStuck(true, connector: 2))
    let start = rig.loop.now
    rig.button.fail()
    #expect(rig.connector.isBroken)
    #expect(
      try rig.waits(.milliseconds(300)) { !rig.outputs.allowsPower && rig.outputs.duty == 0 },
      "\(rig.situation)")
    #expect(try rig.waits(.seconds(2)) { rig.port.liveSince != nil })
    #expect(!rig.connector.isHealthy(at: rig.loop.now + .seconds(1)), "closed contacts that nobody can open")
    try rig.run(.milliseconds(5500) - (rig.loop.now - start))
    #expect(rig.outputs.isLocked, "not while the contacts read closed")
    rig.tell(.contactsStuck(false, connector: 2))
    #expect(
      try rig.waits(.seconds(2)) { !rig.outputs.isLocked && rig.port.liveSince == nil }, "\(rig.situation)")
    #expect(try rig.waits(.seconds(1)) { rig.port.locks.last == false }, "the node is told")
    rig.tell(.pilot(.A, connector: 2))
    try rig.run(.milliseconds(300))
    #expect(rig.outputs.duty == 0 && rig.port.earth.last == false, "it stays out of service")
  }

  @Test func a_plug_is_held_for_5_s_behind_contacts_that_open_at_once() throws {
    let rig = try LinkRig(.yeti, hasButton: true)
    try rig.start()
    try #require(try rig.waits { rig.outputs.duty == 10_000 }, "\(rig.situation)")
    try rig.charge()
    rig.button.fail()
    try #require(try rig.waits(.milliseconds(300)) { !rig.isClosed }, "\(rig.situation)")
    try rig.run(.seconds(4))
    #expect(rig.outputs.isLocked && rig.port.liveSince == nil)
    #expect(try rig.waits(.seconds(2)) { !rig.outputs.isLocked }, "\(rig.situation)")
  }

  /// `board check` lets a monitor on a line of Linux's stand behind a controller.
  @Test func an_insulation_monitor_on_a_line_is_asked_behind_a_controller() throws {
    let board = try FakeBoard()
    let driven = LinkDrivenOutlet(link: "safety")
    var outlet = Outlet(
      current: .dc, hasLock: false, isVentilated: false, milliampsMax: 200_000, recloseIntervalMin: .zero,
      receiverLossDecibels: 0, hardware: .link(driven))
    outlet.monitoring.insulation = .line(FakeBoard.line("IMD"), test: nil)
    let safety = SafetyLinkDescription(
      name: "safety", transport: .serial(device: "/nowhere", baud: 115_200, .yeti), heartbeat: .seconds(1),
      silenceMax: .seconds(5))
    var description = FakeBoard.board
    (description.outlets, description.links) = ([outlet], [safety])
    let hardware = try BoardHardware(description, devices: board.devices, purpose: .start)
    let loop = try EventLoop()
    let link = try ControllerLink(safety, kind: .yeti, hardware: hardware, loop: loop)
    let port = try LinkOutlet(driven, of: outlet, link: link, hardware: hardware, loop: loop)
    var told: [InsulationStatus] = []
    try port.start { if case .insulation(let status) = $0 { told.append(status) } }
    told = []
    port.perform(.insulationTest)
    #expect(told == [.invalid, .valid])
    let configuration = ConnectorPlan().configuration(outlet, port)
    #expect(
      configuration.insulationResponse == .seconds(10),
      "it measures at the voltage of the test, and takes its time")
    port.makeSafe()
  }
}
