extension [UInt8] {
  /// The little-endian word at `offset`; 0 where it does not lie inside.
  func word16(at offset: Int) -> UInt16 {
    guard offset >= 0, offset <= count - 2 else { return 0 }
    return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
  }

  /// The little-endian word at `offset`; 0 where it does not lie inside.
  func word32(at offset: Int) -> UInt32 {
    UInt32(word16(at: offset)) | UInt32(word16(at: offset + 2)) << 16
  }

  /// Stores a little-endian word; nothing where it does not lie inside.
  mutating func store(_ value: UInt32, at offset: Int) {
    guard offset >= 0, offset <= count - 4 else { return }
    for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }
}
