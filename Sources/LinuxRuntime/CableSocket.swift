public import HAL
public import LinuxHardware
public import SimulatedHardware
import Wire

/// A charging cable between two processes: pilot and power contacts as datagrams on two sockets in the file
/// system. It lets a charger and a vehicle that meet on real network interfaces also meet on a simulated pilot.
///
/// The charger's process holds the circuit and the battery; the vehicle's process says what its switches do
/// and is told what it would measure. Both repeat themselves every 100 ms; a side not heard for 500 ms is
/// unplugged.
public final class CableSocket {
  public enum End: Sendable { case charger, vehicle }

  /// How often each side repeats itself.
  public static let interval = Duration.milliseconds(100)
  /// Silence that counts as unplugged.
  public static let silenceMax = Duration.milliseconds(500)

  private let socket: UnixDatagramSocket
  private let peer: String

  /// Binds this end of the cable called `path`: the charger at `path`, the vehicle at `path.ev`.
  public init(path: String, end: End) throws(LinuxError) {
    let own = end == .charger ? path : path + ".ev"
    peer = end == .charger ? path + ".ev" : path
    socket = try UnixDatagramSocket(path: own)
  }

  /// Calls `received` for each message.
  public func attach(to loop: EventLoop, received: @escaping (RawSpan) -> Void) throws(LinuxError) {
    try socket.attach(to: loop, receive: received)
  }

  /// Sends, if the other end is there.
  public func send(_ message: VehicleEnd) { _ = try? socket.send(message.octets, to: peer) }
  /// Sends, if the other end is there.
  public func send(_ message: ChargerEnd) { _ = try? socket.send(message.octets, to: peer) }
}

/// What the vehicle's switches do.
public struct VehicleEnd: Hashable, Sendable {
  public var isPlugged = false
  public var load = PilotLoad.b
  public var contactorClosed = false
  /// The onboard charger may take this much per phase, in mA.
  public var milliamps = 0

  public init() {}

  /// From a datagram; `nil` for anything else.
  public init?(parsing bytes: RawSpan) {
    var reader = ByteReader(bytes)
    guard reader.uint8() == 0x56 else { return nil }
    let flags = reader.uint8()
    let current = reader.uint32BigEndian()
    guard !reader.failed else { return nil }
    isPlugged = flags & 1 != 0
    contactorClosed = flags & 2 != 0
    load =
      switch flags >> 2 & 3 {
      case 1: .c
      case 2: .d
      default: .b
      }
    milliamps = Int(current)
  }

  var octets: [UInt8] {
    let code: UInt8 =
      switch load {
      case .detached, .b: 0
      case .c: 1
      case .d: 2
      }
    var octets: [UInt8] = [0x56, (isPlugged ? 1 : 0) | (contactorClosed ? 2 : 0) | code << 2]
    octets.append32(UInt32(clamping: milliamps))
    return octets
  }
}

/// What the vehicle would measure.
public struct ChargerEnd: Hashable, Sendable {
  public var signal = PilotSignal.none
  public var contactorClosed = false
  public var battery = ChargingBench.BatteryReading(
    batteryMillivolts: 0, inletMillivolts: 0, soc: 0, request: .zero)

  public init() {}

  /// From a datagram; `nil` for anything else.
  public init?(parsing bytes: RawSpan) {
    var reader = ByteReader(bytes)
    guard reader.uint8() == 0x43 else { return nil }
    let kind = reader.uint8()
    let permille = Int(reader.uint16BigEndian())
    contactorClosed = reader.uint8() != 0
    battery.batteryMillivolts = Int(reader.uint32BigEndian())
    battery.inletMillivolts = Int(reader.uint32BigEndian())
    battery.soc = Int(reader.uint8())
    battery.request.millivolts = Int(reader.uint32BigEndian())
    battery.request.milliamps = Int(reader.uint32BigEndian())
    guard !reader.failed else { return nil }
    switch kind {
    case 1: signal = .steadyHigh
    case 2: signal = .steadyLow
    case 3 where (1...999).contains(permille): signal = .pwm(permille: permille)
    default: signal = .none
    }
  }

  var octets: [UInt8] {
    var octets: [UInt8] = [0x43]
    var permille = 0
    switch signal {
    case .none: octets.append(0)
    case .steadyHigh: octets.append(1)
    case .steadyLow: octets.append(2)
    case .pwm(let share):
      octets.append(3)
      permille = share
    }
    octets += [UInt8(truncatingIfNeeded: permille >> 8), UInt8(truncatingIfNeeded: permille)]
    octets.append(contactorClosed ? 1 : 0)
    octets.append32(UInt32(clamping: battery.batteryMillivolts))
    octets.append32(UInt32(clamping: battery.inletMillivolts))
    octets.append(UInt8(clamping: battery.soc))
    octets.append32(UInt32(clamping: battery.request.millivolts))
    octets.append32(UInt32(clamping: battery.request.milliamps))
    return octets
  }
}

extension [UInt8] {
  fileprivate mutating func append32(_ value: UInt32) {
    for shift in [24, 16, 8, 0] as [UInt32] { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}
