import ArgumentParser
import Glibc
import HAL
import LinuxHardware
import LinuxRuntime
import SafetyLinks
import SimulatedController
import Wire

/// `coupler controller`: plays a safety controller.
struct ControllerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controller",
    abstract: "Play a safety controller for couplerd, where there is none.",
    discussion: """
      A board whose pilot and contactor are driven by a microcontroller can be
      tried without that: this command speaks its protocol, on a pseudo terminal
      (chargebyte, yeti, phyverso) or on two UDP ports (chargebridge). It closes
      its contactor as the real ones do, while the host allows power and the
      vehicle asks, and opens it by itself where the host falls silent.

        coupler controller --kind yeti --link /tmp/yeti --pilot /tmp/cable
        couplerd --site site.yaml --controller yeti=/tmp/yeti
        coupler ev --interface plc0 --ac --pilot /tmp/cable

      With --pilot a vehicle in another process moves the pilot. Without it, or
      beside it, orders do, one a line, from --script or standard input:

        pilot B              A, B, C, D, E, F or fault
        proximity 20         13, 20, 32, 63, open, button or fault
        faults diode,lock    or none: what the controller finds wrong
        stop pressed         or released
        contacts stuck       or free: whatever the coil does
        mute                 it hears, and says nothing
        speak
        hold                 the reset line is held
        reset                it starts anew
        line unplugged       or plugged: the host's device fails
        garbage 40           so many octets that mean nothing, by --seed
        spoil 1              so many of its messages with one octet changed
        lose 3               so many pieces of what the host says
        wait 1.5             seconds, before the next order
        expect closed 5      or open: wait for the contacts, 5 s at most
        quit

      A number in front names a connector: 2 pilot C. # begins a comment. The end
      of the orders ends nothing; SIGINT does.

      Faults: \(ControllerOrder.faultNames.map(\.name).joined(separator: ", "))

      Prints where it is, then each change of what the host has it drive. Exit
      status: 0 stopped; 1 an expectation did not come true; 2 a port or path
      could not be used; 64 wrong arguments or orders: a script ends at once, of
      standard input the others are carried out.
      """)

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case chargebyte, yeti, phyverso, chargebridge
  }

  @Option(help: "Which one: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var kind: Kind

  @Option(help: ArgumentHelp("A name for the pseudo terminal: a link to make there.", valueName: "path"))
  var link: String?

  @Option(help: ArgumentHelp("chargebridge: an address of this machine.", valueName: "address"))
  var address = "127.0.0.1"

  @Option(
    help: ArgumentHelp("chargebridge: UDP port of its life signs; the pilot has the next.", valueName: "port")
  )
  var port: UInt16 = ChargeBridgePort.management

  @Option(help: ArgumentHelp("Connector that is meant where an order names none.", valueName: "number"))
  var connector = 1

  @Option(
    help: ArgumentHelp(
      "Where a vehicle plugs in: a socket to create there, for coupler ev --pilot.", valueName: "path"))
  var pilot: String?

  @Option(help: ArgumentHelp("Orders from a file, instead of standard input.", valueName: "file"))
  var script: String?

  @Option(help: ArgumentHelp("Without a word of the host for so long it switches off.", valueName: "s"))
  var hostSilence: Double?

  @Option(
    help: ArgumentHelp("What garbage is drawn from: the same number, the same octets.", valueName: "number"))
  var seed: UInt64 = 1

  @Flag(help: "Print one JSON object per line.")
  var json = false

  func validate() throws {
    guard (1...machine.kind.connectors).contains(connector) else {
      throw ValidationError("--connector: \(kind.rawValue) has 1...\(machine.kind.connectors)")
    }
    guard kind != .chargebridge || link == nil else {
      throw ValidationError("--link is for a pseudo terminal; chargebridge is on UDP, see --port")
    }
    guard port < .max else { throw ValidationError("--port is 0 to 65534: the next one is used, too") }
    if let hostSilence { try checkSeconds(hostSilence, of: "--host-silence") }
  }

  func run() throws {
    let loop = try orExit { () throws(LinuxError) in try EventLoop() }
    var orders = ControllerOrders(connector: connector, of: machine.kind.connectors)
    if let script { try read(script, &orders) }
    let rig = try orExit { () throws(LinuxError) in
      try loop.onSignals([SIGINT, SIGTERM]) { _ in loop.stop() }
      let player = try player(loop)
      let report = ControllerReport(player, json: json, loop: loop)
      let rig = ControllerRig(player, report, orders, seed: seed, loop: loop)
      if let pilot { try rig.plugIn(pilot, connector: connector) }
      return rig
    }
    rig.start()
    if script == nil { rig.readStandardInput() }
    try orExit { () throws(LinuxError) in try loop.run() }
    guard rig.status == 0 else { throw ExitCode(rig.status) }
  }

  private var machine: SimulatedController {
    switch kind {
    case .chargebyte:
      var machine = SimulatedController(.chargebyte())
      machine.firmware = ControllerFirmware(major: 0, minor: 2, build: 8, platform: 0x81)
      return machine
    case .yeti: return SimulatedController(.yeti)
    case .phyverso: return SimulatedController(.phyVERSO(PhyVERSOConfiguration(outlets: [])))
    case .chargebridge: return SimulatedController(.chargeBridge(ChargeBridgeSettings()))
    }
  }

  private func player(_ loop: EventLoop) throws(LinuxError) -> PlayedController {
    var machine = machine
    if let hostSilence { machine.hostSilence = .milliseconds(Int64(hostSilence * 1000)) }
    guard kind == .chargebridge else { return try PlayedController(machine, link: link, loop: loop) }
    return try PlayedController(
      machine, address: address, management: port, pilot: port == 0 ? 0 : port + 1, loop: loop)
  }

  private func read(_ path: String, _ orders: inout ControllerOrders) throws {
    let text: String
    do throws(PrivateFile.Failure) {
      text = String(decoding: try PrivateFile.read(path, atMost: 1 << 20), as: UTF8.self)
    } catch {
      complain("coupler: \(error)")
      throw ExitCode(2)
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      do throws(ControllerOrder.Misread) {
        try orders.add(line)
      } catch {
        complain("coupler: \(path):\(orders.lines): \(error)")
        throw ExitCode(64)
      }
    }
  }
}

/// Orders that wait.
struct ControllerOrders {
  private let connector: Int
  private let connectors: Int
  private(set) var waiting: [ControllerOrder] = []
  /// Lines that were read.
  private(set) var lines = 0

  /// `connector` of `connectors` is meant where a line names none.
  init(connector: Int, of connectors: Int) { (self.connector, self.connectors) = (connector, connectors) }

  mutating func add(_ line: Substring) throws(ControllerOrder.Misread) {
    lines += 1
    if let order = try ControllerOrder.read(line, connector: connector, of: connectors) {
      waiting.append(order)
    }
  }

  mutating func next() -> ControllerOrder? { waiting.isEmpty ? nil : waiting.removeFirst() }
}
