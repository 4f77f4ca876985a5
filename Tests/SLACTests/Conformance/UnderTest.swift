import HomePlug
import SLAC
import Wire

/// A frame that left the device under test, read back from its octets.
struct Sent {
  let at: Instant
  let frame: ManagementFrame

  var message: ManagementMessage { frame.message }
  var type: ManagementType { frame.message.type }
}

/// What a tester at the other end of the power line can do with a device: hand it frames, let time pass, and take
/// what it sends. The tester's times are those of the suite.
protocol UnderTest {
  var now: Instant { get }
  var own: MACAddress { get }
  mutating func deliver(_ frame: ManagementFrame)
  mutating func advance(_ duration: Duration)
  /// What it sent since the last call, frames to the own modem among them.
  mutating func takeFrames() -> [Sent]
}

enum Tester {
  /// Between START and SOUND.
  static let gap = Duration.milliseconds(30)
  /// TT_match_response, which the tester's EV waits out.
  static let matchResponse = Duration.milliseconds(200)
  /// Added to a wait for something that must not come.
  static let tolerance = Duration.milliseconds(250)
  /// An answer to CM_SET_KEY, a status of the link.
  static let setKey = Duration.seconds(3)
  static let linkStatus = Duration.seconds(5)
  static let attenResults = Duration.milliseconds(1200)
  static let matchSession = Duration.seconds(10)
  static let matchJoin = Duration.seconds(12)
  static let matchLeave = Duration.seconds(1)
  static let connMaxComm = Duration.seconds(8)
  static let connResume = Duration.seconds(6)
  /// TT_EVSE_SLAC_init.
  static let slacInit = Duration.seconds(20)...Duration.seconds(50)
  /// TT_amp_map_exchange.
  static let ampMapExchange = Duration.milliseconds(200)
}

/// The frame as its octets say it, or `nil` where they cannot be read.
func overTheWire(_ frame: ManagementFrame) -> ManagementFrame? {
  let octets = frame.octets
  guard octets.count >= ManagementFrame.octetsMin else { return nil }
  return try? ManagementFrame(parsing: octets.span.bytes)
}

extension Probe: UnderTest {
  mutating func deliver(_ frame: ManagementFrame) {
    guard let frame = overTheWire(frame) else { return }
    handle(.received(frame))
  }

  mutating func takeFrames() -> [Sent] {
    defer { actions.removeAll() }
    return actions.compactMap { entry in
      guard case .send(let frame) = entry.action, let frame = overTheWire(frame) else { return nil }
      return Sent(at: entry.at, frame: frame)
    }
  }
}

extension UnderTest {
  mutating func deliver(_ message: ManagementMessage, from source: MACAddress, to: MACAddress? = nil) {
    deliver(ManagementFrame(destination: to ?? own, source: source, message: message))
  }

  /// What went to the line since the last call: not to the own modem.
  mutating func takeLine() -> [Sent] {
    takeFrames().filter { !$0.frame.destination.isLocalModem }
  }

  /// What comes to the line within so long.
  mutating func line(for duration: Duration) -> [Sent] {
    advance(duration)
    return takeLine()
  }

  mutating func forget() { _ = takeFrames() }
}

extension MACAddress {
  /// The alias of the own modem, or an address of Qualcomm's range that only modems of these tests have.
  var isLocalModem: Bool { self == ManagementFrame.localModem || self == testModem }
}

let testModem = MACAddress(0x00B0_5200_0055)

extension [Sent] {
  var types: [ManagementType] { map(\.type) }
  /// Names for a remark about what came.
  var names: String { isEmpty ? "nothing" : map { "\($0.type)" }.joined(separator: ", ") }
}
