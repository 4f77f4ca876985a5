import HAL
import LinuxHardware
import SafetyLinks

/// The line to a safety controller, whatever it is made of.
protocol ControllerWire: AnyObject {
  /// Calls `received` with what has come; `failed` once, when the line is gone.
  func attach(
    to loop: EventLoop, received: @escaping (SafetyChannel, [UInt8]) -> Void,
    failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError)
  func send(_ octets: [UInt8], on channel: SafetyChannel) throws(LinuxError)
}

/// Where a controller is, and how it is opened, as often as it has to be.
enum ControllerPlace {
  case serial(device: String, baud: Int)
  /// Numeric, so that opening it again asks nobody.
  case datagrams(address: String, management: UInt16)

  /// A name is asked for here, which may take seconds: before the loop runs, and never again.
  init(_ transport: SafetyLinkTransport, roots: DeviceRoots) throws(LinuxError) {
    switch transport {
    case .serial(let path, let baud, _):
      let device = path.hasPrefix("/dev/") ? roots.dev + path.dropFirst(4) : path
      self = .serial(device: device, baud: baud)
    case .chargeBridge(let host, let port):
      guard port < .max else {
        throw LinuxError("use \(host) port \(port)", code: 22, advice: "the next port is used, too")
      }
      self = .datagrams(address: try DatagramPort(host: host, port: port).address, management: port)
    }
  }

  func open() throws(LinuxError) -> any ControllerWire {
    switch self {
    case .serial(let device, let baud): try SerialWire(device, baud)
    case .datagrams(let address, let port): try DatagramWire(address, port)
    }
  }
}

private final class SerialWire: ControllerWire {
  private let port: SerialPort

  init(_ device: String, _ baud: Int) throws(LinuxError) { port = try SerialPort(path: device, baud: baud) }

  func attach(
    to loop: EventLoop, received: @escaping (SafetyChannel, [UInt8]) -> Void,
    failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    try port.attach(to: loop, received: { received(.serial, $0) }, failed: failed)
  }

  func send(_ octets: [UInt8], on channel: SafetyChannel) throws(LinuxError) { try port.send(octets) }
}

/// A ChargeBridge: life signs at one port, pilot and relays at the next.
private final class DatagramWire: ControllerWire {
  private let management: DatagramPort
  private let pilot: DatagramPort

  init(_ address: String, _ port: UInt16) throws(LinuxError) {
    management = try DatagramPort(host: address, port: port)
    pilot = try DatagramPort(
      host: address, port: port + (ChargeBridgePort.pilot - ChargeBridgePort.management))
  }

  func attach(
    to loop: EventLoop, received: @escaping (SafetyChannel, [UInt8]) -> Void,
    failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    try management.attach(to: loop, received: { received(.management, $0) }, failed: failed)
    try pilot.attach(to: loop, received: { received(.pilot, $0) }, failed: failed)
  }

  func send(_ octets: [UInt8], on channel: SafetyChannel) throws(LinuxError) {
    try (channel == .pilot ? pilot : management).send(octets)
  }
}
