import Cryptography

/// The hashes of DigestMethod.
public enum DigestAlgorithm: String, CaseIterable, Sendable {
  /// DIN SPEC 70121 and ISO 15118-2.
  case sha256
  /// ISO 15118-20.
  case sha512

  /// The identifier in DigestMethod.
  public var uri: String { "http://www.w3.org/2001/04/xmlenc#\(rawValue)" }

  public init?(uri: String) {
    guard let algorithm = Self.allCases.first(where: { $0.uri == uri }) else { return nil }
    self = algorithm
  }

  /// The hash with which a SignatureMethod signs: `...ecdsa-sha256`.
  init?(signatureURI uri: String) {
    guard let algorithm = Self.allCases.first(where: { uri.hasSuffix("-" + $0.rawValue) }) else { return nil }
    self = algorithm
  }

  public func digest(_ octets: [UInt8]) -> [UInt8] {
    switch self {
    case .sha256: Cryptography.sha256(octets)
    case .sha512: Cryptography.sha512(octets)
    }
  }
}
