import EXITools
import Testing
import Wire

/// Converters by set; reading the tables takes a while in debug builds.
struct Converters {
  private var known: [String: DocumentConverter] = [:]

  mutating func converter(_ set: String) throws -> DocumentConverter {
    if let known = known[set] { return known }
    let new = try #require(DocumentConverter(set: set))
    known[set] = new
    return new
  }
}

extension SeededGenerator {
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }
}
