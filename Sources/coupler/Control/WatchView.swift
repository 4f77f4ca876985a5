import ControlAPI

/// What `coupler watch` shows: the last state of each connector, and the latest news.
struct WatchView {
  /// News below the connectors.
  static let newsMax = 200

  private(set) var info: StationInfo
  private(set) var connectors: [ConnectorStatus]
  private(set) var news: [String] = []
  /// When the session of a connector was last told of, s of the viewer's clock: its time goes on in between.
  private var toldAt: [Int: Int]
  private let begin: Int
  /// In place of the title: what is shown below is not of now.
  var notice: String?

  init(info: StationInfo, connectors: [ConnectorStatus], atSecond now: Int) {
    self.info = info
    self.connectors = connectors
    toldAt = Dictionary(connectors.map { ($0.connector, now) }) { first, _ in first }
    begin = now
  }

  /// The same view of a daemon that has started anew: what was news before is so still.
  mutating func takeOver(_ old: WatchView) {
    news = old.news + ["        the daemon has started anew"]
  }

  /// A time runs on the screen.
  var isTicking: Bool { notice == nil && connectors.contains { $0.session.seconds != nil } }

  mutating func take(_ event: ControlEvent, atSecond now: Int) {
    guard let index = connectors.firstIndex(where: { $0.connector == event.connector }) else { return }
    switch event.content {
    case .pilot(let status): connectors[index].pilot = status
    case .slac(let status): connectors[index].slac = status
    case .session(let status):
      connectors[index].session = status
      toldAt[event.connector] = now
    case .outputs(let status): connectors[index].outputs = status
    case .power(let values): connectors[index].power = values
    case .limits(let limits): connectors[index].limits = limits
    case .stage(let status): connectors[index].stage = status
    case .powerCommand: break
    case .paused(let paused): connectors[index].isPaused = paused
    case .trouble(let text): connectors[index].trouble = text.isEmpty ? nil : text
    case .fault(let fault): connectors[index].fault = fault.latch == .none ? connectors[index].fault : fault
    case .cleared(let name):
      if connectors[index].fault?.name == name { connectors[index].fault = nil }
    case .inlet(let status): connectors[index].inlet = status
    case .ended: break
    }
    // Power changes all the time, and stands above.
    if event.kind == .power || event.kind == .inlet { return }
    let line = StatusText.line(event)
    guard news.last.map({ Self.text($0) != Self.text(line) }) ?? true else { return }
    news.append(line)
    if news.count > Self.newsMax { news.removeFirst() }
  }

  /// Without its time.
  private static func text(_ line: String) -> Substring { line.drop { $0 != " " } }

  /// The screen, at most `height` lines: connectors first, news in what is left.
  func lines(width: Int, height: Int, isColoured: Bool, atSecond now: Int) -> [String] {
    let text = StatusText(width: width, isColoured: isColoured)
    var told = info
    told.uptimeSeconds += now - begin
    var lines = [notice.map { text.styled(text.cut($0), .bad) } ?? text.title(told)]
    for status in connectors {
      lines.append("")
      lines += text.block(status, secondsSince: now - (toldAt[status.connector] ?? now))
    }
    let hint = text.styled(text.cut("Ctrl-C ends the view; the station goes on."), .faint)
    let room = height - lines.count - 3
    if room > 0, !news.isEmpty { lines += [""] + news.suffix(room).map { text.cut($0) } }
    if lines.count + 2 <= height { lines += ["", hint] }
    return Array(lines.prefix(max(height, 1)))
  }
}
