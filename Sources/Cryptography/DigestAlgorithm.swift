import COpenSSL

/// A digest of OpenSSL, fetched once: the one-shot functions look the algorithm up by name at every call, which takes
/// longer than the digest of a key.
struct DigestAlgorithm: Sendable {
  static let sha256 = DigestAlgorithm("SHA256", count: 32)
  static let sha512 = DigestAlgorithm("SHA512", count: 64)

  /// The address of what was fetched, which is never freed and never changed; 0 where no provider has it.
  private let address: Int
  private let count: Int

  private init(_ name: String, count: Int) {
    address = Int(bitPattern: EVP_MD_fetch(nil, name, nil))
    self.count = count
  }

  func digest(of message: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { digest, written in
      var length: UInt32 = 0
      let algorithm = OpaquePointer(bitPattern: address)
      guard EVP_Digest(message, message.count, digest.baseAddress, &length, algorithm, nil) == 1,
        length == count
      else {
        // A system whose OpenSSL has no SHA-2 cannot derive a key or verify anything: no input leads here.
        preconditionFailure("OpenSSL cannot compute a SHA-2 digest")
      }
      written = count
    }
  }
}
