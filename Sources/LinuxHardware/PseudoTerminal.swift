import CLinux
import Glibc
import Wire

/// A serial line within this machine: whoever opens `path` as a serial port is at its other end.
///
/// For rigs and tests, where a program plays the device at the end of a line. As on a wire, what is sent while nobody
/// listens is lost. When this goes, the line is: a port at the other end fails.
public final class PseudoTerminal {
  /// The device to open, such as `/dev/pts/4`.
  public let path: String
  private let descriptor: FileDescriptor
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var timer: LoopTimer?
  private var received: (([UInt8]) -> Void)?

  /// How often it is looked whether somebody has opened the line again.
  private static let lookPeriod = Duration.milliseconds(10)

  public init() throws(LinuxError) {
    var name = [CChar](repeating: 0, count: 128)
    descriptor = try FileDescriptor(clinux_pseudo_terminal(&name, name.count), "make a pseudo terminal")
    path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { detach() }

  /// Somebody has opened `path`.
  public var isOpenedAtOtherEnd: Bool {
    var request = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 0) >= 0 && Int32(request.revents) & Int32(POLLHUP) == 0
  }

  /// Calls `received` with what has come, at most 1,024 octets at once. That the other end closes is no failure: it may
  /// be opened again.
  public func attach(to loop: EventLoop, received: @escaping ([UInt8]) -> Void) {
    detach()
    (self.loop, self.received) = (loop, received)
    timer = loop.addTimer { [weak self] in self?.look() }
    look()
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    timer?.deadline = nil
    (loop, registration, timer, received) = (nil, nil, nil, nil)
  }

  /// Sends octets; lost where nobody listens, or where the line is full.
  public func send(_ octets: [UInt8]) {
    guard isOpenedAtOtherEnd else { return }
    _ = write(descriptor.raw, octets, octets.count)
  }

  /// A line that nobody has opened is ready all the time, with nothing to read: it is looked at now and then instead.
  private func look() {
    guard let loop, registration == nil else { return }
    if isOpenedAtOtherEnd {
      registration = try? loop.add(descriptor.raw, .read) { [weak self] in self?.ready($0) }
    }
    if registration == nil { timer?.deadline = loop.now + Self.lookPeriod }
  }

  private func ready(_ readiness: EventLoop.Readiness) {
    if readiness.contains(.read) {
      let raw = descriptor.raw
      let octets = [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
        count = max(read(raw, buffer.baseAddress, buffer.count), 0)
      }
      if !octets.isEmpty { return received?(octets) ?? () }
    }
    guard !readiness.isDisjoint(with: [.hangUp, .error]), let registration else { return }
    loop?.remove(registration)
    self.registration = nil
    look()
  }
}
