/// What a peer's decoder takes, where that is less than the schema allows.
///
/// Decoders with fixed arrays hold fewer items than the schemas let in, and answer a valid message with an
/// error or with silence. An encoder that is told the peer's limits refuses such a message before it is sent
/// (`EXIError.Kind.peerLimit`), so that the application can send less.
///
///     try response.encode(into: &output, source: arena.span, limits: .libcbv2g)
public struct PeerLimits: Sendable {
  /// The most items of one list, by the name of its element.
  public struct List: Sendable {
    public let element: StaticString
    public let count: Int

    /// At most `count` elements of this name, one after another.
    public init(_ element: StaticString, _ count: Int) {
      self.element = element
      self.count = count
    }
  }

  /// Lists the peer has less room for than the schema asks.
  public let lists: [List]
  /// No list may be as long as its schema allows: some decoders expect another event code behind its last item.
  public let sparesLastItem: Bool
  /// Strings must be ASCII.
  public let isASCIIOnly: Bool

  public init(lists: [List] = [], sparesLastItem: Bool = false, isASCIIOnly: Bool = false) {
    self.lists = lists
    self.sparesLastItem = sparesLastItem
    self.isASCIIOnly = isASCIIOnly
  }

  /// The most widespread codec of chargers (EVerest and what is built on it): the capacities of its arrays, the
  /// smaller one where ISO 15118-2 and -20 differ; wrong event codes at the end of full lists; ASCII only.
  /// Its -20 codec for wireless power loses elements whatever the length, which no limit avoids.
  public static let libcbv2g = PeerLimits(
    lists: [
      List("AppProtocol", 5), List("PMaxScheduleEntry", 12), List("SalesTariffEntry", 12),
      List("ParameterSet", 4), List("Parameter", 8), List("PriceRuleStack", 64), List("PaymentOption", 1),
    ],
    sparesLastItem: true, isASCIIOnly: true)

  /// True when the peer takes `count` elements, of which the schema allows `max`.
  @usableFromInline
  func allows(_ count: Int, of element: StaticString, max: Int) -> Bool {
    if sparesLastItem && max > 1 && count == max { return false }
    for list in lists where count > list.count {
      if Self.isSame(list.element, element) { return false }
    }
    return true
  }

  private static func isSame(_ a: StaticString, _ b: StaticString) -> Bool {
    guard a.hasPointerRepresentation, b.hasPointerRepresentation,
      a.utf8CodeUnitCount == b.utf8CodeUnitCount
    else { return false }
    for index in 0..<a.utf8CodeUnitCount {
      if unsafe a.utf8Start[index] != b.utf8Start[index] { return false }
    }
    return true
  }
}
