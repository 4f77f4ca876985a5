import ArgumentParser
import ControlPilot
import Cryptography
import Glibc
import HAL
import ISO15118
import LinuxHardware
import LinuxRuntime
import Node
import Safety
import SLAC
import Simulation
import SimulatedHardware
import Wire

/// `coupler evse`
struct EVSECommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evse",
    abstract: "Be a charger on a network interface, with a simulated electrical side.",
    discussion: """
      SLAC over raw Ethernet, SDP, TCP and ISO 15118-2 on real sockets; pilot,
      contactor and power stage are simulated. Needs CAP_NET_RAW for SLAC (run
      as root, or setcap cap_net_raw+ep).

        coupler evse --interface plc0               wait for vehicles, DC
        coupler evse --interface plc0 --ac --once   one AC session, then exit
        coupler evse --interface eth1 --no-slac     no modem
        coupler evse --link none --ac --pilot /tmp/p
                                                    no network: by the duty alone
        coupler evse --interface plc0 --slac-mode conformant --slac-init 20
        coupler evse --interface plc0 --no-tolerate missingResponse
        coupler evse --interface plc0 --ac --identify-after 5
                                                    nominal duty by EIM

      The pilot: by default a vehicle is played here, plugged in at once, that
      follows the session's messages, for peers without a pilot. With --pilot
      PATH it comes from a `coupler ev --pilot PATH` on the same machine.
      """)

  @OptionGroup var link: LinkOptions
  @OptionGroup(title: "SLAC") var slac: SLACOptions
  @OptionGroup(title: "SLAC as a charger") var match: ChargerMatchOptions
  @OptionGroup var report: ReportOptions

  @Flag(help: "Exit after the first session.")
  var once = false

  @Option(
    help: ArgumentHelp(
      "Answer the authorization request after so long; a negative number never answers.", valueName: "s"))
  var authorizeAfter = 0.5

  @Option(help: ArgumentHelp("With --until match: stay in the network for so long.", valueName: "s"))
  var hold = 5.0

  @Option(help: ArgumentHelp("TCP port; by default a free one of 49152...65535.", valueName: "port"))
  var port: UInt16?

  @Option(help: "EVSEID of the charger.")
  var evseID = "DE*CPL*E00001"

  func validate() throws {
    guard (7...37).contains(evseID.utf8.count) else {
      throw ValidationError(
        "--evse-id must have 7...37 characters (ISO 15118-2 evseIDType), has \(evseID.utf8.count)")
    }
    try checkSeconds(authorizeAfter, of: "--authorize-after", allowingNegative: true)
    try checkSeconds(hold, of: "--hold")
    try link.validate(slac, report)
    if link.policy == .assumed || !link.ac, match.identifyAfter != nil {
      throw ValidationError(
        "--identify-after offers a nominal duty beside SLAC: it needs --ac, and no --no-slac")
    }
    if !link.ac, match.initialDuty != 5 {
      throw ValidationError("--initial-duty 100 is for AC; DC knows 5 % alone. Add --ac or leave it out")
    }
    if link.policy == .absent, port != nil {
      throw ValidationError("--port is of a network, and --link none has none")
    }
    if port == 0 { throw ValidationError("--port must not be 0; leave it out for a free one") }
  }

  func run() throws {
    let loop = try orExit { () throws(LinuxError) in try EventLoop() }
    let interface = try link.networkInterface()
    let timeline = Timeline(json: report.json, verbose: report.verbose, start: loop.now, gathers: true)
    loop.beforeWaiting = { timeline.flush() }
    defer { timeline.flush() }
    let recording = try interface.flatMap { try report.openRecording(of: $0, loop: loop) }

    var description = SiteDescription(link.ac ? .ac : .dc)
    description.attenuation = 0
    var configuration = description.chargerConfiguration()
    configuration.link = link.policy
    configuration.session.evseID = evseID
    match.apply(to: &configuration.coupling)
    var matching = SLACConfiguration(
      address: interface?.macAddress ?? .zero, timers: link.relaxed ? .relaxed : .standard)
    slac.apply(to: &matching.settings)
    match.apply(
      to: &matching, hasPilot: link.cable != nil, boardLoss: description.receiverLossDecibels)
    configuration.session.quirks.pilotMayStayReady = link.cable == nil
    if link.relaxed {
      configuration.session.timers = .relaxed
      configuration.transport = .relaxed
    }
    let node = ChargerNode(
      configuration: configuration,
      matcher: EVSEMatcher(configuration: matching, keys: SecureNetworkKeys()),
      random: SystemRandomNumberGenerator())
    let source: VehicleSource =
      if let path = link.cable {
        .cable(try orExit { () throws(LinuxError) in try CableSocket(path: path, end: .charger) })
      } else {
        .played(plugInAfter: .milliseconds(300))
      }

    var status: Int32?
    // Parsed options are looked up by name at each use: here once.
    let (until, once) = (link.until, once)
    // Without a network nobody asks for an authorization: the customer is identified by external means.
    let isAbsent = link.policy == .absent
    let identifyAfter = match.identifyAfter ?? (isAbsent && authorizeAfter >= 0 ? authorizeAfter : nil)
    var runtime: ChargerRuntime<SecureNetworkKeys, SystemRandomNumberGenerator>?
    var authorize: LoopTimer?
    var identify: LoopTimer?
    let handlers = ChargerRuntime<SecureNetworkKeys, SystemRandomNumberGenerator>.Handlers(
      trace: { trace, now in
        timeline.add(trace, of: .charger, at: now)
        recording?.note(trace, at: now)
        if until == .match, case .phase(.discovery) = trace {
          status = timeline.matched(.charger, frames: useless(runtime), at: now)
          stopSoon(loop, after: .seconds(hold))
        }
        if isAbsent, case .phase(.idle) = trace {
          identify?.deadline = identifyAfter.map { loop.now + .seconds($0) }
        }
        // A try that failed is told, and the next one begins; only the end of a session counts for --once.
        if case .ended(let outcome) = trace, once, until == .session {
          if case .failed(let failure) = outcome, failure.mayRetry { return }
          status = timeline.summarize(
            .charger, recording: recording?.path, frames: useless(runtime), at: now)
          stopSoon(loop)
        }
      },
      authorizationNeeded: {
        authorize?.deadline = authorizeAfter < 0 ? nil : loop.now + .seconds(authorizeAfter)
      },
      report: { timeline.note("\($0)", of: .charger, at: loop.now) })
    let charger = try orExit { () throws(LinuxError) in
      try ChargerRuntime(
        node, bench: description.bench(), vehicle: source, interface: interface, port: port, loop: loop,
        handlers: handlers)
    }
    runtime = charger
    authorize = loop.addTimer { runtime?.post(.authorization(.granted)) }
    identify = loop.addTimer { runtime?.post(.identified(true)) }
    identify?.deadline = identifyAfter.map { loop.now + .seconds($0) }
    try orExit { () throws(LinuxError) in
      try loop.onSignals([SIGINT, SIGTERM]) { _ in
        status = status ?? 0
        timeline.stopped(.charger, frames: useless(runtime), at: loop.now)
        loop.stop()
      }
      try charger.start()
    }
    charger.post(.limits(description.limits))
    let place = interface.map { "on \($0.name), \($0.macAddress)" } ?? "without a modem"
    timeline.ready("charger \(place)", of: .charger, at: loop.now)
    try orExit { () throws(LinuxError) in try loop.run() }
    recording?.close()
    if let status, status != 0 { throw ExitCode(status) }
  }
}

/// What a runtime that may not be there yet has counted.
private func useless<Keys, Random>(_ runtime: ChargerRuntime<Keys, Random>?) -> UselessFrames {
  runtime?.uselessFrames ?? UselessFrames(counters: FrameCounters())
}
