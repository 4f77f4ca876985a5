import Glibc
public import SiteFile
public import Wire

/// How much a line matters, as syslog numbers it; `trace` is below what it numbers, and is written as its lowest.
public enum LogPriority: Int, Hashable, Sendable, Comparable {
  case critical = 2
  case error, warning, notice, info, debug, trace

  /// As syslog and journald take it, 0...7.
  var syslog: Int { min(rawValue, LogPriority.debug.rawValue) }

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
    var fields = "PRIORITY=\(priority.syslog)\nSYSLOG_IDENTIFIER=couplerd\nMESSAGE=\(plain)\n"
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

/// Writes the log: to journald, or to standard error.
public final class Log {
  enum Target { case journal(DatagramSender), prefixed, plain }

  /// The two places, which a test has elsewhere.
  struct Places {
    var journal = "/run/systemd/journal/socket"
    var standardError: Int32 = 2
    /// JOURNAL_STREAM.
    var stream = environment("JOURNAL_STREAM")
  }

  /// Why the log cannot go where the site file wants it.
  public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  private let places: Places
  private let sink: LineSink
  private var target: Target
  private var limiter = LogLimiter()
  private let now: () -> Instant
  /// Lines less urgent than this are left out.
  public var threshold = LogPriority.info

  /// Begins with `auto`, which is always to be had.
  public convenience init(now: @escaping () -> Instant) { self.init(now: now, places: Places()) }

  init(now: @escaping () -> Instant, places: Places) {
    self.now = now
    self.places = places
    sink = LineSink(places.standardError)
    target = places.automatic
  }

  /// Writes to `wanted` from now on. Where it cannot be had the target stays as it is: who asked for one place does not
  /// look for the log in another.
  public func write(to wanted: SiteConfiguration.LogSettings.Target) throws(Refusal) {
    switch wanted {
    case .auto: target = places.automatic
    case .journald:
      guard let sender = DatagramSender(path: places.journal) else {
        throw Refusal(description: "log.target: no socket for journald: \(String(cString: strerror(errno)))")
      }
      if let code = sender.connectionError {
        throw Refusal(
          description:
            "log.target: journald cannot be reached at \(places.journal): \(String(cString: strerror(code)))"
            + "; is systemd-journald running? 'log: {target: auto}' goes without it")
      }
      target = .journal(sender)
    case .stderr:
      guard fcntl(places.standardError, F_GETFD) >= 0 else {
        throw Refusal(
          description: "log.target: standard error is closed; start the daemon with it open, or write "
            + "'log: {target: journald}'")
      }
      target = places.plainOrPrefixed
    }
  }

  /// Lines go to journald by its own protocol.
  var isJournal: Bool { if case .journal = target { true } else { false } }

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
    let prefix = if case .plain = target { "" } else { "<\(line.priority.syslog)>" }
    // A reader that is gone or does not read is no reason to stop charging.
    sink.write("\(prefix)\(line.plain)\n")
  }
}

extension Log.Places {
  /// As systemd asks: natively where standard error already leads to the journal, with priority prefixes where it leads
  /// to something else, and plainly on a terminal.
  var automatic: Log.Target {
    if isStandardErrorJournal, let sender = DatagramSender(path: journal) { return .journal(sender) }
    return plainOrPrefixed
  }

  var plainOrPrefixed: Log.Target { isatty(standardError) == 1 ? .plain : .prefixed }

  /// JOURNAL_STREAM holds device and inode of the stream systemd gave; a redirected one differs.
  private var isStandardErrorJournal: Bool {
    guard let stream, let colon = stream.firstIndex(of: ":"),
      let device = UInt64(stream[..<colon]), let inode = UInt64(stream[stream.index(after: colon)...])
    else { return false }
    var status = stat()
    return fstat(standardError, &status) == 0 && UInt64(status.st_dev) == device
      && UInt64(status.st_ino) == inode
  }
}

/// A variable of the environment.
func environment(_ name: String) -> String? {
  guard let value = getenv(name) else { return nil }
  return String(cString: value)
}
