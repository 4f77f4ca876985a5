/// Why a stream could not be read or a value could not be written, and where.
///
/// One value leaves the codec per failure: the first. Equality looks at the kind and the position; the path
/// is for people.
public struct EXIError: Error, Sendable {
  /// What was wrong.
  public enum Kind: UInt8, Sendable, CaseIterable {
    // Reading: the peer's fault.

    /// The first octet is not 0x80 (EXI 1.0 section 5: no cookie, no options document, version 1).
    case header
    /// The stream ends inside the document.
    case truncated
    /// An event code that no production has, or a deviation from the schema (only empty values may deviate).
    case unexpectedEvent
    /// The root element is declared, but is not one of the messages of this set.
    case unexpectedDocument
    /// The abstract head of a substitution group, which may never occur itself.
    case abstractElement
    /// An element matched by a wildcard; the profile leaves no grammar to read it with.
    case wildcard
    /// A string coded as a string-table hit; with value partition capacity 0 there are none.
    case stringTableHit
    /// A character XML cannot carry.
    case invalidCharacter
    /// An integer of more octets or digits than its type has.
    case integerOverflow

    // Both directions.

    /// An enumeration index or an integer outside the range of its type.
    case valueOutOfRange
    /// A string or binary shorter or longer than the schema allows.
    case lengthOutOfRange
    /// More octets or items than a slot can count (65,535 each).
    case capacity

    // Writing: ours.

    /// A list with fewer or more items than the schema allows, or content in an order it does not allow.
    case listCount
    /// A slot that points outside the source handed to the encoder, or came from a full arena.
    case slotOutsideSource
    /// The output had no room.
    case outputFull
    /// The schema allows the value, the limits of the peer do not.
    case peerLimit
  }

  public let kind: Kind
  /// Offset in bits from the first octet of the stream; the failure is at or shortly before it.
  public let position: Int
  /// The elements around the failure, outermost first.
  public let path: EXIPath

  public init(_ kind: Kind, position: Int, path: EXIPath = EXIPath()) {
    self.kind = kind
    self.position = position
    self.path = path
  }
}

extension EXIError: Equatable {
  public static func == (a: Self, b: Self) -> Bool { a.kind == b.kind && a.position == b.position }
}

extension EXIError.Kind {
  /// The case's own name, spelt out: programs without reflection metadata and Embedded Swift have no other.
  public var name: StaticString {
    switch self {
    case .header: "header"
    case .truncated: "truncated"
    case .unexpectedEvent: "unexpectedEvent"
    case .unexpectedDocument: "unexpectedDocument"
    case .abstractElement: "abstractElement"
    case .wildcard: "wildcard"
    case .stringTableHit: "stringTableHit"
    case .invalidCharacter: "invalidCharacter"
    case .integerOverflow: "integerOverflow"
    case .valueOutOfRange: "valueOutOfRange"
    case .lengthOutOfRange: "lengthOutOfRange"
    case .capacity: "capacity"
    case .listCount: "listCount"
    case .slotOutsideSource: "slotOutsideSource"
    case .outputFull: "outputFull"
    case .peerLimit: "peerLimit"
    }
  }
}

#if !hasFeature(Embedded)
  extension EXIError.Kind: CustomStringConvertible {
    public var description: String { name.description }
  }

  // Embedded Swift has no text of a `StaticString`: a board reports the names by their octets.
  extension EXIError: CustomStringConvertible {
    /// `valueOutOfRange at bit 77 in V2G_Message/Body/CurrentDemandReq`
    public var description: String {
      let place = path.isEmpty ? "" : " in \(path)"
      return "\(kind) at bit \(position)\(place)"
    }
  }
#endif

/// Names of nested elements, kept as numbers so that an error needs no storage of its own.
public struct EXIPath: Sendable {
  // Four 16-bit numbers in each, the outermost in the lowest bits of `outer`; 0 is no element.
  @usableFromInline var outer: UInt64 = 0
  @usableFromInline var inner: UInt64 = 0
  @usableFromInline var name: @Sendable (UInt16) -> StaticString = { _ in "?" }

  @inlinable public init() {}

  @inlinable init(outer: UInt64, inner: UInt64, name: @escaping @Sendable (UInt16) -> StaticString) {
    self.outer = outer
    self.inner = inner
    self.name = name
  }

  @inlinable public var isEmpty: Bool { outer == 0 }

  /// Hands out the names, outermost first. Of more than eight nested elements the innermost are missing.
  @inlinable public func forEach(_ body: (StaticString) -> Void) {
    for index in 0..<8 {
      let half = index < 4 ? outer : inner
      let number = UInt16(truncatingIfNeeded: half &>> UInt64(16 * (index & 3)))
      if number == 0 { return }
      body(name(number))
    }
  }
}

#if !hasFeature(Embedded)
  extension EXIPath: CustomStringConvertible {
    /// `V2G_Message/Body/CurrentDemandReq`
    public var description: String {
      var text = ""
      forEach { text += (text.isEmpty ? "" : "/") + String(describing: $0) }
      return text
    }
  }
#endif
