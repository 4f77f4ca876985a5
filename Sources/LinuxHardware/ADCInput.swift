import Glibc
public import HAL

/// One voltage of an ADC of the kernel (IIO).
public struct ADCInput: ~Copyable {
  private let description: ADCDescription
  private let path: String
  private let file: FileDescriptor

  /// Finds the device by its name and opens the channel. EINVAL for a scale with the denominator 0.
  public init(_ description: ADCDescription, roots: DeviceRoots = DeviceRoots()) throws(LinuxError) {
    let name = "ADC channel \(description.channel) of \"\(description.device)\""
    guard description.denominator != 0 else { throw LinuxError("scale", on: name, code: EINVAL) }
    let device = try Self.entry(description.device, roots)
    let path = "\(roots.sys)/bus/iio/devices/\(device)/in_voltage\(description.channel)_raw"
    let raw = open(path, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else {
      throw LinuxError(
        "open the ADC channel", on: path, code: errno,
        advice: errno == ENOENT ? "the ADC has no channel \(description.channel)" : nil)
    }
    self.file = try FileDescriptor(raw, "open the ADC channel", on: path)
    self.path = path
    self.description = description
  }

  /// `iio:deviceN` of the device of this name.
  static func entry(_ name: String, _ roots: DeviceRoots) throws(LinuxError) -> String {
    let directory = "\(roots.sys)/bus/iio/devices"
    var found: [String] = []
    var known: [String] = []
    for entry in DeviceFile.names(in: directory, prefix: "iio:device") {
      guard let label = try? DeviceFile.read("\(directory)/\(entry)/name") else { continue }
      known.append(label)
      if label == name { found.append(entry) }
    }
    guard let device = found.first, found.count == 1 else {
      throw LinuxError(
        "find the ADC", on: "\"\(name)\"", code: found.isEmpty ? ENODEV : ENOTUNIQ,
        advice: known.isEmpty
          ? "the kernel has none; is it enabled in the device tree?"
          : "there is: \(known.joined(separator: ", "))")
    }
    return device
  }

  /// Converts and scales, mV. EBADMSG where the kernel gives no number, ERANGE where it cannot be one.
  ///
  /// The call lasts as long as the conversion, some ten to some hundred microseconds.
  public borrowing func millivolts() throws(LinuxError) -> Int {
    try description.millivolts(raw: try DeviceFile.number(file, path), on: path)
  }
}

extension ADCDescription {
  /// Scales a raw value, mV; ERANGE where it cannot be one.
  func millivolts(raw: Int, on path: String) throws(LinuxError) -> Int {
    let (product, overflow) = raw.multipliedReportingOverflow(by: numerator)
    let (scaled, lost) = product.dividedReportingOverflow(by: denominator)
    let (value, beyond) = scaled.addingReportingOverflow(offsetMillivolts)
    guard !overflow, !lost, !beyond else {
      throw LinuxError("scale", on: path, code: ERANGE, advice: "the raw value is \(raw)")
    }
    return value
  }
}
