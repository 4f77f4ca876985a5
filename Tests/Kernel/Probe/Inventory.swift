import HAL

/// Everything a board touches, one thing a line: what it is, the field of the description, then what belongs to it.
/// The words after the field are those that `LineOptions` reads.
func inventory(of board: BoardDescription) -> String {
  var rows: [String] = []
  for entry in board.lines {
    switch entry.use {
    case .input:
      rows.append("input \(entry.field) \(words(entry.line))")
    case .output(let start, let stop, let crash):
      let crashed = words(crash) { $0 ? "1" : "0" }
      rows.append(
        "output \(entry.field) \(words(entry.line)) start=\(start ? 1 : 0) stop=\(stop ? 1 : 0) crash=\(crashed)"
      )
    }
  }
  for entry in board.pwms {
    let pwm = entry.pwm
    let device = "device=\(pwm.device) channel=\(pwm.channel)\(pwm.isInverted ? " inverted" : "")"
    switch entry.use {
    case .pilot(let start, let stop, let crash):
      rows.append(
        "pwm \(entry.field) \(device) start=\(word(start)) stop=\(word(stop)) crash=\(words(crash, word))")
    case .economiser: rows.append("economiser \(entry.field) \(device)")
    case .steady(let permille): rows.append("steady \(entry.field) \(device) duty=\(permille)")
    case .capture: rows.append("capture \(entry.field) \(device)")
    }
  }
  for entry in board.adcs {
    switch entry.use {
    case .voltage(let adc):
      rows.append(
        "adc \(entry.field) device=\(adc.device) channel=\(adc.channel) numerator=\(adc.numerator) "
          + "denominator=\(adc.denominator) offset=\(adc.offsetMillivolts)")
    case .temperature(let device, let channel):
      rows.append("temperature \(entry.field) device=\(device) channel=\(channel)")
    }
  }
  return rows.joined(separator: "\n")
}

private func words(_ line: LineDescription) -> String {
  var words: [String] =
    switch line.place {
    case .named(let name): ["name=\(name)"]
    case .offset(let chip, let offset): ["chip=\(chip)", "offset=\(offset)"]
    case .device(let path, let offset): ["path=\(path)", "offset=\(offset)"]
    }
  if line.isActiveLow { words.append("active-low") }
  words += ["bias=\(line.bias.rawValue)", "drive=\(line.drive.rawValue)"]
  let microseconds = line.debounce / Duration.microseconds(1)
  if microseconds > 0 { words.append("debounce=\(Int64(microseconds))") }
  return words.joined(separator: " ")
}

private func words<Value>(_ crash: CrashValue<Value>, _ text: (Value) -> String) -> String {
  switch crash {
  case .released(let value): "released:\(text(value))"
  case .heldUntilReset(let value): "watchdog:\(text(value))"
  case .held: "held"
  }
}

private func word(_ duty: PilotDuty) -> String {
  switch duty {
  case .steadyHigh: "high"
  case .steadyLow: "low"
  case .pwm(let permille): "\(permille)"
  }
}
