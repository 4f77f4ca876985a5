import ControlPilot
import Foundation
import HAL
import Testing
import Wire

/// Edges of a pilot as a driver hands them in, recorded or made.
struct EdgeStream {
  struct Edge {
    var rising: Bool
    var at: Instant
    var missed = false
  }

  var edges: [Edge] = []
  var end = Instant.zero

  /// 1 kHz for so many periods, each edge stamped up to `latencyMicroseconds` late, and one in a hundred of them up to
  /// `outlierMicroseconds`.
  mutating func pwm(
    permille: Int, periods: Int, latencyMicroseconds: Int = 0, outlierMicroseconds: Int = 0,
    periodNanoseconds: Int = 1_000_000, seed: UInt64 = 1
  ) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<periods {
      for rising in [true, false] {
        var late = latencyMicroseconds > 0 ? Int(random.next() % UInt64(latencyMicroseconds * 1000)) : 0
        if outlierMicroseconds > 0, random.chance(perMille: 10) {
          late = Int(random.next() % UInt64(outlierMicroseconds * 1000))
        }
        let offset = rising ? 0 : periodNanoseconds * permille / 1000
        var at = end + .nanoseconds(Int64(offset + late))
        // The kernel stamps in order.
        if let last = edges.last, at < last.at { at = last.at + .nanoseconds(1) }
        edges.append(Edge(rising: rising, at: at))
      }
      end += .nanoseconds(Int64(periodNanoseconds))
    }
  }

  /// No edges for a while.
  mutating func silence(_ duration: Duration) { end += duration }

  /// Takes edges away, so many in a thousand; `tells`: the driver notices by its sequence numbers.
  mutating func lose(perMille: Int, tells: Bool, seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var kept: [Edge] = []
    var gap = false
    for var edge in edges {
      if random.chance(perMille: perMille) {
        gap = true
      } else {
        edge.missed = gap && tells
        gap = false
        kept.append(edge)
      }
    }
    edges = kept
  }

  mutating func invert() { for index in edges.indices { edges[index].rising.toggle() } }

  /// A committed recording: `r` or `f` and the ns since the edge before.
  init(recorded name: String, file: String = #filePath) throws {
    let url = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Tables/\(name)")
    var at = Instant.zero
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#")
    {
      let parts = line.split(separator: " ")
      let step = try #require(parts.last.flatMap { Int64($0) })
      at += .nanoseconds(step)
      edges.append(Edge(rising: parts.first == "r", at: at))
    }
    end = at
  }

  init() {}
}

/// What a meter, and a vehicle's pilot behind it, make of a stream.
struct EdgeRun {
  var meter: EdgeDutyMeter
  var vehicle = EVPilot()
  var measured: [(signal: PilotSignal, at: Instant)] = []
  var offers: [(offer: PilotOffer, at: Instant)] = []

  init(_ stream: EdgeStream, isInverted: Bool = false, level: Bool = false) {
    meter = EdgeDutyMeter(isInverted: isInverted)
    vehicle.handle(.proximity(.plugged(cableMilliamps: nil)), at: .zero) { _ in }
    hand(.level(high: level), .zero)
    for edge in stream.edges {
      pass(to: edge.at)
      hand(.edge(rising: edge.rising, missed: edge.missed), edge.at)
    }
    pass(to: stream.end)
  }

  private mutating func pass(to end: Instant) {
    while let due = meter.deadline, due < end { hand(.timeout, due) }
  }

  private mutating func hand(_ event: EdgeDutyMeter.Event, _ now: Instant) {
    var signals: [PilotSignal] = []
    meter.handle(event, at: now) { if case .measured(let signal) = $0 { signals.append(signal) } }
    for signal in signals {
      measured.append((signal, now))
      vehicle.handle(.measured(signal), at: now) { action in
        if case .offer(let offer) = action { offers.append((offer, now)) }
      }
    }
  }

  /// Every duty that was measured, permille.
  var duties: [Int] {
    measured.compactMap { if case .pwm(let permille) = $0.signal { permille } else { nil } }
  }

  /// When a signal was first measured at or after `start`.
  func first(after start: Instant, where matches: (PilotSignal) -> Bool) -> Instant? {
    measured.first { $0.at >= start && matches($0.signal) }?.at
  }
}
