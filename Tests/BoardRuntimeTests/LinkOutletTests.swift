import HAL
import LinuxHardware
import Node
import SafetyLinks
import Safety
import SimulatedController
import Testing
import Wire

@testable import BoardRuntime

/// A connector of couplerd behind a safety controller of each kind.
@Suite(.serialized) struct LinkOutletTests {
  @Test(arguments: ControllerKind.allCases)
  func a_charge_from_plug_to_unplug(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    #expect(rig.port.trouble == nil)
    #expect(rig.outputs.isLocked == kind.hasLock, "locked before it closed")
    if kind.hasLock { #expect(rig.port.locks.last == true) }
    try rig.run(.seconds(1))
    #expect(rig.isClosed, "it lasts")
    // S2 opens: the controller opens by itself, and the supervisor follows.
    let start = rig.loop.now
    rig.tell(.pilot(.B, connector: kind.connector))
    #expect(!rig.isClosed)
    try #require(try rig.waits { !rig.outputs.allowsPower }, "\(rig.situation)")
    // chargebyte tells its state every 100 ms.
    print("\(kind): pilot to the host's own word: \(rig.loop.now - start)")
    #expect(rig.loop.now - start < .milliseconds(kind == .chargebyte ? 400 : 200))
    #expect(try rig.waits { rig.port.contactor.last == false })
    rig.tell(.pilot(.A, connector: kind.connector))
    try #require(try rig.waits { rig.connector.pilotState == .A }, "\(rig.situation)")
    #expect(try rig.waits { rig.outputs.duty == 10_000 && !rig.outputs.isLocked }, "\(rig.situation)")
    #expect(rig.connector.fault == nil)
    // And the next one.
    try rig.charge()
  }

  @Test(arguments: ControllerKind.allCases)
  func a_link_that_comes_up_says_nothing_old_after_what_is_wanted(kind: ControllerKind) throws {
    let rig = try LinkRig.up(kind)
    try rig.run(.milliseconds(300))
    #expect(rig.duties.filter { $0 != 0 } == [10_000] && rig.duties.last == 10_000, "\(rig.duties)")
    #expect(
      !rig.traces.contains { if case .pilot(_, to: .fault) = $0 { true } else { false } },
      "a pilot that nobody could know yet is no fault")
  }

  @Test(arguments: [ControllerKind.yeti, .phyverso])
  func a_controller_that_dies_while_it_opens_is_not_called_welded(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind, silence: .seconds(3))
    // Its last words are lost: whether it opened nobody knows.
    rig.controller.setMute(true)
    rig.connector.post(.emergencyStop(true))
    try #require(try rig.waits(.seconds(1)) { !rig.isClosed }, "\(rig.situation)")
    try rig.run(.seconds(1))
    #expect(rig.connector.fault == .emergencyStop, "\(rig.situation)")
  }

  @Test(arguments: [ControllerKind.yeti, .phyverso])
  func to_open_is_said_again_where_the_word_is_lost(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind, silence: .seconds(3), heartbeat: .seconds(1))
    rig.controller.lose(1)
    rig.connector.post(.emergencyStop(true))
    #expect(try rig.waits(.milliseconds(300)) { !rig.isClosed }, "\(rig.situation)")
    try rig.run(.seconds(1))
    #expect(rig.connector.fault == .emergencyStop, "\(rig.situation)")
  }

  @Test(arguments: [ControllerKind.yeti, .phyverso])
  func a_word_that_it_opened_which_is_lost_is_asked_for_again(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind, silence: .seconds(3))
    rig.controller.spoilNext(1)
    rig.connector.post(.emergencyStop(true))
    try rig.run(.seconds(1))
    #expect(!rig.isClosed)
    #expect(try rig.waits { rig.port.contactor.last == false }, "\(rig.situation)")
    try rig.run(.seconds(1))
    #expect(rig.connector.fault == .emergencyStop, "\(rig.situation)")
  }

  @Test(arguments: [ControllerKind.yeti, .phyverso])
  func a_word_that_the_vehicle_left_which_is_lost_is_asked_for_again(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    rig.connector.post(.stop(.backend))
    try #require(try rig.waits(.seconds(8)) { rig.outputs.duty == 10_000 }, "\(rig.situation)")
    rig.controller.spoilNext(1)
    rig.tell(.pilot(.A, connector: kind.connector))
    #expect(try rig.waits(.seconds(3)) { rig.connector.pilotState == .A }, "\(rig.situation)")
    #expect(try rig.waits(.seconds(3)) { rig.connector.phase == .idle }, "\(rig.situation)")
  }

  @Test func phases_are_switched_where_the_controller_can_and_again_after_it_started_anew() throws {
    let rig = try LinkRig.up(.yeti)
    rig.port.perform(.phases(three: false))
    #expect(try rig.waits { !rig.outputs.hasThreePhases })
    rig.tell(.reset)
    #expect(rig.outputs.hasThreePhases)
    #expect(try rig.waits { !rig.outputs.hasThreePhases && rig.outputs.duty == 10_000 }, "\(rig.situation)")
    #expect(!rig.port.inner.switchesPhases, "its wiring cannot")
  }

  @Test func what_a_board_says_of_a_contactor_is_what_its_controller_is_told() {
    let outlet = { (hardware: LinkDrivenOutlet) in
      Outlet(
        current: .dc, hasLock: false, isVentilated: false, milliampsMax: 200_000, recloseIntervalMin: .zero,
        receiverLossDecibels: 0, hardware: .link(hardware))
    }
    let link = { (spoken: SerialLinkProtocol) in
      SafetyLinkDescription(
        name: "safety", transport: .serial(device: "/dev/mcu", baud: 115_200, spoken), heartbeat: .seconds(1),
        silenceMax: .seconds(5))
    }
    var board = FakeBoard.board
    var hardware = LinkDrivenOutlet(link: "safety", lock: .link)
    hardware.contactors = 2
    board.outlets = [outlet(hardware)]
    #expect(board.kind(of: link(.chargebyte)) == .chargebyte(contactors: 2))
    hardware.contactors = 1
    hardware.feedback = .init(isActiveLow: true, bias: .pullUp)
    hardware.lockKind = .hella
    board.outlets = [outlet(hardware)]
    var verso = link(.phyverso)
    verso.revision = .b
    let expected = PhyVERSOConfiguration(
      revision: .b,
      outlets: [
        .init(port: .dc, isFeedbackActiveLow: true, feedbackPull: .up, lock: .hella, hasSocket: false)
      ])
    #expect(board.kind(of: verso) == .phyVERSO(expected))
  }

  @Test func a_last_word_that_nobody_hears_is_told() throws {
    let rig = try LinkRig(.yeti, present: false)
    rig.controller.unplug()
    rig.link.stop()
    #expect(rig.link.untold?.contains(rig.path) == true)
    let other = try LinkRig(.yeti)
    other.link.stop()
    #expect(other.link.untold == nil)
  }

  @Test(arguments: ControllerKind.allCases)
  func a_controller_that_starts_anew_in_the_middle_ends_the_charge_and_closes_nothing(
    kind: ControllerKind
  ) throws {
    let rig = try LinkRig.charging(kind)
    // Its watchdog bites: the boot time of the maker's own.
    rig.tell(.hold)
    #expect(!rig.isClosed)
    if kind == .chargebyte { try rig.run(.milliseconds(300)) }
    rig.tell(.reset)
    var hasClosed = false
    _ = try rig.waits(.seconds(2)) {
      hasClosed = hasClosed || rig.isClosed
      return false
    }
    #expect(!hasClosed, "closed again without anybody having decided it")
    #expect(rig.connector.fault != .contactorWelded, "\(rig.situation)")
    #expect(rig.connector.fault != nil, "\(rig.situation)")
    try rig.chargeAgain()
  }

  @Test(arguments: ControllerKind.allCases)
  func a_silent_controller_ends_the_charge(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    rig.controller.setMute(true)
    let start = rig.loop.now
    try #require(try rig.waits { !rig.isClosed }, "\(rig.situation)")
    #expect(rig.loop.now - start < LinkRig.silence + .milliseconds(300), "\(rig.loop.now - start)")
    #expect(rig.port.trouble?.contains("silent") == true, "\(rig.situation)")
    #expect(rig.log.contains { $0.priority <= .error && $0.text.contains("silent") }, "\(rig.log)")
    #expect(rig.outputs.isLocked == kind.hasLock, "nobody knows whether energy flows")
    try rig.run(.seconds(1))
    #expect(rig.connector.fault == .earthLost, "not welded: nobody knows. \(rig.situation)")
    // No restart of the program would help: the service manager is told that all is well.
    #expect(!rig.connector.isBroken)
    rig.controller.setMute(false)
    try #require(try rig.waits { rig.port.trouble == nil }, "\(rig.situation)")
    #expect(!rig.isClosed && !rig.outputs.allowsPower)
    try rig.chargeAgain()
  }

  @Test(arguments: ControllerKind.allCases.filter { $0 != .chargebridge })
  func a_line_that_is_lost_is_told_and_opened_again(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    rig.controller.unplug()
    try #require(
      try rig.waits { rig.port.trouble?.contains(rig.path) == true }, "\(rig.situation)")
    // It hears nobody any more.
    #expect(try rig.waits { !rig.isClosed }, "\(rig.situation)")
    try rig.run(.milliseconds(1200))
    #expect(rig.port.trouble?.contains(rig.path) == true, "\(rig.situation)")
    try rig.controller.plugIn()
    try #require(try rig.waits { rig.port.trouble == nil }, "\(rig.situation)")
    try rig.chargeAgain()
  }

  @Test func a_device_that_is_not_there_is_named() throws {
    let rig = try LinkRig(.yeti, present: false)
    rig.controller.unplug()
    try rig.start()
    try rig.run(.seconds(5))
    #expect(rig.port.trouble?.contains(rig.path) == true, "\(rig.situation)")
  }

  @Test(arguments: ControllerKind.allCases)
  func a_controller_that_does_not_answer_is_told(kind: ControllerKind) throws {
    let rig = try LinkRig(kind, present: false)
    try rig.start()
    try #require(
      try rig.waits { rig.port.trouble?.contains("does not answer") == true }, "\(rig.situation)")
    #expect(!rig.connector.isBroken)
    // It comes late.
    rig.tell(.reset)
    #expect(try rig.waits { rig.port.trouble == nil }, "\(rig.situation)")
  }

  @Test(arguments: ControllerKind.allCases)
  func garbage_changes_nothing(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    // Until the offer's levels are said no more.
    try rig.run(.milliseconds(1300))
    let (count, commands) = (rig.port.events.count, rig.port.commands)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<8 {
      let octets = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      for channel in [SafetyChannel.serial, .management, .pilot] { rig.controller.spoil(octets, on: channel) }
      // Time for a life sign that is not hit.
      try rig.run(.milliseconds(230))
    }
    #expect(rig.isClosed && rig.port.trouble == nil, "\(rig.situation)")
    #expect(rig.port.events.count == count, "\(rig.port.events.dropFirst(count))")
    #expect(rig.port.commands == commands)
  }

  @Test(arguments: ControllerKind.allCases.filter { $0 == .chargebyte || $0 == .chargebridge })
  func a_stop_button_ends_the_charge_and_the_next_one_works(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    rig.tell(.stopButton(true))
    #expect(!rig.isClosed)
    try #require(try rig.waits { rig.connector.fault == .emergencyStop }, "\(rig.situation)")
    try rig.run(.milliseconds(500))
    #expect(!rig.outputs.allowsPower)
    rig.tell(.stopButton(false))
    // chargebyte's safe state ends with a reset alone.
    try rig.chargeAgain()
  }

  @Test func a_stop_button_that_is_let_go_while_the_controller_is_away_does_not_stay_pressed() throws {
    let rig = try LinkRig.up(.chargebridge)
    rig.tell(.stopButton(true))
    try #require(try rig.waits { rig.port.stops.last == true }, "\(rig.situation)")
    rig.controller.setMute(true)
    try #require(try rig.waits { rig.port.trouble?.contains("silent") == true }, "\(rig.situation)")
    #expect(rig.port.stops.last == true, "nobody said that it was let go")
    rig.tell(.stopButton(false))
    rig.controller.setMute(false)
    #expect(try rig.waits { rig.port.stops.last == false }, "\(rig.situation)")
    try rig.chargeAgain()
  }

  @Test(arguments: ControllerKind.allCases)
  func a_welded_contactor_is_found(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    rig.tell(.contactsStuck(true, connector: kind.connector))
    rig.tell(.pilot(.B, connector: kind.connector))
    try #require(try rig.waits { rig.connector.fault == .contactorWelded }, "\(rig.situation)")
    #expect(try rig.waits { rig.outputs.duty == 0 }, "state F, \(rig.situation)")
    #expect(rig.outputs.isLocked == kind.hasLock, "the plug is held")
  }

  @Test(
    arguments: ControllerKind.allCases.filter { $0 == .phyverso || $0 == .chargebyte || $0 == .chargebridge })
  func a_contactor_that_the_controller_finds_welded_is_told(kind: ControllerKind) throws {
    let rig = try LinkRig.up(kind)
    rig.tell(.faults(.contactor, connector: kind.connector))
    #expect(try rig.waits { rig.connector.fault == .contactorWelded }, "\(rig.situation)")
    #expect(rig.log.contains { $0.text.contains("contactor") }, "\(rig.log)")
  }

  @Test(arguments: [
    (ControllerKind.yeti, SafetyFaults.residualCurrent, SafetyFault.residualCurrent),
    (.phyverso, .residualCurrent, .residualCurrent), (.yeti, .overCurrent, .earthLost),
    (.chargebridge, .overTemperature, .earthLost), (.chargebyte, .overTemperature, .earthLost),
    (.yeti, .pilotSignal, .pilotLost(.fault)), (.phyverso, .pilotSignal, .pilotLost(.fault)),
    (.yeti, .diode, .pilotLost(.fault)), (.phyverso, .diode, .pilotLost(.fault)),
    (.chargebyte, .diode, .pilotLost(.fault)), (.chargebridge, .diode, .pilotLost(.fault)),
    (.chargebyte, .residualCurrent, .earthLost), (.chargebyte, .pilotShort, .pilotLost(.E)),
    (.yeti, .lock, .lockLost), (.phyverso, .lock, .lockLost),
  ])
  func faults_of_the_controller_are_told_as_what_they_are(
    kind: ControllerKind, fault: SafetyFaults, expected: SafetyFault
  ) throws {
    let rig = try LinkRig.charging(kind)
    rig.tell(.faults(fault, connector: kind.connector))
    #expect(!rig.isClosed)
    func told() -> [SafetyFault] {
      rig.traces.compactMap { if case .safety(.fault(let fault)) = $0 { fault } else { nil } }
    }
    #expect(try rig.waits(.seconds(2)) { told().contains(expected) }, "\(told()), \(rig.situation)")
    #expect(try rig.waits(.seconds(2)) { !rig.outputs.allowsPower }, "\(rig.situation)")
    try rig.run(.milliseconds(700))
    #expect(!told().contains(.contactorWelded), "\(told())")
    // It passes.
    rig.tell(.faults([], connector: kind.connector))
    try rig.chargeAgain()
  }

  @Test func a_cable_bounds_the_current_and_one_that_goes_ends_the_charge() throws {
    let rig = try LinkRig.charging(.phyverso, proximity: .iec)
    // IEC 61851-1 Table A.8: 20 A are 33.3 %.
    #expect((3320...3340).contains(rig.outputs.duty), "\(rig.outputs)")
    rig.tell(.proximity(.open, connector: 2))
    #expect(try rig.waits { rig.connector.fault == .proximityLost && !rig.isClosed }, "\(rig.situation)")
  }

  @Test func one_outlet_that_fails_leaves_the_other_its_controller() throws {
    let rig = try LinkRig.charging(.phyverso)
    let other = LinkDrivenOutlet(link: "safety", connector: 1)
    let outlet = Outlet(
      current: .ac, hasLock: false, isVentilated: false, milliampsMax: 32_000, recloseIntervalMin: .zero,
      receiverLossDecibels: 0, hardware: .link(other))
    let second = try LinkOutlet(other, of: outlet, link: rig.link, hardware: rig.hardware, loop: rig.loop)
    try second.start { _ in }
    second.perform(.setDuty(.digital))
    #expect(try rig.waits { rig.controller.machine.outputs[0].duty == 500 })
    second.makeSafe()
    #expect(try rig.waits { rig.controller.machine.outputs[0].duty == 0 })
    try rig.run(.seconds(1))
    #expect(rig.isClosed && rig.port.trouble == nil, "\(rig.situation)")
  }

  @Test(arguments: ControllerKind.allCases)
  func the_end_leaves_everything_off(kind: ControllerKind) throws {
    let rig = try LinkRig.charging(kind)
    rig.connector.makeSafe()
    rig.connector.makeSafe()
    #expect(
      try rig.waits(.milliseconds(300)) {
        !rig.isClosed && !rig.outputs.allowsPower && rig.outputs.duty == 0
      },
      "\(rig.situation)")
    rig.port.perform(.contactor(close: true))
    try rig.run(.milliseconds(200))
    #expect(!rig.outputs.allowsPower)
  }

  @Test(arguments: ControllerKind.allCases)
  func safe_state_says_so_to_a_controller_that_nobody_spoke_to(kind: ControllerKind) throws {
    var rig: LinkRig? = try LinkRig.charging(kind)
    let controller = try #require(rig?.controller)
    let (loop, hardware) = (try #require(rig?.loop), try #require(rig?.hardware))
    let description = try #require(rig?.description)
    // SIGKILL: no farewell.
    rig = nil
    #expect(controller.machine.closed[kind.connector - 1])
    let link = try ControllerLink(
      description, kind: hardware.board.kind(of: description), hardware: hardware, loop: loop)
    link.stop()
    let end = loop.now + .milliseconds(100)
    while loop.now < end { try loop.step(until: end) }
    let outputs = controller.machine.outputs[kind.connector - 1]
    #expect(!controller.machine.closed[kind.connector - 1] && !outputs.allowsPower && outputs.duty == 0)
    #expect(controller.machine.isRunning, "no reset, which may come at the wrong moment")
  }
}

extension LinkRig {
  /// Out, in, and energy.
  fileprivate func chargeAgain() throws {
    tell(.pilot(.A, connector: kind.connector))
    try #require(try waits { self.connector.fault == nil && self.connector.pilotState == .A }, "\(situation)")
    try charge()
  }
}
