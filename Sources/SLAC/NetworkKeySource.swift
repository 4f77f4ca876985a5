public import HomePlug

/// Where keys and random octets come from: the machines are handed one and own no generator.
///
/// On a real line it must be a cryptographically secure one; `NetworkKeys` in `Cryptography` is.
public protocol NetworkKeySource {
  /// A fresh random NMK with the NID derived from it.
  mutating func networkKey() -> NetworkKey
  /// A received NMK with the NID derived from it.
  func networkKey(of nmk: NMK) -> NetworkKey
  /// A fresh RunID.
  mutating func runID() -> RunID
  /// The random octets of an M-sound.
  mutating func soundOctets() -> Octets16
}
