import HomePlug
import PLCModem
import SimulatedHardware
import Wire

/// Two simulated modems in virtual time, with a host behind each that asks and hears.
struct ModemRig {
  static let hosts = [MACAddress(0x0200_0000_00E1), MACAddress(0x0200_0000_00C1)]
  static let modems = [MACAddress(0x00B0_5200_00E1), MACAddress(0x00B0_5200_00C1)]

  var line: PowerLine
  var now = Instant.zero
  /// Frames that reached a host, by port, the latest last.
  var heard: [(port: Int, frame: ManagementFrame)] = []

  /// An EV's modem on port 0, an EVSE's on port 1; `change` sets the latter, the one under test, up.
  init(
    _ model: ModemModel = .qca7005, faults: Set<ModemFault> = [], restart: Duration = .zero,
    change: (inout PowerLineConfiguration) -> Void = { _ in }
  ) {
    var configuration = PowerLineConfiguration.pair
    configuration.ports[1].model = model
    configuration.ports[1].faults = faults
    configuration.modemRestart = restart
    change(&configuration)
    line = PowerLine(configuration: configuration, seed: 1)
  }

  /// Hands a frame to the modem of a port; what comes back to that port, and all else, is in `heard`.
  @discardableResult
  mutating func send(
    _ message: ManagementMessage, port: Int = 1, to destination: MACAddress = ManagementFrame.localModem,
    version: UInt8? = nil
  ) -> [ManagementMessage] {
    let frame = ManagementFrame(
      destination: destination, source: Self.hosts[port], message: message, version: version)
    var answers: [ManagementMessage] = []
    var all: [(Int, ManagementFrame)] = []
    line.handle(.frame(frame.octets, port: port), at: now) { action in
      guard case .deliver(let octets, let to) = action,
        let frame = try? ManagementFrame(parsing: octets.span.bytes)
      else { return }
      all.append((to, frame))
      if to == port { answers.append(frame.message) }
    }
    heard += all
    return answers
  }

  /// What a driver makes of the answer to its request; `nil` without an answer or a request.
  mutating func ask(_ request: ModemRequest, _ driver: ModemDriver, port: Int = 1) -> ModemAnswer? {
    guard let message = try? driver.message(for: request) else { return nil }
    return send(message, port: port).lazy.compactMap { driver.answer(in: $0, from: Self.modems[port]) }.first
  }

  /// The result of CM_SET_KEY.CNF; `nil` without one.
  mutating func setKey(_ key: NetworkKey, port: Int = 1) -> UInt8? {
    let answers = send(.setKeyReq(CM_SET_KEY_REQ(key: key)), port: port)
    guard case .setKeyCnf(let confirmation)? = answers.first else { return nil }
    return confirmation.result
  }

  /// A sound of the EV, and what the EVSE's host hears of it behind the sound itself.
  mutating func sound() -> [ManagementFrame] {
    heard = []
    send(
      .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 0, runID: RunID(1), random: .zero)), port: 0, to: .broadcast)
    return heard.filter { $0.port == 1 && $0.frame.message.type != .CM_MNBC_SOUND_IND }.map(\.frame)
  }

  mutating func pass(_ duration: Duration) { now += duration }
}
