import Glibc
public import HAL

/// A PWM output through sysfs, as the oscillator of a control pilot.
///
/// The duty of 100 % is +12 V and 0 % is -12 V, with the output enabled in both, as what the pin of a disabled one does
/// is not defined. Letting go of it drives 0 %, state F; the output stays exported and enabled, so that it does.
public struct PWMOutput: ~Copyable, PilotGenerator {
  private let channel: PWMChannel

  /// Finds the device, exports the channel and sets the period. An output that runs already goes on as it is until the
  /// first `drive`; others begin at `initial`.
  ///
  /// May wait for up to a second, until udev has handed out the rights to files that have just appeared.
  public init(
    _ description: PWMDescription, initial: PilotDuty = .steadyLow, roots: DeviceRoots = DeviceRoots()
  ) throws(LinuxError) {
    let channel = try PWMChannel(description, roots: roots)
    try channel.start(at: channel.nanoseconds(of: initial))
    self.channel = channel
  }

  deinit { try? channel.drive(channel.nanoseconds(of: .steadyLow)) }

  /// Drives the pilot; EINVAL for `.pwm` outside 1...999.
  public mutating func drive(_ duty: PilotDuty) throws(LinuxError) {
    try channel.drive(channel.nanoseconds(of: duty))
  }
}

/// The files of one PWM channel.
final class PWMChannel {
  private let folder: String
  private let name: String
  private let period: Int
  private let isInverted: Bool

  init(_ description: PWMDescription, roots: DeviceRoots) throws(LinuxError) {
    name = "PWM channel \(description.channel) of \"\(description.device)\""
    guard description.periodNanoseconds > 0 else {
      throw LinuxError("use a period of 0", on: name, code: EINVAL)
    }
    period = Int(description.periodNanoseconds)
    isInverted = description.isInverted
    let chip = try Self.chip(description.device, roots)
    if let count = try? DeviceFile.number("\(chip)/npwm"), description.channel >= count {
      throw LinuxError("use the", on: name, code: ENODEV, advice: "it has \(count) channels, counted from 0")
    }
    folder = "\(chip)/pwm\(description.channel)"
    try Self.export(description.channel, chip, folder, name)
  }

  /// Brings period, polarity and enable to where they must be.
  func start(at duty: Int) throws(LinuxError) {
    let isEnabled = try DeviceFile.number("\(folder)/enable") != 0
    let isNormal = (try? DeviceFile.read("\(folder)/polarity")) != "inversed"
    if isEnabled, isNormal, try DeviceFile.number("\(folder)/period") == period { return }
    // Polarity may change only while disabled; inverting is done by the duty, which every driver can.
    if !isNormal {
      if isEnabled { try write("enable", 0) }
      try DeviceFile.write("normal", to: "\(folder)/polarity", "set the polarity of \(name)")
    }
    // The duty may at no time exceed the period, so the order depends on which one shrinks.
    if try DeviceFile.number("\(folder)/duty_cycle") > period { try write("duty_cycle", min(duty, period)) }
    try write("period", period)
    try write("duty_cycle", duty)
    if !isEnabled || !isNormal { try write("enable", 1) }
  }

  /// One write: the driver changes the duty at the end of a period.
  func drive(_ duty: Int) throws(LinuxError) { try write("duty_cycle", duty) }

  /// The on-time for a duty; at the pin, so behind an inverting stage the rest of the period.
  func nanoseconds(of duty: PilotDuty) throws(LinuxError) -> Int {
    let permille =
      switch duty {
      case .steadyHigh: 1000
      case .steadyLow: 0
      case .pwm(let permille): permille
      }
    if duty.isOscillating, !(1...999).contains(permille) {
      throw LinuxError("drive \(permille) permille", on: name, code: EINVAL, advice: "1...999 oscillate")
    }
    let on = (period * permille + 500) / 1000
    return isInverted ? period - on : on
  }

  private func write(_ file: String, _ value: Int) throws(LinuxError) {
    try DeviceFile.write(String(value), to: "\(folder)/\(file)", "set \(file) of \(name)")
  }

  /// The `capture` file of a channel that measures.
  static func capture(_ description: PWMDescription, _ roots: DeviceRoots) throws(LinuxError) -> String {
    let name = "PWM channel \(description.channel) of \"\(description.device)\""
    let chip = try chip(description.device, roots)
    let folder = "\(chip)/pwm\(description.channel)"
    try export(description.channel, chip, folder, name)
    let path = "\(folder)/capture"
    guard DeviceFile.exists(path) else {
      throw LinuxError("measure with", on: name, code: ENOENT, advice: "its driver has no capture")
    }
    return path
  }

  static func chip(_ device: String, _ roots: DeviceRoots) throws(LinuxError) -> String {
    let directory = "\(roots.sys)/class/pwm"
    let chips = DeviceFile.names(in: directory, prefix: "pwmchip")
    let found = chips.filter { DeviceFile.target(of: "\(directory)/\($0)/device") == device }
    guard let chip = found.first, found.count == 1 else {
      let known = chips.compactMap { DeviceFile.target(of: "\(directory)/\($0)/device") }
      throw LinuxError(
        "find the PWM device", on: "\"\(device)\"", code: found.isEmpty ? ENODEV : ENOTUNIQ,
        advice: known.isEmpty
          ? "the kernel has none; is it enabled in the device tree, and is the kernel built with CONFIG_PWM_SYSFS?"
          : "there is: \(known.joined(separator: ", "))")
    }
    return "\(directory)/\(chip)"
  }

  private static func export(
    _ channel: UInt32, _ chip: String, _ folder: String, _ name: String
  ) throws(LinuxError) {
    if !DeviceFile.exists(folder) {
      do throws(LinuxError) {
        try DeviceFile.write(String(channel), to: "\(chip)/export", "export \(name)")
      } catch  where error.code == EBUSY && !DeviceFile.exists(folder) {
        throw LinuxError(
          "export", on: name, code: EBUSY,
          advice: "a driver of the kernel holds it; look at: cat /sys/kernel/debug/pwm")
      }
    }
    // Files come, and then their rights, some time after the export.
    for _ in 0..<100 where access("\(folder)/duty_cycle", W_OK) != 0 || access("\(folder)/enable", W_OK) != 0
    {
      usleep(10_000)
    }
    if access("\(folder)/duty_cycle", W_OK) != 0 {
      throw LinuxError(
        "use", on: name, code: errno,
        advice: "its files belong to group gpio once the udev rules of this program are installed")
    }
  }
}
