import ArgumentParser
import Glibc
import LinuxHardware
import Node
import Recorder
import Wire

/// Options on what is printed and recorded.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print one JSON object per line; the last one is the summary.")
  var json = false

  @Flag(name: .shortAndLong, help: "Show every message and every state.")
  var verbose = false

  @Option(
    help: ArgumentHelp(
      "Record all frames of the interface, with notes of pilot and states.", valueName: "file.pcapng"))
  var record: String?

  /// Opens the recording that was asked for.
  func openRecording(of interface: NetworkInterface, loop: EventLoop) throws -> LiveRecording? {
    guard let record else { return nil }
    do {
      return try LiveRecording(path: record, interface: interface, loop: loop)
    } catch {
      complain("coupler: \(error)")
      throw ExitCode(2)
    }
  }
}

/// Records what an interface carries.
final class LiveRecording {
  let path: String
  private let writer: PcapngWriter
  private let notes: PcapngWriter.Interface
  private let socket: PacketSocket

  init(path: String, interface: NetworkInterface, loop: EventLoop) throws {
    self.path = path
    let writer = try PcapngWriter(path: path, clock: .wall(at: loop.now))
    let frames = writer.addInterface(name: interface.name)
    notes = writer.addNoteInterface(name: "notes", description: "pilot, safety and state changes")
    self.writer = writer
    socket = try PacketSocket(interface, .capture)
    try socket.attach(
      to: loop,
      receive: { frame, direction in
        let octets = frame.withUnsafeBytes { Array($0) }
        // What this host sent itself is not refused by it.
        writer.record(
          octets, on: frames, at: loop.now, direction: direction == .incoming ? .inbound : .outbound,
          comment: direction == .incoming ? comment(onFrame: octets) : nil)
      }, failed: { complain("coupler: recording stopped: \($0)") })
  }

  func note(_ trace: NodeTrace, at now: Instant) {
    if trace.isNoted { writer.note("\(trace.layer): \(trace)", on: notes, at: now) }
  }

  func close() {
    socket.detach()
    writer.close()
    if let failure = writer.failure { complain("coupler: recording is incomplete: \(failure)") }
  }
}

/// Runs what may fail in the kernel; prints cause and remedy and exits with 2 where it does.
func orExit<Result>(_ body: () throws(LinuxError) -> Result) throws -> Result {
  do throws(LinuxError) {
    return try body()
  } catch {
    complain("coupler: \(error)")
    throw ExitCode(2)
  }
}

/// Leaves the loop a moment for octets on their way and for the pilot to come to rest, then stops it.
func stopSoon(_ loop: EventLoop, after delay: Duration = .milliseconds(2500)) {
  let timer = loop.addTimer { loop.stop() }
  timer.deadline = loop.now + delay
}

/// Refuses a number of seconds that is none, or more than a year: a `Duration` cannot be made of every `Double`.
func checkSeconds(_ seconds: Double, of option: String, allowingNegative: Bool = false) throws {
  guard seconds <= 31_536_000, allowingNegative || seconds >= 0 else {
    throw ValidationError("\(option) is 0 to 31536000 s")
  }
}
