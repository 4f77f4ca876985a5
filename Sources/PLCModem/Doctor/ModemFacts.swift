public import HomePlug
public import Wire

/// What was found out about a modem and the way to it: what a diagnosis is made of.
///
/// Whoever collects the facts stops at the first that keeps the next from being asked; `nil` and `unasked` say so.
public struct ModemFacts: Hashable, Sendable {
  public enum Interface: Hashable, Sendable {
    case missing
    case down
    case withoutCarrier
    case running
  }

  /// Why no frame could be sent.
  public enum Obstacle: Hashable, Sendable {
    /// CAP_NET_RAW.
    case permission
    /// What the kernel said.
    case other(String)
  }

  /// A counter of the driver or the kernel under its own name: when the diagnosis began, and at its end.
  public struct Counter: Hashable, Sendable {
    public var name: String
    public var before: UInt64
    public var after: UInt64

    public init(name: String, before: UInt64, after: UInt64) {
      self.name = name
      self.before = before
      self.after = after
    }
  }

  /// An answer, the lack of one, or that it was not asked for.
  public enum Answer<Value: Hashable & Sendable>: Hashable, Sendable {
    case unasked
    case given(Value)
    case failed(ModemTaskFailure)

    public var value: Value? { if case .given(let value) = self { value } else { nil } }
  }

  /// The parameter block as far as it matters here.
  public struct Parameters: Hashable, Sendable {
    public var role: ModemRole?
    public var address: MACAddress
    public var findings: [ParameterFinding]

    public init(role: ModemRole?, address: MACAddress, findings: [ParameterFinding]) {
      self.role = role
      self.address = address
      self.findings = findings
    }
  }

  public struct Station: Hashable, Sendable {
    public var address: MACAddress
    /// Average PHY rates in Mbit/s.
    public var transmitRate: Int
    public var receiveRate: Int

    public init(address: MACAddress, transmitRate: Int, receiveRate: Int) {
      self.address = address
      self.transmitRate = transmitRate
      self.receiveRate = receiveRate
    }
  }

  public var name: String
  public var interface: Interface
  public var obstacle: Obstacle?
  /// Name of the kernel's driver; empty where it tells none.
  public var kernelDriver = ""
  /// The kernel made the interface's address up when it started.
  public var hasRandomAddress = false
  public var counters: [Counter] = []
  /// Who answered.
  public var modem: Answer<ModemIdentity> = .unasked
  /// The end of the cable it shall serve, where that was told.
  public var wantedRole: ModemRole?
  public var parameters: Answer<Parameters> = .unasked
  public var isLinkUp: Answer<Bool> = .unasked
  public var networks: Answer<[NID]> = .unasked
  public var stations: Answer<[Station]> = .unasked
  /// The network it shall be in, where that was told.
  public var wantedNetwork: NID?
  /// A key given to it for the sake of the diagnosis.
  public var key: Answer<KeyProof> = .unasked

  public init(name: String, interface: Interface) {
    self.name = name
    self.interface = interface
  }
}
