import Glibc
public import Wire

/// What systemd is told, by hand over its datagram socket (sd_notify(3)); nothing where no one asks.
public final class ServiceManager {
  private let sender: DatagramSender?
  /// Half of the time after which silence counts as a hang; `nil` where nobody watches.
  public let watchdogInterval: Duration?

  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment of children.
  public init() {
    sender = environment("NOTIFY_SOCKET").flatMap { DatagramSender(path: $0) }
    let isMeant = environment("WATCHDOG_PID").flatMap { Int32($0) }.map { $0 == getpid() } ?? true
    let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
    watchdogInterval = sender != nil && isMeant && microseconds > 0 ? .microseconds(microseconds / 2) : nil
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) }
  }

  /// Somebody started this program and starts it again.
  var isThere: Bool { sender != nil }

  public func ready(_ status: String) { sender?.send("READY=1\nSTATUS=\(status.onOneLine)\n") }
  public func status(_ status: String) { sender?.send("STATUS=\(status.onOneLine)\n") }
  /// `now` on the monotonic clock, which Type=notify-reload compares.
  public func reloading(at now: Instant) {
    sender?.send("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)\n")
  }
  public func stopping(_ status: String) { sender?.send("STOPPING=1\nSTATUS=\(status.onOneLine)\n") }
  public func alive() { sender?.send("WATCHDOG=1\n") }
}
