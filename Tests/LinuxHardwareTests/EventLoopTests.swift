import Glibc
@testable import LinuxHardware
import Testing
import Wire

/// A pipe that closes itself.
final class TestPipe {
  let readEnd: Int32
  let writeEnd: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  func put() { _ = write(writeEnd, [1], 1) }
  func take() {
    _ = [UInt8](unsafeUninitializedCapacity: 1) { $1 = max(read(readEnd, $0.baseAddress, 1), 0) }
  }
}

extension EventLoop {
  /// Steps until `isDone`, at most `limit` long; then the test's expectations tell what is missing.
  func run(upTo limit: Duration = .seconds(5), until isDone: () -> Bool) throws {
    let end = now + limit
    while !isDone(), now < end { try step(until: end) }
  }
}

@Suite struct EventLoopTests {
  @Test func a_timer_that_was_removed_is_silent_also_when_another_removed_it_in_the_same_turn() throws {
    let loop = try EventLoop()
    var fired: [Int] = []
    var second: LoopTimer?
    let first = loop.addTimer {
      fired.append(1)
      if let second { loop.removeTimer(second) }
    }
    second = loop.addTimer { fired.append(2) }
    let due = loop.now
    first.deadline = due
    second?.deadline = due
    try loop.step(until: due + .milliseconds(20))
    second?.deadline = loop.now
    try loop.step(until: loop.now + .milliseconds(20))
    #expect(fired == [1])
  }

  @Test func an_idle_loop_does_not_wake_up() throws {
    let loop = try EventLoop()
    let pipe = try TestPipe()
    _ = try loop.add(pipe.readEnd, .read) { _ in Issue.record("nothing was written") }
    let timer = loop.addTimer { Issue.record("an hour has not passed") }
    timer.deadline = loop.now + .seconds(3600)
    try loop.step(until: loop.now + .milliseconds(300))
    #expect(loop.wakeUps == 1, "only the limit itself")
  }

  @Test func a_timer_fires_once_after_its_deadline_and_not_before() throws {
    let loop = try EventLoop()
    var fired: [Instant] = []
    let timer = loop.addTimer { fired.append(loop.now) }
    let deadline = loop.now + .microseconds(20_500)
    timer.deadline = deadline
    try loop.run { !fired.isEmpty }
    #expect(fired.count == 1)
    #expect(fired[0] >= deadline)
    #expect(timer.deadline == nil)
    try loop.step(until: loop.now + .milliseconds(30))
    #expect(fired.count == 1)
  }

  @Test func a_timer_can_be_moved_stopped_and_set_again_by_its_own_handler() throws {
    let loop = try EventLoop()
    var count = 0
    var again: (() -> Void)?
    let timer = loop.addTimer {
      count += 1
      again?()
    }
    again = { [unowned timer] in if count < 3 { timer.deadline = loop.now + .milliseconds(5) } }
    let stopped = loop.addTimer { Issue.record("it was stopped") }
    stopped.deadline = loop.now + .milliseconds(1)
    stopped.deadline = nil
    timer.deadline = loop.now + .seconds(3600)
    timer.deadline = loop.now - .seconds(1)
    try loop.run { count == 3 }
    #expect(count == 3)
    again = nil
  }

  @Test func a_handler_may_remove_a_registration_whose_event_is_already_fetched() throws {
    let loop = try EventLoop()
    let (one, two) = (try TestPipe(), try TestPipe())
    var calls = 0
    var registrations: [EventLoop.Registration] = []
    for pipe in [one, two] {
      registrations.append(
        try loop.add(pipe.readEnd, .read) { _ in
          calls += 1
          registrations.forEach(loop.remove)
        })
      pipe.put()
    }
    try loop.step(until: loop.now + .milliseconds(50))
    try loop.step(until: loop.now + .milliseconds(20))
    #expect(calls == 1)
    // The slots serve again, and the old names do not reach the new owners.
    var served = false
    _ = try loop.add(one.readEnd, .read) { _ in
      served = true
      one.take()
    }
    registrations.forEach(loop.remove)
    try loop.step(until: loop.now + .milliseconds(50))
    #expect(served)
  }

  @Test func interest_can_be_changed() throws {
    let loop = try EventLoop()
    let pipe = try TestPipe()
    var writable = 0
    let registration = try loop.add(pipe.writeEnd, []) { _ in writable += 1 }
    try loop.step(until: loop.now + .milliseconds(10))
    #expect(writable == 0)
    loop.update(registration, .write)
    try loop.step(until: loop.now + .seconds(1))
    #expect(writable == 1)
  }

  @Test func a_closed_descriptor_is_an_error_with_its_cause() throws {
    let loop = try EventLoop()
    #expect(throws: LinuxError("watch a descriptor", code: EBADF)) { try loop.add(9999, .read) { _ in } }
  }

  @Test func signals_are_events() throws {
    let loop = try EventLoop()
    var got: [Int32] = []
    try loop.onSignals([SIGUSR1]) {
      got.append($0)
      loop.stop()
    }
    pthread_kill(pthread_self(), SIGUSR1)
    try loop.run()
    #expect(got == [SIGUSR1])
  }
}

@Suite struct LinuxErrorTests {
  @Test func the_text_names_cause_and_remedy() {
    let text = LinuxError("open a packet socket", on: "plc0", code: EPERM).description
    #expect(text.hasPrefix("cannot open a packet socket on plc0: Operation not permitted; run as root, or"))
    #expect(text.contains("sudo setcap cap_net_raw,cap_net_admin+ep "))
    #expect(LinuxError("x", code: EINVAL).description == "cannot x: Invalid argument")
  }

  @Test func an_unknown_interface_is_told_by_name() {
    #expect(throws: LinuxError("find the interface", code: ENODEV)) { try NetworkInterface("no-such-if0") }
    #expect(NetworkInterface.names.contains("lo"))
  }
}

@Suite struct UnixDatagramSocketTests {
  @Test func datagrams_pass_between_two_paths_and_nobody_there_is_no_error() throws {
    let loop = try EventLoop()
    let base = "/tmp/coupler-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let one = try UnixDatagramSocket(path: base + "a")
    #expect(try one.send([1], to: base + "b") == false)
    let two = try UnixDatagramSocket(path: base + "b")
    var got: [[UInt8]] = []
    try two.attach(to: loop) { datagram in got.append(datagram.withUnsafeBytes { Array($0) }) }
    #expect(try one.send([1, 2, 3], to: base + "b"))
    #expect(try one.send([], to: base + "b"))
    try loop.run { got.count == 2 }
    #expect(got == [[1, 2, 3], []])
  }

  @Test func the_path_of_a_dead_process_is_taken_over_and_removed_in_the_end() throws {
    let path = "/tmp/coupler-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let stale = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    close(stale)
    do {
      let taken = try UnixDatagramSocket(path: path)
      #expect(taken.path == path)
    }
    #expect(access(path, F_OK) != 0)
    #expect(throws: LinuxError("x", code: ENAMETOOLONG)) {
      try UnixDatagramSocket(path: "/tmp/" + String(repeating: "x", count: 200))
    }
  }

  @Test func a_file_that_is_no_socket_is_refused_and_kept() throws {
    let path = "/tmp/coupler-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))-file"
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
    try #require(file >= 0)
    close(file)
    defer { unlink(path) }
    #expect(throws: LinuxError("x", code: EADDRINUSE)) { try UnixDatagramSocket(path: path) }
    #expect(access(path, F_OK) == 0)
  }
}

@Suite struct WaitTests {
  /// Kernels from 5.11 on take nanoseconds; older ones need a timer's descriptor. Both must keep time.
  @Test(arguments: [false, true])
  func a_timer_fires_in_time_on_new_and_old_kernels(asBefore511: Bool) throws {
    let loop = try EventLoop(asBefore511: asBefore511)
    var fired: [Instant] = []
    let timer = loop.addTimer { fired.append(loop.now) }
    for delay in [Duration.zero, .microseconds(300), .milliseconds(20)] {
      let due = loop.now + delay
      timer.deadline = due
      let before = fired.count
      try loop.run { fired.count > before }
      let late = try #require(fired.last) - due
      #expect(late >= .zero, "fired \(late) before its time")
      #expect(late < .milliseconds(500))
    }
    #expect(fired.count == 3)
  }

  @Test(arguments: [false, true])
  func an_event_ends_the_wait_for_a_later_timer(asBefore511: Bool) throws {
    let loop = try EventLoop(asBefore511: asBefore511)
    let pipe = try TestPipe()
    var heard = 0
    _ = try loop.add(pipe.readEnd, .read) { _ in
      pipe.take()
      heard += 1
    }
    let timer = loop.addTimer { Issue.record("an hour has not passed") }
    timer.deadline = loop.now + .seconds(3600)
    pipe.put()
    try loop.run { heard == 1 }
    #expect(heard == 1)
  }

  @Test func what_was_gathered_is_done_before_each_wait() throws {
    let loop = try EventLoop()
    var gathered = 0
    var done: [Int] = []
    loop.beforeWaiting = { done.append(gathered) }
    let timer = loop.addTimer { gathered += 1 }
    timer.deadline = loop.now
    try loop.step()
    timer.deadline = loop.now
    try loop.step()
    #expect(done == [0, 1])
  }
}
