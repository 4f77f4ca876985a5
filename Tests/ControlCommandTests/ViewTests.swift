import ControlAPI
import Testing

@testable import coupler

@Suite struct ViewTests {
  /// A charging connector, as a daemon would tell of it.
  static var charging: ConnectorStatus {
    var status = ConnectorStatus(connector: 1, evseID: "DE*CPL*E00001", current: "dc", interface: "plc0")
    status.pilot.state = "C"
    status.pilot.dutyPermille = 50
    status.slac.state = .matched
    status.slac.peer = "02:00:00:00:00:01"
    status.slac.attenuationDecidecibels = 205
    status.session.phase = "energy"
    status.session.protocolName = "iso15118-2"
    status.session.authorization = .granted
    status.session.seconds = 754
    status.session.wattHours = 12_345
    status.session.socPercent = 61
    status.outputs.contactorClosed = true
    status.outputs.contactorFeedback = true
    status.outputs.locked = true
    status.outputs.powerStageEnabled = true
    status.power.millivolts = 398_200
    status.power.milliamps = 120_540
    status.power.watts = 47_983
    status.power.targetMillivolts = 400_000
    status.power.targetMilliamps = 121_000
    status.limits = ControlLimits(milliamps: 125_000, millivolts: 500_000, watts: 50_000)
    return status
  }

  static let info = StationInfo(
    name: "couplerd", version: "0.1.0", board: "simulation", processID: 7, uptimeSeconds: 93_700,
    connectors: [1])

  private func view(_ status: ConnectorStatus = charging) -> WatchView {
    WatchView(info: Self.info, connectors: [status], atSecond: 100)
  }

  @Test func a_wide_terminal_shows_a_connector_in_a_few_lines() {
    let lines = view().lines(width: 80, height: 24, isColoured: false, atSecond: 100)
    #expect(
      lines == [
        "couplerd 0.1.0 on simulation, up 1 d 2 h", "", "Connector 1  DE*CPL*E00001  DC  plc0",
        "  pilot    C (vehicle ready) at 5.0 %   contactor closed   plug locked",
        "           power stage on", "  SLAC     matched   02:00:00:00:00:01   20.5 dB",
        "  session  energy   iso15118-2   authorized   12 min 34 s   battery 61 %",
        "  power    398.2 V   120.5 A   47.98 kW   12.35 kWh   set to 400.0 V 121.0 A",
        "  limits   at most 125.0 A, 500.0 V, 50.00 kW", "", "Ctrl-C ends the view; the station goes on.",
      ])
  }

  @Test func a_connector_that_is_out_of_service_says_why() {
    var view = view()
    let event = ControlEvent(connector: 1, milliseconds: 0, .trouble("no interface\u{1B} plc0"))
    view.take(event, atSecond: 100)
    #expect(
      view.lines(width: 120, height: 24, isColoured: false, atSecond: 100).contains(
        "  trouble  out of service: no interface? plc0"))
    view.take(ControlEvent(connector: 1, milliseconds: 0, .trouble("")), atSecond: 100)
    #expect(view.connectors.first?.trouble == nil)
    #expect(StatusText.line(event).hasSuffix("connector 1: out of service: no interface? plc0"))
  }

  @Test func a_power_stage_of_another_program_has_a_line_of_its_own() {
    var status = Self.charging
    var stage = PowerStageStatus()
    stage.state = .faulty
    stage.fault = "module 3\u{1B}[31m overheated"
    stage.insulation = .valid
    stage.milliampsMax = 87_400
    status.stage = stage
    let lines = view(status).lines(width: 120, height: 24, isColoured: false, atSecond: 100)
    #expect(
      lines.contains(
        "  stage    faulty   module 3?[31m overheated   insulation valid   can give at most 87.4 A"))
    var view = view()
    view.take(ControlEvent(connector: 1, milliseconds: 0, .stage(stage)), atSecond: 100)
    #expect(view.connectors.first?.stage == stage)
  }

  @Test func a_daemon_that_is_gone_is_told_in_place_of_the_title_and_keeps_the_news() {
    var old = view()
    old.take(ControlEvent(connector: 1, milliseconds: 1500, .paused(true)), atSecond: 101)
    old.notice = "the daemon closed the connection"
    #expect(!old.isTicking)
    let lines = old.lines(width: 80, height: 30, isColoured: false, atSecond: 160)
    #expect(lines.first == "the daemon closed the connection")
    var new = view()
    new.takeOver(old)
    let after = new.lines(width: 80, height: 30, isColoured: false, atSecond: 160)
    #expect(after.first?.hasPrefix("couplerd 0.1.0 on simulation") == true && new.isTicking)
    #expect(after.contains { $0.contains("paused") } && after.contains("        the daemon has started anew"))
  }

  @Test(arguments: [20, 24, 30, 39, 40, 60, 80, 200])
  func no_line_is_wider_than_the_terminal(width: Int) {
    var status = Self.charging
    status.fault = ControlFault(
      name: "contactorWelded",
      text: "the contactor reads closed though it is commanded open: it is welded; switch the supply off",
      latch: .service)
    status.outputs.contactorFeedback = false
    status.isPaused = true
    var view = view(status)
    view.take(ControlEvent(connector: 1, milliseconds: 5000, .fault(status.fault!)), atSecond: 101)
    for line in view.lines(width: width, height: 100, isColoured: false, atSecond: 100) {
      #expect(line.count <= max(width, StatusText.widthMin), "\(line)")
    }
  }

  @Test(arguments: [1, 2, 5, 9, 10, 24, 100])
  func no_frame_is_higher_than_the_terminal(height: Int) {
    var view = view()
    for index in 0..<300 {
      view.take(
        ControlEvent(connector: 1, milliseconds: Int64(index), .cleared(name: "\(index)")), atSecond: 100)
    }
    #expect(view.lines(width: 80, height: height, isColoured: false, atSecond: 100).count <= height)
    #expect(view.news.count == WatchView.newsMax)
  }

  @Test func events_change_what_is_shown_and_stand_in_the_news() {
    var view = view()
    var pilot = PilotStatus()
    pilot.state = "F"
    view.take(ControlEvent(connector: 1, milliseconds: 12_345, .pilot(pilot)), atSecond: 101)
    view.take(ControlEvent(connector: 9, milliseconds: 12_345, .pilot(pilot)), atSecond: 101)
    var power = PowerValues()
    power.millivolts = 1000
    view.take(ControlEvent(connector: 1, milliseconds: 12_350, .power(power)), atSecond: 101)
    let lines = view.lines(width: 80, height: 24, isColoured: false, atSecond: 101)
    #expect(lines[3] == "  pilot    F (charger not available)   contactor closed   plug locked")
    #expect(lines.contains("  power    1.0 V   0.0 A   0 W   12.35 kWh"))
    #expect(view.news == ["12.345  connector 1: pilot F (charger not available)"])
  }

  @Test func a_fault_stands_until_it_is_cleared() {
    var view = view()
    let fault = ControlFault(name: "contactorWelded", text: "it is welded", latch: .service)
    view.take(ControlEvent(connector: 1, milliseconds: 0, .fault(fault)), atSecond: 100)
    let told = ControlFault(name: "pilotLost(A)", text: "pulled", latch: .none)
    view.take(ControlEvent(connector: 1, milliseconds: 0, .fault(told)), atSecond: 100)
    #expect(
      view.lines(width: 80, height: 24, isColoured: false, atSecond: 100).contains(
        "  fault    contactorWelded: it is welded   then: coupler clear 1"))
    view.take(ControlEvent(connector: 1, milliseconds: 0, .cleared(name: "other")), atSecond: 100)
    #expect(view.connectors[0].fault == fault)
    view.take(ControlEvent(connector: 1, milliseconds: 0, .cleared(name: "contactorWelded")), atSecond: 100)
    #expect(view.connectors[0].fault == nil)
  }

  @Test func the_time_of_a_session_goes_on_between_events() {
    var idle = Self.charging
    idle.session.seconds = nil
    #expect(view().isTicking && !view(idle).isTicking)
    let lines = view().lines(width: 80, height: 24, isColoured: false, atSecond: 130)
    #expect(lines.contains { $0.contains("13 min 4 s") })
    #expect(lines[0].hasSuffix("1 d 2 h"))
  }

  @Test func colours_are_left_away_where_they_are_not_wanted() {
    let plain = view().lines(width: 80, height: 24, isColoured: false, atSecond: 100)
    let coloured = view().lines(width: 80, height: 24, isColoured: true, atSecond: 100)
    #expect(!plain.joined().contains("\u{1B}") && coloured.joined().contains("\u{1B}[32m"))
    var text = coloured.joined(separator: "\n")
    for style in ["\u{1B}[0m", "\u{1B}[1m", "\u{1B}[2m", "\u{1B}[31m", "\u{1B}[32m", "\u{1B}[33m"] {
      text = text.replacing(style, with: "")
    }
    #expect(text == plain.joined(separator: "\n"))
  }

  @Test func nothing_that_comes_over_the_socket_steers_the_terminal() {
    var status = Self.charging
    let evil = "\u{1B}[2J\u{9B}31m\u{7}\r"
    status.slac.peer = evil
    status.slac.cause = evil
    status.session.phase = evil
    status.session.outcome = evil
    status.fault = ControlFault(name: evil, text: evil, latch: .service)
    var view = view(status)
    for content: ControlEvent.Content in [
      .slac(status.slac), .session(status.session),
      .fault(ControlFault(name: evil, text: evil, latch: .none)),
      .cleared(name: evil), .ended(ok: false, text: evil, wattHours: 0),
    ] {
      view.take(ControlEvent(connector: 1, milliseconds: 0, content), atSecond: 100)
    }
    let text = view.lines(width: 80, height: 60, isColoured: false, atSecond: 100).joined()
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
  }

  @Test func numbers_are_rounded_as_people_do() {
    #expect(StatusText.volts(398_249) == "398.2 V" && StatusText.volts(398_250) == "398.3 V")
    #expect(
      StatusText.amps(-1500) == "-1.5 A" && StatusText.amps(-4) == "0.0 A"
        && StatusText.amps(999_960) == "1000.0 A")
    #expect(StatusText.watts(999) == "999 W" && StatusText.watts(47_983) == "47.98 kW")
    #expect(StatusText.energy(12_345) == "12.35 kWh" && StatusText.decimal(1005, 2) == "1.01")
    #expect(StatusText.duration(59) == "59 s" && StatusText.duration(3700) == "1 h 1 min")
  }

  @Test func long_words_are_cut_where_they_must_be() {
    #expect(StatusText.wrapped("one two three", 7) == ["one two", "three"])
    #expect(StatusText.wrapped("abcdefghij", 4) == ["abcd", "efgh", "ij"])
    #expect(StatusText.wrapped("", 4) == [""])
  }
}
