import ControlAPI
import Foundation
import HAL
import LinuxHardware
import Node
import Testing
import Wire

@testable import BoardRuntime

/// What clients of the control socket ask of a connector, down to what its electrical side is told.
@Suite struct ControlDeskTests {
  /// An electrical side that does as it is told and measures nothing.
  final class QuietPort: OutletPort {
    private(set) var commands: [OutletCommand] = []
    private var reading: ((ChargerEvent) -> Void)?
    var canSwitch = false
    var switchesPhases: Bool { canSwitch }
    var samplesPilot: Bool { false }
    var trouble: String?
    var isBroken: Bool { trouble != nil }

    var refusal: BoardFailure?
    var derated: ((Int) -> Void)?

    func start(_ reading: @escaping (ChargerEvent) -> Void) throws(BoardFailure) {
      if let refusal { throw refusal }
      self.reading = reading
    }
    func perform(_ command: OutletCommand) { commands.append(command) }
    func repeatReadings() {}
    func makeSafe() {}
    func tell(_ event: ChargerEvent) { reading?(event) }
  }

  final class Rig {
    let loop: EventLoop
    let port = QuietPort()
    let connector: ConnectorRuntime
    let desk: ControlDesk
    let folder: String
    private(set) var events: [ControlEvent] = []
    private(set) var traces: [NodeTrace] = []
    private(set) var lines: [LogLine] = []
    static let client = ControlClientID(7)

    init(
      _ current: OutletCurrent, canSwitch: Bool = false, free: Bool = false, refusal: BoardFailure? = nil
    ) throws {
      loop = try EventLoop()
      folder = NSTemporaryDirectory() + "coupler-desk-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      port.canSwitch = canSwitch
      let outlet = Outlet(
        current: current, hasLock: false, isVentilated: false, milliampsMax: 32_000,
        recloseIntervalMin: .zero,
        receiverLossDecibels: 0)
      var plan = ConnectorPlan()
      plan.link = current == .ac ? .absent : .assumed
      plan.interface = "none-such"
      plan.authorization = free ? .free : .control
      var trace: (NodeTrace) -> Void = { _ in }
      var log: (LogLine) -> Void = { _ in }
      connector = ConnectorRuntime(
        plan, outlet: outlet, port: port, loop: loop,
        handlers: ConnectorRuntime.Handlers(
          trace: { new, _ in trace(new) }, authorizationNeeded: {}, log: { log($0) }))
      let journal = StationJournal(
        try EventJournal(folder: folder, loop: loop, now: { 0 }))
      desk = ControlDesk(loop: loop, board: "fake", journal: journal, connectors: [connector])
      desk.publish = { [unowned self] in events.append($0) }
      desk.log = { [unowned self] in lines.append($0) }
      trace = { [unowned self] in traces.append($0) }
      log = { [unowned self] in lines.append($0) }
      port.refusal = refusal
      do throws(BoardFailure) { try connector.start() } catch {
        // As the daemon does.
        connector.makeSafe()
      }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func wasIdentified(_ positive: Bool) -> Bool {
      traces.contains { if case .coupling(.identified(positive)) = $0 { true } else { false } }
    }

    /// Asks; the answer may come later.
    func ask(_ request: ControlRequest, from client: ControlClientID = client) -> Answer {
      let answer = Answer()
      desk.answer(request, of: client) { answer.result = $0 }
      return answer
    }

    func run(_ time: Duration) throws {
      let end = loop.now + time
      while loop.now < end { try loop.step(until: end) }
    }

    func run(until condition: () -> Bool) throws {
      let end = loop.now + .seconds(20)
      while !condition(), loop.now < end { try loop.step(until: end) }
    }
  }

  final class Answer {
    var result: Result<ControlResult, ControlFailure>?
    var code: ControlFailure.Code? { if case .failure(let failure)? = result { failure.code } else { nil } }
    var command: PowerCommand? {
      if case .success(.powerCommand(let command))? = result { command } else { nil }
    }
  }

  // MARK: authorization

  @Test func a_refusal_overtakes_a_grant_that_waits_for_the_journal() throws {
    let rig = try Rig(.ac)
    let grant = rig.ask(.authorize(connector: 1, granted: true, token: "A"))
    let refusal = rig.ask(.authorize(connector: 1, granted: false, token: nil))
    #expect(grant.result == nil, "it waits for the medium, or this test tries nothing")
    try rig.run { grant.result != nil && refusal.result != nil }
    #expect(grant.code == .wrongState && refusal.result == .success(.done))
    #expect(!rig.wasIdentified(true))
  }

  @Test func a_grant_counts_once_it_is_kept() throws {
    let rig = try Rig(.ac)
    let grant = rig.ask(.authorize(connector: 1, granted: true, token: "A"))
    #expect(!rig.wasIdentified(true))
    try rig.run { grant.result != nil }
    #expect(grant.result == .success(.done))
    #expect(rig.wasIdentified(true))
  }

  @Test func a_card_between_two_tries_holds_for_the_next_one() throws {
    for isOver in [NodeTrace.ended(.failed(.noAddress)), .phase(.pilot)] {
      let rig = try Rig(.dc)
      rig.connector.state.noteAuthorizationNeeded()
      rig.connector.state.note(isOver, at: rig.loop.now)
      #expect(rig.connector.state.session.authorization == .none, "nobody waits any more")
      let grant = rig.ask(.authorize(connector: 1, granted: true, token: "A"))
      try rig.run { grant.result != nil }
      #expect(grant.result == .success(.done) && rig.wasIdentified(true))
    }
  }

  @Test func a_site_that_becomes_free_needs_no_vehicle_to_come_and_go_first() throws {
    let rig = try Rig(.ac)
    var plan = rig.connector.plan
    plan.authorization = .free
    rig.connector.adopt(plan)
    #expect(rig.wasIdentified(true))
    plan.authorization = .control
    rig.connector.adopt(plan)
    #expect(rig.wasIdentified(false))
  }

  // MARK: news

  @Test func news_is_made_for_those_who_listen() throws {
    let rig = try Rig(.ac)
    rig.desk.isHeard = false
    rig.connector.pause()
    rig.desk.tellNews()
    #expect(rig.events == [])
    rig.desk.isHeard = true
    rig.desk.tellNews()
    #expect(rig.events == [], "what was before is in the status")
    rig.connector.resume()
    rig.desk.tellNews()
    #expect(rig.events.contains { $0.content == .paused(false) })
  }

  // MARK: trouble

  /// A dead outlet looked as one where no vehicle is.
  @Test func what_keeps_a_connector_out_of_service_is_told_everywhere() throws {
    let rig = try Rig(.ac)
    func told() -> [String] {
      rig.events.compactMap { if case .trouble(let text) = $0.content { text } else { nil } }
    }
    func entries() throws -> [ErrorEntry] {
      let answer = rig.ask(.errors(connector: 1, count: 10)).result
      guard case .success(.errors(let entries))? = answer else { return [] }
      return entries
    }
    rig.desk.tellNews()
    #expect(told() == [] && rig.lines == [])
    rig.port.trouble = "read in_voltage2_raw: EIO"
    rig.desk.tellNews()
    rig.desk.tellNews()
    #expect(rig.connector.status(at: rig.loop.now).trouble == "read in_voltage2_raw: EIO")
    #expect(told() == ["read in_voltage2_raw: EIO"])
    #expect(
      rig.lines == [
        LogLine(
          .critical, connector: "1", layer: "board", event: "trouble",
          "connector 1 is out of service: read in_voltage2_raw: EIO")
      ])
    #expect(try entries().map(\.text) == ["read in_voltage2_raw: EIO"])
    #expect(try entries().allSatisfy { $0.layer == "board" && $0.name == "outOfService" && $0.isPresent })
    rig.port.trouble = nil
    rig.desk.tellNews()
    #expect(told() == ["read in_voltage2_raw: EIO", ""] && rig.lines.last?.priority == .notice)
    #expect(try entries().map(\.isPresent) == [false])
  }

  /// The list is bounded, and a modem that comes and goes must not push a welded contact out of it.
  @Test func trouble_that_comes_and_goes_hides_no_fault() throws {
    let rig = try Rig(.ac)
    rig.desk.note(.safety(.fault(.contactorWelded)), of: 1, wattHours: 0)
    for count in 0...ControlDesk.errorsMax {
      rig.port.trouble = count.isMultiple(of: 2) ? "gone" : nil
      rig.desk.tellNews()
    }
    for _ in 0..<ControlDesk.errorsMax {
      rig.port.trouble = rig.port.trouble == nil ? "gone" : nil
      rig.desk.tellNews()
    }
    guard case .success(.errors(let entries))? = rig.ask(.errors(connector: nil, count: 1000)).result else {
      Issue.record("no answer")
      return
    }
    #expect(entries.count == ControlDesk.errorsMax && entries.first?.name == "contactorWelded")
  }

  /// It was told as one whose sockets cannot be opened, and never tried again.
  @Test func a_connector_that_could_not_be_started_is_broken_and_says_why() throws {
    let rig = try Rig(.ac, refusal: BoardFailure("watch a line: EBUSY"))
    #expect(rig.connector.isBroken && rig.connector.isUnstarted)
    #expect(rig.connector.trouble == "watch a line: EBUSY")
    rig.desk.tellNews()
    #expect(rig.lines.map(\.priority) == [.critical] && rig.lines.map(\.layer) == ["board"])
    #expect(try !Rig(.ac).connector.isUnstarted)
  }

  @Test func a_power_stage_that_is_missing_is_trouble_of_that_layer() throws {
    let rig = try Rig(.dc)
    rig.desk.tellNews()
    let told = rig.lines.filter { $0.event == "trouble" }
    #expect(told.map(\.layer) == ["power"] && told.map(\.priority) == [.warning])
  }

  // MARK: the power stage

  @Test func a_power_stage_is_told_what_it_has_to_do_and_shown() throws {
    let rig = try Rig(.dc)
    #expect(rig.connector.status(at: rig.loop.now).stage?.state == .absent)
    #expect(rig.connector.trouble == "no power stage reports to the control socket")
    var report = PowerReport(millivolts: 12_000, milliamps: 0)
    report.milliampsMax = 20_000
    report.wattHours = 77
    #expect(rig.ask(.power(connector: 1, report)).command == PowerCommand())
    let status = rig.connector.status(at: rig.loop.now)
    #expect(status.stage?.state == .ready && status.stage?.milliampsMax == 20_000)
    #expect(status.limits.milliamps == 20_000, "no more is offered than it can give")
    #expect(status.power.millivolts == 12_000)
    #expect(rig.ask(.power(connector: 1, report), from: ControlClientID(8)).code == .wrongState)
    #expect(rig.ask(.power(connector: 2, report)).code == .unknownConnector)
    rig.desk.isGone(Rig.client)
    #expect(rig.connector.status(at: rig.loop.now).stage?.state == .absent)
    #expect(rig.connector.controlLimits.milliamps == 32_000)
  }

  @Test func a_power_stage_that_is_not_heard_any_more_is_silent_by_the_clock() throws {
    let rig = try Rig(.dc)
    _ = rig.ask(.power(connector: 1, PowerReport()))
    try rig.run(.milliseconds(700))
    #expect(rig.connector.status(at: rig.loop.now).stage?.state == .ready)
    try rig.run(.milliseconds(600))
    #expect(rig.connector.status(at: rig.loop.now).stage?.state == .silent)
    rig.desk.tellNews()
    #expect(
      rig.events.contains { if case .stage(let stage) = $0.content { stage.state == .silent } else { false } }
    )
  }

  @Test func a_meter_of_an_AC_outlet_is_shown_phase_by_phase() throws {
    let rig = try Rig(.ac)
    #expect(rig.connector.status(at: rig.loop.now).stage == nil && rig.connector.trouble == nil)
    var report = PowerReport(millivolts: 230_000, milliamps: 16_000)
    report.phaseMilliamps = [16_000, 15_000, 14_000]
    #expect(rig.ask(.power(connector: 1, report)).command == PowerCommand())
    let power = rig.connector.values.power
    #expect(power.phaseMilliamps == [16_000, 15_000, 14_000] && power.watts == 10_350)
  }

  // MARK: what is shown

  /// What the page of the control socket says of members that may be left out.
  @Test func a_state_tells_what_its_documentation_promises() {
    var tethered = ConnectorState(hasLock: false, usesSLAC: false)
    tethered.note(ChargerEvent.lock(locked: true))
    #expect(tethered.outputs.locked == nil, "it has no lock of its own")
    var state = ConnectorState(hasLock: true, usesSLAC: false)
    state.note(ChargerEvent.lock(locked: true))
    #expect(state.outputs.locked == true)
    state.isFree = true
    state.note(.phase(.pilot), at: .zero)
    #expect(state.session.authorization == .granted, "everybody is let in")
    state.note(.coupling(.basicCharging(true)), at: .zero)
    #expect(state.session.protocolName == "iec61851")
    state.note(.phase(.idle), at: .zero)
    #expect(state.session.authorization == .none && state.session.protocolName == nil)
    #expect(ControlDesk.clock(35) == 0 && ControlDesk.clock(1_795_000_000) == 1_795_000_000)
  }

  /// Each layer has its own share of lines: heat must not be left out because an interface comes and goes.
  @Test func heat_is_a_layer_of_its_own_in_the_log() throws {
    let rig = try Rig(.ac)
    rig.port.derated?(50)
    #expect(rig.lines.last?.layer == "heat" && rig.lines.last?.priority == .warning)
  }

  @Test func the_hottest_sensor_is_shown() throws {
    let rig = try Rig(.ac)
    #expect(rig.connector.values.power.temperatureDecidegrees == nil)
    rig.port.tell(.temperature(sensor: 0, millicelsius: 61_500))
    rig.port.tell(.temperature(sensor: 1, millicelsius: 20_000))
    #expect(rig.connector.values.power.temperatureDecidegrees == 615)
    rig.port.tell(.temperature(sensor: 0, millicelsius: nil))
    #expect(rig.connector.values.power.temperatureDecidegrees == 200)
    rig.port.tell(.temperature(sensor: 1, millicelsius: nil))
    #expect(rig.connector.values.power.temperatureDecidegrees == nil)
  }

  // MARK: limits

  /// A load management adds up watts.
  @Test func power_and_current_of_a_limit_go_together() throws {
    let rig = try Rig(.ac)
    guard
      case .success(.limits(let limits))? = rig.ask(.limit(connector: 1, ControlLimits(milliamps: 16_000)))
        .result
    else {
      Issue.record("refused")
      return
    }
    #expect(limits.milliamps == 16_000 && limits.watts == 11_040, "3 x 230 V x 16 A")
    #expect(rig.ask(.limit(connector: 1, ControlLimits(watts: 6_900))).code == nil)
    #expect(rig.connector.controlLimits.watts == 6_900 && rig.connector.controlLimits.milliamps == 10_001)
  }

  /// The session offers those of the start, and the energy is summed up with them.
  @Test func phases_that_are_wired_do_not_change_under_way() throws {
    let rig = try Rig(.ac)
    var plan = rig.connector.plan
    plan.phases = 1
    rig.connector.adopt(plan)
    #expect(rig.connector.closedPhases == 3)
  }

  // MARK: phases

  @Test func phases_are_switched_where_the_outlet_can() throws {
    let rig = try Rig(.ac, canSwitch: true)
    #expect(rig.connector.controlLimits.phases == 3)
    let answer = rig.ask(.limit(connector: 1, ControlLimits(phases: 1)))
    #expect(answer.code == nil)
    rig.port.tell(.contactorFeedback(closed: false))
    try rig.run { rig.port.commands.contains(.phases(three: false)) }
    #expect(rig.port.commands.contains(.phases(three: false)))
    #expect(rig.connector.controlLimits.phases == 1)
    #expect(rig.connector.controlLimits.watts == 7_360, "230 V, 32 A, one phase")
  }

  @Test func other_outlets_have_the_phases_they_have() throws {
    let fixed = try Rig(.ac)
    #expect(fixed.ask(.limit(connector: 1, ControlLimits(phases: 1))).code == .unsupported)
    #expect(fixed.ask(.limit(connector: 1, ControlLimits(phases: 3))).code == nil)
    #expect(try Rig(.dc).ask(.limit(connector: 1, ControlLimits(phases: 3))).code == .unsupported)
  }
}
