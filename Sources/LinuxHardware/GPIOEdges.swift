import CGPIOD
import CLinux
import Glibc
public import HAL
public import Wire

/// One edge of a GPIO line.
public struct EdgeEvent: Hashable, Sendable {
  /// From inactive to active, which is the physical direction unless the line is active low.
  public var rising: Bool
  /// CLOCK_MONOTONIC when the interrupt was handled; of a debounced line, when the level had lasted long enough.
  public var at: Instant
  /// Counts the line's edges from 1, lost ones too; wraps around.
  public var sequence: UInt32
  /// Edges lost right before this one: exact with libgpiod 2.x, 1 for "at least one" with 1.x.
  public var missed: UInt32

  public init(rising: Bool, at: Instant, sequence: UInt32, missed: UInt32) {
    self.rising = rising
    self.at = at
    self.sequence = sequence
    self.missed = missed
  }
}

/// A GPIO line whose edges are told.
///
/// The kernel keeps edges in a queue: 1,024 of them with libgpiod 2.x, 16 with 1.x, which is 8 ms of a control
/// pilot. Edges that did not fit are counted in `missed`.
public final class GPIOEdges {
  /// Edges lost so far.
  public private(set) var missed: UInt64 = 0

  private let request: GPIORequest
  private let gathering: Duration
  private var debouncer: EdgeDebouncer?
  private let raw: UnsafeMutableBufferPointer<cgpio_event>
  private var batch: [EdgeEvent] = []
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var timer: LoopTimer?
  private var gatheringUntil: Instant?
  private var told: (([EdgeEvent]) -> Void)?
  private var failed: ((LinuxError) -> Void)?

  /// Rounds of reading in one turn of the loop: a line that flutters may not keep everything else waiting.
  private static let roundsMax = 16
  private static let batchMax = roundsMax * Int(cgpio_events_max) + 1

  /// Takes the line. With `gathering` above 0 edges are told in batches that far apart, for lines that never rest: a
  /// control pilot at 5 ms wakes the process 200 times a second instead of 2,000 times.
  public init(
    _ description: LineDescription, consumer: String = "coupler", gathering: Duration = .zero,
    roots: DeviceRoots = DeviceRoots()
  ) throws(LinuxError) {
    request = try GPIORequest(description, consumer: consumer, roots: roots) {
      $0.edges = UInt8(cgpio_edges_both.rawValue)
      $0.debounce_us = description.debounceMicroseconds
      $0.event_buffer = 1024
    }
    if description.debounce > .zero, !request.isDebounced {
      debouncer = EdgeDebouncer(level: try request.value(), period: description.debounce)
    }
    self.gathering = gathering
    raw = .allocate(capacity: Int(cgpio_events_max))
    raw.initialize(repeating: cgpio_event())
  }

  deinit {
    detach()
    raw.deallocate()
  }

  /// The level now; of a debounced line, the last one that has lasted.
  public func level() throws(LinuxError) -> Bool {
    let value = try request.value()
    guard debouncer != nil else { return value }
    // While nobody is told, nobody else takes the edges.
    if registration == nil { try gather() }
    return debouncer?.level ?? value
  }

  /// Calls `edges` with what happened, oldest first, never with nothing. `failed` is called once, when the chip is
  /// gone; no edge is told after it.
  public func attach(
    to loop: EventLoop, edges: @escaping ([EdgeEvent]) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    if timer == nil || self.loop !== loop {
      timer = loop.addTimer { [weak self] in self?.timeout() }
    }
    registration = try loop.add(request.descriptor, .read) { [weak self] in self?.ready($0) }
    self.loop = loop
    (told, self.failed) = (edges, failed)
    if !batch.isEmpty { timer?.deadline = loop.now }
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    timer?.deadline = nil
    (registration, gatheringUntil, told, failed) = (nil, nil, nil, nil)
  }

  /// Tells what waits, without waiting for a batch's time: for who is about to judge silence. Not from within `edges`. Gives
  /// the number of edges that waited; one call empties the kernel's queue.
  @discardableResult
  public func deliver() -> Int { registration == nil ? 0 : turn() }

  // MARK: turns of the loop

  private func ready(_ readiness: EventLoop.Readiness) {
    // A hang-up stays: the loop would wake up for it for ever.
    guard readiness.isDisjoint(with: [.error, .hangUp]) else {
      return fail(request.failure("watch the GPIO line", code: ENODEV))
    }
    guard let loop, let registration else { return }
    if gathering > .zero {
      // Told at once: the first edge after a rest. Then the queue fills up by itself for a while.
      loop.update(registration, [])
      gatheringUntil = loop.now + gathering
    }
    turn()
  }

  private func timeout() {
    guard let loop, let registration else { return }
    let isBatchDue = isDue(gatheringUntil, at: loop.now)
    let count = turn()
    // Detached meanwhile, or not the end of a batch.
    guard isBatchDue, self.registration == registration else { return }
    // A line that goes on is looked at again so much later; one that rests wakes the loop with its next edge.
    gatheringUntil = count > 0 ? loop.now + gathering : nil
    if gatheringUntil == nil { loop.update(registration, .read) }
    timer?.deadline = earliest(gatheringUntil, debouncer?.deadline)
  }

  /// Takes what waits, tells it, and sets the timer for what is in the air. Gives the number of raw edges.
  @discardableResult
  private func turn() -> Int {
    let count: Int
    do throws(LinuxError) {
      count = try gather()
    } catch {
      fail(error)
      return 0
    }
    timer?.deadline = earliest(gatheringUntil, debouncer?.deadline)
    guard !batch.isEmpty else { return count }
    told?(batch)
    batch.removeAll(keepingCapacity: true)
    return count
  }

  /// Puts what waits into the batch, debounced.
  @discardableResult
  private func gather() throws(LinuxError) -> Int {
    let count = try drain()
    let now = Instant(nanoseconds: clinux_monotonic())
    guard isDue(debouncer?.deadline, at: now) else { return count }
    let actual = try request.value()
    if let edge = debouncer?.settle(at: now, actual: actual) { keep(edge) }
    return count
  }

  private func drain() throws(LinuxError) -> Int {
    var total = 0
    for _ in 0..<Self.roundsMax {
      let count = try request.read(into: raw)
      for event in raw[..<count] {
        let edge = EdgeEvent(
          rising: event.rising, at: Instant(nanoseconds: event.nanoseconds), sequence: event.sequence,
          missed: event.missed)
        missed += UInt64(event.missed)
        if debouncer == nil {
          keep(edge)
        } else if let certain = debouncer?.take(edge) {
          keep(certain)
        }
      }
      total += count
      guard count > 0 else { break }
    }
    return total
  }

  private func keep(_ edge: EdgeEvent) {
    // Only a debounced line that is asked and not attached gets here: what it was long ago is of no use.
    if batch.count >= Self.batchMax { batch.removeFirst(batch.count / 2) }
    batch.append(edge)
  }

  private func fail(_ error: LinuxError) {
    let failed = failed
    detach()
    failed?(error)
  }
}
