/// Collects what is wrong, by field.
struct FieldCheck {
  private(set) var found: [String] = []

  mutating func add(_ field: String, _ problem: String) { found.append("\(field): \(problem)") }

  mutating func isTrue(_ holds: Bool, _ field: String, _ problem: @autoclosure () -> String) {
    if !holds { add(field, problem()) }
  }

  mutating func isWithin(_ value: Int, _ range: ClosedRange<Int>, _ field: String, unit: String) {
    isTrue(
      range.contains(value), field,
      "must be \(range.lowerBound)...\(range.upperBound)\(unit.isEmpty ? "" : " \(unit)"), is \(value)")
  }

  mutating func isWithin(_ value: Duration, from least: Duration, to most: Duration, _ field: String) {
    isTrue(value >= least && value <= most, field, "must be \(least)...\(most), is \(value)")
  }

  mutating func isWithin(_ value: Duration, over bound: Duration, to most: Duration, _ field: String) {
    isTrue(value > bound && value <= most, field, "must be above \(bound) and at most \(most), is \(value)")
  }

  /// The output is false at start and stop, and ends false after a crash.
  mutating func isOffWhenIdle(_ output: OutputDescription, _ field: String, _ why: String) {
    isTrue(!output.start, "\(field).start", "must be false: \(why)")
    isTrue(!output.stop, "\(field).stop", "must be false: \(why)")
    isTrue(output.crash.end == false, "\(field).crash", "must end false: \(why)")
  }

  static func isNameCharacter(_ octet: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) || octet == UInt8(ascii: "-")
  }

  static func isWord(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { octet in
        isNameCharacter(octet) || octet == UInt8(ascii: "_")
          || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet)
      }
  }
}

extension LineDescription.Place: CustomStringConvertible {
  /// `RELAY_1_ENABLE`, `20a8000.gpio 12`
  public var description: String {
    switch self {
    case .named(let name): "'\(name)'"
    case .offset(let chip, let offset), .device(let chip, let offset): "\(chip) \(offset)"
    }
  }
}

extension BoardLine {
  func check(_ check: inout FieldCheck) {
    switch line.place {
    case .named(let name):
      check.isTrue(
        !name.isEmpty && name.utf8.count < 32, field, "a line's name has 1...31 octets, '\(name)' has not")
    case .offset(let chip, let offset):
      check.isTrue(
        !chip.isEmpty && chip.utf8.count < 32, field, "a chip's label has 1...31 octets, '\(chip)' has not")
      check.isTrue(
        !chip.hasPrefix("gpiochip"), field,
        "'\(chip)' is a number, which changes from boot to boot: name the line, the chip's label or its device"
      )
      check.isTrue(offset < 1024, field, "no chip has \(offset) lines")
    case .device(let path, let offset):
      check.isTrue(
        !path.isEmpty && !path.hasPrefix("/") && !path.holds("gpiochip"), field,
        "must be a path below /sys/devices up to the chip's device, is '\(path)'")
      check.isTrue(offset < 1024, field, "no chip has \(offset) lines")
    }
    check.isTrue(
      line.debounce >= .zero && line.debounce <= debounceMax, "\(field).debounce",
      "must be 0 to \(debounceMax) here, is \(line.debounce)")
    switch use {
    case .input: check.isTrue(line.drive == .pushPull, "\(field).drive", "an input does not drive")
    case .output: check.isTrue(line.debounce == .zero, "\(field).debounce", "an output does not bounce")
    }
  }
}

extension BoardPWM {
  func check(_ check: inout FieldCheck) {
    check.isTrue(!pwm.device.isEmpty, "\(field).device", "must name the device behind the chip")
    check.isTrue(
      !pwm.device.hasPrefix("pwmchip"), "\(field).device",
      "'\(pwm.device)' is a number, which changes from boot to boot: name the device behind the chip")
    switch use {
    case .pilot, .capture:
      // 980...1020 Hz (IEC 61851-1 Table A.2).
      check.isWithin(
        Int(pwm.periodNanoseconds), 980_393...1_020_408, "\(field).periodNanoseconds", unit: "ns")
    case .economiser, .steady:
      check.isWithin(
        Int(pwm.periodNanoseconds), 1_000...100_000_000, "\(field).periodNanoseconds", unit: "ns")
    }
    if case .steady(let permille) = use {
      check.isWithin(permille, 0...1000, "\(field).permille", unit: "")
    }
  }
}

extension BoardADC {
  func check(_ check: inout FieldCheck) {
    check.isTrue(!device.isEmpty, "\(field).device", "must name the IIO device")
    check.isTrue(
      !device.hasPrefix("iio:device"), "\(field).device",
      "'\(device)' is a number, which changes from boot to boot: give the content of its `name`")
    guard case .voltage(let adc) = use else { return }
    let bound = 1_000_000_000
    check.isTrue(
      adc.numerator != 0 && (-bound...bound).contains(adc.numerator), "\(field).numerator",
      "must be -\(bound)...\(bound) and not 0, is \(adc.numerator)")
    check.isWithin(adc.denominator, 1...bound, "\(field).denominator", unit: "")
    check.isWithin(adc.offsetMillivolts, -bound...bound, "\(field).offsetMillivolts", unit: "mV")
  }
}

extension ModemDescription {
  func check(_ check: inout FieldCheck, _ field: String, foreign: Role) {
    check.isTrue(
      role != foreign, "\(field).role",
      foreign == .vehicle
        ? "a vehicle's modem reports no attenuation to a charging station"
        : "a charging station's modem in a vehicle would start a network of its own")
    interface.check(&check, "\(field).interface")
    if let reset {
      check.isTrue(!reset.output.stop, "\(field).reset.stop", "must be false: the modem would stay in reset")
      check.isWithin(reset.pulse, from: .milliseconds(1), to: .seconds(1), "\(field).reset.pulse")
      check.isWithin(reset.recovery, from: .zero, to: .seconds(30), "\(field).reset.recovery")
    }
    if let bootStrap {
      check.isTrue(reset != nil, "\(field).bootStrap", "does nothing without a reset line")
      check.isTrue(
        !bootStrap.start && !bootStrap.stop, "\(field).bootStrap",
        "true at start or stop would leave the modem in its boot loader")
    }
    switch firmware {
    case .ownFlash: break
    case .hostLoaded(let files):
      check.add(
        "\(field).firmware", "no program here loads it: let the kernel's driver or the board's boot do so")
      check.isTrue(!files.isEmpty, "\(field).firmware", "must name the files to load")
      for file in files {
        check.isTrue(
          !file.isEmpty && !file.hasPrefix("/") && !file.holds(".."), "\(field).firmware",
          "must be a name below the firmware directory, is '\(file)'")
      }
    case .box:
      if case .tap = interface { return }
      check.add("\(field).firmware", "a modem in a box is reached over a TAP interface")
    }
  }
}

extension InterfaceMatch {
  func check(_ check: inout FieldCheck, _ field: String) {
    func isInterfaceName(_ name: String) -> Bool {
      (1...15).contains(name.utf8.count) && name != "." && name != ".."
        && name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }
    switch self {
    case .driver(let driver, let parent):
      check.isTrue(FieldCheck.isWord(driver), field, "'\(driver)' is no driver's name")
      check.isTrue(
        parent.map { !$0.isEmpty && !$0.hasPrefix("/") } ?? true, field,
        "the device above the interface is told as `spi0.0`, without a leading /")
    case .addressPrefix(let prefix):
      check.isTrue(
        prefix > 0 && prefix <= 0xFF_FFFF && prefix & 0x01_0000 == 0, field,
        "must be three octets of an individual address")
    case .named(let name):
      check.isTrue(isInterfaceName(name), field, "'\(name)' cannot be an interface's name")
    case .tap(let name, let mtu):
      check.isTrue(isInterfaceName(name), field, "'\(name)' cannot be an interface's name")
      check.isWithin(mtu, 576...1500, "\(field).mtu", unit: "octets")
    }
  }

  /// One interface could be found by both.
  func mayBe(_ other: InterfaceMatch) -> Bool {
    switch (self, other) {
    case (.driver(let one, let parent), .driver(let two, let otherParent)):
      one == two && (parent == nil || otherParent == nil || parent == otherParent)
    case (.named(let one), .named(let two)), (.tap(let one, _), .tap(let two, _)),
      (.named(let one), .tap(let two, _)), (.tap(let one, _), .named(let two)):
      one == two
    default: self == other
    }
  }
}

extension String {
  /// A part of it is `text`. The standard library's own search brings half a megabyte of regular expressions with it.
  public func holds(_ text: String) -> Bool {
    let (whole, part) = (Array(utf8), Array(text.utf8))
    guard part.count <= whole.count else { return false }
    return (0...whole.count - part.count).contains { whole[$0...].starts(with: part) }
  }
}
