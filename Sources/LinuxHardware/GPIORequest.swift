import CGPIOD
import Glibc
import HAL

/// A GPIO line taken from the kernel; given back when it goes.
final class GPIORequest {
  /// The line as people know it.
  let name: String
  private let request: OpaquePointer

  /// Finds and takes a line.
  init(
    _ line: LineDescription, consumer: String, roots: DeviceRoots, configure: (inout cgpio_settings) -> Void
  ) throws(LinuxError) {
    var settings = cgpio_settings()
    settings.active_low = line.isActiveLow
    settings.bias = UInt8(Self.bias(line.bias).rawValue)
    configure(&settings)
    name = line.place.words
    var place = try Self.find(line.place, roots)
    guard let request = cgpio_request(&place, &settings, consumer) else {
      throw Self.refusal(of: place, name: line.place.words, code: errno)
    }
    self.request = request
  }

  deinit { cgpio_release(request) }

  /// The kernel ignores short changes, as asked.
  var isDebounced: Bool { cgpio_debounces(request) }
  /// Readable when edges wait.
  var descriptor: Int32 { cgpio_descriptor(request) }

  func value() throws(LinuxError) -> Bool {
    let value = cgpio_get(request)
    guard value >= 0 else { throw failure("read the GPIO line", code: errno) }
    return value == 1
  }

  func set(_ value: Bool) throws(LinuxError) {
    guard cgpio_set(request, value) == 0 else { throw failure("drive the GPIO line", code: errno) }
  }

  /// Takes waiting edges into `events`: how many, 0 where none waits.
  func read(into events: UnsafeMutableBufferPointer<cgpio_event>) throws(LinuxError) -> Int {
    let count = cgpio_read_events(request, events.baseAddress, Int32(events.count))
    guard count >= 0 else { throw failure("read edges of the GPIO line", code: errno) }
    return Int(count)
  }

  func failure(_ operation: String, code: Int32) -> LinuxError {
    LinuxError(operation, on: name, code: code, advice: Self.advice(code))
  }

  // MARK: taking it

  /// Finds a line without taking it. EINVAL where its chip has no such offset.
  static func check(_ place: LineDescription.Place, _ roots: DeviceRoots) throws(LinuxError) {
    var found = try find(place, roots)
    var info = cgpio_line_info()
    guard cgpio_line_info(&found, &info) == 0 else {
      throw LinuxError("look at the GPIO line", on: place.words, code: errno, advice: advice(errno))
    }
  }

  private static func find(
    _ place: LineDescription.Place, _ roots: DeviceRoots
  ) throws(LinuxError) -> cgpio_place {
    var found = cgpio_place()
    switch place {
    case .named(let name):
      guard cgpio_find_line(roots.dev, name, &found) == 0 else {
        throw notFound("find the GPIO line", place.words, code: errno)
      }
    case .offset(let chip, let offset):
      guard cgpio_find_chip(roots.dev, chip, &found) == 0 else {
        throw notFound("find the GPIO chip", "\"\(chip)\"", code: errno)
      }
      found.offset = offset
    case .device(let device, let offset):
      // The chip's number is the name of a directory below its device.
      let chips = DeviceFile.names(in: "\(roots.sys)/devices/\(device)", prefix: "gpiochip")
      guard let chip = chips.first, chips.count == 1 else {
        throw notFound("find the GPIO chip of", device, code: chips.isEmpty ? ENOENT : ENOTUNIQ)
      }
      let path = "\(roots.dev)/\(chip)"
      let fits = withUnsafeMutableBytes(of: &found.path) { room in
        guard path.utf8.count < room.count else { return false }
        room.copyBytes(from: path.utf8)
        return true
      }
      guard fits else { throw LinuxError("open the GPIO chip", on: path, code: ENAMETOOLONG) }
      found.offset = offset
    }
    return found
  }

  private static func notFound(_ operation: String, _ name: String, code: Int32) -> LinuxError {
    let advice =
      switch code {
      case ENOENT: "nothing has this name; see what there is with: gpiodetect; gpioinfo"
      case EINVAL where cgpio_library_major() == 1: "libgpiod 1.x needs a kernel with CONFIG_GPIO_CDEV_V1"
      case ENOTUNIQ: "several have this name; say the line by a chip label that is there once, and its offset"
      default: Self.advice(code)
      }
    return LinuxError(operation, on: name, code: code, advice: advice)
  }

  private static func refusal(of place: cgpio_place, name: String, code: Int32) -> LinuxError {
    var advice = Self.advice(code)
    if code == EBUSY {
      var place = place
      var info = cgpio_line_info()
      let known = cgpio_line_info(&place, &info) == 0 && info.used
      let holder = known ? withUnsafeBytes(of: &info.consumer) { text($0) } : ""
      advice =
        holder.isEmpty
        ? "a driver or another program holds it; look with: gpioinfo"
        : "\"\(holder)\" holds it; end that program, or take the line from that driver in the device tree"
    }
    return LinuxError("take the GPIO line", on: name, code: code, advice: advice)
  }

  private static func advice(_ code: Int32) -> String? {
    switch code {
    case EACCES, EPERM: "GPIO chips belong to group gpio: sudo usermod -aG gpio USER, and log in again"
    case ENXIO: "the line has no interrupt, so its edges cannot be watched; use another line"
    case ENODEV: "its chip is gone; connect it again and start anew"
    case EINVAL, EOPNOTSUPP, ERANGE:
      "the chip has no such offset, or cannot do the bias, drive or debouncing that is wanted"
    case ENOENT: "there is no such directory, or no GPIO chip; is the kernel's GPIO driver loaded?"
    default: nil
    }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func bias(_ bias: LineDescription.Bias) -> cgpio_bias {
    switch bias {
    case .asIs: cgpio_bias_as_is
    case .disabled: cgpio_bias_disabled
    case .pullUp: cgpio_bias_pull_up
    case .pullDown: cgpio_bias_pull_down
    }
  }
}

extension LineDescription.Place {
  /// For people: `"CP_INVERT"`, or `line 3 of "2198000.gpio"`.
  var words: String {
    switch self {
    case .named(let name): "\"\(name)\""
    case .offset(let chip, let offset), .device(let chip, let offset): "line \(offset) of \"\(chip)\""
    }
  }
}

extension LineDescription {
  /// Debounce time in us as the kernel takes it.
  var debounceMicroseconds: UInt32 { UInt32(clamping: max(debounce.nanoseconds, 0) / 1000) }
}
