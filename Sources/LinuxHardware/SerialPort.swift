import CLinux
import Glibc

/// A serial port: raw, 8 data bits, no parity, 1 stop bit, no flow control.
public final class SerialPort {
  public let path: String
  private let descriptor: FileDescriptor
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var received: (([UInt8]) -> Void)?
  private var failed: ((LinuxError) -> Void)?
  private var waiting: [UInt8] = []

  /// Octets that wait for the line at most; more than any message of a safety controller.
  public static let waitingMax = 4096

  /// Opens the port for this process alone, and drops what it had received before. EINVAL for a rate that is none of
  /// 1200...4000000 baud of the usual ones.
  public init(path: String, baud: Int) throws(LinuxError) {
    self.path = path
    let raw = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard raw >= 0 else {
      throw LinuxError("open the serial port", on: path, code: errno, advice: Self.advice(errno))
    }
    descriptor = try FileDescriptor(raw, "open the serial port", on: path)
    guard clinux_serial_configure(raw, UInt32(clamping: baud)) == 0 else {
      throw LinuxError("set \(baud) baud, raw, 8N1", on: path, code: errno, advice: Self.advice(errno))
    }
  }

  deinit { detach() }

  /// Calls `received` with what has come, at most 1,024 octets at once. `failed` is called once, when the port is gone.
  public func attach(
    to loop: EventLoop, received: @escaping ([UInt8]) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, waiting.isEmpty ? .read : [.read, .write]) { [weak self] in
      self?.ready($0)
    }
    (self.loop, self.received, self.failed) = (loop, received, failed)
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration, received, failed) = (nil, nil, nil, nil)
  }

  /// Sends octets, or keeps them until the line takes them. ENOBUFS, and nothing of them sent, where too many wait.
  public func send(_ octets: [UInt8]) throws(LinuxError) {
    guard waiting.count + octets.count <= Self.waitingMax else {
      throw LinuxError(
        "send", on: path, code: ENOBUFS, advice: "the other end does not take what it is sent")
    }
    waiting += octets
    try flush()
  }

  private func ready(_ readiness: EventLoop.Readiness) {
    do throws(LinuxError) {
      if readiness.contains(.write) { try flush() }
      if readiness.contains(.read) { try receive() }
      // After what had come before it.
      if !readiness.isDisjoint(with: [.error, .hangUp]) {
        throw LinuxError("use the serial port", on: path, code: EIO, advice: "the device is gone")
      }
    } catch {
      let failed = failed
      detach()
      failed?(error)
    }
  }

  private func receive() throws(LinuxError) {
    let raw = descriptor.raw
    var code: Int32 = 0
    let octets = [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
      let got = read(raw, buffer.baseAddress, buffer.count)
      code = got < 0 ? errno : 0
      count = max(got, 0)
    }
    guard code == 0 || isTransient(code) else {
      throw LinuxError("read the serial port", on: path, code: code, advice: "the device is gone")
    }
    if !octets.isEmpty { received?(octets) }
  }

  private func flush() throws(LinuxError) {
    while !waiting.isEmpty {
      let sent = write(descriptor.raw, waiting, waiting.count)
      guard sent > 0 else {
        if sent == 0 || isTransient(errno) { break }
        throw LinuxError("write to the serial port", on: path)
      }
      waiting.removeFirst(sent)
    }
    if let registration { loop?.update(registration, waiting.isEmpty ? .read : [.read, .write]) }
  }

  private static func advice(_ code: Int32) -> String? {
    switch code {
    case EACCES, EPERM:
      "serial ports belong to group dialout: sudo usermod -aG dialout USER, and log in again"
    case EBUSY: "another program has it; find it with: fuser -v PORT"
    case ENOENT, ENODEV, ENXIO: "there is no such port; see: ls -l /dev/serial/by-path"
    case ENOTTY: "this is no serial port"
    case EINVAL: "the port cannot do this rate"
    default: nil
    }
  }
}
