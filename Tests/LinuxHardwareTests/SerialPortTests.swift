import Foundation
import Glibc
import LinuxHardware
import Testing
import Wire

/// The other end of a pseudo terminal that stands for a serial line.
private final class SerialLine {
  private(set) var end: Int32
  let path: String

  init() throws {
    var (near, far): (Int32, Int32) = (-1, -1)
    let result = openpty(&near, &far, nil, nil, nil)
    try #require(result == 0)
    end = near
    // Not ttyname: its buffer is everybody's, and tests run beside each other.
    var name = [CChar](repeating: 0, count: 64)
    try #require(ttyname_r(far, &name, name.count) == 0)
    path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    close(far)
    try #require(fcntl(end, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
  }

  deinit { hangUp() }

  func put(_ octets: [UInt8]) { _ = write(end, octets, octets.count) }

  func take() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 65536) { $1 = max(read(end, $0.baseAddress, $0.count), 0) }
  }

  func hangUp() {
    if end >= 0 { close(end) }
    end = -1
  }
}

@Suite struct SerialPortTests {
  /// What a terminal would change if it were not raw.
  static let everyOctet = (0...255).map { UInt8($0) }

  @Test func octets_pass_unchanged_in_both_directions() throws {
    let wire = try SerialLine()
    let loop = try EventLoop()
    let port = try SerialPort(path: wire.path, baud: 115_200)
    var received: [UInt8] = []
    try port.attach(to: loop, received: { received += $0 }, failed: { Issue.record("\($0)") })
    wire.put(Self.everyOctet)
    try loop.run { received.count >= 256 }
    #expect(received == Self.everyOctet)
    try port.send(Self.everyOctet)
    var sent: [UInt8] = []
    for _ in 0..<1000 where sent.count < 256 {
      sent += wire.take()
      try loop.step(until: loop.now + .milliseconds(2))
    }
    #expect(sent == Self.everyOctet)
  }

  @Test func what_came_before_opening_is_dropped() throws {
    let wire = try SerialLine()
    let first = try SerialPort(path: wire.path, baud: 9600)
    wire.put([1, 2, 3])
    let loop = try EventLoop()
    let port = try SerialPort(path: wire.path, baud: 9600)
    var received: [UInt8] = []
    try port.attach(to: loop, received: { received += $0 }, failed: { Issue.record("\($0)") })
    wire.put([4])
    try loop.run { !received.isEmpty }
    #expect(received == [4])
    withExtendedLifetime(first) {}
  }

  @Test func a_line_that_takes_nothing_is_not_waited_for() throws {
    let wire = try SerialLine()
    let loop = try EventLoop()
    let port = try SerialPort(path: wire.path, baud: 4_000_000)
    try port.attach(to: loop, received: { _ in }, failed: { Issue.record("\($0)") })
    // The terminal itself holds some thousand octets; then the port's own bound is met, and nothing of what is too
    // much is sent.
    var taken = 0
    var refusal: LinuxError?
    for round in 0..<1000 where refusal == nil {
      do throws(LinuxError) {
        try port.send([UInt8](repeating: UInt8(round % 256), count: 256))
        taken += 256
      } catch { refusal = error }
    }
    #expect(refusal?.code == ENOBUFS)
    var sent: [UInt8] = []
    let end = loop.now + .seconds(10)
    while sent.count < taken, loop.now < end {
      sent += wire.take()
      // The far end is no event of the loop.
      try loop.step(until: loop.now + .milliseconds(2))
    }
    #expect(sent.count == taken)
    let isInOrder = sent == (0..<taken).map { UInt8($0 / 256 % 256) }
    #expect(isInOrder, "nothing is lost, changed or sent twice")
    let wakeUps = loop.wakeUps
    try loop.step(until: loop.now + .milliseconds(100))
    #expect(loop.wakeUps - wakeUps == 1, "it does not wait for writing without need")
  }

  @Test func a_port_that_is_gone_is_told_once() throws {
    let wire = try SerialLine()
    let loop = try EventLoop()
    let port = try SerialPort(path: wire.path, baud: 19_200)
    var received: [UInt8] = []
    var failures: [LinuxError] = []
    try port.attach(to: loop, received: { received += $0 }, failed: { failures.append($0) })
    wire.put([1, 2, 3])
    wire.hangUp()
    try loop.run { !failures.isEmpty }
    #expect(failures.map(\.code) == [EIO])
    try loop.step(until: loop.now + .milliseconds(30))
    #expect(failures.count == 1)
  }

  @Test func what_cannot_be_opened_is_told() throws {
    func failure(_ path: String, _ baud: Int) -> LinuxError? {
      do throws(LinuxError) {
        _ = try SerialPort(path: path, baud: baud)
        return nil
      } catch { return error }
    }
    let wire = try SerialLine()
    #expect(failure(wire.path, 115_201)?.code == EINVAL)
    #expect(failure(wire.path, -1)?.code == EINVAL)
    #expect(failure(wire.path, .max)?.code == EINVAL)
    #expect("\(try #require(failure("/dev/null", 9600)))".contains("this is no serial port"))
    #expect("\(try #require(failure("/dev/ttyNone", 9600)))".contains("/dev/serial/by-path"))
  }
}
