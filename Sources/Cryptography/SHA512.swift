import COpenSSL

/// SHA-512 of some octets: 64 octets.
public func sha512(_ message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: 64) { digest, count in
    // With a non-null output buffer the one-shot function cannot fail.
    SHA512(message, message.count, digest.baseAddress)
    count = 64
  }
}
