import HAL
import LinuxHardware

// Owners for drivers that cannot be copied, and so not be kept in a dictionary.

final class OutputBox {
  private var output: GPIOOutput

  init(_ line: LineDescription, initial: Bool, safe: Bool, roots: DeviceRoots) throws(LinuxError) {
    output = try GPIOOutput(line, consumer: "probe", initial: initial, safe: safe, roots: roots)
  }

  func set(_ value: Bool) throws(LinuxError) { try output.set(value) }
}

final class PWMBox {
  private var output: PWMOutput

  init(_ description: PWMDescription, roots: DeviceRoots) throws(LinuxError) {
    output = try PWMOutput(description, roots: roots)
  }

  func drive(_ duty: PilotDuty) throws(LinuxError) { try output.drive(duty) }
}

final class ADCBox {
  private let input: ADCInput

  init(_ description: ADCDescription, roots: DeviceRoots) throws(LinuxError) {
    input = try ADCInput(description, roots: roots)
  }

  func millivolts() throws(LinuxError) -> Int { try input.millivolts() }
}

final class WatchdogBox {
  private var device: WatchdogDevice?

  init(name: String, seconds: Int?, roots: DeviceRoots) throws(LinuxError) {
    device = try WatchdogDevice(timeoutSeconds: seconds, name: name, roots: roots)
  }

  var timeout: Int { device?.timeout ?? 0 }
  func pet() throws(LinuxError) { try device?.pet() }
  func disarm() throws(LinuxError) { try device.take()?.disarm() }
}
