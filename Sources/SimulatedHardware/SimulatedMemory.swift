import HomePlug
import Wire

/// Flash and working memory of a simulated modem: parameter block and firmware.
///
/// A module is `nil` while it is as delivered, so that modems nobody asks for their memory cost nothing. What is
/// written waits in `staged` or a session, a commit takes it into flash, and a restart takes it into effect. Octets are
/// only taken behind those that are there: nothing grows faster than it is sent.
struct SimulatedMemory {
  struct Module {
    /// What the modem runs with.
    var running: [UInt8]?
    var flash: [UInt8]?
    var staged: [UInt8]?
  }

  /// MSTATUS of what is refused; the numbers are this simulation's.
  enum Refusal: UInt8 {
    case unknownModule = 0x10
    case outOfRange = 0x12
    case checksum = 0x14
    case damaged = 0x15
    case nothingWritten = 0x16
    case session = 0x17
    case flash = 0x40
  }

  static let parameterOctetsMax = 1 << 16
  static let firmwareOctetsMax = 1 << 22

  private let port: PowerLineConfiguration.Port
  private(set) var parameters = Module()
  private(set) var firmware = Module()
  var session: SimulatedSession?
  /// VS_FAC_DEFAULTS goes back to it; `nil` for the block as delivered.
  private var factory: [UInt8]?

  init(_ port: PowerLineConfiguration.Port) { self.port = port }

  // MARK: as delivered

  private var delivered: (coordinatorSelection: UInt8, slacMode: UInt8) {
    let role: UInt8 = port.role == .evse ? 2 : 1
    return (
      port.faults.contains(.neverCoordinates) ? 1 : role, port.faults.contains(.slacOff) ? 0 : role
    )
  }

  private var deliveredParameters: [UInt8] {
    SimulatedImages.parameters(
      address: port.modem, coordinatorSelection: delivered.coordinatorSelection, slacMode: delivered.slacMode,
      name: port.role == .evse ? "EVSE" : "PEV",
      hasSLAC: port.model.hasSLAC && !port.faults.contains(.withoutSLAC))
  }

  private var deliveredFirmware: [UInt8] { SimulatedImages.firmware(port.model.firmware) }

  // MARK: in effect

  var slacMode: UInt8 {
    guard let running = parameters.running else { return delivered.slacMode }
    return running.count > 0x1653 ? running[0x1653] : 0
  }

  var coordinatorSelection: UInt8 { parameters.running?[0xF4] ?? delivered.coordinatorSelection }
  var storedKey: NMK {
    guard let running = parameters.running else { return .zero }
    return NMK(Octets16(running[0x64..<0x74]))
  }
  var address: MACAddress {
    guard let running = parameters.running else { return port.modem }
    return MACAddress(running[0x0C..<0x12].reduce(0) { $0 << 8 | UInt64($1) })
  }

  var runningParameters: [UInt8] { parameters.running ?? deliveredParameters }

  /// As VS_SW_VER.CNF has it.
  var firmwareVersion: String {
    firmware.running.flatMap { SimulatedImages.version(ofFirmware: $0) } ?? port.model.firmware
  }

  mutating func restart() {
    parameters.running = parameters.flash
    firmware.running = firmware.flash
    parameters.staged = nil
    firmware.staged = nil
    session = nil
  }

  mutating func restoreFactoryDefaults() { parameters.flash = factory }

  /// Octets held for both modules.
  var octets: Int {
    [parameters, firmware].reduce(session?.octets ?? 0) {
      $0 + ($1.running?.count ?? 0) + ($1.flash?.count ?? 0) + ($1.staged?.count ?? 0)
    }
  }

  // MARK: pieces

  /// What VS_RD_MOD shows: the parameter block alone, without headers, and the firmware's chain.
  func octets(of module: ModuleNumber) -> [UInt8]? {
    switch module {
    case .parameters: parameters.staged ?? parameters.running ?? deliveredParameters
    case .firmware: firmware.staged ?? firmware.running ?? deliveredFirmware
    default: nil
    }
  }

  mutating func write(_ octets: [UInt8], to module: ModuleNumber, at offset: Int) -> Refusal? {
    let limit: Int
    var staged: [UInt8]
    switch module {
    case .parameters:
      staged = parameters.staged ?? parameters.running ?? deliveredParameters
      limit = Self.parameterOctetsMax
    case .firmware:
      staged = firmware.staged ?? []
      limit = Self.firmwareOctetsMax
    default: return .unknownModule
    }
    guard offset <= staged.count, offset + octets.count <= limit else { return .outOfRange }
    let end = min(offset + octets.count, staged.count)
    // In place, or firmware of a MiB would be copied for each KiB.
    if module == .parameters { parameters.staged = nil } else { firmware.staged = nil }
    staged.replaceSubrange(offset..<end, with: octets)
    if module == .parameters { parameters.staged = staged } else { firmware.staged = staged }
    return nil
  }

  /// Takes what was written in pieces into flash.
  mutating func commit(_ module: ModuleNumber) -> Refusal? {
    switch module {
    case .parameters:
      guard let staged = parameters.staged else { return .nothingWritten }
      return store(parameters: staged)
    case .firmware:
      guard let staged = firmware.staged else { return .nothingWritten }
      return store(firmware: staged)
    default: return .unknownModule
    }
  }

  // MARK: flash

  /// The chain that VS_MODULE_OPERATION shows.
  func chain(of module: ModuleIdentifier, fromFlash: Bool) -> [UInt8]? {
    switch module {
    case .parameters:
      let image = fromFlash ? parameters.flash : parameters.running
      return SimulatedImages.chain(parameters: image ?? deliveredParameters)
    case .firmware: return (fromFlash ? firmware.flash : firmware.running) ?? deliveredFirmware
    default: return nil
    }
  }

  /// A block in the new format has no checksum of its own; the old format's covers it whole.
  mutating func store(parameters image: [UInt8], asFactory: Bool = false) -> Refusal? {
    guard (0x100...Self.parameterOctetsMax).contains(image.count) else { return .damaged }
    if image[..<12].contains(where: { $0 != 0 }) {
      let stated = image[8..<12].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let others = image[..<8] + [0, 0, 0, 0] + image[12...]
      guard ModuleChecksum.of(others) == stated else { return .damaged }
    }
    if port.faults.contains(.flashFails) { return .flash }
    parameters.flash = flipped(image)
    if asFactory { factory = image }
    return nil
  }

  mutating func store(firmware chain: [UInt8]) -> Refusal? {
    guard SimulatedImages.image(.firmware, in: chain) != nil else { return .damaged }
    if port.faults.contains(.flashFails) { return .flash }
    firmware.flash = flipped(chain)
    return nil
  }

  private func flipped(_ octets: [UInt8]) -> [UInt8] {
    guard port.faults.contains(.flashFlips) else { return octets }
    var octets = octets
    octets[octets.count / 2] ^= 0x10
    return octets
  }
}
