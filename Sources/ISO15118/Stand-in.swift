/// Stands in until the transport module brings it.
public struct V2GTPPayloadType: RawRepresentable, Equatable, Sendable {
  public var rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }
}
