import Foundation
import HomePlug
import Wire

/// The classic capture format, little-endian, microseconds, Ethernet: all these tests need.
enum Capture {
  struct Record {
    let at: Instant
    let octets: [UInt8]
  }

  static func write(_ records: [Record], to path: String) throws {
    func words(_ values: UInt32...) -> [UInt8] {
      values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    }
    var file = words(0xA1B2_C3D4, 0x0004_0002, 0, 0, 65535, 1)
    for record in records {
      let microseconds = record.at.nanoseconds / 1000
      let count = UInt32(record.octets.count)
      file += words(UInt32(microseconds / 1_000_000), UInt32(microseconds % 1_000_000), count, count)
      file += record.octets
    }
    try Data(file).write(to: URL(filePath: path))
  }

  static func read(_ path: String) -> [Record] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let file = [UInt8](data)
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
    guard file.count >= 24, word(0) == 0xA1B2_C3D4 else { return [] }
    var records: [Record] = []
    var offset = 24
    while offset + 16 <= file.count {
      let at = Instant(nanoseconds: Int64(word(offset)) * 1_000_000_000 + Int64(word(offset + 4)) * 1000)
      let count = word(offset + 8)
      guard offset + 16 + count <= file.count else { break }
      records.append(Record(at: at, octets: Array(file[offset + 16..<offset + 16 + count])))
      offset += 16 + count
    }
    return records
  }
}
