import CLinux
import Glibc
import LinuxHardware
import QCA7000SPI
import Testing
import Wire

@Suite struct SPITests {
  private func path() -> String { "/tmp/coupler-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).spi" }

  @Test func chip_select_is_released_between_the_parts_of_a_message() {
    let lengths: [UInt32] = [4, 2, 70]
    var (out, into) = ([UInt8](repeating: 1, count: 76), [UInt8](repeating: 0, count: 76))
    var transfers = [spi_ioc_transfer](repeating: spi_ioc_transfer(), count: 3)
    out.withUnsafeMutableBufferPointer { out in
      into.withUnsafeMutableBufferPointer { into in
        clinux_spi_fill(&transfers, out.baseAddress, into.baseAddress, lengths, 3, 8_000_000)
        let (first, answer) = (
          UInt64(UInt(bitPattern: out.baseAddress)), UInt64(UInt(bitPattern: into.baseAddress))
        )
        #expect(transfers.map(\.tx_buf) == [first, first + 4, first + 6])
        #expect(transfers.map(\.rx_buf) == [answer, answer + 4, answer + 6])
      }
    }
    #expect(transfers.map(\.len) == lengths)
    // At the last one the flag would keep the chip selected.
    #expect(transfers.map(\.cs_change) == [1, 1, 0])
    #expect(transfers.allSatisfy { $0.speed_hz == 8_000_000 && $0.bits_per_word == 8 })
  }

  @Test func a_device_that_is_none_is_an_error_with_a_cause() {
    #expect(throws: LinuxError("", code: ENOENT)) {
      try SPIDevice(path: "/dev/spidev99.9", speed: 8_000_000)
    }
    #expect(throws: LinuxError("", code: ENOTTY)) { try SPIDevice(path: "/dev/null", speed: 8_000_000) }
    #expect(throws: LinuxError("", code: ENOENT)) {
      let line = try #require(GPIOInterrupt.Line("gpiochip99:3"))
      return try GPIOInterrupt(line)
    }
  }

  @Test func a_GPIO_line_is_a_chip_and_a_number() {
    #expect(GPIOInterrupt.Line("gpiochip0:25")?.chip == "/dev/gpiochip0")
    #expect(GPIOInterrupt.Line("/dev/gpiochip4:7")?.offset == 7)
    for text in ["", ":", "gpiochip0", "gpiochip0:", ":25", "gpiochip0:-1", "gpiochip0:x"] {
      #expect(GPIOInterrupt.Line(text) == nil, "\(text)")
    }
  }

  @Test func messages_answers_and_interrupts_pass_over_a_socket() throws {
    let loop = try EventLoop()
    let server = try SPISocketServer(path: path())
    var heard: [[Int]] = []
    var hosts: [Bool] = []
    try server.attach(
      to: loop,
      exchange: { octets, selects in
        heard.append(selects)
        return octets.map { $0 ^ 0xFF }
      }, connected: { hosts.append($0) })
    var message = SPIMessage()
    message.read(.signature)
    message.readFrames(3000)
    var answers: [[UInt8]] = []
    var (interrupts, isClosed) = (0, false)
    func connect() throws -> SPISocket {
      let host = try SPISocket(path: server.path)
      try host.attach(to: loop) { event in
        switch event {
        case .answer(let octets): answers.append(octets)
        case .interrupt: interrupts += 1
        case .closed: isClosed = true
        }
      }
      return host
    }
    let host = try connect()
    try host.send(message)
    try loop.run { !answers.isEmpty }
    #expect(heard == [[4, 3002]])
    #expect(answers == [message.octets.map { $0 ^ 0xFF }])
    server.interrupt()
    try loop.run { interrupts == 1 }

    // A second host takes the place of the first.
    let other = try connect()
    try other.send(message)
    try loop.run { isClosed && answers.count == 2 }
    #expect(isClosed && answers.count == 2)
    #expect(hosts == [true, true])
  }

  @Test func what_is_no_message_is_counted_and_answered_by_nothing() throws {
    let loop = try EventLoop()
    let server = try SPISocketServer(path: path())
    try server.attach(to: loop, exchange: { octets, _ in octets }, connected: { _ in })
    let host = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    defer { close(host) }
    var address = sockaddr_un()
    #expect(clinux_unix_address(server.path, &address) == 0)
    #expect(clinux_connect_unix(host, &address) == 0)
    let packets: [[UInt8]] = [
      [9], [1], [1, 1], [1, 1, 0], [1, 1, 0, 4, 0], [1, 1, 0, 4, 0, 1, 2, 3], [1, 0, 0, 5],
    ]
    for packet in packets { #expect(send(host, packet, packet.count, 0) == packet.count) }
    try loop.run { server.malformed == packets.count }
    #expect(server.malformed == packets.count)
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(recv(host, &buffer, buffer.count, 0) == -1)
  }

  @Test func a_socket_that_is_not_there_is_an_error() {
    #expect(throws: LinuxError("", code: ENOENT)) { try SPISocket(path: path()) }
  }
}

@Suite(.serialized, .enabled(if: NamespacePair.areAvailable, NamespacePair.areNot))
struct TAPTests {
  @Test func frames_pass_between_the_interface_and_the_process() throws {
    let pair = try NamespacePair()
    let loop = try EventLoop()
    let address = MACAddress(0x0200_0000_00C1)
    let tap = try NamespacePair.inside(pair.left) { try TAPDevice(name: "tap0", address: address) }
    let host = try NamespacePair.inside(pair.left) {
      try tap.bringUp()
      return try PacketSocket(NetworkInterface("tap0"), .etherType(0x88E1))
    }
    #expect(host.interface.macAddress == address)
    let isRunning = { try NamespacePair.inside(pair.left) { try NetworkInterface("tap0").isRunning } }
    // The kernel tells its queues of a carrier a moment later.
    let becomes = { (wanted: Bool) in
      for _ in 0..<300 where try isRunning() != wanted { usleep(10_000) }
      return try isRunning() == wanted
    }
    #expect(try becomes(false))
    tap.setCarrier(true)
    #expect(try becomes(true))

    let frame = address.octets + [2, 0, 0, 0, 0, 0xE1, 0x88, 0xE1] + [UInt8](repeating: 7, count: 46)
    var heard: [[UInt8]] = []
    try host.attach(
      to: loop, receive: { octets, _ in heard.append(octets.withUnsafeBytes { Array($0) }) },
      failed: { Issue.record($0) })
    #expect(tap.send(frame))
    try loop.run { !heard.isEmpty }
    #expect(heard == [frame])

    var sent: [[UInt8]] = []
    var failures: [LinuxError] = []
    try tap.attach(
      to: loop,
      ready: {
        while (try? tap.receive { octets in sent.append(octets.withUnsafeBytes { Array($0) }) }) == true {}
      }, failed: { failures.append($0) })
    try host.send(frame)
    try loop.run { sent.contains(frame) }
    #expect(sent.contains(frame))

    // Paused, frames wait in the kernel.
    tap.pause(true)
    sent.removeAll()
    try host.send(frame)
    try loop.run(upTo: .milliseconds(100)) { false }
    #expect(!sent.contains(frame))
    tap.pause(false)
    try loop.run { sent.contains(frame) }
    #expect(sent.contains(frame))

    // An interface that somebody deletes is told once, also while it is paused, and does not keep the loop awake.
    tap.pause(true)
    host.detach()
    try NamespacePair.run("-n", pair.left, "link", "delete", "tap0")
    try loop.run(upTo: .milliseconds(200)) { false }
    #expect(failures == [LinuxError("", code: ENODEV)])
    let wakeUps = loop.wakeUps
    try loop.run(upTo: .milliseconds(100)) { false }
    #expect(loop.wakeUps - wakeUps < 5)
  }

  @Test func an_interface_in_use_is_an_error() throws {
    let pair = try NamespacePair()
    let tap = try NamespacePair.inside(pair.left) { try TAPDevice(name: "tap0", address: nil) }
    #expect(throws: LinuxError("", code: EBUSY)) {
      try NamespacePair.inside(pair.left) { try TAPDevice(name: "tap0", address: nil) }
    }
    withExtendedLifetime(tap) {}
  }
}
