import Foundation
import Glibc
import Recorder
import Testing
import Wire

@Suite struct PcapngWriterTests {
  static let frame = [UInt8](repeating: 0xFF, count: 6) + [2, 0, 0, 0, 0, 1, 0x88, 0xE1] + [UInt8](1...46)

  @Test func the_octets_of_a_small_recording_are_as_the_format_says() {
    let writer = PcapngWriter(
      clock: RecordingClock(instant: .zero, unixNanoseconds: 0x1_0000_0000), application: "abc")
    let plc = writer.addInterface(name: "plc0")
    writer.record([1, 2, 3], on: plc, at: Instant(nanoseconds: 5), direction: .outbound, comment: "hi")
    let section: [UInt8] =
      [0x0A, 0x0D, 0x0D, 0x0A, 40, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0]
      + [UInt8](repeating: 0xFF, count: 8) + [4, 0, 3, 0] + Array("abc".utf8) + [0, 0, 0, 0, 0]
      + [40, 0, 0, 0]
    let interface: [UInt8] =
      [1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 4, 0] + Array("plc0".utf8)
      + [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0]
    let packet: [UInt8] =
      [6, 0, 0, 0, 56, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 0]
      + [1, 0, 2, 0, 0x68, 0x69, 0, 0, 2, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0]
    #expect(writer.octets == section + interface + packet)
  }

  @Test func two_runs_in_virtual_time_give_the_same_octets() {
    let run = { () -> [UInt8] in
      let writer = PcapngWriter(clock: .virtual)
      let plc = writer.addInterface(name: "plc0")
      let pilot = writer.addNoteInterface(name: "pilot")
      writer.record(Self.frame, on: plc, at: .zero + .milliseconds(1), direction: .inbound)
      writer.note("pilot A -> B1", on: pilot, at: .zero + .milliseconds(2))
      return writer.octets
    }
    #expect(run() == run())
  }

  @Test func a_file_holds_what_memory_would() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "coupler-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try PcapngWriter(path: path, clock: .virtual)
    let memory = PcapngWriter(clock: .virtual)
    for writer in [file, memory] {
      let plc = writer.addInterface(name: "plc0", description: "the power line")
      // Enough for several writes.
      for number in 0..<3000 {
        writer.record(Self.frame, on: plc, at: .zero + .milliseconds(number), direction: .inbound)
      }
      writer.close()
    }
    let written = try [UInt8](Data(contentsOf: URL(filePath: path)))
    #expect(written == memory.octets)
    #expect(file.failure == nil)
    #expect(file.records == 3000)
  }

  @Test func a_failed_write_is_reported_and_the_rest_is_counted() throws {
    #expect(throws: RecorderError.self) { try PcapngWriter(path: "/nowhere/x.pcapng", clock: .virtual) }
    let full = try PcapngWriter(path: "/dev/full", clock: .virtual)
    let plc = full.addInterface(name: "plc0")
    full.flush()
    let failure = try #require(full.failure)
    #expect(failure.description.hasPrefix("cannot write the recording /dev/full: "))
    full.record(Self.frame, on: plc, at: .zero, direction: .inbound)
    #expect(full.droppedRecords == 1)
  }

  @Test func a_reader_that_goes_away_is_a_failed_write() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { close(ends[1]) }
    close(ends[0])
    let writer = PcapngWriter(descriptor: ends[1], clock: .virtual)
    writer.flush()
    #expect(writer.failure?.code == EPIPE)
  }

  @Test func a_comment_longer_than_an_option_is_cut() {
    let writer = PcapngWriter(clock: .virtual)
    let plc = writer.addInterface(name: "plc0")
    let before = writer.octets.count
    writer.record(
      [], on: plc, at: .zero, direction: .unknown, comment: String(repeating: "é", count: 100_000))
    #expect(writer.octets.count - before < 17_000)
    #expect(writer.octets.count % 4 == 0)
  }

  @Test(.enabled(if: Tshark.path != nil, Tshark.isAbsent))
  func tshark_reads_interface_direction_time_and_comment() throws {
    let writer = PcapngWriter(clock: .virtual)
    let plc = writer.addInterface(name: "plc0", description: "power line")
    let pilot = writer.addNoteInterface(name: "pilot")
    writer.record(
      Self.frame, on: plc, at: .zero + .nanoseconds(1_234_567_891), direction: .outbound, comment: "sent")
    writer.note("pilot B2 -> C2, 5 %", on: pilot, at: .zero + .seconds(2))
    writer.record(Self.frame, on: plc, at: .zero + .seconds(3), direction: .inbound)
    let fields = [
      "frame.interface_name", "frame.packet_flags_direction", "frame.time_epoch", "frame.comment",
    ]
    let lines = try Tshark.lines(
      writer.octets, ["-T", "fields", "-E", "separator=|"] + fields.flatMap { ["-e", $0] })
    #expect(
      lines == [
        "plc0|0x00000002|1735689601.234567891|sent", "pilot||1735689602.000000000|pilot B2 -> C2, 5 %",
        "plc0|0x00000001|1735689603.000000000|",
      ])
    let list = try Tshark.lines(writer.octets, [])
    #expect(list.count == 3)
    #expect(list[1].contains("pilot B2 -> C2, 5 %"), "the list of packets shows the note: \(list[1])")
  }
}
