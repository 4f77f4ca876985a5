/// Octets on their way out: a machine appends whole messages, its driver sends and empties them.
///
/// The storage is kept between messages, so a running session does not allocate.
public struct OutputBuffer: Sendable {
  /// What was appended and not yet taken.
  public private(set) var octets: [UInt8] = []

  /// A buffer that holds `capacity` octets before it has to grow.
  public init(reserving capacity: Int = 4096) { octets.reserveCapacity(capacity) }

  @inlinable public var isEmpty: Bool { octets.isEmpty }
  @inlinable public var count: Int { octets.count }

  public mutating func append(_ octet: UInt8) { octets.append(octet) }
  public mutating func append(contentsOf more: some Sequence<UInt8>) { octets.append(contentsOf: more) }
  public mutating func append(copying span: RawSpan) {
    octets.reserveCapacity(octets.count + span.byteCount)
    for offset in 0..<span.byteCount {
      octets.append(unsafe span.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
    }
  }

  /// Grows by `count` octets, lets `body` fill them through an exclusive view, and keeps as many as it says
  /// it wrote.
  public mutating func append<E: Error>(
    upTo count: Int, _ body: (inout MutableRawSpan) throws(E) -> Int
  ) throws(E) {
    // One memory set, then the caller's own stores: a message is written into the storage it is sent from.
    try octets.append(addingCapacity: max(count, 0)) { (tail: inout OutputSpan<UInt8>) throws(E) in
      try unsafe tail.withUnsafeMutableBufferPointer { (buffer, initialized) throws(E) in
        unsafe buffer.initialize(repeating: 0)
        var bytes = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(buffer))
        let written = try body(&bytes)
        initialized = min(max(written, 0), buffer.count)
      }
    }
  }

  /// Empties the buffer, keeping its storage.
  public mutating func removeAll() { octets.removeAll(keepingCapacity: true) }

  /// Forgets the first `count` octets, which the driver has sent.
  public mutating func removeFirst(_ count: Int) { octets.removeFirst(min(count, octets.count)) }
}
