public import HomePlug

// HomePlug AV 1.1, 4.4.3.1 (NID), 4.6.6 and 7.10.7.1 (keys from pass phrases).

/// HomePlug's security level, in the high nibble of the last NID octet. ISO 15118-3 uses simple connect.
public enum SecurityLevel: UInt8, Sendable {
  case simpleConnect = 0
  case secure = 1
}

extension NID {
  /// The identifier of the network with this key: SHA-256 five times over, the first 52 bits and the level.
  public init(of nmk: NMK, level: SecurityLevel = .simpleConnect) {
    var digest = sha256(nmk.key.octets)
    for _ in 0..<4 { digest = sha256(digest) }
    digest[6] = digest[6] >> 4 | level.rawValue << 4
    self.init(digest[..<7])
  }
}

extension NetworkKey {
  /// The key with its NID at the level ISO 15118-3 uses.
  public init(derivingFrom nmk: NMK) { self.init(nmk: nmk, nid: NID(of: nmk)) }
}

extension NMK {
  /// The key a pass phrase stands for: PBKDF1 with SHA-256, 1000 iterations, HomePlug's salt.
  public init(passPhrase: String) {
    self.init(derivedKey(passPhrase, salt: [0x08, 0x85, 0x6D, 0xAF, 0x7C, 0xF5, 0x81, 0x86]))
  }
}

/// The device access key a pass phrase stands for: as the NMK, with another salt.
public func deviceAccessKey(passPhrase: String) -> Octets16 {
  derivedKey(passPhrase, salt: [0x08, 0x85, 0x6D, 0xAF, 0x7C, 0xF5, 0x81, 0x85])
}

private func derivedKey(_ passPhrase: String, salt: [UInt8]) -> Octets16 {
  var digest = sha256(Array(passPhrase.utf8) + salt)
  for _ in 1..<1000 { digest = sha256(digest) }
  return Octets16(digest)
}
