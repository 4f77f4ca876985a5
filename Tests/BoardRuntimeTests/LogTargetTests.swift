import Foundation
import Glibc
import Testing
import Wire

@testable import BoardRuntime

/// Where lines come out, with sockets and pipes in the place of journald and standard error.
@Suite struct LogTargetTests {
  private final class Rig {
    let folder: String
    var places = Log.Places()
    private var journal: Int32 = -1
    private let pipe = Pipe()

    init(hasJournal: Bool, isStream: Bool = false) throws {
      folder = NSTemporaryDirectory() + "coupler-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      let (reader, writer) = (
        pipe.fileHandleForReading.fileDescriptor, pipe.fileHandleForWriting.fileDescriptor
      )
      try #require(fcntl(reader, F_SETFL, O_NONBLOCK) == 0)
      places = Log.Places(journal: "\(folder)/socket", standardError: writer, stream: nil)
      var status = stat()
      if isStream, fstat(writer, &status) == 0 { places.stream = "\(status.st_dev):\(status.st_ino)" }
      if hasJournal { try listen() }
    }

    deinit {
      if journal >= 0 { close(journal) }
      try? FileManager.default.removeItem(atPath: folder)
    }

    func listen() throws {
      journal = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(places.journal.utf8)) }
      let bound = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(journal, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(bound == 0)
    }

    func stopListening() {
      close(journal)
      journal = -1
      unlink(places.journal)
    }

    private func text(_ descriptor: Int32) -> String {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let got = read(descriptor, &buffer, buffer.count)
      return String(decoding: buffer[..<max(got, 0)], as: UTF8.self)
    }
    var journalText: String { journal < 0 ? "" : text(journal) }
    var errorText: String { text(pipe.fileHandleForReading.fileDescriptor) }

    func log() -> Log { Log(now: { .zero }, places: places) }
  }

  private let line = LogLine(.notice, layer: "daemon", event: "start", "here")

  @Test func auto_is_journald_where_systemd_connected_it_and_standard_error_elsewhere() throws {
    let connected = try Rig(hasJournal: true, isStream: true)
    connected.log().write(line)
    #expect(connected.journalText.contains("MESSAGE=daemon start: here\n") && connected.errorText.isEmpty)
    let other = try Rig(hasJournal: true)
    other.log().write(line)
    #expect(other.journalText.isEmpty && other.errorText == "<5>daemon start: here\n")
  }

  @Test func journald_is_taken_also_where_standard_error_leads_elsewhere() throws {
    let rig = try Rig(hasJournal: true)
    let log = rig.log()
    try log.write(to: .journald)
    log.write(line)
    #expect(rig.journalText.contains("PRIORITY=5\n") && rig.errorText.isEmpty)
  }

  @Test func stderr_is_taken_also_where_journald_is_connected() throws {
    let rig = try Rig(hasJournal: true, isStream: true)
    let log = rig.log()
    try log.write(to: .stderr)
    log.write(line)
    #expect(rig.journalText.isEmpty && rig.errorText == "<5>daemon start: here\n")
  }

  @Test func journald_that_is_not_there_is_refused_with_cause_and_remedy() throws {
    let rig = try Rig(hasJournal: false)
    let log = rig.log()
    let refusal = #expect(throws: Log.Refusal.self) { try log.write(to: .journald) }
    #expect(
      "\(try #require(refusal))"
        == "log.target: journald cannot be reached at \(rig.places.journal): No such file or directory; "
        + "is systemd-journald running? 'log: {target: auto}' goes without it")
    log.write(line)
    #expect(rig.errorText == "<5>daemon start: here\n", "the place it had before")
  }

  @Test func standard_error_that_is_closed_is_refused() throws {
    let rig = try Rig(hasJournal: false)
    rig.places.standardError = 999
    let refusal = #expect(throws: Log.Refusal.self) { try rig.log().write(to: .stderr) }
    #expect("\(try #require(refusal))".contains("standard error is closed"))
  }

  /// It is started anew by systemd in between: no line may be lost for it, and no session.
  @Test func while_journald_is_gone_lines_go_to_standard_error() throws {
    let rig = try Rig(hasJournal: true)
    let log = rig.log()
    try log.write(to: .journald)
    rig.stopListening()
    log.write(line)
    #expect(rig.errorText == "<5>daemon start: here\n")
    try rig.listen()
    log.write(line)
    #expect(rig.journalText.contains("MESSAGE=daemon start: here\n") && rig.errorText.isEmpty)
  }

  @Test func trace_is_louder_than_debug_and_is_written_as_the_lowest_priority_there_is() throws {
    let rig = try Rig(hasJournal: false)
    let log = rig.log()
    let duty = LogLine(.trace, layer: "pilot", event: "duty", "5 %")
    log.threshold = LogPriority(.debug)
    log.write(duty)
    #expect(rig.errorText.isEmpty)
    log.threshold = LogPriority(.trace)
    log.write(duty)
    #expect(rig.errorText == "<7>pilot duty: 5 %\n")
    #expect(duty.journalEntry.hasPrefix("PRIORITY=7\n"))
  }

  // MARK: nobody is waited for

  /// Fills a descriptor until nothing more goes in, without changing how it is used.
  private func fill(_ descriptor: Int32) {
    let octets = [UInt8](repeating: 0x78, count: 65_536)
    let mode = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, mode | O_NONBLOCK)
    for size in [65_536, 4096, 1] { while write(descriptor, octets, size) > 0 {} }
    _ = fcntl(descriptor, F_SETFL, mode)
  }

  private func drain(_ descriptor: Int32) -> String {
    var octets: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let got = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), got > 0 {
      octets += buffer[..<got]
    }
    return String(decoding: octets.drop { $0 == 0x78 }, as: UTF8.self)
  }

  /// As `couplerd -v | less`, and as systemd's stream while journald hangs.
  @Test func a_reader_that_does_not_read_holds_nothing_up() throws {
    let rig = try Rig(hasJournal: false)
    let log = rig.log()
    fill(rig.places.standardError)
    let start = Date()
    for _ in 0..<50 { log.write(line) }
    #expect(Date().timeIntervalSince(start) < 2)
    while case let text = rig.errorText, !text.isEmpty {}
    log.write(line)
    #expect(rig.errorText == "(50 lines could not be written)\n<5>daemon start: here\n")

    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { close(end) } }
    let sink = LineSink(ends[0])
    fill(ends[0])
    #expect(!sink.write("a\n") && !sink.write("b\n"))
    _ = drain(ends[1])
    #expect(sink.write("c\n"))
    #expect(drain(ends[1]) == "(2 lines could not be written)\nc\n")
  }

  @Test func a_stopped_terminal_holds_nothing_up() throws {
    var (leader, follower): (Int32, Int32) = (-1, -1)
    try #require(openpty(&leader, &follower, nil, nil, nil) == 0)
    defer { for end in [leader, follower] { close(end) } }
    let sink = LineSink(follower)
    #expect(sink.write("before\n"))
    // Ctrl-S.
    try #require(tcflow(follower, TCOOFF) == 0)
    let start = Date()
    for _ in 0..<50 { sink.write("while\n") }
    #expect(Date().timeIntervalSince(start) < 2 && sink.leftOut == 50)
    try #require(tcflow(follower, TCOON) == 0)
    #expect(sink.write("after\n"))
  }

  @Test func a_line_of_any_length_is_written_as_one() throws {
    let rig = try Rig(hasJournal: false)
    rig.log().write(LogLine(.info, layer: "x", event: "y", String(repeating: "z", count: 100_000)))
    var text = ""
    while case let more = rig.errorText, !more.isEmpty { text += more }
    #expect(text.utf8.count < LineSink.octetsMax && text.hasSuffix("zz...\n"))
  }
}
