import Glibc
public import Wire

/// How much a line matters, as syslog numbers it.
public enum LogPriority: Int, Hashable, Sendable, Comparable {
  case critical = 2
  case error, warning, notice, info, debug

  public static func < (a: LogPriority, b: LogPriority) -> Bool { a.rawValue < b.rawValue }
}

/// One line of the log: where, what, and in words. Never a key.
public struct LogLine: Hashable, Sendable {
  public var priority: LogPriority
  /// Empty for the daemon itself.
  public var connector: String
  public var layer: String
  public var event: String
  public var text: String

  public init(_ priority: LogPriority, connector: String = "", layer: String, event: String, _ text: String) {
    self.priority = priority
    self.connector = connector
    self.layer = layer
    self.event = event
    self.text = text
  }

  /// `1 pilot state: state A -> B`, on one line whatever a peer sent.
  public var plain: String {
    let place = connector.isEmpty ? "" : "\(connector) "
    return "\(place)\(layer) \(event): \(text)".onOneLine
  }

  /// journald's native protocol: `KEY=value` per line.
  public var journalEntry: String {
    var fields = "PRIORITY=\(priority.rawValue)\nSYSLOG_IDENTIFIER=couplerd\nMESSAGE=\(plain)\n"
    if !connector.isEmpty { fields += "COUPLER_CONNECTOR=\(connector.onOneLine)\n" }
    fields += "COUPLER_LAYER=\(layer.onOneLine)\nCOUPLER_EVENT=\(event.onOneLine)\n"
    return fields
  }
}

extension String {
  /// Without characters that end a line or steer a terminal: they may come from a peer.
  var onOneLine: String {
    guard utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return self }
    return String(decoding: utf8.map { $0 < 32 || $0 == 127 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
  }
}

/// Keeps one layer of one connector from filling the disk: so many lines at once, then so many per second.
///
/// A bucket each, so that a flood on one connector hides nothing of another. Warnings and worse have a bucket of their own.
public struct LogLimiter: Sendable {
  /// Lines that may come at once.
  public static let burst = 100
  /// How long it takes until another one may come.
  public static let interval = Duration.milliseconds(100)
  /// Buckets; beyond that all others share one.
  static let bucketsMax = 64

  private struct Bucket {
    /// When it will be full again; the farther, the emptier.
    var fullAt: Instant
    var leftOut = 0
  }
  private var buckets: [String: Bucket] = [:]

  public init() {}

  /// Whether a line may be written now, and how many were left out before it.
  public mutating func admit(_ line: LogLine, at now: Instant) -> (passes: Bool, leftOut: Int) {
    var key = "\(line.connector)/\(line.layer)/\(line.priority < .notice ? "!" : "")"
    if buckets[key] == nil, buckets.count >= Self.bucketsMax { key = "" }
    var bucket = buckets[key] ?? Bucket(fullAt: now)
    let fullAt = max(bucket.fullAt, now) + Self.interval
    guard fullAt - now <= Self.interval * Self.burst else {
      bucket.leftOut += 1
      buckets[key] = bucket
      return (false, bucket.leftOut)
    }
    let leftOut = bucket.leftOut
    buckets[key] = Bucket(fullAt: fullAt)
    return (true, leftOut)
  }
}

/// Writes the log: to journald where it listens to this process, else to standard error.
public final class Log {
  enum Target { case journal(DatagramSender), prefixed, plain }

  private let target: Target
  private var limiter = LogLimiter()
  private let now: () -> Instant
  /// Lines less urgent than this are left out.
  public var threshold = LogPriority.info

  /// Chooses the target as systemd asks: natively where standard error already leads to the journal, with priority
  /// prefixes where it leads to something else, and plainly on a terminal.
  public init(now: @escaping () -> Instant) {
    self.now = now
    if Self.isStandardErrorJournal, let sender = DatagramSender(path: "/run/systemd/journal/socket") {
      target = .journal(sender)
    } else {
      target = isatty(2) == 1 ? .plain : .prefixed
    }
  }

  public func write(_ line: LogLine) {
    guard line.priority <= threshold else { return }
    let (passes, leftOut) = limiter.admit(line, at: now())
    guard passes else { return }
    if leftOut > 0 {
      emit(
        LogLine(
          .warning, connector: line.connector, layer: line.layer, event: "left-out",
          "\(leftOut) lines came too fast and were left out"))
    }
    emit(line)
  }

  private func emit(_ line: LogLine) {
    switch target {
    case .journal(let sender): if sender.send(line.journalEntry) { return }
    case .prefixed, .plain: break
    }
    let prefix = if case .plain = target { "" } else { "<\(line.priority.rawValue)>" }
    // One call, so that lines of several processes do not mix. A reader that is gone is no reason to stop charging.
    let octets = Array("\(prefix)\(line.plain)\n".utf8)
    _ = Glibc.write(2, octets, octets.count)
  }

  /// JOURNAL_STREAM holds device and inode of the stream systemd gave; a redirected one differs.
  private static var isStandardErrorJournal: Bool {
    guard let stream = environment("JOURNAL_STREAM"), let colon = stream.firstIndex(of: ":"),
      let device = UInt64(stream[..<colon]), let inode = UInt64(stream[stream.index(after: colon)...])
    else { return false }
    var status = stat()
    return fstat(2, &status) == 0 && UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
  }
}

/// A variable of the environment.
func environment(_ name: String) -> String? {
  guard let value = getenv(name) else { return nil }
  return String(cString: value)
}
