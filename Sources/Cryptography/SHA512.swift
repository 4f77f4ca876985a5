/// SHA-512 of some octets: 64 octets.
public func sha512(_ message: [UInt8]) -> [UInt8] { DigestAlgorithm.sha512.digest(of: message) }
