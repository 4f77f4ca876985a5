import HAL

// The JSON of `coupler board show`. Values of lines are those of the function, before active-low, as in the description.

extension BoardDescription {
  /// Who it is.
  var jsonIdentity: JSONLine {
    var line = JSONLine()
    line.add("name", name)
    line.add("summary", summary)
    line.add("roles", roles.map(\.rawValue))
    switch trial {
    case .simulated: line.add("trial", "simulated")
    case .neverOnMetal: line.add("trial", "neverOnMetal")
    case .onMetal(let revision): line.add("trial", "onMetal: \(revision)")
    }
    line.add("matches", matches.map(\.json))
    return line
  }

  /// Everything.
  var json: JSONLine {
    var line = jsonIdentity
    line.add("outlets", outlets.map(\.json))
    line.add("inlets", inlets.map(\.json))
    line.add("lines", lines.map(\.json))
    line.add("pwms", pwms.map(\.json))
    line.add("adcs", adcs.map(\.json))
    line.add("links", links.map(\.json))
    line.add("powerOn", powerOn.map(\.words))
    line.add("crashSafety", crashSafety.json)
    line.add("problems", problems)
    return line
  }
}

extension BoardMatch {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    switch self {
    case .compatible(let text): line.add("compatible", text)
    case .model(let text): line.add("model", text)
    case .dmi(let text): line.add("dmi", text)
    }
    return line
  }
}

extension BoardLine {
  fileprivate var json: JSONLine {
    var result = JSONLine()
    result.add("field", field)
    var place = JSONLine()
    switch line.place {
    case .named(let name): place.add("name", name)
    case .offset(let chip, let offset):
      place.add("chip", chip)
      place.add("offset", Int(offset))
    case .device(let path, let offset):
      place.add("device", path)
      place.add("offset", Int(offset))
    }
    result.add("place", place)
    result.add("activeLow", line.isActiveLow)
    result.add("bias", line.bias.rawValue)
    result.add("drive", line.drive.rawValue)
    switch use {
    case .input:
      result.add("direction", "input")
      result.add("debounceMicroseconds", line.debounce.microseconds)
    case .output(let start, let stop, let crash):
      result.add("direction", "output")
      result.add("start", start)
      result.add("stop", stop)
      var value = JSONLine()
      value.add("kind", crash.kind)
      if let end = crash.end { value.add("value", end) }
      result.add("crash", value)
    }
    return result
  }
}

extension CrashValue {
  var kind: String {
    switch self {
    case .released: "released"
    case .heldUntilReset: "heldUntilReset"
    case .held: "held"
    }
  }
}

extension BoardPWM {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("field", field)
    line.add("device", pwm.device)
    line.add("channel", Int(pwm.channel))
    line.add("periodNanoseconds", Int(pwm.periodNanoseconds))
    line.add("inverted", pwm.isInverted)
    switch use {
    case .pilot(let start, let stop, let crash):
      line.add("use", "pilot")
      line.add("startPermille", start.permille)
      line.add("stopPermille", stop.permille)
      var value = JSONLine()
      value.add("kind", crash.kind)
      if let end = crash.end { value.add("permille", end.permille) }
      line.add("crash", value)
    case .economiser: line.add("use", "economiser")
    case .capture: line.add("use", "capture")
    case .steady(let permille):
      line.add("use", "steady")
      line.add("startPermille", permille)
    }
    return line
  }
}

extension PilotDuty {
  /// Share of +12 V: 1000 and 0 for the steady levels.
  var permille: Int {
    switch self {
    case .steadyHigh: 1000
    case .steadyLow: 0
    case .pwm(let permille): permille
    }
  }
}

extension BoardADC {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("field", field)
    line.add("device", device)
    line.add("channel", Int(channel))
    switch use {
    case .temperature: line.add("kind", "temperature")
    case .voltage(let adc):
      line.add("kind", "voltage")
      line.add("numerator", adc.numerator)
      line.add("denominator", adc.denominator)
      line.add("offsetMillivolts", adc.offsetMillivolts)
    }
    return line
  }
}

extension SafetyLinkDescription {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("name", name)
    line.add("protocol", transport.protocolID)
    switch transport {
    case .serial(let device, let baud, _):
      line.add("device", device)
      line.add("baud", baud)
    case .chargeBridge(let host, let port):
      line.add("host", host)
      line.add("port", Int(port))
    }
    line.add("heartbeatMilliseconds", heartbeat.microseconds / 1000)
    line.add("silenceMaxMilliseconds", silenceMax.microseconds / 1000)
    return line
  }
}

extension Outlet {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("current", current.rawValue)
    line.add("hasLock", hasLock)
    line.add("isVentilated", isVentilated)
    line.add("milliampsMax", milliampsMax)
    line.add("recloseIntervalMilliseconds", recloseIntervalMin.microseconds / 1000)
    line.add("receiverLossDecibels", receiverLossDecibels)
    switch hardware {
    case .simulated: line.add("hardware", "simulated")
    case .lines: line.add("hardware", "lines")
    case .link(let hardware):
      line.add("hardware", "link")
      line.add("link", hardware.link)
      line.add("connector", hardware.connector)
    }
    switch limits.supply {
    case .ac(let phases, let canSwitch):
      line.add("phases", phases)
      line.add("canSwitchPhases", canSwitch)
    case .dc(let least, let most, let watts):
      line.add("millivoltsMin", least)
      line.add("millivoltsMax", most)
      line.add("wattsMax", watts)
    }
    if let modem { line.add("modem", modem.json) }
    return line
  }
}

extension Inlet {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("current", current.rawValue)
    line.add("hasLock", hasLock)
    line.add("milliampsMax", milliampsMax)
    switch hardware {
    case .simulated: line.add("hardware", "simulated")
    case .lines: line.add("hardware", "lines")
    case .link(let hardware):
      line.add("hardware", "link")
      line.add("link", hardware.link)
    }
    if let modem { line.add("modem", modem.json) }
    return line
  }
}

extension ModemDescription {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("vendor", vendor.rawValue)
    line.add("role", role.rawValue)
    var found = JSONLine()
    switch interface {
    case .driver(let driver, let parent):
      found.add("driver", driver)
      if let parent { found.add("parent", parent) }
    case .addressPrefix(let prefix):
      let digits = String(prefix, radix: 16)
      found.add("addressPrefix", String(repeating: "0", count: max(0, 6 - digits.count)) + digits)
    case .named(let name): found.add("name", name)
    case .tap(let name, let mtu):
      found.add("tap", name)
      found.add("mtu", mtu)
    }
    line.add("interface", found)
    return line
  }
}

extension CrashSafety {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    switch self {
    case .nothingToDrive: line.add("kind", "nothingToDrive")
    case .hardwareDefault: line.add("kind", "hardwareDefault")
    case .hardwareWatchdog(let device, let timeout, _):
      line.add("kind", "hardwareWatchdog")
      line.add("device", device)
      line.add("timeoutMilliseconds", timeout.microseconds / 1000)
    case .linkTimeout(let timeout, _):
      line.add("kind", "linkTimeout")
      line.add("timeoutMilliseconds", timeout.microseconds / 1000)
    }
    line.add("words", words)
    return line
  }
}

extension PowerOnStep {
  /// `drive relay-2 off`, `start link safety`
  var words: String {
    switch self {
    case .drive(let name, let value): "drive \(name) \(value ? "on" : "off")"
    case .startLink(let name): "start link \(name)"
    case .resetModem(let outlet): "reset the modem of outlets[\(outlet)]"
    case .wait(let duration): "wait \(duration)"
    }
  }
}

extension Duration {
  /// Whole microseconds, for durations of a description, which are minutes at most.
  var microseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
  }
}
