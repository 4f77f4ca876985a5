import Glibc
import HAL
import LinuxHardware
import Testing

extension GPIOTests {
  /// Devices of the test kernel that need no hardware: the ADC of iio_simple_dummy and the watchdog of softdog.
  @Suite struct Devices {
    @Test func an_adc_is_found_by_its_name() throws {
      let folder = "/sys/kernel/config/iio/devices/dummy/2198000.adc"
      try #require(mkdir(folder, 0o755) == 0, "\(String(cString: strerror(errno)))")
      defer { rmdir(folder) }
      let adc = try ADCInput(
        ADCDescription(
          device: "2198000.adc", channel: 0, numerator: 3300, denominator: 4096, offsetMillivolts: 5))
      #expect(try adc.millivolts() == 73 * 3300 / 4096 + 5)
      let error = #expect(throws: LinuxError.self) {
        _ = try ADCInput(ADCDescription(device: "2198000.adc", channel: 9, numerator: 1, denominator: 1))
      }
      #expect("\(try #require(error))".contains("no channel 9"))
    }

    @Test func the_watchdog_starts_is_petted_and_stops() throws {
      var watchdog = try WatchdogDevice(timeoutSeconds: 20, name: "watchdog0")
      #expect(watchdog.timeout == 20)
      try watchdog.pet()
      let busy = #expect(throws: LinuxError.self) { _ = try WatchdogDevice(name: "watchdog0") }
      #expect(busy?.code == EBUSY)
      try watchdog.disarm()
      var again = try WatchdogDevice(name: "watchdog0")
      #expect(again.timeout == nil)
      try again.pet()
      try again.disarm()
    }
  }
}
