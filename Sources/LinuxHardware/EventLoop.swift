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

  /// How often the loop has returned from its wait; a test for idleness.
  public private(set) var wakeUps = 0

  private let epoll: FileDescriptor
  private let timer: FileDescriptor
  private var slots: [Slot] = []
  private var free: [Int] = []
  private var timers: [LoopTimer] = []
  private var armed: Instant?
  private var running = false
  private var signalDescriptors: [OwnedDescriptor] = []
  private let events: UnsafeMutableBufferPointer<epoll_event>

  private static let timerToken = UInt64.max

  public init() throws(LinuxError) {
    epoll = try FileDescriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), "create an event queue")
    timer = try FileDescriptor(
      timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC)), "create a timer")
    events = .allocate(capacity: 64)
    events.initialize(repeating: epoll_event())
    try check(
      clinux_epoll_control(
        epoll.raw, EPOLL_CTL_ADD, timer.raw, EventLoop.Interest.read.rawValue, Self.timerToken),
      "watch a timer")
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

  /// A timer that calls `handler` once each time its deadline is reached. The loop keeps it for ever.
  public func addTimer(_ handler: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(handler)
    timers.append(timer)
    return timer
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
    let deadline = timers.reduce(limit) { earliest($0, $1.deadline) }
    let due = deadline.map { $0 <= now } ?? false
    if !due, deadline != armed {
      // 0 would disarm; an instant before 1 ns after boot cannot be in the future.
      try check(clinux_timer_set(timer.raw, deadline.map { max($0.nanoseconds, 1) } ?? 0), "set a timer")
      armed = deadline
    }
    let count = epoll_wait(epoll.raw, events.baseAddress, Int32(events.count), due ? 0 : -1)
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
        _ = read(timer.raw, &expirations, MemoryLayout<UInt64>.size)
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

  private func fireTimers() -> Int {
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
