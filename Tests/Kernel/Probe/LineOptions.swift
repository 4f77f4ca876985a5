import HAL

/// `name=CONTACTOR active-low`: what a command says of a line or a device.
struct LineOptions {
  private var values: [String: String] = [:]
  private var flags: Set<String> = []

  init(_ words: [String]) {
    for word in words {
      if let sign = word.firstIndex(of: "=") {
        values[String(word[..<sign])] = String(word[word.index(after: sign)...])
      } else {
        flags.insert(word)
      }
    }
  }

  func flag(_ name: String) -> Bool { flags.contains(name) }

  func line() throws(ProbeError) -> LineDescription {
    let place: LineDescription.Place
    if let name = values["name"] {
      place = .named(name)
    } else if let chip = values["chip"], let offset = UInt32(values["offset"] ?? "") {
      place = .offset(chip: chip, offset)
    } else if let path = values["path"], let offset = UInt32(values["offset"] ?? "") {
      place = .device(path: path, offset)
    } else {
      throw ProbeError("a line is name=NAME or chip=LABEL offset=N")
    }
    return LineDescription(
      place, isActiveLow: flags.contains("active-low"),
      bias: LineDescription.Bias(rawValue: values["bias"] ?? "asIs") ?? .asIs,
      drive: LineDescription.Drive(rawValue: values["drive"] ?? "pushPull") ?? .pushPull,
      debounce: .microseconds(Int64(values["debounce"] ?? "") ?? 0))
  }

  func adc() throws(ProbeError) -> ADCDescription {
    guard let device = values["device"], let channel = UInt32(values["channel"] ?? "") else {
      throw ProbeError("an ADC is device=NAME channel=N")
    }
    return ADCDescription(
      device: device, channel: channel, numerator: Int(values["numerator"] ?? "") ?? 1,
      denominator: Int(values["denominator"] ?? "") ?? 1, offsetMillivolts: Int(values["offset"] ?? "") ?? 0)
  }

  /// `channels=2,3`, with the scale that all of them have.
  func scan() throws(ProbeError) -> [ADCDescription] {
    var channels: [ADCDescription] = []
    for number in (values["channels"] ?? "").split(separator: ",") {
      var options = self
      options.values["channel"] = String(number)
      channels.append(try options.adc())
    }
    return channels
  }

  func trigger() throws(ProbeError) -> String {
    guard let name = values["trigger"] else {
      throw ProbeError("a scan is device=NAME channels=N,M trigger=NAME")
    }
    return name
  }

  func pwm() throws(ProbeError) -> PWMDescription {
    guard let device = values["device"], let channel = UInt32(values["channel"] ?? "") else {
      throw ProbeError("a PWM is device=NAME channel=N")
    }
    return PWMDescription(device: device, channel: channel, isInverted: flags.contains("inverted"))
  }
}
