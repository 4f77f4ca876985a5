/// The value of an element: what lies between its start-element and its end-element event, the latter
/// included. Generated types conform, and the simple types that occur in lists.
public protocol EXIElement: Sendable {
  /// Reads the value. After a failure the result is arbitrary and the reader has `failed`.
  init(from reader: inout BitReader)
  /// Writes the value. After a failure the writer has `failed`.
  func encode(to writer: inout BitWriter)
}

/// An enumeration of the schema: the raw value is the index, which is what EXI codes.
public protocol EXIEnumeration: RawRepresentable<UInt8>, EXIElement, Equatable {
  /// Bits of the index.
  static var bitWidth: Int { get }
  /// The largest index.
  static var lastIndex: UInt64 { get }
  /// The first value, which stands in after a failure.
  static var first: Self { get }
}

extension EXIEnumeration {
  @inlinable public init(from reader: inout BitReader) { self = reader.enumeration(lead: 1) }
  @inlinable public func encode(to writer: inout BitWriter) { writer.enumeration(self, lead: 1) }
}

extension EXIString: EXIElement {
  @inlinable public init(from reader: inout BitReader) { self = reader.string(lead: 1) }
  @inlinable public func encode(to writer: inout BitWriter) { writer.string(self, lead: 1) }
}

extension EXIBinary: EXIElement {
  @inlinable public init(from reader: inout BitReader) { self = reader.binary(lead: 1) }
  @inlinable public func encode(to writer: inout BitWriter) { writer.binary(self, lead: 1) }
}

extension UInt16: EXIElement {
  @inlinable public init(from reader: inout BitReader) {
    self = UInt16(truncatingIfNeeded: reader.unsigned(lead: 1, max: UInt64(UInt16.max)))
  }
  @inlinable public func encode(to writer: inout BitWriter) {
    writer.unsigned(UInt64(self), lead: 1, max: UInt64(UInt16.max))
  }
}
