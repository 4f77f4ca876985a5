import ControlAPI
import Glibc

/// The state of a station in words, as wide as the terminal is.
struct StatusText {
  var width: Int
  var isColoured: Bool

  /// Below this, fields stand one below the other.
  static let widthMin = 24

  enum Style: String {
    case plain = ""
    case bold = "\u{1B}[1m"
    case good = "\u{1B}[32m"
    case bad = "\u{1B}[31m"
    case attention = "\u{1B}[33m"
    case faint = "\u{1B}[2m"
  }

  typealias Field = (text: String, style: Style)

  func title(_ info: StationInfo) -> String {
    let text = "\(info.name) \(info.version) on \(info.board), up \(Self.duration(info.uptimeSeconds))"
    return styled(cut(text), .bold)
  }

  /// A connector, in a few lines.
  func block(_ status: ConnectorStatus, secondsSince: Int = 0) -> [String] {
    var lines = [
      styled(
        cut(
          "\(Self.place(status))  \(status.current.uppercased())  \(status.interface)"
        ), .bold)
    ]
    lines += row("pilot", pilot(status))
    lines += row("SLAC", Self.fields(status.slac))
    lines += row("session", Self.fields(status.session, secondsSince))
    lines += row("power", Self.fields(status.power, wattHours: status.session.wattHours))
    if let inlet = status.inlet { lines += row("battery", Self.fields(inlet)) }
    let limits: [Field] = status.limits == ControlLimits() ? [] : [(Self.words(status.limits), .plain)]
    if !limits.isEmpty { lines += row("limits", limits) }
    if status.isPaused {
      lines += row(
        "paused", [("no session begins until: coupler stop \(status.connector) --resume", .attention)])
    }
    if let stage = status.stage { lines += row("stage", Self.fields(stage)) }
    if let trouble = status.trouble {
      lines += row("trouble", [("out of service: \(Self.plain(trouble))", .bad)])
    }
    if let fault = status.fault { lines += row("fault", Self.fields(fault, status.connector)) }
    return lines
  }

  private static func place(_ status: ConnectorStatus) -> String {
    switch status.role {
    case .charger: "Connector \(status.connector)  \(plain(status.evseID))"
    case .vehicle: "Inlet \(status.connector)  \(plain(status.evccID ?? ""))"
    }
  }

  // MARK: fields

  private func pilot(_ status: ConnectorStatus) -> [Field] {
    let pilot = status.pilot
    let isVehicle = status.role == .vehicle
    let isBad = ["E", "F", "fault"].contains(pilot.state)
    var fields: [Field] = [(Self.pilotWords(pilot, ofVehicle: isVehicle), isBad ? .bad : .plain)]
    if let fault = pilot.fault { fields.append((Self.plain(fault), .bad)) }
    if let cable = pilot.cableMilliamps { fields.append(("cable \(Self.amps(cable))", .plain)) }
    let outputs = status.outputs
    if let feedback = outputs.contactorFeedback, feedback != outputs.contactorClosed {
      fields.append(
        (
          "contactor \(outputs.contactorClosed ? "closed" : "open") but reads \(feedback ? "closed" : "open")",
          .bad
        ))
    } else {
      fields.append(
        outputs.contactorClosed ? ("contactor closed", .good) : ("contactor open", .plain))
    }
    if let locked = outputs.locked { fields.append((locked ? "plug locked" : "plug free", .plain)) }
    if outputs.powerStageEnabled { fields.append(("power stage on", .good)) }
    return fields
  }

  static func pilotWords(_ pilot: PilotStatus, ofVehicle isVehicle: Bool = false) -> String {
    var text = pilot.state
    if let meaning = (isVehicle ? vehicleMeanings : meanings)[pilot.state] { text += " (\(meaning))" }
    if let duty = pilot.dutyPermille { text += " at \(duty / 10).\(duty % 10) %" }
    if let offered = pilot.offeredMilliamps { text += ", offers \(amps(offered))" }
    return text
  }

  private static let meanings = [
    "A": "no vehicle", "B": "vehicle connected", "C": "vehicle ready",
    "D": "vehicle ready, wants ventilation",
    "E": "no pilot", "F": "charger not available",
  ]

  /// The same from the other end of the cable.
  private static let vehicleMeanings = [
    "A": "not plugged in", "B": "plugged in, S2 open", "C": "S2 closed", "D": "S2 closed, wants ventilation",
    "E": "no pilot", "F": "charger not available",
  ]

  static func fields(_ inlet: InletStatus) -> [Field] {
    guard inlet.isBatteryHeard else { return [("its management is silent", .bad)] }
    var fields: [Field] = []
    if let soc = inlet.socPercent { fields.append(("\(soc) %", .plain)) }
    fields.append(("charger gives \(volts(inlet.millivolts)) \(amps(inlet.milliamps))", .plain))
    if inlet.chargerMilliamps > 0 { fields.append(("may take \(amps(inlet.chargerMilliamps))", .good)) }
    return fields
  }

  static func fields(_ slac: SLACStatus) -> [Field] {
    var fields: [Field] = [
      (slac.state.rawValue, slac.state == .matched ? .good : slac.state == .failed ? .bad : .plain)
    ]
    if let peer = slac.peer { fields.append((plain(peer), .plain)) }
    if let level = slac.attenuationDecidecibels {
      fields.append(("\(level / 10).\(level.magnitude % 10) dB", .plain))
    }
    if let cause = slac.cause { fields.append((plain(cause), .attention)) }
    return fields
  }

  static func fields(_ session: SessionStatus, _ secondsSince: Int = 0) -> [Field] {
    var fields: [Field] = [(plain(session.phase), session.phase == "energy" ? .good : .plain)]
    if let name = session.protocolName { fields.append((plain(name), .plain)) }
    switch session.authorization {
    case .none: break
    case .needed: fields.append(("waits for: coupler authorize", .attention))
    case .granted: fields.append(("authorized", .plain))
    case .refused: fields.append(("refused", .bad))
    }
    if let seconds = session.seconds { fields.append((duration(seconds + secondsSince), .plain)) }
    if let soc = session.socPercent { fields.append(("battery \(soc) %", .plain)) }
    if let outcome = session.outcome { fields.append(("last: \(plain(outcome))", .faint)) }
    return fields
  }

  static func fields(_ power: PowerValues, wattHours: Int) -> [Field] {
    var fields: [Field] = [
      ("\(volts(power.millivolts))", .plain),
      (power.phases > 1 ? "\(power.phases) x \(amps(power.milliamps))" : amps(power.milliamps), .plain),
      (watts(power.watts), .plain), (energy(wattHours), .plain),
    ]
    if let voltage = power.targetMillivolts, let current = power.targetMilliamps {
      fields.append(("set to \(volts(voltage)) \(amps(current))", .faint))
    }
    if let heat = power.temperatureDecidegrees { fields.append(("\(decimal(heat * 100, 1)) °C", .plain)) }
    return fields
  }

  /// A power stage that another program drives.
  static func fields(_ stage: PowerStageStatus) -> [Field] {
    var fields: [Field] =
      switch stage.state {
      case .ready: [("ready", .good)]
      case .notReady: [("cannot deliver now", .attention)]
      case .absent: [("nobody reports it: start its program, or try coupler power --simulate", .attention)]
      case .silent: [("silent: its program hangs, or is gone", .bad)]
      case .faulty: [("faulty", .bad)]
      case .disobeying: [("does not do what it is told", .bad)]
      }
    if let fault = stage.fault { fields.append((plain(fault), .bad)) }
    if stage.isLagging { fields.append(("does not reach what it was told", .attention)) }
    if let insulation = stage.insulation {
      fields.append(("insulation \(insulation.rawValue)", insulation == .fault ? .bad : .plain))
    }
    let most = ControlLimits(
      milliamps: stage.milliampsMax, millivolts: stage.millivoltsMax, watts: stage.wattsMax)
    if most != ControlLimits() { fields.append(("can give " + words(most), .plain)) }
    return fields
  }

  /// What a power stage has to do.
  static func words(_ command: PowerCommand) -> String {
    var text = command.isEnabled ? "on, \(volts(command.millivolts)) \(amps(command.milliamps))" : "off"
    if command.wantsInsulationTest { text += ", test the insulation" }
    return text
  }

  static func fields(_ fault: ControlFault, _ connector: Int) -> [Field] {
    var fields: [Field] = [("\(plain(fault.name)): \(plain(fault.text))", .bad)]
    if fault.latch == .service { fields.append(("then: coupler clear \(connector)", .attention)) }
    return fields
  }

  static func words(_ limits: ControlLimits) -> String {
    var words: [String] = []
    if let current = limits.milliamps { words.append("at most \(amps(current))") }
    if let voltage = limits.millivolts { words.append("\(volts(voltage))") }
    if let power = limits.watts { words.append(watts(power)) }
    if let phases = limits.phases { words.append(phases == 1 ? "1 phase" : "\(phases) phases") }
    return words.isEmpty ? "no limits of its own" : words.joined(separator: ", ")
  }

  static func line(_ entry: ErrorEntry) -> String {
    let state = entry.isPresent ? "present" : "over"
    let place = "connector \(entry.connector), \(plain(entry.layer))"
    return
      "\(entry.number)  \(date(entry.unixSeconds))  \(place), \(state): \(plain(entry.name)): \(plain(entry.text))"
  }

  /// An event as one line.
  static func line(_ event: ControlEvent) -> String {
    let text: String =
      switch event.content {
      case .pilot(let pilot): "pilot \(pilotWords(pilot))"
      case .slac(let slac): "SLAC " + join(fields(slac))
      case .session(let session): "session " + join(fields(session))
      case .outputs(let outputs):
        "contactor \(outputs.contactorClosed ? "closed" : "open")"
          + (outputs.locked.map { $0 ? ", plug locked" : ", plug free" } ?? "")
      case .power(let power): "power " + join(Array(fields(power, wattHours: 0).prefix(3)))
      case .limits(let limits): "limits " + words(limits)
      case .stage(let stage): "stage " + join(fields(stage))
      case .powerCommand(let command): "stage is told: " + words(command)
      case .inlet(let inlet): "battery " + join(fields(inlet))
      case .paused(let paused): paused ? "paused" : "not paused any more"
      case .trouble(let text): text.isEmpty ? "in service again" : "out of service: \(plain(text))"
      case .fault(let fault): "fault \(plain(fault.name)): \(plain(fault.text))"
      case .cleared(let name): "cleared \(plain(name))"
      case .ended(let ok, let text, let wattHours):
        "ended \(ok ? "in order" : "with a failure"): \(plain(text)), \(energy(wattHours))"
      }
    return "\(seconds(milliseconds: event.milliseconds))  connector \(event.connector): \(text)"
  }

  private static func join(_ fields: [Field]) -> String { fields.map(\.text).joined(separator: ", ") }

  // MARK: layout

  /// A label and fields, on as many lines as they need.
  private func row(_ label: String, _ fields: [Field]) -> [String] {
    let indent = width < 40 ? 2 : 11
    let room = max(width - indent, Self.widthMin - 2)
    var lines: [(text: String, length: Int)] = []
    for field in fields {
      for (index, piece) in Self.wrapped(field.text, room).enumerated() {
        let shown = styled(piece, field.style)
        let length = piece.count
        if index == 0, let last = lines.last, last.length + 3 + length <= room {
          lines[lines.count - 1] = (last.text + "   " + shown, last.length + 3 + length)
        } else {
          lines.append((shown, length))
        }
      }
    }
    let head = "  " + label
    if width < 40 { return [styled(head, .faint)] + lines.map { "  " + $0.text } }
    let padding = String(repeating: " ", count: max(1, indent - head.count))
    return lines.enumerated().map { index, line in
      index == 0
        ? styled(head, .faint) + padding + line.text : String(repeating: " ", count: indent) + line.text
    }
  }

  /// Cuts a text into pieces of at most `room` characters, between words where there are some.
  static func wrapped(_ text: String, _ room: Int) -> [String] {
    var pieces: [String] = []
    var rest = text[...]
    while rest.count > room {
      let limit = rest.index(rest.startIndex, offsetBy: room)
      let space = rest[...limit].lastIndex(of: " ") ?? limit
      let end = space > rest.startIndex ? space : limit
      pieces.append(String(rest[..<end]))
      rest = rest[end...].drop { $0 == " " }
    }
    if !rest.isEmpty || pieces.isEmpty { pieces.append(String(rest)) }
    return pieces
  }

  func cut(_ text: String) -> String {
    text.count <= width ? text : String(text.prefix(max(width - 1, 1))) + "…"
  }

  func styled(_ text: String, _ style: Style) -> String {
    isColoured && style != .plain && !text.isEmpty ? style.rawValue + text + "\u{1B}[0m" : text
  }

  // MARK: numbers

  static func volts(_ millivolts: Int) -> String { "\(decimal(millivolts, 1)) V" }
  static func amps(_ milliamps: Int) -> String { "\(decimal(milliamps, 1)) A" }
  static func watts(_ watts: Int) -> String {
    watts.magnitude < 1000 ? "\(watts) W" : "\(decimal(watts, 2)) kW"
  }
  static func energy(_ wattHours: Int) -> String {
    wattHours.magnitude < 1000 ? "\(wattHours) Wh" : "\(decimal(wattHours, 2)) kWh"
  }

  /// Thousandths with one to three places, rounded to the nearest.
  static func decimal(_ thousandths: Int, _ places: Int) -> String {
    let step = [1: 100, 2: 10][places] ?? 1
    let scale = UInt(1000 / step)
    let value = (thousandths.magnitude + UInt(step) / 2) / UInt(step)
    let digits = String(value % scale)
    let sign = thousandths < 0 && value > 0 ? "-" : ""
    return "\(sign)\(value / scale)." + String(repeating: "0", count: max(0, places - digits.count)) + digits
  }

  static func duration(_ seconds: Int) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    default: "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
    }
  }

  /// What comes over the socket, without what a terminal would obey.
  static func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isHarmful($0) ? "?" : $0 }))
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
  }
}

/// A date and time of day in UTC, "2026-11-21 21:45:00"; a dash where the clock was not set.
private func date(_ unixSeconds: Int64) -> String {
  guard unixSeconds > 0 else { return "-" }
  var time = time_t(clamping: unixSeconds)
  var parts = tm()
  guard gmtime_r(&time, &parts) != nil else { return "-" }
  func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
  return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
    + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
}
