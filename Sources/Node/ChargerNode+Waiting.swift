import Safety
import Wire

/// Energy is wanted and the contactor stays open.
struct WaitingForClosing {
  /// So long anything may take: debouncing, lock, contactor.
  static let patience = Duration.seconds(1)
  private(set) var since: Instant?
  private(set) var told: [ClosingObstacle] = []

  /// When it has to be told; `nil` where nothing waits, or it was told and nothing has changed.
  var deadline: Instant? { told.isEmpty ? since.map { $0 + Self.patience } : nil }

  /// What to tell now: each time that what keeps it open changes.
  mutating func look(_ obstacles: [ClosingObstacle]?, at now: Instant) -> [ClosingObstacle]? {
    guard let obstacles, !obstacles.isEmpty else {
      (since, told) = (nil, [])
      return nil
    }
    let start = since ?? now
    since = start
    guard now >= start + Self.patience, obstacles != told else { return nil }
    told = obstacles
    return obstacles
  }
}

extension ChargerNode {
  /// After every event. A session tells what ended it; a charge by the duty alone only waits, and nobody would know for what.
  mutating func tellObstacles(_ now: Instant, _ perform: (Action) -> Void) {
    let waits = plug.basicDemands && !supervisor.isContactorCommandedClosed
    guard waits || waiting.since != nil else { return }
    if let news = waiting.look(waits ? supervisor.obstacles(at: now) : nil, at: now) {
      perform(.trace(.safety(.waiting(news))))
    }
  }
}
