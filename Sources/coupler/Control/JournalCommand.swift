import ArgumentParser
import Glibc
import Journal
import Wire

/// `coupler journal`
struct JournalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Print what a station has kept: sessions, customers, faults.",
    discussion: """
      couplerd keeps these on the medium before it answers or tells anybody. The
      file may be read while it runs, and copied from a station that does not.

        coupler journal
        coupler journal /mnt/station/var/lib/coupler --json
        coupler journal --since 4711 --json

      One record a line: its number, which never falls or comes twice, the time
      by the station's clock, the connector (0: the daemon), and what happened.
      A full file is put aside as events.1 and printed first; what still held
      then is carried over under new numbers.

      Exit status: 0 every octet belongs to a record; 1 some do not: a record
      was being written when the power went, or the medium is damaged; 2 there
      is no journal, or it cannot be read; 64 wrong arguments.
      """)

  @Argument(help: ArgumentHelp("The folder of the journal.", valueName: "folder"))
  var folder = "/var/lib/coupler"

  @Option(help: ArgumentHelp("Only records from this number on.", valueName: "number"))
  var since: UInt64 = 0

  @Option(help: ArgumentHelp("Only records of this connector.", valueName: "number"))
  var connector: UInt16?

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func run() throws {
    var strays = 0
    var found = false
    for name in ["events.1", "events"] {
      let path = "\(folder)/\(name)"
      guard let recovery = try read(path) else { continue }
      found = true
      for (octets, what) in [
        (recovery.damagedOctets, "in the middle belong to no record"),
        (recovery.tornOctets, "at the end are no whole record"),
      ] where octets > 0 {
        complain("coupler: \(path): \(octets) octets \(what)")
        strays += octets
      }
    }
    guard found else {
      complain(
        "coupler: there is no journal in \(folder), which has to be the folder of its files; journal.folder of the site file names it"
      )
      throw ExitCode(2)
    }
    if strays > 0 { throw ExitCode(1) }
  }

  /// `nil` where there is no such file.
  private func read(_ path: String) throws -> JournalReader.Recovery? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      // ENOTDIR: the file itself was given for its folder.
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure(path)
    }
    defer { close(descriptor) }
    var reader = JournalReader()
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return reader.finish(each: show).recovery }
      reader.read(buffer[..<count], each: show)
    }
  }

  private func failure(_ path: String) -> ExitCode {
    let code = errno
    let cause = String(cString: strerror(code))
    let remedy = code == EACCES ? "; it is for root and group coupler" : ""
    complain("coupler: cannot read \(path): \(cause)\(remedy)")
    return ExitCode(2)
  }

  private func show(_ record: JournalRecord) {
    guard record.sequence >= since, connector == nil || record.connector == connector else { return }
    say(json ? record.json : record.line)
  }
}

extension JournalRecord {
  fileprivate var json: String {
    var line = JSONLine()
    line.add("sequence", Int(clamping: sequence))
    line.add("unixMilliseconds", Int(clamping: unixMilliseconds))
    line.add("connector", Int(connector))
    switch event {
    case .sessionStarted: line.add("event", "sessionStarted")
    case .sessionEnded(let ok, let wattHours):
      line.add("event", "sessionEnded")
      line.add("ok", ok)
      line.add("wattHours", Int(clamping: wattHours))
    case .meter(let wattHours):
      line.add("event", "meter")
      line.add("wattHours", Int(clamping: wattHours))
    case .authorization(let granted, let token):
      line.add("event", "authorization")
      line.add("granted", granted)
      line.add("token", token)
    case .faultLatched(let name):
      line.add("event", "faultLatched")
      line.add("name", name)
    case .faultCleared(let name):
      line.add("event", "faultCleared")
      line.add("name", name)
    case .started: line.add("event", "started")
    case .stopped: line.add("event", "stopped")
    }
    return line.text
  }

  fileprivate var line: String {
    "\(sequence)  \(Self.time(unixMilliseconds))  \(connector)  \(StatusText.plain(words))"
  }

  private var words: String {
    switch event {
    case .sessionStarted: "plugged in"
    case .sessionEnded(let ok, let wattHours):
      "session ended \(ok ? "in order" : "by a failure"), \(wattHours) Wh"
    case .meter(let wattHours): "meter \(wattHours) Wh"
    case .authorization(let granted, let token):
      "customer\(token.isEmpty ? "" : " \(token)") \(granted ? "may charge" : "refused")"
    case .faultLatched(let name): "fault \(name)"
    case .faultCleared(let name): "fault \(name) is over"
    case .started: "couplerd started"
    case .stopped: "couplerd stopped in order"
    }
  }

  /// 2026-11-22T04:27:41Z.
  private static func time(_ milliseconds: Int64) -> String {
    var seconds = time_t(clamping: milliseconds / 1000)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "\(milliseconds) ms" }
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}
