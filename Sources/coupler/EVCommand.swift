import ArgumentParser
import Cryptography
import Glibc
import ISO15118
import LinuxHardware
import LinuxRuntime
import Node
import SLAC
import Simulation
import SimulatedHardware
import Wire

/// `coupler ev`
struct EVCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ev",
    abstract: "Be a vehicle on a network interface, with a simulated electrical side.",
    discussion: """
      SLAC over raw Ethernet, SDP, TCP and ISO 15118-2 on real sockets; pilot,
      contactors and battery are simulated. Needs CAP_NET_RAW for SLAC (run as
      root, or setcap cap_net_raw+ep). Exits after one session.

        coupler ev --interface plc0 --energy 500    one DC session of 500 Wh
        coupler ev --interface plc0 --until match   only SLAC, to the link
        coupler ev --interface eth1 --no-slac --ac  no modem
        coupler ev --link none --ac --pilot /tmp/p  no network: by the duty alone
        coupler ev --interface plc0 --attenuation-direct 10
                                                    validate above 10 dB
      """)

  @OptionGroup var link: LinkOptions
  @OptionGroup(title: "SLAC") var slac: SLACOptions
  @OptionGroup(title: "SLAC as a vehicle") var match: VehicleMatchOptions
  @OptionGroup var report: ReportOptions

  @Option(help: ArgumentHelp("Stop after this much energy by the charger's meter.", valueName: "Wh"))
  var energy: Int?

  @Option(help: ArgumentHelp("Stop after so long in the charge loop.", valueName: "s"))
  var seconds: Double?

  @Option(help: ArgumentHelp("With --until match: stay in the network for so long.", valueName: "s"))
  var hold = 5.0

  @Option(help: ArgumentHelp("Give up after so long.", valueName: "s"))
  var timeout = 180.0

  func validate() throws {
    guard energy ?? 1 > 0 else { throw ValidationError("--energy must be more than 0 Wh") }
    try checkSeconds(seconds ?? 0, of: "--seconds")
    try checkSeconds(hold, of: "--hold")
    try checkSeconds(timeout, of: "--timeout")
    try link.validate(slac, report)
  }

  func run() throws {
    let loop = try orExit { () throws(LinuxError) in try EventLoop() }
    let interface = try link.networkInterface()
    let timeline = Timeline(json: report.json, verbose: report.verbose, start: loop.now, gathers: true)
    loop.beforeWaiting = { timeline.flush() }
    defer { timeline.flush() }
    let recording = try interface.flatMap { try report.openRecording(of: $0, loop: loop) }

    let description = SiteDescription(link.ac ? .ac : .dc)
    var configuration = description.vehicleConfiguration()
    configuration.link = link.policy
    if let interface { configuration.session.evccID = interface.macAddress }
    match.apply(to: &configuration.coupling)
    var matching = SLACConfiguration(
      address: interface?.macAddress ?? .zero, timers: link.relaxed ? .relaxed : .standard)
    slac.apply(to: &matching.settings)
    match.apply(to: &matching)
    configuration.pilot.toggleHalf = matching.settings.validationPhase
    if link.relaxed {
      configuration.session.timers = .relaxed
      configuration.transport = .relaxed
    }
    let node = VehicleNode(
      configuration: configuration,
      matcher: EVMatcher(configuration: matching, keys: SecureNetworkKeys()))
    let source: ChargerSource =
      if let path = link.cable {
        .cable(try orExit { () throws(LinuxError) in try CableSocket(path: path, end: .vehicle) })
      } else {
        .played
      }
    var goal = ChargingGoal()
    goal.wattHours = energy
    if let seconds { goal.duration = .seconds(seconds) }
    if energy == nil, seconds == nil { goal.duration = .seconds(10) }

    // Parsed options are looked up by name at each use: here once.
    let onlyMatch = link.until == .match
    let hold = hold
    var status: Int32?
    var runtime: VehicleRuntime<SecureNetworkKeys>?
    let frames = { runtime?.uselessFrames ?? UselessFrames(counters: FrameCounters()) }
    let vehicle = try orExit { () throws(LinuxError) in
      try VehicleRuntime(
        node, needs: description.needs(), goal: goal, bench: description.bench(), charger: source,
        interface: interface, loop: loop,
        handlers: VehicleRuntime<SecureNetworkKeys>.Handlers(
          trace: { trace, now in
            timeline.add(trace, of: .vehicle, at: now)
            recording?.note(trace, at: now)
            if onlyMatch, case .phase(.discovery) = trace {
              status = timeline.matched(.vehicle, frames: frames(), at: now)
              stopSoon(loop, after: .seconds(hold))
            }
            if case .ended = trace, status == nil {
              status = timeline.summarize(
                .vehicle, recording: recording?.path, frames: frames(), at: now)
              stopSoon(loop)
            }
          }, report: { timeline.note("\($0)", of: .vehicle, at: loop.now) }))
    }
    runtime = vehicle
    let giveUp = loop.addTimer {
      complain(
        "coupler: nothing came to an end within \(timeout) s; the vehicle was in phase \(vehicle.node.phase)")
      status = 1
      timeline.stopped(.vehicle, frames: frames(), at: loop.now)
      loop.stop()
    }
    giveUp.deadline = loop.now + .seconds(timeout)
    try orExit { () throws(LinuxError) in
      var isStopping = false
      try loop.onSignals([SIGINT, SIGTERM]) { _ in
        // Who asks twice does not want to wait for a charger that may never answer.
        if isStopping {
          status = status ?? 1
          timeline.stopped(.vehicle, frames: frames(), at: loop.now)
          loop.stop()
        }
        isStopping = true
        vehicle.stop()
      }
      try vehicle.start()
    }
    let place = interface.map { "on \($0.name), \($0.macAddress)" } ?? "without a modem"
    timeline.ready("vehicle \(place)", of: .vehicle, at: loop.now)
    try orExit { () throws(LinuxError) in try loop.run() }
    vehicle.unplug()
    recording?.close()
    if let status, status != 0 { throw ExitCode(status) }
  }
}
