import HomePlug
public import Wire

/// Something that is not as it should be in a parameter block or its file.
public enum ParameterFinding: Hashable, Sendable {
  /// A header's octets are not those it was sealed with.
  case headerChecksum(at: Int)
  /// An image's octets are not those its header was made for.
  case imageChecksum(ImageType)
  /// The old format's own checksum.
  case blockChecksum
  /// The old format says another length than the block has.
  case blockLength(stated: Int, octets: Int)
  /// No checksum anywhere: nothing proves that it is whole.
  case unchecked
  /// No station can have this address.
  case unusableAddress(MACAddress)
  /// The alias under which every modem listens, as the modem's own address.
  case sharedAddress
  case unknownCoordinator(UInt8)
  case unknownSLACMode(UInt8)
  /// The block ends before the SLAC mode: firmware without SLAC.
  case noSLAC
  /// SLAC is switched off.
  case slacOff
  /// One field says EV, the other EVSE.
  case rolesDisagree(coordinator: UInt8, slacMode: UInt8)
  /// CCo selection is left to the modem.
  case undecidedCoordinator(UInt8)
  /// It is the block of a modem at the other end of the cable.
  case wrongRole(ModemRole, wanted: ModemRole)
  /// No network key: the modem is in no network until it is given one.
  case noNetworkKey

  /// The octets are not those that were sealed: nothing in them can be relied on, and sealing them anew would hide it.
  public var isDamage: Bool {
    switch self {
    case .headerChecksum, .imageChecksum, .blockChecksum, .blockLength: true
    default: false
    }
  }

  /// Faults keep a block from being written; the rest is told.
  public var isFault: Bool {
    switch self {
    case .unchecked, .sharedAddress, .undecidedCoordinator, .noNetworkKey, .slacOff: false
    default: true
    }
  }
}

extension ParameterFinding: CustomStringConvertible {
  public var description: String {
    switch self {
    case .headerChecksum(let at):
      "the checksum of the header at 0x\(String(at, radix: 16)) does not hold: the file was damaged or edited"
    case .imageChecksum(let type):
      "the checksum of the image (\(type)) does not hold: the file was damaged or edited"
    case .blockChecksum: "the checksum of the block does not hold: it was damaged or edited"
    case .blockLength(let stated, let octets): "the block says it has \(stated) octets, but has \(octets)"
    case .unchecked: "the block has no checksum: nothing proves that it is whole"
    case .unusableAddress(let address): "no station can have the modem's address \(address)"
    case .sharedAddress: "the modem's address is the alias of all modems; give it one of its own"
    case .unknownCoordinator(let value): "CCo selection \(value) is not known; EV is 1, EVSE is 2"
    case .unknownSLACMode(let value): "SLAC mode \(value) is not known; EV is 1, EVSE is 2"
    case .noSLAC: "the block ends before the SLAC mode: this firmware has no SLAC"
    case .slacOff: "SLAC is switched off (slac-mode 0)"
    case .rolesDisagree(let coordinator, let mode):
      "CCo selection \(coordinator) and SLAC mode \(mode) are those of different ends of the cable"
    case .undecidedCoordinator(let value):
      "CCo selection \(value) leaves it to the modem who coordinates the network; EV is 1, EVSE is 2"
    case .wrongRole(let role, let wanted):
      "it is set up as \(role.article), and shall serve \(wanted.article)"
    case .noNetworkKey: "no network key is stored: the modem is in no network until it is given one"
    }
  }
}

extension ModemRole {
  /// `an EV`, `an EVSE`
  var article: String { self == .ev ? "an EV" : "an EVSE" }
}

extension ParameterBlock {
  /// What is wrong with the block itself.
  public func findings(for role: ModemRole? = nil) -> [ParameterFinding] {
    var result: [ParameterFinding] = []
    if isOldFormat {
      if !isChecksumRight { result.append(.blockChecksum) }
      let stated = Int(octets.word16(at: 4))
      if stated != octets.count { result.append(.blockLength(stated: stated, octets: octets.count)) }
    }
    if address == ManagementFrame.localModem {
      result.append(.sharedAddress)
    } else if address == .zero || address.isGroup {
      result.append(.unusableAddress(address))
    }
    result += roleFindings(for: role)
    if networkKey == .zero { result.append(.noNetworkKey) }
    return result
  }

  private func roleFindings(for wanted: ModemRole?) -> [ParameterFinding] {
    let coordinator = coordinatorSelection
    guard let mode = slacMode else { return [.noSLAC] }
    if coordinator > 3 { return [.unknownCoordinator(coordinator)] }
    if mode > 2 { return [.unknownSLACMode(mode)] }
    if let role {
      if let wanted, wanted != role { return [.wrongRole(role, wanted: wanted)] }
      return []
    }
    if (coordinator, mode) == (1, 2) || (coordinator, mode) == (2, 1) {
      return [.rolesDisagree(coordinator: coordinator, slacMode: mode)]
    }
    var result: [ParameterFinding] = []
    if mode == 0 { result.append(.slacOff) }
    if coordinator == 0 || coordinator == 3 { result.append(.undecidedCoordinator(coordinator)) }
    if let wanted, mode != 0, (mode == 1) != (wanted == .ev) {
      result.append(.wrongRole(mode == 1 ? .ev : .evse, wanted: wanted))
    }
    return result
  }
}
