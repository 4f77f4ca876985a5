/// Memory that received octets are handed out of without copying them again.
///
/// A class of its own, so that a handler that looks at a span may call the socket it came from.
final class ReceiveBuffer {
  private let bytes: UnsafeMutableRawBufferPointer

  init(count: Int) {
    bytes = .allocate(byteCount: count, alignment: 16)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  var count: Int { bytes.count }
  var start: UnsafeMutableRawPointer? { bytes.baseAddress }

  /// Octet `index`, which must be inside.
  subscript(index: Int) -> UInt8 {
    get { bytes[index] }
    set { bytes[index] = newValue }
  }

  /// Shows `range`, clamped to the buffer, to `body`.
  func with(_ range: Range<Int>, _ body: (RawSpan) -> Void) {
    let inside = range.clamped(to: 0..<bytes.count)
    body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[inside])))
  }

  /// A copy of `range`, clamped to the buffer.
  func copy(_ range: Range<Int>) -> [UInt8] { Array(bytes[range.clamped(to: 0..<bytes.count)]) }
}
