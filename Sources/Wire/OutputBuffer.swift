/// Octets on their way out: a machine appends whole messages, its driver sends and empties them.
///
/// The storage is kept between messages, so a running session does not allocate.
public struct OutputBuffer: Sendable {
  @usableFromInline var storage: [UInt8] = []
  /// What was appended and not yet taken.
  @inlinable public var octets: [UInt8] { storage }

  /// A buffer that holds `capacity` octets before it has to grow.
  public init(reserving capacity: Int = 4096) { storage.reserveCapacity(capacity) }

  @inlinable public var isEmpty: Bool { storage.isEmpty }
  @inlinable public var count: Int { storage.count }

  @inlinable public mutating func append(_ octet: UInt8) { storage.append(octet) }
  public mutating func append(contentsOf more: some Sequence<UInt8>) { storage.append(contentsOf: more) }
  public mutating func append(copying span: RawSpan) {
    unsafe span.withUnsafeBytes { octets in unsafe storage.append(contentsOf: octets) }
  }

  /// Grows by `count` octets, lets `body` fill them through an exclusive view, and keeps as many as it says
  /// it wrote.
  public mutating func append<E: Error>(
    upTo count: Int, _ body: (inout MutableRawSpan) throws(E) -> Int
  ) throws(E) {
    // One memory set, then the caller's own stores: a message is written into the storage it is sent from.
    try storage.append(addingCapacity: max(count, 0)) { (tail: inout OutputSpan<UInt8>) throws(E) in
      try unsafe tail.withUnsafeMutableBufferPointer { (buffer, initialized) throws(E) in
        unsafe buffer.initialize(repeating: 0)
        var bytes = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(buffer))
        let written = try body(&bytes)
        initialized = min(max(written, 0), buffer.count)
      }
    }
  }

  /// Grows by as many octets as `body` says it wrote into the `count` it is lent. They hold anything before: for
  /// encoders that store every octet they count.
  @unsafe @inlinable @inline(__always)
  public mutating func append<E: Error>(
    uninitialized count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) {
    try storage.append(addingCapacity: max(count, 0)) { (tail: inout OutputSpan<UInt8>) throws(E) in
      try unsafe tail.withUnsafeMutableBufferPointer { (buffer, initialized) throws(E) in
        let written = try unsafe body(UnsafeMutableRawBufferPointer(buffer))
        initialized = min(max(written, 0), buffer.count)
      }
    }
  }

  /// Empties the buffer, keeping its storage.
  @inlinable public mutating func removeAll() { storage.removeAll(keepingCapacity: true) }

  /// Forgets the first `count` octets, which the driver has sent.
  public mutating func removeFirst(_ count: Int) { storage.removeFirst(min(max(count, 0), storage.count)) }
}
