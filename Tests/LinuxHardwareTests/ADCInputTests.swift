import Foundation
import Glibc
import HAL
import LinuxHardware
import Testing

@Suite struct ADCInputTests {
  func tree(_ raw: String = "2048\n") throws -> DeviceTree {
    let tree = try DeviceTree()
    try tree.adc(0, "2198001.adc", [5: "1\n"])
    try tree.adc(1, "2198000.adc", [5: raw])
    return tree
  }

  static func channel(_ numerator: Int = 3300, _ denominator: Int = 4096, offset: Int = 0) -> ADCDescription {
    ADCDescription(
      device: "2198000.adc", channel: 5, numerator: numerator, denominator: denominator,
      offsetMillivolts: offset)
  }

  /// The error of an action that has to fail.
  func failure(_ action: () throws(LinuxError) -> Void) -> LinuxError? {
    do throws(LinuxError) {
      try action()
      Issue.record("nothing failed")
      return nil
    } catch { return error }
  }

  @Test func a_voltage_is_found_by_device_and_scaled() throws {
    let tree = try tree()
    let plain = try ADCInput(Self.channel(), roots: tree.roots)
    #expect(try plain.millivolts() == 1650)
    let negative = try ADCInput(Self.channel(-7, 2, offset: 12_000), roots: tree.roots)
    #expect(try negative.millivolts() == 12_000 - 7168)
    try tree.write("0\n", "sys/bus/iio/devices/iio:device1/in_voltage5_raw")
    #expect(try plain.millivolts() == 0, "each reading is a new conversion")
    try tree.write("-12\n", "sys/bus/iio/devices/iio:device1/in_voltage5_raw")
    #expect(try plain.millivolts() == -9)
  }

  @Test(arguments: ["", "\n", "x", "12x", "1 2", "0x10", "1.5", "--1", "99999999999999999999", "\u{0}", "１"])
  func what_is_no_number_is_an_error_and_no_voltage(raw: String) throws {
    let tree = try tree(raw)
    let input = try ADCInput(Self.channel(), roots: tree.roots)
    let error = failure { () throws(LinuxError) in _ = try input.millivolts() }
    #expect(error?.code == EBADMSG)
  }

  @Test func a_raw_value_beyond_all_bounds_does_not_trap() throws {
    for raw in [Int.max, Int.min] {
      let tree = try tree("\(raw)\n")
      for channel in [
        Self.channel(), Self.channel(-1, -1), Self.channel(1, -1), Self.channel(1, 1, offset: .max),
      ] {
        let input = try ADCInput(channel, roots: tree.roots)
        do throws(LinuxError) { _ = try input.millivolts() } catch { #expect(error.code == ERANGE) }
      }
    }
  }

  @Test func a_scale_without_a_denominator_is_refused() throws {
    let tree = try tree()
    #expect(
      failure { () throws(LinuxError) in _ = try ADCInput(Self.channel(1, 0), roots: tree.roots) }?.code
        == EINVAL)
  }

  @Test func what_is_missing_is_told() throws {
    let tree = try tree()
    var other = Self.channel()
    other.device = "2198002.adc"
    let unknown = failure { () throws(LinuxError) in _ = try ADCInput(other, roots: tree.roots) }
    #expect(unknown?.code == ENODEV)
    #expect("\(try #require(unknown))".contains("there is: 2198001.adc, 2198000.adc"))
    var beyond = Self.channel()
    beyond.channel = 6
    let missing = failure { () throws(LinuxError) in _ = try ADCInput(beyond, roots: tree.roots) }
    #expect("\(try #require(missing))".contains("no channel 6"))
    try tree.adc(2, "2198000.adc", [5: "1"])
    let twice = failure { () throws(LinuxError) in _ = try ADCInput(Self.channel(), roots: tree.roots) }
    #expect(twice?.code == ENOTUNIQ)
  }
}
