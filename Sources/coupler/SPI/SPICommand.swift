import ArgumentParser
@preconcurrency import Glibc
import LinuxHardware
import QCA7000SPI
import Wire

/// `coupler spi`: a QCA7000 on SPI as a network interface, without the kernel's driver.
struct SPICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spi",
    abstract: "Make a QCA7000 on SPI a network interface, without the kernel's driver.",
    discussion: """
      Finds the chip, resets it, keeps it in sync, and carries frames between it and a TAP interface, which
      looks to every other command like that of the kernel's qca_spi:

        coupler spi --device /dev/spidev0.0 --interrupt gpiochip0:25 --tap plc0 --mac 02:00:00:00:00:c1
        coupler evse --interface plc0

      Give a fixed --mac: SLAC knows this host by it. Without --interrupt the chip is polled.

      For a rig without hardware, a simulated chip at the end of a Unix socket:

        coupler line --spi /run/a.spi --spi /run/b.spi
        coupler spi --socket /run/a.spi --tap plc0

      Runs until it is interrupted and then prints its counters; docs/spi.md says what they mean. A chip that is
      absent, resets itself or answers nonsense is looked for again; the interface has no carrier meanwhile.

      Needs root, or CAP_NET_ADMIN and the rights to the devices. Exit status: 0 interrupted; 2 a device or the
      interface could not be used; 64 wrong arguments.
      """)

  @Option(help: ArgumentHelp("The chip's spidev device.", valueName: "path"))
  var device: String?

  @Option(help: ArgumentHelp("A simulated chip instead, as coupler line --spi makes it.", valueName: "path"))
  var socket: String?

  @Option(
    help: ArgumentHelp(
      "GPIO line of the chip's interrupt, rising edge: chip and number, as gpioinfo names them.",
      valueName: "gpiochip0:25"))
  var interrupt: String?

  @Option(help: ArgumentHelp("Name of the interface to create.", valueName: "interface"))
  var tap: String

  @Option(
    help: ArgumentHelp("Its MAC address; by default the kernel takes a random one.", valueName: "address"))
  var mac: String?

  @Option(help: ArgumentHelp("Clock of the bus, 1000000 to 16000000.", valueName: "Hz"))
  var speed: UInt32 = 8_000_000

  @Flag(help: "The chip is strapped for legacy mode: release chip select after each word.")
  var legacy = false

  @Option(
    help: ArgumentHelp(
      "Look at the chip so often by itself. Without --interrupt 5; with it only as a safeguard.",
      valueName: "ms"))
  var poll: Double?

  @Option(
    help: ArgumentHelp(
      "Write registers again up to so often when they read back wrong, 0 to 3.", valueName: "times"))
  var verify = 0

  @Option(help: ArgumentHelp("Octets of frames in one chip select, 1 to 5000.", valueName: "octets"))
  var burst = QCA7000Configuration().burstLength

  @Flag(help: "Take frames whose length is not the one the chip's hardware says.")
  var ignoreHardwareLength = false

  @Option(help: ArgumentHelp("Print the counters so often, if they changed.", valueName: "s"))
  var counters: Double?

  @Flag(help: "Leave the interface down; somebody else brings it up.")
  var leaveDown = false

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  func validate() throws {
    guard (device == nil) != (socket == nil) else {
      throw ValidationError("Name the chip: either --device or --socket.")
    }
    if socket != nil, interrupt != nil {
      throw ValidationError("--interrupt belongs to --device; a simulated chip brings its own.")
    }
    if let interrupt, GPIOInterrupt.Line(interrupt) == nil {
      throw ValidationError("--interrupt is a GPIO chip and a line number: gpiochip0:25.")
    }
    guard (1...15).contains(tap.utf8.count), !tap.contains("/"), !tap.contains("%") else {
      throw ValidationError("--tap is the name of an interface, 1 to 15 characters.")
    }
    if let mac {
      guard let address = MACAddress(mac), !address.isGroup, address != .zero else {
        throw ValidationError("--mac is the address of one station, such as 02:00:00:00:00:c1.")
      }
    }
    guard SPIDevice.speeds.contains(speed) else {
      throw ValidationError("--speed is 1000000 to 16000000 Hz; the chip takes no other.")
    }
    if let poll, !(0.1...60_000).contains(poll) { throw ValidationError("--poll is 0.1 to 60000 ms.") }
    guard (0...3).contains(verify) else { throw ValidationError("--verify is 0 to 3.") }
    guard (1...5000).contains(burst) else { throw ValidationError("--burst is 1 to 5000 octets.") }
    if let counters, !(0.1...86_400).contains(counters) {
      throw ValidationError("--counters is 0.1 to 86400 s.")
    }
  }

  func run() throws {
    do throws(LinuxError) {
      try drive()
    } catch {
      complain("coupler: \(error)\(hint(error))")
      throw ExitCode(2)
    }
  }

  private func drive() throws(LinuxError) {
    let loop = try EventLoop()
    try loop.onSignals([SIGINT, SIGTERM]) { _ in loop.stop() }
    let interface = try TAPDevice(name: tap, address: mac.flatMap { MACAddress($0) })
    let report = SPIReport(tap, json: json, start: loop.now) { loop.now }
    let bus = SPIBus(wiring, loop: loop)
    let bridge = SPIBridge(driverConfiguration, bus: bus, tap: interface, loop: loop, observe: report.add)
    try bridge.open()
    if !leaveDown { try interface.bringUp() }
    report.ready(place)
    bridge.start()
    var ticker: LoopTimer?
    if let counters {
      let period = Duration.milliseconds(Int64(counters * 1000))
      let timer = loop.addTimer {
        report.counters(bridge, ifChanged: true)
        ticker?.deadline = loop.now + period
      }
      timer.deadline = loop.now + period
      ticker = timer
    }
    try loop.run()
    bridge.stop()
    report.counters(bridge, ifChanged: false)
    if let failure = bridge.failure { throw failure }
  }

  private var place: String { device ?? socket ?? "" }

  private var wiring: SPIBus.Wiring {
    if let device {
      return .device(path: device, speed: speed, interrupt: interrupt.flatMap { GPIOInterrupt.Line($0) })
    }
    return .socket(path: place)
  }

  private var driverConfiguration: QCA7000Configuration {
    var result = QCA7000Configuration()
    result.legacyMode = legacy
    result.writeVerifications = verify
    result.burstLength = burst
    result.comparesLengths = !ignoreHardwareLength
    let isPolled = device != nil && interrupt == nil
    result.pollInterval = (poll ?? (isPolled ? 5 : nil)).map { .microseconds(Int64($0 * 1000)) }
    return result
  }

  /// What helps with the devices of this command; the error's own remedy knows network interfaces.
  private func hint(_ error: LinuxError) -> String {
    switch (error.subject, error.code) {
    case (device ?? "", ENOENT), (device ?? "", ENXIO), (device ?? "", ENODEV):
      "\n  No such SPI device: enable it in the device tree with compatible \"rohm,dh2228fv\" or bind it to spidev; "
        + "a chip that qca_spi drives is not available here (docs/spi.md)"
    case (device ?? "", ENOTTY): "\n  This is no spidev device; they are named /dev/spidevBUS.SELECT"
    case (device ?? "", EMSGSIZE): "\n  Lower --burst, or load spidev with a larger bufsiz"
    case (_, EBUSY) where error.subject == tap:
      "\n  Another program holds the interface: ip link; fuser /dev/net/tun"
    case (_, EBUSY): "\n  Another driver holds the line: gpioinfo says which"
    case (_, ENOENT) where error.subject == tap: "\n  The kernel has no TAP devices: modprobe tun"
    case (_, ENOENT) where error.subject.contains("gpiochip"): "\n  Look for the chip's name with: gpiodetect"
    default: ""
    }
  }
}
