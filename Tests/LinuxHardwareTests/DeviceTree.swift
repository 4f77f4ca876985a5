import Foundation
import Glibc
import LinuxHardware

/// A folder of plain files that stands in for /sys and /dev; removed with the object.
final class DeviceTree: Sendable {
  let path: String
  var roots: DeviceRoots { DeviceRoots(sys: "\(path)/sys", dev: "\(path)/dev") }

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "coupler-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: "\(path)/sys", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: "\(path)/dev", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, _ file: String) throws {
    let full = URL(filePath: "\(path)/\(file)")
    try FileManager.default.createDirectory(
      at: full.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: full)
  }

  func read(_ file: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8).trimmingCharacters(in: .newlines)
  }

  func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(file)") }

  /// A symbolic link; its target need not be there.
  func link(_ file: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(file)", withDestinationPath: target)
  }

  // MARK: devices

  /// A PWM chip with channel 0 exported and never used.
  func pwm(_ chip: Int, _ device: String, exports channel: Int? = 0) throws {
    let folder = "sys/class/pwm/pwmchip\(chip)"
    try write("2\n", "\(folder)/npwm")
    try write("", "\(folder)/export")
    try link("\(folder)/device", to: "../../../devices/platform/\(device)")
    if let channel { try pwmChannel("\(folder)/pwm\(channel)") }
  }

  func pwmChannel(
    _ folder: String, period: Int = 0, duty: Int = 0, polarity: String = "normal", enable: Int = 0
  )
    throws
  {
    try write("\(period)\n", "\(folder)/period")
    try write("\(duty)\n", "\(folder)/duty_cycle")
    try write("\(polarity)\n", "\(folder)/polarity")
    try write("\(enable)\n", "\(folder)/enable")
  }

  /// An ADC with some channels.
  func adc(_ number: Int, _ name: String, _ raw: [Int: String]) throws {
    let folder = "sys/bus/iio/devices/iio:device\(number)"
    try write("\(name)\n", "\(folder)/name")
    for (channel, text) in raw { try write(text, "\(folder)/in_voltage\(channel)_raw") }
  }
}
