import COpenSSL

/// SHA-256 of some octets: 32 octets.
public func sha256(_ message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
    // With a non-null output buffer the one-shot function cannot fail.
    SHA256(message, message.count, digest.baseAddress)
    count = 32
  }
}
