import Foundation
import HomePlug
import Testing
import Wire

/// One hand-built frame of each message, as a capture. `COUPLER_TRACES` names the folder.
private let folder =
  ProcessInfo.processInfo.environment["COUPLER_TRACES"]
  ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/traces").path

private let capture = FileManager.default.contents(atPath: folder + "/slac-all-mme-constructed.pcap").map {
  [UInt8]($0)
}

@Suite(.enabled(if: capture != nil, "no constructed frames in the traces folder (COUPLER_TRACES)"))
struct ConstructedFramesTests {
  /// The frames of a classic capture, little-endian.
  private func frames() throws -> [[UInt8]] {
    let file = try #require(capture)
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
    try #require(file.count > 24 && word(0) == 0xA1B2_C3D4)
    var frames: [[UInt8]] = []
    var offset = 24
    while offset + 16 <= file.count {
      let count = word(offset + 8)
      frames.append(Array(file[offset + 16..<min(offset + 16 + count, file.count)]))
      offset += 16 + count
    }
    return frames
  }

  /// What no layout is public for, or none is needed for.
  private static let unknown: Set<ManagementType> = [
    .CM_NW_INFO_REQ, ManagementType(0x6080), .VS_SET_KEY_REQ, .VS_SET_KEY_CNF, .VS_SET_PROPERTY_REQ,
    .VS_MODULE_OPERATION_REQ, .VS_ATTENUATION_CHARACTERISTICS,
  ]

  @Test func every_frame_reads_as_its_message_and_is_written_alike() throws {
    let frames = try frames()
    #expect(frames.count == 51)
    for octets in frames {
      let frame = try ManagementFrame(parsing: octets.span.bytes)
      let type = UInt16(octets[15]) | UInt16(octets[16]) << 8
      #expect(frame.message.type.rawValue == type)
      var isUnknown = false
      if case .unknown = frame.message { isUnknown = true }
      #expect(isUnknown == Self.unknown.contains(frame.message.type), "\(frame.message.type)")
      #expect(frame.octets == octets, "\(frame.message.type)")
    }
  }
}
