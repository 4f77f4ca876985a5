import Glibc
public import HAL

/// Whether what a description names is on this machine. Nothing is taken, exported or driven.
public enum DevicePresence {
  /// Finds the line: the error says what is missing and what to do.
  public static func find(_ line: LineDescription, roots: DeviceRoots) throws(LinuxError) {
    try GPIORequest.check(line.place, roots)
  }

  public static func find(_ pwm: PWMDescription, roots: DeviceRoots) throws(LinuxError) {
    let chip = try PWMChannel.chip(pwm.device, roots)
    let count = try DeviceFile.number("\(chip)/npwm")
    guard pwm.channel < count else {
      throw LinuxError(
        "find PWM channel \(pwm.channel)", on: pwm.device, code: ENODEV,
        advice: "it has \(count), counted from 0")
    }
  }

  public static func find(_ adc: ADCDescription, roots: DeviceRoots) throws(LinuxError) {
    _ = try ADCInput(adc, roots: roots)
  }

  /// A trigger, and the channels it shall convert.
  public static func find(
    _ channels: [ADCDescription], trigger: String, roots: DeviceRoots
  ) throws(LinuxError) {
    try ADCScan.find(channels, trigger: trigger, roots)
  }

  /// A temperature channel of an IIO device.
  public static func findTemperature(
    device: String, channel: UInt32, roots: DeviceRoots
  ) throws(LinuxError) {
    let directory = "\(roots.sys)/bus/iio/devices"
    let entry = DeviceFile.names(in: directory, prefix: "iio:device").first {
      (try? DeviceFile.read("\(directory)/\($0)/name")) == device
    }
    guard let entry else { throw LinuxError("find the sensor", on: "\"\(device)\"", code: ENODEV) }
    let path = "\(directory)/\(entry)/in_temp\(channel)_input"
    guard access(path, F_OK) == 0 else { throw LinuxError("find the sensor's channel", on: path) }
  }

  /// A device file such as `/dev/ttyLP2` or `/dev/watchdog0`, below the root that stands for `/dev`.
  public static func find(device: String, roots: DeviceRoots) throws(LinuxError) {
    let prefix = "/dev/"
    let path = device.hasPrefix(prefix) ? "\(roots.dev)/\(device.dropFirst(prefix.count))" : device
    guard access(path, F_OK) == 0 else { throw LinuxError("find the device", on: path) }
  }
}
