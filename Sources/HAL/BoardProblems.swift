extension BoardDescription {
  /// What cannot be right, each beginning with the field; empty for a usable description.
  public var problems: [String] {
    var check = FieldCheck()
    check.isTrue(
      !name.isEmpty && name.utf8.allSatisfy(FieldCheck.isNameCharacter),
      "name", "must be printable ASCII without spaces: small letters, digits and '-'; is '\(name)'")
    check.isTrue(
      !summary.isEmpty && summary.utf8.allSatisfy { $0 >= 32 }, "summary", "must be one line for people")
    for (index, match) in matches.enumerated() {
      check.isTrue(!match.text.isEmpty, "matches[\(index)]", "an empty text matches every board")
      check.isTrue(!matches[..<index].contains(match), "matches[\(index)]", "is there twice")
    }
    check.isTrue(!roles.isEmpty, "outlets", "a board without an outlet or inlet cannot charge anything")
    for (index, outlet) in outlets.enumerated() { outlet.check(&check, "outlets[\(index)]") }
    for (index, inlet) in inlets.enumerated() { inlet.check(&check, "inlets[\(index)]") }
    checkLinks(&check)
    checkConnectors(&check)
    checkModems(&check)
    checkAuxiliaries(&check)
    checkSteadyPWMs(&check)
    checkPowerOn(&check)
    checkDevices(&check)
    checkCrash(&check)
    return check.found
  }

  private func checkLinks(_ check: inout FieldCheck) {
    for (index, link) in links.enumerated() {
      link.check(&check, "links[\(index)]")
      for earlier in links[..<index] {
        check.isTrue(earlier.name != link.name, "links[\(index)].name", "'\(link.name)' is there twice")
        check.isTrue(
          !earlier.transport.sharesWire(with: link.transport), "links[\(index)].transport",
          "'\(earlier.name)' has it already")
      }
      check.isTrue(
        connectors.contains { $0.link == link.name }, "links[\(index)].name",
        "no outlet or inlet is behind '\(link.name)'")
    }
  }

  /// Every use of a link's connector.
  private var connectors: [(field: String, link: String, connector: Int, needsLock: Bool)] {
    var found: [(field: String, link: String, connector: Int, needsLock: Bool)] = []
    for (index, outlet) in outlets.enumerated() {
      guard case .link(let hardware) = outlet.hardware else { continue }
      found.append(
        ("outlets[\(index)]", hardware.link, hardware.connector, hardware.lock == .link))
    }
    for (index, inlet) in inlets.enumerated() {
      guard case .link(let hardware) = inlet.hardware else { continue }
      found.append(("inlets[\(index)]", hardware.link, 1, hardware.drivesLock))
    }
    return found
  }

  /// What only one protocol has words for.
  private func checkLinkSettings(_ check: inout FieldCheck) {
    for (index, outlet) in outlets.enumerated() {
      guard case .link(let hardware) = outlet.hardware, let link = link(named: hardware.link) else {
        continue
      }
      let (field, spoken) = ("outlets[\(index)]", link.transport.protocolID)
      let (most, asks) = (link.transport.contactorsMax, link.transport.asksForSettings)
      check.isTrue(
        (1...most).contains(hardware.contactors), "\(field).contactors",
        "protocol \(spoken) has 1...\(most) for an outlet, not \(hardware.contactors)")
      let bare = LinkDrivenOutlet(link: hardware.link)
      check.isTrue(
        hardware.feedback == bare.feedback || asks, "\(field).feedback",
        "protocol \(spoken) has no word for how it is wired")
      check.isTrue(
        hardware.lockKind == bare.lockKind || asks && hardware.lock == .link,
        "\(field).lockKind", "protocol \(spoken) has no word for it, or the controller drives no lock here")
    }
    for (index, link) in links.enumerated() {
      check.isTrue(
        link.revision == .a || link.transport.asksForSettings, "links[\(index)].revision",
        "protocol \(link.transport.protocolID) has no word for it")
    }
  }

  /// Behind a link only its own sensors are served.
  private func checkLinkSensors(_ check: inout FieldCheck) {
    for (index, outlet) in outlets.enumerated() {
      guard case .link(let hardware) = outlet.hardware else { continue }
      for (number, sensor) in outlet.monitoring.temperatures.enumerated() {
        if case .link = sensor.source { continue }
        check.add(
          "outlets[\(index)].monitoring.temperatures[\(number)]",
          "'\(sensor.name)' is not read behind safety link '\(hardware.link)'; only its own sensors are")
      }
    }
  }

  private func checkConnectors(_ check: inout FieldCheck) {
    checkLinkSensors(&check)
    checkLinkSettings(&check)
    let all = connectors
    for (index, one) in all.enumerated() {
      guard let link = link(named: one.link) else {
        check.add("\(one.field).link", "there is no safety link '\(one.link)'")
        continue
      }
      let count = link.transport.connectors
      check.isTrue(
        (1...count).contains(one.connector), "\(one.field).connector",
        "'\(link.name)' speaks \(link.transport.protocolID), which has connectors 1...\(count), not \(one.connector)"
      )
      if let other = all[..<index].first(where: { $0.link == one.link && $0.connector == one.connector }) {
        check.add("\(one.field).connector", "connector \(one.connector) is already that of \(other.field)")
      }
      check.isTrue(
        !one.needsLock || link.transport.drivesLock, "\(one.field).lock",
        "protocol \(link.transport.protocolID) has no word for a lock")
    }
  }

  private func checkModems(_ check: inout FieldCheck) {
    var modems: [(field: String, modem: ModemDescription)] = []
    for (index, outlet) in outlets.enumerated() {
      if let modem = outlet.modem { modems.append(("outlets[\(index)].modem", modem)) }
    }
    for (index, inlet) in inlets.enumerated() {
      if let modem = inlet.modem { modems.append(("inlets[\(index)].modem", modem)) }
    }
    for (index, one) in modems.enumerated() {
      for other in modems[..<index] where one.modem.interface.mayBe(other.modem.interface) {
        check.add("\(one.field).interface", "cannot be told from that of \(other.field)")
      }
    }
  }

  private func checkAuxiliaries(_ check: inout FieldCheck) {
    for (index, auxiliary) in auxiliaries.enumerated() {
      let field = "auxiliaries[\(index)].name"
      check.isTrue(
        FieldCheck.isWord(auxiliary.name), field,
        "must be letters, digits, '-' and '_', is '\(auxiliary.name)'"
      )
      check.isTrue(
        !auxiliaries[..<index].contains { $0.name == auxiliary.name }, field,
        "'\(auxiliary.name)' is there twice")
    }
  }

  private func checkSteadyPWMs(_ check: inout FieldCheck) {
    for (index, steady) in steadyPWMs.enumerated() {
      let field = "steadyPWMs[\(index)].name"
      check.isTrue(
        FieldCheck.isWord(steady.name), field, "must be letters, digits, '-' and '_', is '\(steady.name)'")
      check.isTrue(
        !steadyPWMs[..<index].contains { $0.name == steady.name }, field, "'\(steady.name)' is there twice")
    }
  }

  private func checkPowerOn(_ check: inout FieldCheck) {
    for (index, step) in powerOn.enumerated() {
      let field = "powerOn[\(index)]"
      switch step {
      case .drive(let name, _):
        switch auxiliaries.first(where: { $0.name == name })?.use {
        case nil: check.add(field, "there is no auxiliary '\(name)'")
        case .input: check.add(field, "auxiliary '\(name)' is an input")
        case .output: break
        }
      case .startLink(let name):
        check.isTrue(link(named: name) != nil, field, "there is no safety link '\(name)'")
      case .resetModem(let outlet):
        check.isTrue(
          outlets.indices.contains(outlet) && outlets[outlet].modem?.reset != nil, field,
          "outlets[\(outlet)] has no modem with a reset line")
      case .wait(let duration):
        check.isWithin(duration, over: .zero, to: .seconds(60), field)
      }
    }
  }

  /// No line, PWM or ADC channel has two uses.
  private func checkDevices(_ check: inout FieldCheck) {
    let inventory = inventory
    var places: [LineDescription.Place: String] = [:]
    for line in inventory.lines {
      line.check(&check)
      if let earlier = places[line.line.place] {
        check.add(line.field, "line \(line.line.place) is already \(earlier)")
      } else {
        places[line.line.place] = line.field
      }
    }
    var channels: [String: String] = [:]
    for pwm in inventory.pwms {
      pwm.check(&check)
      let key = "\(pwm.pwm.device) channel \(pwm.pwm.channel)"
      if let earlier = channels[key] { check.add(pwm.field, "PWM \(key) is already \(earlier)") }
      channels[key] = channels[key] ?? pwm.field
    }
    channels = [:]
    for adc in inventory.adcs {
      adc.check(&check)
      let kind = if case .voltage = adc.use { "voltage" } else { "temperature" }
      let key = "\(adc.device) \(kind) \(adc.channel)"
      if let earlier = channels[key] { check.add(adc.field, "ADC \(key) is already \(earlier)") }
      channels[key] = channels[key] ?? adc.field
    }
  }

  private func checkCrash(_ check: inout FieldCheck) {
    let inventory = inventory
    switch crashSafety {
    case .nothingToDrive:
      if let output = inventory.lines.first(where: { $0.use != .input }) {
        check.add("crashSafety", "says nothing is driven, but \(output.field) is")
      }
    case .hardwareDefault: break
    case .hardwareWatchdog(let device, let timeout, _):
      check.isTrue(device.hasPrefix("/dev/"), "crashSafety.device", "must be below /dev, is '\(device)'")
      check.isWithin(timeout, over: .zero, to: .seconds(60), "crashSafety.timeout")
    case .linkTimeout(let timeout, _):
      check.isWithin(timeout, over: .zero, to: .seconds(60), "crashSafety.timeout")
      check.isTrue(!links.isEmpty, "crashSafety", "is a link's own time-out, but the board has no link")
    }
    check.isTrue(!crashSafety.words.isEmpty, "crashSafety.words", "must tell what SIGKILL leaves")
    if case .hardwareWatchdog = crashSafety { return }
    for line in inventory.lines {
      guard case .output(_, _, .heldUntilReset) = line.use else { continue }
      check.add("\(line.field).crash", "is held until a reset, but the board has no watchdog (crashSafety)")
    }
    for pwm in inventory.pwms {
      guard case .pilot(_, _, .heldUntilReset) = pwm.use else { continue }
      check.add("\(pwm.field).crash", "is held until a reset, but the board has no watchdog (crashSafety)")
    }
    guard !connectors.isEmpty, links.isEmpty == false else { return }
    if case .linkTimeout = crashSafety { return }
    check.add(
      "crashSafety", "an outlet or inlet behind a safety link is made safe by linkTimeout or hardwareWatchdog"
    )
  }
}

extension BoardMatch {
  /// What is looked for.
  var text: String {
    switch self {
    case .compatible(let text), .model(let text), .dmi(let text): text
    }
  }
}

extension SafetyLinkDescription {
  func check(_ check: inout FieldCheck, _ field: String) {
    check.isTrue(
      FieldCheck.isWord(name), "\(field).name", "must be letters, digits, '-' and '_', is '\(name)'")
    switch transport {
    case .serial(let device, let baud, _):
      check.isTrue(
        device.hasPrefix("/dev/") && device.utf8.count > 5, "\(field).transport.device",
        "must be below /dev, is '\(device)'")
      let usual = [
        9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_000_000, 2_000_000, 4_000_000,
      ]
      check.isTrue(usual.contains(baud), "\(field).transport.baud", "\(baud) is no usual rate")
    case .chargeBridge(let host, let port):
      check.isTrue(!host.isEmpty, "\(field).transport.host", "must name the box")
      check.isTrue(port > 0, "\(field).transport.port", "must not be 0")
    }
    check.isWithin(heartbeat, from: .milliseconds(10), to: .seconds(5), "\(field).heartbeat")
    check.isTrue(
      silenceMax > heartbeat && silenceMax <= .seconds(30), "\(field).silenceMax",
      "must be longer than the heartbeat and at most 30 s, is \(silenceMax)")
    if let reset {
      check.isWithin(reset.pulse, from: .milliseconds(1), to: .seconds(1), "\(field).reset.pulse")
    }
    if let boot {
      check.isTrue(
        !boot.start && !boot.stop, "\(field).boot", "true at start or stop would start the boot loader")
      check.isTrue(reset != nil, "\(field).boot", "does nothing without a reset line")
    }
  }
}

extension SafetyLinkTransport {
  /// Connectors one controller has.
  public var connectors: Int {
    switch self {
    case .serial(_, _, let spoken): spoken.connectors
    case .chargeBridge: 1
    }
  }

  /// Contactors of the controller that one outlet may have.
  var contactorsMax: Int {
    switch self {
    case .serial(_, _, let spoken): spoken.contactorsMax
    case .chargeBridge: 1
    }
  }

  /// The controller asks how its board is made.
  var asksForSettings: Bool {
    switch self {
    case .serial(_, _, let spoken): spoken.asksForSettings
    case .chargeBridge: false
    }
  }

  /// Its protocol has a word for the lock.
  public var drivesLock: Bool {
    switch self {
    case .serial(_, _, let spoken): spoken.drivesLock
    case .chargeBridge: true
    }
  }

  func sharesWire(with other: SafetyLinkTransport) -> Bool {
    switch (self, other) {
    case (.serial(let one, _, _), .serial(let two, _, _)): one == two
    case (.chargeBridge(let one, let port), .chargeBridge(let two, let otherPort)):
      one == two && port == otherPort
    default: false
    }
  }
}
