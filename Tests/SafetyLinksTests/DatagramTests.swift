import Glibc
import HAL
import LinuxHardware
import SafetyLinks
import SimulatedController
import Testing
import Wire

/// A box at the other end of two sockets on this machine, which answers whoever asked last.
private final class Box {
  var controller: SimulatedController
  private let loop: EventLoop
  private var sockets: [SafetyChannel: Int32] = [:]
  private var peers: [SafetyChannel: sockaddr_in] = [:]
  private(set) var ports: [SafetyChannel: UInt16] = [:]

  init(_ kind: SafetyLinkKind, loop: EventLoop) throws {
    self.loop = loop
    controller = SimulatedController(kind)
    for channel in [SafetyChannel.management, .pilot] {
      let raw = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      try withUnsafeMutablePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          try #require(bind(raw, $0, length) == 0)
          try #require(getsockname(raw, $0, &length) == 0)
        }
      }
      sockets[channel] = raw
      ports[channel] = UInt16(bigEndian: address.sin_port)
      _ = try loop.add(raw, .read) { [weak self] _ in self?.read(raw, channel) }
    }
    controller.handle(.reset, at: loop.now, perform: perform)
  }

  deinit { for raw in sockets.values { close(raw) } }

  func tell(_ event: SimulatedControllerEvent) { controller.handle(event, at: loop.now, perform: perform) }

  private func read(_ raw: Int32, _ channel: SafetyChannel) {
    var peer = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var octets = [UInt8](repeating: 0, count: 2048)
    let got = withUnsafeMutablePointer(to: &peer) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(raw, &octets, octets.count, 0, $0, &length)
      }
    }
    guard got > 0 else { return }
    peers[channel] = peer
    let datagram = Array(octets[..<got])
    controller.receive(datagram.span.bytes, from: channel, at: loop.now, perform: perform)
  }

  private func perform(_ action: SimulatedControllerAction) {
    guard case .send(let octets, let channel) = action, let raw = sockets[channel], var peer = peers[channel]
    else {
      return
    }
    _ = withUnsafePointer(to: &peer) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(raw, octets, octets.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

@Suite(.serialized) struct DatagramTests {
  @Test func a_session_with_a_ChargeBridge_over_UDP() throws {
    let kind = SafetyLinkKind.chargeBridge(ChargeBridgeSettings())
    let loop = try EventLoop()
    let box = try Box(kind, loop: loop)
    var link = SafetyLink(SafetyLinkConfiguration(kind))
    var ports: [SafetyChannel: DatagramPort] = [:]
    var waiting: [(SafetyChannel, [UInt8])] = []
    for (channel, number) in box.ports {
      let port = try DatagramPort(host: "127.0.0.1", port: number)
      try port.attach(
        to: loop, received: { waiting.append((channel, $0)) }, failed: { Issue.record("\($0)") })
      ports[channel] = port
    }
    func perform(_ action: SafetyLinkAction) {
      if case .send(let octets, let channel) = action {
        #expect(throws: Never.self) { try ports[channel]?.send(octets) }
      }
    }
    func run(_ limit: Duration, until isDone: () -> Bool) throws {
      let end = loop.now + limit
      while !isDone(), loop.now < end {
        try loop.step(until: min(end, link.deadline ?? end))
        for (channel, datagram) in waiting {
          link.receive(datagram.span.bytes, from: channel, at: loop.now, perform: perform)
        }
        waiting = []
        if isDue(link.deadline, at: loop.now) { link.handle(.timeout, at: loop.now, perform: perform) }
      }
    }
    box.tell(.pilot(.C, connector: 1))
    link.handle(.start, at: loop.now, perform: perform)
    try run(.seconds(8)) { link.isUp && link.readings[0].pilot == .C }
    #expect(link.isUp && link.readings[0].pilot == .C)
    link.handle(.command(.duty(.digital), connector: 1), at: loop.now, perform: perform)
    link.handle(.command(.allowPower(true), connector: 1), at: loop.now, perform: perform)
    try run(.seconds(3)) { link.readings[0].contactor == .closed }
    #expect(box.controller.closed[0] && box.controller.outputs[0].duty == 500)
    link.handle(.stop, at: loop.now, perform: perform)
    try run(.seconds(3)) { !box.controller.closed[0] }
    #expect(!box.controller.closed[0] && box.controller.outputs[0].duty == 0)
  }

  @Test func nobody_at_the_other_end_is_no_failure() throws {
    let loop = try EventLoop()
    let port = try DatagramPort(host: "127.0.0.1", port: 9)
    try port.attach(to: loop, received: { _ in Issue.record("heard") }, failed: { Issue.record("\($0)") })
    for _ in 0..<5 {
      try port.send([1, 2, 3])
      try loop.step(until: loop.now + .milliseconds(5))
    }
  }

  @Test func a_flood_leaves_others_their_turn() throws {
    let loop = try EventLoop()
    let server = try DatagramServer(address: "127.0.0.1", port: 0)
    let port = try DatagramPort(host: "localhost", port: server.port)
    #expect(port.address == "127.0.0.1" || port.address == "::1")
    var count = 0
    let near = try DatagramPort(host: "127.0.0.1", port: server.port)
    try near.attach(to: loop, received: { _ in count += 1 }, failed: { Issue.record("\($0)") })
    try server.attach(to: loop) { _ in for _ in 0..<100 { server.send([1]) } }
    try near.send([0])
    let end = loop.now + .seconds(5)
    while count == 0, loop.now < end { try loop.step(until: end) }
    #expect((1...16).contains(count), "\(count) in one turn")
    while count < 100, loop.now < end { try loop.step(until: end) }
    #expect(count == 100)
  }

  @Test func whoever_lets_go_of_a_port_in_the_middle_hears_no_more_of_it() throws {
    let loop = try EventLoop()
    let server = try DatagramServer(address: "127.0.0.1", port: 0)
    var near: DatagramPort? = try DatagramPort(host: "127.0.0.1", port: server.port)
    var count = 0
    try near?.attach(
      to: loop,
      received: { _ in
        count += 1
        near = nil
      }, failed: { Issue.record("\($0)") })
    try server.attach(to: loop) { _ in for _ in 0..<5 { server.send([1]) } }
    try near?.send([0])
    let end = loop.now + .milliseconds(200)
    while loop.now < end { try loop.step(until: end) }
    #expect(count == 1)
  }

  @Test func a_name_that_is_none_is_told() {
    #expect(throws: LinuxError("find", code: EHOSTUNREACH)) {
      _ = try DatagramPort(host: "no such name", port: 6000)
    }
  }
}
