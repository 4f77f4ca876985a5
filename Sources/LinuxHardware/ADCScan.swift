import Glibc
public import HAL

/// Voltages of one ADC that a trigger converts together, such as a pilot's levels in the middle of each part: the kernel's
/// buffer (IIO), read from `/dev/iio:deviceN`.
///
/// Setting it up writes `scan_elements`, `trigger` and `buffer` below the device, and takes the device: nobody else can
/// read its channels until this is let go.
public final class ADCScan {
  /// Conversions the kernel keeps: at 1 kHz more than an eighth of a second.
  static let length = 128

  private let channels: [ADCDescription]
  private let layout: ScanLayout
  private let folder: String
  private let file: FileDescriptor
  /// Octets of a conversion that have not all come.
  private var rest: [UInt8] = []

  /// Finds the device and the trigger by their names, and starts the buffer. EINVAL for channels of two devices or a scale
  /// with the denominator 0, ENODEV for a trigger that is not there.
  public init(
    _ channels: [ADCDescription], trigger: String, roots: DeviceRoots = DeviceRoots()
  ) throws(LinuxError) {
    guard let device = channels.first?.device, channels.allSatisfy({ $0.device == device && $0.denominator != 0 })
    else {
      throw LinuxError("convert together", on: "ADC channels", code: EINVAL, advice: "they need one device, and a scale")
    }
    let entry = try ADCInput.entry(device, roots)
    folder = "\(roots.sys)/bus/iio/devices/\(entry)"
    self.channels = channels
    try Self.find(trigger: trigger, roots)
    // What ran before may not be changed while it runs.
    try DeviceFile.write("0", to: "\(folder)/buffer/enable", "stop the buffer of the ADC")
    try Self.choose(channels, folder)
    layout = try ScanLayout(channels, folder)
    try DeviceFile.write(trigger, to: "\(folder)/trigger/current_trigger", "set the trigger of the ADC")
    try DeviceFile.write("\(Self.length)", to: "\(folder)/buffer/length", "set the buffer's length of the ADC")
    let path = "\(roots.dev)/\(entry)"
    file = try FileDescriptor(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open the buffer of the ADC", on: path)
    try DeviceFile.write("1", to: "\(folder)/buffer/enable", "start the buffer of the ADC")
  }

  deinit { try? DeviceFile.write("0", to: "\(folder)/buffer/enable", "stop the buffer of the ADC") }

  /// The newest conversion, mV, in the order of the channels; `nil` where there was none since the last call, or where
  /// more piled up than the kernel keeps, as then the newest ones are those that were lost. Does not wait.
  public func newest() throws(LinuxError) -> [Int]? {
    let size = layout.size
    var newest: [UInt8]?
    var count = 0
    while true {
      let (got, code) = withUnsafeTemporaryAllocation(byteCount: size * Self.length, alignment: 8) { buffer in
        let got = read(file.raw, buffer.baseAddress, buffer.count)
        let code = errno
        if got > 0 { rest.append(contentsOf: buffer[..<got]) }
        return (got, code)
      }
      if got < 0, !isTransient(code) {
        throw LinuxError("read the buffer of the ADC", on: channels[0].device, code: code)
      }
      let whole = rest.count / size
      if whole > 0 {
        newest = Array(rest[((whole - 1) * size)..<(whole * size)])
        rest.removeFirst(whole * size)
        count += whole
      }
      guard got == size * Self.length else { break }
    }
    guard let newest, count < Self.length else { return nil }
    var values: [Int] = []
    for (place, channel) in zip(layout.places, channels) {
      values.append(try channel.millivolts(raw: place.value(newest), on: folder))
    }
    return values
  }

  /// Whether the device, its channels and the trigger are there; nothing is changed.
  static func find(_ channels: [ADCDescription], trigger: String, _ roots: DeviceRoots) throws(LinuxError) {
    try find(trigger: trigger, roots)
    for channel in channels {
      let path = "\(roots.sys)/bus/iio/devices/\(try ADCInput.entry(channel.device, roots))"
      _ = try DeviceFile.read("\(path)/scan_elements/in_voltage\(channel.channel)_type")
    }
  }

  private static func find(trigger: String, _ roots: DeviceRoots) throws(LinuxError) {
    let directory = "\(roots.sys)/bus/iio/devices"
    let known = DeviceFile.names(in: directory, prefix: "trigger").compactMap {
      try? DeviceFile.read("\(directory)/\($0)/name")
    }
    guard known.contains(trigger) else {
      throw LinuxError(
        "find the trigger", on: "\"\(trigger)\"", code: ENODEV,
        advice: known.isEmpty ? "the kernel has none" : "there is: \(known.joined(separator: ", "))")
    }
  }

  /// These channels and no others.
  private static func choose(_ channels: [ADCDescription], _ folder: String) throws(LinuxError) {
    let wanted = channels.map { "in_voltage\($0.channel)_en" }
    for entry in DeviceFile.names(in: "\(folder)/scan_elements", prefix: "in_") where entry.hasSuffix("_en") {
      if wanted.contains(entry) { continue }
      try DeviceFile.write("0", to: "\(folder)/scan_elements/\(entry)", "choose channels of the ADC")
    }
    for entry in wanted {
      try DeviceFile.write("1", to: "\(folder)/scan_elements/\(entry)", "choose channels of the ADC")
    }
  }
}

/// Where each channel stands in the octets of one conversion.
struct ScanLayout {
  /// One element: `le:s12/16>>4` is 12 bits with sign in 16, 4 bits from their lower end.
  struct Place: Hashable {
    var offset = 0
    var index: Int
    var isBigEndian: Bool
    var isSigned: Bool
    var bits: Int
    var octets: Int
    var shift: Int

    /// `nil` for a type this program does not know: repeated elements, odd sizes.
    init?(type: String, index: Int) {
      let parts = type.split(separator: ":")
      guard parts.count == 2, parts[0] == "le" || parts[0] == "be", let sign = parts[1].first else { return nil }
      let numbers = parts[1].dropFirst().split(separator: "/")
      guard sign == "s" || sign == "u", numbers.count == 2, let bits = Int(numbers[0]) else { return nil }
      let storage = numbers[1].split(separator: ">")
      guard storage.count == 2, let all = Int(storage[0]), let shift = Int(storage[1]) else { return nil }
      guard [8, 16, 32, 64].contains(all), (1...all).contains(bits), (0...(all - bits)).contains(shift) else {
        return nil
      }
      self.index = index
      isBigEndian = parts[0] == "be"
      isSigned = sign == "s"
      self.bits = bits
      octets = all / 8
      self.shift = shift
    }

    func value(_ record: [UInt8]) -> Int {
      let own = record.dropFirst(offset).prefix(octets)
      let ordered = isBigEndian ? Array(own) : Array(own.reversed())
      let all = ordered.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> UInt64(shift)
      let value = bits < 64 ? all & (1 << UInt64(bits) - 1) : all
      guard isSigned, value >> UInt64(bits - 1) & 1 == 1 else { return Int(clamping: value) }
      let extended = bits < 64 ? value | ~(1 << UInt64(bits) - 1) : value
      return Int(Int64(bitPattern: extended))
    }
  }

  /// In the order that was asked for.
  private(set) var places: [Place]
  /// Octets of one conversion.
  let size: Int

  /// Reads `scan_elements`: each element is aligned to its own size, and the whole to its largest.
  init(_ channels: [ADCDescription], _ folder: String) throws(LinuxError) {
    var places: [Place] = []
    for channel in channels {
      let name = "\(folder)/scan_elements/in_voltage\(channel.channel)"
      let type = try DeviceFile.read("\(name)_type")
      guard let place = Place(type: type, index: try DeviceFile.number("\(name)_index")) else {
        throw LinuxError(
          "read the buffer of the ADC", on: "\(name)_type", code: ENOTSUP, advice: "there stands \"\(type)\"")
      }
      places.append(place)
    }
    var size = 0
    for index in places.indices.sorted(by: { places[$0].index < places[$1].index }) {
      let octets = places[index].octets
      size = (size + octets - 1) / octets * octets
      places[index].offset = size
      size += octets
    }
    let largest = places.map(\.octets).max() ?? 1
    self.places = places
    self.size = (size + largest - 1) / largest * largest
  }
}
