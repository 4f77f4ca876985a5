/// SHA-256 of some octets: 32 octets.
public func sha256(_ message: [UInt8]) -> [UInt8] { DigestAlgorithm.sha256.digest(of: message) }
