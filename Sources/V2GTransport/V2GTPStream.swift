/// Cuts the octets of one connection into V2GTP messages, whatever the segments they came in.
///
/// The memory is bounded and taken once: one header and `payloadMax` octets. The announced length is compared
/// with that bound and never allocated from.
///
/// What a receiver has to ignore (test cases CMN_V2GTPSessionSetup_002...005: length 0, unknown type, wrong
/// version) is told apart in two ways. A message that is well framed but means nothing here is handed out with
/// `ignored` set, and the stream goes on behind it. A header whose version is wrong leaves no way to know where
/// the next message begins: the error is thrown once, and from then on the stream is deaf, counting and
/// dropping what comes. It does not search for the next `01 FE`, because EXI may contain these two octets, and
/// a peer could then smuggle a message inside another. The connection is not closed by this error alone: like
/// every ignored request, it ends with the sequence timeout. Only `payloadTooLong` is a reason to close at once.
public struct V2GTPStream: Sendable {
  /// Octets of the longest payload taken; the longest in ISO 15118-2 that was observed has 4124.
  public let payloadMax: Int
  /// Why the stream is deaf, or `nil` while it is well.
  public private(set) var failure: V2GTPError?
  /// Octets dropped since the stream went deaf.
  public private(set) var droppedOctets = 0

  private var storage: [UInt8]
  /// Received and not handed out: `storage[start..<end]`. The message in hand ends at `start`.
  private var start = 0
  private var end = 0
  private var current = 0..<0

  /// A stream for payloads up to `payloadMax` octets. 16 KiB serves ISO 15118-2; ISO 15118-20 with several
  /// contract certificates needs 64 KiB.
  public init(payloadMax: Int = 16 * 1024) {
    self.payloadMax = max(payloadMax, 0)
    storage = [UInt8](repeating: 0, count: V2GTPHeader.size + self.payloadMax)
  }

  /// Octets received that belong to no message handed out yet; never more than a header and `payloadMax`.
  public var bufferedOctets: Int { end - start }

  /// Takes as many octets as there is room for and says how many. The rest fits after calling `next()` until
  /// it gives `nil`. Invalidates the message in hand.
  public mutating func append(_ bytes: RawSpan) -> Int {
    current = 0..<0
    guard failure == nil else {
      droppedOctets += bytes.byteCount
      return bytes.byteCount
    }
    if start == end {
      (start, end) = (0, 0)
    } else if end + bytes.byteCount > storage.count, start > 0 {
      compact()
    }
    let count = min(bytes.byteCount, storage.count - end)
    let at = end
    unsafe storage.withUnsafeMutableBytes { target in
      unsafe bytes.extracting(first: count).withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[at..<at + count]).copyMemory(from: source)
      }
    }
    end += count
    return count
  }

  /// The next whole message, or `nil` when more octets are needed. Its payload is valid until the next call of
  /// `next()` or `append(_:)`.
  public mutating func next() throws(V2GTPError) -> V2GTPMessage? {
    current = 0..<0
    guard failure == nil, bufferedOctets >= V2GTPHeader.size else {
      try checkVersionEarly()
      return nil
    }
    let header: V2GTPHeader
    do {
      header = try unsafe V2GTPHeader(parsing: storage.span.bytes.extracting(start..<end))
    } catch {
      throw fail(error)
    }
    guard header.payloadLength <= UInt32(clamping: payloadMax) else {
      throw fail(.payloadTooLong(announced: header.payloadLength, max: payloadMax))
    }
    let size = V2GTPHeader.size + Int(header.payloadLength)
    guard bufferedOctets >= size else { return nil }
    current = start + V2GTPHeader.size..<start + size
    start += size
    return V2GTPMessage(header)
  }

  /// The payload of the message that `next()` gave last; empty when there is none.
  public var payload: RawSpan {
    @_lifetime(borrow self) get { unsafe storage.span.bytes.extracting(current) }
  }

  /// Takes all octets of a segment and hands out each message they complete.
  ///
  /// Throws at most once in the life of a stream; messages before the fault have been delivered.
  public mutating func receive(
    _ bytes: RawSpan, deliver: (V2GTPMessage, _ payload: RawSpan) -> Void
  ) throws(V2GTPError) {
    var rest = bytes
    repeat {
      rest = rest.extracting(droppingFirst: append(rest))
      while let message = try next() { deliver(message, payload) }
    } while rest.byteCount > 0
  }

  /// Complains about the first octets without waiting for a whole header.
  private mutating func checkVersionEarly() throws(V2GTPError) {
    guard failure == nil, bufferedOctets > 0 else { return }
    if storage[start] != V2GTPHeader.version { throw fail(.version(storage[start])) }
    if bufferedOctets > 1, storage[start + 1] != V2GTPHeader.inverseVersion {
      throw fail(.inverseVersion(storage[start + 1]))
    }
  }

  private mutating func fail(_ error: V2GTPError) -> V2GTPError {
    failure = error
    droppedOctets += bufferedOctets
    (start, end) = (0, 0)
    return error
  }

  private mutating func compact() {
    let (from, count) = (start, bufferedOctets)
    unsafe storage.withUnsafeMutableBytes { bytes in
      let source = unsafe UnsafeRawBufferPointer(rebasing: bytes[from..<from + count])
      unsafe bytes.copyMemory(from: source)
    }
    (start, end) = (0, count)
  }
}

/// One message of a stream, without its payload.
public struct V2GTPMessage: Hashable, Sendable {
  public let header: V2GTPHeader

  @inlinable public init(_ header: V2GTPHeader) { self.header = header }

  @inlinable public var payloadType: V2GTPPayloadType { header.payloadType }

  /// Why a session has to ignore this message, or `nil` when it has to read it.
  public var ignored: V2GTPIgnored? {
    if header.payloadLength == 0 { return .emptyPayload }
    if payloadType.isSession { return nil }
    return payloadType.isDiscovery ? .discoveryOnConnection : .unknownPayloadType
  }
}

/// Why a well framed message means nothing to a session.
public enum V2GTPIgnored: Hashable, Sendable {
  /// Length 0 (CMN_V2GTPSessionSetup_002).
  case emptyPayload
  /// A type that is reserved or a manufacturer's (CMN_V2GTPSessionSetup_003).
  case unknownPayloadType
  /// An SDP type, which belongs on UDP.
  case discoveryOnConnection
}
