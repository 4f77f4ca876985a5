import Foundation
import Wire

/// A V2GTP message of a recording.
package struct RecordedPayload {
  package let type: UInt16
  package let octets: [UInt8]
}

/// What the two sides of one TCP connection said; the client, who opened it, first.
package struct RecordedConnection {
  package var sides: [[UInt8]]
  /// Octets that the recording misses, by the sequence numbers around them.
  package var lost = 0

  /// True when the connection is TLS: its first record is a handshake.
  package var isEncrypted: Bool { sides[0].first == 0x16 }

  /// The V2GTP messages of both sides, in the order of their octets; `nil` when a stream is something else.
  package func payloads() -> [[RecordedPayload]]? {
    var result: [[RecordedPayload]] = []
    for octets in sides {
      var payloads: [RecordedPayload] = []
      var at = 0
      while at < octets.count {
        guard at + 8 <= octets.count, octets[at] == 0x01, octets[at + 1] == 0xFE else { return nil }
        let length = octets[(at + 4)..<(at + 8)].reduce(0) { $0 << 8 | Int($1) }
        guard at + 8 + length <= octets.count else { return nil }
        let type = UInt16(octets[at + 2]) << 8 | UInt16(octets[at + 3])
        payloads.append(RecordedPayload(type: type, octets: Array(octets[(at + 8)..<(at + 8 + length)])))
        at += 8 + length
      }
      result.append(payloads)
    }
    return result
  }
}

/// TCP over IPv6 out of a classic capture of Ethernet frames, put together from its segments.
package struct RecordedTraffic {
  private struct Segment {
    let sequence: UInt32
    let octets: ArraySlice<UInt8>
  }

  private struct Direction {
    /// The sequence number of the first octet.
    var base: UInt32
    var segments: [Segment] = []

    /// Octets in order, without repetitions, up to a hole; and the size of that.
    func octets() -> (octets: [UInt8], lost: Int) {
      var result: [UInt8] = []
      let ordered = segments.map { (Int(Int32(bitPattern: $0.sequence &- base)), $0.octets) }.sorted {
        $0.0 < $1.0
      }
      for (offset, octets) in ordered where offset + octets.count > result.count {
        if offset > result.count { return (result, offset - result.count) }
        result += octets.dropFirst(result.count - offset)
      }
      return (result, 0)
    }
  }

  package private(set) var connections: [RecordedConnection] = []

  /// `nil` when the file is no such capture.
  package init?(_ file: [UInt8]) {
    func little(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
    guard file.count >= 24, little(0) == 0xA1B2_C3D4, little(20) == 1 else { return nil }
    var directions: [Direction] = []
    /// Addresses and ports of the sender and the receiver, to the number of the direction.
    var open: [[UInt8]: Int] = [:]
    var at = 24
    while at + 16 <= file.count {
      let frame = file[(at + 16)..<min(at + 16 + little(at + 8), file.count)]
      at += 16 + frame.count
      guard let (ends, sequence, opens, octets) = Self.segment(Array(frame)) else { continue }
      let first = opens ? sequence &+ 1 : sequence
      if open[ends].map({ opens && directions[$0].base != first }) ?? true {
        // Both directions of a connection stand side by side, the one of the client first.
        if let other = open[Self.swapped(ends)], other % 2 == 0, directions[other + 1].segments.isEmpty {
          directions[other + 1].base = first
          open[ends] = other + 1
        } else {
          open[ends] = directions.count
          directions += [Direction(base: first), Direction(base: 0)]
        }
      }
      if !octets.isEmpty, let number = open[ends] {
        directions[number].segments.append(Segment(sequence: first, octets: octets))
      }
    }
    for number in stride(from: 0, to: directions.count, by: 2) {
      let (client, server) = (directions[number].octets(), directions[number + 1].octets())
      let lost = client.lost + server.lost
      if client.octets.isEmpty && server.octets.isEmpty && lost == 0 { continue }
      connections.append(RecordedConnection(sides: [client.octets, server.octets], lost: lost))
    }
  }

  private static func swapped(_ ends: [UInt8]) -> [UInt8] {
    Array(ends[16..<32] + ends[0..<16] + ends[34..<36] + ends[32..<34])
  }

  /// Addresses and ports, sequence number, whether it opens, and data of a frame that is TCP over IPv6.
  private static func segment(
    _ frame: [UInt8]
  ) -> (ends: [UInt8], sequence: UInt32, opens: Bool, octets: ArraySlice<UInt8>)? {
    guard frame.count >= 74, frame[12] == 0x86, frame[13] == 0xDD, frame[20] == 6 else { return nil }
    let size = Int(frame[18]) << 8 | Int(frame[19])
    let header = Int(frame[66] >> 4) * 4
    guard header >= 20, size >= header, 54 + size <= frame.count else { return nil }
    let sequence = frame[58..<62].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return (Array(frame[22..<58]), sequence, frame[67] & 2 != 0, frame[(54 + header)..<(54 + size)])
  }
}

/// tshark, for what needs the keys of a recorded TLS session.
package enum Decryption {
  package static let tshark = ["/usr/bin/tshark", "/usr/local/bin/tshark"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// The TLS connections of a capture in clear text, with the key log beside it.
  package static func connections(_ capture: String, count: Int) throws -> [RecordedConnection] {
    let keys = capture.replacingOccurrences(of: ".pcap", with: ".keylog")
    return try (0..<count).map { number in
      let process = Process()
      process.executableURL = URL(filePath: tshark ?? "")
      process.arguments = [
        "-n", "-r", capture, "-o", "tls.keylog_file:\(keys)", "-q", "-z", "follow,tls,raw,\(number)",
      ]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      // The server's octets are on lines that begin with a tabulator.
      var sides: [[UInt8]] = [[], []]
      for line in text.split(separator: "\n") {
        guard let octets = octets(hexadecimal: line.filter { $0 != "\t" }) else { continue }
        sides[line.first == "\t" ? 1 : 0] += octets
      }
      return RecordedConnection(sides: sides)
    }
  }
}
