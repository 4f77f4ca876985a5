public import HomePlug
public import SLAC

/// Network keys from the system's generator: as `SecureNetworkKeys` of Cryptography, without OpenSSL.
public struct FirmwareKeys: NetworkKeySource {
  private var generator = SystemRandomNumberGenerator()

  public init() {}

  private mutating func octets16() -> Octets16 { Octets16(high: generator.next(), low: generator.next()) }

  public mutating func networkKey() -> NetworkKey { networkKey(of: NMK(octets16())) }

  public func networkKey(of nmk: NMK) -> NetworkKey { NetworkKey(nmk: nmk, nid: NID(derivedFrom: nmk)) }

  public mutating func runID() -> RunID { RunID(generator.next()) }
  public mutating func soundOctets() -> Octets16 { octets16() }
}
