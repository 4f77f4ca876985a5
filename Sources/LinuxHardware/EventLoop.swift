import CLinux
import Glibc
public import Wire

/// One thread, one wait: descriptors, timers and signals of a program.
///
/// The loop sleeps until something happens; without events and due deadlines it does not wake up. Handlers run
/// one after the other on the thread that called `run()`, may add and remove registrations (their own too), and
/// must not block.
public final class EventLoop {
  /// What a registration waits for.
  public struct Interest: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let read = Interest(rawValue: UInt32(clinux_in))
    public static let write = Interest(rawValue: UInt32(clinux_out))
  }

  /// What a descriptor is ready for. Errors and hang-ups are told always.
  public struct Readiness: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let read = Readiness(rawValue: UInt32(clinux_in))
    public static let write = Readiness(rawValue: UInt32(clinux_out))
    public static let error = Readiness(rawValue: UInt32(clinux_error))
    public static let hangUp = Readiness(rawValue: UInt32(clinux_hangup))
  }

  /// Names a registration; stale ones are recognised and ignored.
  public struct Registration: Hashable, Sendable {
    fileprivate let index: UInt32
    fileprivate let generation: UInt32
    fileprivate var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }
  }

  private struct Slot {
    var generation: UInt32 = 0
    var descriptor: Int32 = -1
    var handler: ((Readiness) -> Void)?
  }

  /// Called before each wait: for what a turn gathered and is better done once, such as a write.
  public var beforeWaiting: (() -> Void)?
  /// How often the loop has returned from its wait; a test for idleness.
  public private(set) var wakeUps = 0

  private let epoll: FileDescriptor
  /// Ends the wait where the kernel has no wait with nanoseconds (before 5.11); opened when that is found out.
  private var timer: OwnedDescriptor?
  private var slots: [Slot] = []
  private var free: [Int] = []
  private var timers: [LoopTimer] = []
  private var armed: Instant?
  private var running = false
  private var signalDescriptors: [OwnedDescriptor] = []
  private let events: UnsafeMutableBufferPointer<epoll_event>

  private static let timerToken = UInt64.max

  public convenience init() throws(LinuxError) { try self.init(asBefore511: false) }

  /// `asBefore511` waits as on a kernel that takes no nanoseconds, for tests.
  init(asBefore511: Bool) throws(LinuxError) {
    epoll = try FileDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), "create an event queue")
    events = .allocate(capacity: 64)
    events.initialize(repeating: epoll_event())
    if asBefore511 { try openTimer() }
  }

  deinit { events.deallocate() }

  /// The kernel's monotonic clock.
  public var now: Instant { Instant(nanoseconds: clinux_monotonic()) }

  // MARK: descriptors

  /// Calls `handler` whenever `descriptor` is ready. The caller keeps the descriptor open until it has removed
  /// the registration.
  public func add(
    _ descriptor: Int32, _ interest: Interest, handler: @escaping (Readiness) -> Void
  ) throws(LinuxError) -> Registration {
    let index = free.popLast() ?? slots.count
    if index == slots.count { slots.append(Slot()) }
    let registration = Registration(index: UInt32(index), generation: slots[index].generation)
    guard
      clinux_epoll_control(epoll.raw, EPOLL_CTL_ADD, descriptor, interest.rawValue, registration.token) == 0
    else {
      free.append(index)
      throw LinuxError("watch a descriptor")
    }
    slots[index].descriptor = descriptor
    slots[index].handler = handler
    return registration
  }

  /// Changes what a registration waits for; an empty interest leaves errors and hang-ups.
  public func update(_ registration: Registration, _ interest: Interest) {
    guard isLive(registration) else { return }
    let descriptor = slots[Int(registration.index)].descriptor
    _ = clinux_epoll_control(epoll.raw, EPOLL_CTL_MOD, descriptor, interest.rawValue, registration.token)
  }

  /// Ends a registration; its handler is not called any more, not even for events already fetched.
  public func remove(_ registration: Registration) {
    guard isLive(registration) else { return }
    let index = Int(registration.index)
    _ = clinux_epoll_control(epoll.raw, EPOLL_CTL_DEL, slots[index].descriptor, 0, 0)
    // What the handler owns may remove registrations of its own when it goes; it must go last.
    let handler = slots[index].handler
    slots[index].generation &+= 1
    slots[index].descriptor = -1
    slots[index].handler = nil
    free.append(index)
    withExtendedLifetime(handler) {}
  }

  private func isLive(_ registration: Registration) -> Bool {
    let index = Int(registration.index)
    return index < slots.count && slots[index].generation == registration.generation
      && slots[index].handler != nil
  }

  // MARK: timers and signals

  /// A timer that calls `handler` once each time its deadline is reached. The loop keeps it until
  /// `removeTimer`.
  public func addTimer(_ handler: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(handler)
    timers.append(timer)
    return timer
  }

  /// Lets go of a timer: its handler is not called any more.
  public func removeTimer(_ timer: LoopTimer) {
    timer.deadline = nil
    timers.removeAll { $0 === timer }
  }

  /// Takes signals (`SIGINT`, `SIGTERM`) as events. They are blocked for this thread and the ones it starts, so
  /// call this before any other thread runs.
  public func onSignals(_ signals: [Int32], handler: @escaping (Int32) -> Void) throws(LinuxError) {
    let descriptor = OwnedDescriptor(
      try FileDescriptor(clinux_signal_descriptor(signals, Int32(signals.count)), "take signals"))
    let raw = descriptor.raw
    _ = try add(raw, .read) { _ in
      while case let number = clinux_signal_read(raw), number > 0 { handler(number) }
    }
    signalDescriptors.append(descriptor)
  }

  // MARK: running

  /// Runs until `stop()`.
  public func run() throws(LinuxError) {
    running = true
    while running { try step() }
  }

  /// Makes `run()` return after the present handler.
  public func stop() { running = false }

  /// Waits for events or the earliest deadline, at most until `limit`, and handles what there is. Gives the
  /// number of events and timers handled.
  @discardableResult
  public func step(until limit: Instant? = nil) throws(LinuxError) -> Int {
    beforeWaiting?()
    var deadline = limit
    for timer in timers { deadline = earliest(deadline, timer.deadline) }
    let count = try wait(until: deadline)
    wakeUps += 1
    guard count >= 0 else {
      if errno == EINTR { return 0 }
      throw LinuxError("wait for events")
    }
    var handled = 0
    for index in 0..<Int(count) {
      var event = events[index]
      let token = clinux_event_token(&event)
      if token == Self.timerToken {
        var expirations: UInt64 = 0
        if let timer { _ = read(timer.raw, &expirations, MemoryLayout<UInt64>.size) }
        armed = nil
        continue
      }
      let registration = Registration(
        index: UInt32(truncatingIfNeeded: token), generation: UInt32(truncatingIfNeeded: token >> 32))
      guard isLive(registration), let handler = slots[Int(registration.index)].handler else { continue }
      handled += 1
      handler(Readiness(rawValue: clinux_event_flags(&event)))
    }
    return handled + fireTimers()
  }

  /// Fills `events`; below 0 with `errno` as the kernel says. One call where the kernel takes nanoseconds: arming and
  /// reading a timer costs two more for each wake-up.
  private func wait(until deadline: Instant?) throws(LinuxError) -> Int32 {
    let present = deadline == nil ? Instant.zero : now
    let limit = deadline.map { max($0.nanoseconds - present.nanoseconds, 0) } ?? -1
    if timer == nil {
      let count = clinux_wait(epoll.raw, events.baseAddress, Int32(events.count), limit)
      guard count < 0, errno == ENOSYS else { return count }
      try openTimer()
    }
    guard let timer else { return -1 }
    if limit != 0, deadline != armed {
      // 0 would disarm; an instant before 1 ns after boot cannot be in the future.
      try check(clinux_timer_set(timer.raw, deadline.map { max($0.nanoseconds, 1) } ?? 0), "set a timer")
      armed = deadline
    }
    return epoll_wait(epoll.raw, events.baseAddress, Int32(events.count), limit == 0 ? 0 : -1)
  }

  private func openTimer() throws(LinuxError) {
    let new = OwnedDescriptor(
      try FileDescriptor(
        timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC)), "create a timer"))
    try check(
      clinux_epoll_control(
        epoll.raw, EPOLL_CTL_ADD, new.raw, EventLoop.Interest.read.rawValue, Self.timerToken),
      "watch a timer")
    timer = new
  }

  private func fireTimers() -> Int {
    guard timers.contains(where: { $0.deadline != nil }) else { return 0 }
    let present = now
    var fired = 0
    // Timers added by a handler wait for the next round.
    for timer in timers where timer.deadline.map({ $0 <= present }) ?? false {
      timer.deadline = nil
      timer.handler()
      fired += 1
    }
    return fired
  }
}

/// A deadline of the loop; set it as often as the owner's own deadline changes, `nil` for none.
public final class LoopTimer {
  public var deadline: Instant?
  fileprivate let handler: () -> Void

  fileprivate init(_ handler: @escaping () -> Void) { self.handler = handler }
}

/// A descriptor that several owners or a closure keep.
final class OwnedDescriptor {
  private let descriptor: FileDescriptor
  var raw: Int32 { descriptor.raw }
  init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
}
