public import Wire

// Entry points of generated code: a whole document or fragment in, a whole one out.

/// The event codes around an element in a fragment, the stream that a signature is made over.
public struct EXIFragmentGrammar: Sendable {
  /// Bits of the codes.
  public let codeBits: Int
  /// The code that ends the fragment.
  public let endCode: UInt32

  @inlinable public init(codeBits: Int, endCode: UInt32) {
    self.codeBits = codeBits
    self.endCode = endCode
  }

  /// Appends the fragment of an element that was received in a document: its own bits behind the fragment's
  /// header, no re-encoding. The number of octets appended.
  public func splice(
    code: UInt32, bits: EXIBits, from bytes: RawSpan, into output: inout OutputBuffer
  ) throws(EXIError) -> Int {
    if bits.isNone { throw EXIError(.slotOutsideSource, position: 0) }
    return try encodeStream(into: &output, source: bytes, names: { _ in "?" }) { writer in
      writer.put(0x80, bits: 8)
      writer.put(UInt64(code), bits: codeBits)
      writer.copy(firstBit: bits.firstBit, bitCount: Int(clamping: bits.count))
      writer.put(UInt64(endCode), bits: codeBits)
    }
  }
}

/// Appends what `body` writes to `output`, growing it until it fits. The number of octets appended.
@inline(never)
public func encodeStream(
  into output: inout OutputBuffer, source: RawSpan, limits: PeerLimits? = nil,
  names: @escaping @Sendable (UInt16) -> StaticString, _ body: (inout BitWriter) -> Void
) throws(EXIError) -> Int {
  var capacity = 512 &+ source.byteCount
  while true {
    var written = 0
    var failure: EXIError?
    unsafe output.append(uninitialized: capacity) { target in
      var writer = unsafe BitWriter(target, source: source, limits: limits)
      body(&writer)
      written = writer.finish()
      if writer.failed {
        failure = writer.error(names)
        return 0
      }
      return written
    }
    guard let failure else { return written }
    // Slots may be used more than once, so the first guess can be short.
    if failure.kind != .outputFull || capacity > 1 << 24 { throw failure }
    capacity &*= 4
  }
}
