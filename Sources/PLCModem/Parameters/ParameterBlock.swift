public import HomePlug
public import Wire

/// The parameter information block (PIB) of a QCA700x: what a modem is and how it behaves, kept in its flash.
///
/// Its octets hold the NMK and the DAK, so no description shows them; `octets` is the way to them.
public struct ParameterBlock: Hashable, Sendable {
  /// Up to the preferred NID and the flag behind it.
  public static let octetsMin = 0x100
  public static let octetsMax = 1 << 18

  public private(set) var octets: [UInt8]

  /// Takes a block in the new format, whose first three words are zero, or in the old one, which has version, length
  /// and checksum there.
  public init(_ octets: [UInt8]) throws(ParameterFileError) {
    guard octets.count >= Self.octetsMin else { throw .tooShort(octets: octets.count) }
    guard octets.count <= Self.octetsMax else { throw .tooLarge(octets: octets.count) }
    self.octets = octets
    if isOldFormat, octets.word16(at: 0) == 0 || octets.word16(at: 4) < Self.octetsMin { throw .notABlock }
  }

  /// It has version, length and checksum of its own.
  public var isOldFormat: Bool { octets[..<12].contains { $0 != 0 } }

  /// The old format's checksum covers the whole block, with the checksum's own word taken as 0.
  mutating func renewChecksum() {
    guard isOldFormat else { return }
    octets.store(0, at: 8)
    octets.store(ModuleChecksum.of(octets), at: 8)
  }

  var isChecksumRight: Bool {
    guard isOldFormat else { return true }
    var cleared = octets
    cleared.store(0, at: 8)
    return ModuleChecksum.of(cleared) == octets.word32(at: 8)
  }

  // MARK: octets of a field

  /// The octets of a field; `nil` where the block ends before it.
  func octets(of field: ParameterField) -> ArraySlice<UInt8>? {
    guard field.offset + field.count <= octets.count else { return nil }
    return octets[field.offset..<field.offset + field.count]
  }

  mutating func store(_ value: some Collection<UInt8>, in field: ParameterField) throws(ParameterError) {
    guard field.offset + field.count <= octets.count else { throw .absent(field, octets: octets.count) }
    guard value.count == field.count else { throw .malformed(field) }
    octets.replaceSubrange(field.offset..<field.offset + field.count, with: value)
    renewChecksum()
  }

  // MARK: what matters most

  /// The modem's own address.
  public var address: MACAddress {
    MACAddress(octets[0x0C..<0x12].reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// The network key the modem starts with. Its description shows nothing.
  public var networkKey: NMK { NMK(Octets16(octets[0x64..<0x74])) }

  /// The network the modem prefers.
  public var preferredNID: NID { NID(octets[0xF8..<0xFF]) }

  /// CCo selection: 0 automatic, 1 never, 2 always, 3 as the user sets it.
  public var coordinatorSelection: UInt8 { octets[0xF4] }

  /// SLAC mode: 0 off, 1 EV, 2 EVSE; `nil` where the block ends before it.
  public var slacMode: UInt8? { octets(of: .slacMode)?.first }

  /// The end of the cable the block is made for; `nil` where its fields do not say the same.
  public var role: ModemRole? {
    switch (coordinatorSelection, slacMode) {
    case (1, 1): .ev
    case (2, 2): .evse
    default: nil
    }
  }

  /// Makes it the block of a modem at that end: who coordinates the network, and who reports attenuation.
  public mutating func setRole(_ role: ModemRole) throws(ParameterError) {
    let value: UInt8 = role == .ev ? 1 : 2
    guard slacMode != nil else { throw .absent(.slacMode, octets: octets.count) }
    try store([value], in: .coordinator)
    try store([value], in: .slacMode)
  }

  public mutating func setNetworkKey(_ key: NMK) throws(ParameterError) {
    try store(key.key.octets, in: .nmk)
  }

  public mutating func setDeviceKey(_ key: Octets16) throws(ParameterError) {
    try store(key.octets, in: .dak)
  }
}

extension ParameterBlock: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String { "parameter block of \(octets.count) octets, \(address)" }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension ParameterBlock: CustomReflectable {
    /// Empty, so that `dump` does not show the keys either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }
#endif
