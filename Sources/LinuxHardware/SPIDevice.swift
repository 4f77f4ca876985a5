import CLinux
import Glibc
public import QCA7000SPI

/// A QCA7000 behind a spidev device: mode 3, 8 bits.
///
/// A call blocks until the message is through: 1.6 ms for a frame of 1,518 octets at 8 MHz. So it belongs in a
/// process of its own, as the kernel's driver has a thread of its own.
public final class SPIDevice {
  /// Clocks a QCA7000 takes, in Hz.
  public static let speeds: ClosedRange<UInt32> = 1_000_000...16_000_000

  public let path: String
  /// Clock in Hz.
  public let speed: UInt32
  /// Octets the kernel takes in one call, and what it rounds each chip select up to.
  private let callMax: Int
  private static let alignment = 128
  private var descriptor: OwnedDescriptor

  public init(path: String, speed: UInt32) throws(LinuxError) {
    self.path = path
    self.speed = speed
    callMax = Self.bufferSize
    descriptor = try Self.open(path, speed)
  }

  /// Opens the device anew, after it was gone.
  public func reopen() throws(LinuxError) { descriptor = try Self.open(path, speed) }

  /// Clocks a message out and gives what came in, as many octets. Chip selects are not divided; a message of many
  /// may take several calls.
  public func exchange(_ message: SPIMessage) throws(LinuxError) -> [UInt8] {
    var answer = [UInt8](repeating: 0, count: message.count)
    var at = 0
    var next = 0
    let selects = message.selects
    while next < selects.count {
      var lengths: [UInt32] = []
      var (octets, aligned) = (0, 0)
      while next < selects.count, lengths.count < Int(clinux_spi_selects_max) {
        let count = selects[next]
        let size = (count + Self.alignment - 1) / Self.alignment * Self.alignment
        guard lengths.isEmpty || aligned + size <= callMax else { break }
        lengths.append(UInt32(count))
        octets += count
        aligned += size
        next += 1
      }
      let done = message.octets.withUnsafeBufferPointer { out in
        answer.withUnsafeMutableBufferPointer { into -> Int32 in
          guard let out = out.baseAddress, let into = into.baseAddress else { return 0 }
          return clinux_spi_transfer(
            descriptor.raw, out + at, into + at, lengths, Int32(lengths.count), speed)
        }
      }
      guard done >= 0 else { throw LinuxError("use the SPI device", on: path) }
      guard Int(done) == octets else { throw LinuxError("use the SPI device", on: path, code: EIO) }
      at += octets
    }
    return answer
  }

  private static func open(_ path: String, _ speed: UInt32) throws(LinuxError) -> OwnedDescriptor {
    let descriptor = try FileDescriptor(Glibc.open(path, O_RDWR | O_CLOEXEC), "open the SPI device", on: path)
    try check(clinux_spi_configure(descriptor.raw, speed), "set mode 3 and \(speed) Hz", on: path)
    return OwnedDescriptor(descriptor)
  }

  /// `spidev.bufsiz`, 4,096 if nothing else was said.
  private static var bufferSize: Int {
    let file = Glibc.open("/sys/module/spidev/parameters/bufsiz", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 4096 }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 16)
    let got = read(file, &text, text.count)
    guard got > 0 else { return 4096 }
    let digits = text[..<got].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    return max(Int(String(decoding: digits, as: UTF8.self)) ?? 4096, 4096)
  }
}
