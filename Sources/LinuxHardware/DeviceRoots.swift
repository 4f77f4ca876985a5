/// Where the kernel's files are; other directories stand in for them in tests.
public struct DeviceRoots: Hashable, Sendable {
  /// sysfs: PWM, ADC.
  public var sys: String
  /// Device files: GPIO chips, serial ports, watchdog.
  public var dev: String

  public init(sys: String = "/sys", dev: String = "/dev") {
    self.sys = sys
    self.dev = dev
  }
}
