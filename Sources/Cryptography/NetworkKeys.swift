public import HomePlug
public import SLAC
public import Wire

/// Keys and random octets from a generator, each NID derived from its NMK.
public struct NetworkKeys<Generator: RandomNumberGenerator>: NetworkKeySource {
  private var generator: Generator

  /// Only the system's generator is fit for a real line; seeded ones are for simulations and tests.
  public init(_ generator: Generator) { self.generator = generator }

  private mutating func octets16() -> Octets16 { Octets16(high: generator.next(), low: generator.next()) }

  public mutating func networkKey() -> NetworkKey { NetworkKey(derivingFrom: NMK(octets16())) }
  public func networkKey(of nmk: NMK) -> NetworkKey { NetworkKey(derivingFrom: nmk) }
  public mutating func runID() -> RunID { RunID(generator.next()) }
  public mutating func soundOctets() -> Octets16 { octets16() }
}

/// Keys from the system's cryptographically secure generator.
public typealias SecureNetworkKeys = NetworkKeys<SystemRandomNumberGenerator>

extension NetworkKeys where Generator == SystemRandomNumberGenerator {
  public init() { self.init(SystemRandomNumberGenerator()) }
}

/// Reproducible keys for simulations and tests.
public typealias SeededNetworkKeys = NetworkKeys<SeededGenerator>

extension NetworkKeys where Generator == SeededGenerator {
  public init(seed: UInt64) { self.init(SeededGenerator(seed: seed)) }
}
