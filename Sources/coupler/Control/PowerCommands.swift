import ArgumentParser
import ControlAPI
import Glibc
import LinuxHardware
import Wire

/// `coupler power`
struct PowerStageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power",
    abstract: "Play the power stage of a DC connector, or show it.",
    discussion: """
      A board without a power stage gets one from the program that drives rectifiers, meter and insulation monitor: it \
      reports by the method 'power' of the control socket, and does what the answers say. With --simulate this command \
      is such a program, for a rig without rectifiers, and the example to write one from: docs/control-api.md, \
      "The power stage".

        coupler power                                what the stage of the connector says
        coupler power 1 --simulate                   play it, with ramps, until interrupted
        coupler power 1 --simulate --amps 60         ... that can give 60 A
        coupler power 1 --simulate --fault silent --after 10
                                                     ... and goes wrong 10 s after it was enabled

      Faults: fault (it says so), silent (it hangs), insulation (its monitor trips), not-ready (it asks for an end), \
      too-much (it gives more than it is told).

      The simulation board has a power stage of its own; give it this one by 'power-stage: {source: control}' in the \
      site file.

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  @Flag(help: "Play the power stage.")
  var simulate = false

  @Option(help: ArgumentHelp("Highest current it can give.", valueName: "A"))
  var amps: Double?

  @Option(help: ArgumentHelp("Highest voltage it can give.", valueName: "V"))
  var volts: Double?

  @Option(help: ArgumentHelp("What goes wrong.", valueName: "fault|silent|insulation|not-ready|too-much"))
  var fault: Fault?

  @Option(help: ArgumentHelp("When it goes wrong, since it was first enabled.", valueName: "s"))
  var after = 5.0

  @Option(help: ArgumentHelp("Time between two reports; the daemon wants one each second.", valueName: "ms"))
  var interval = 100

  @Option(help: ArgumentHelp("Ends after this time.", valueName: "s"))
  var seconds: Double?

  /// As the simulation knows them; a type of its own, since only those can be arguments.
  enum Fault: String, ExpressibleByArgument, CaseIterable {
    case fault, silent, insulation
    case notReady = "not-ready"
    case tooMuch = "too-much"
  }

  func validate() throws {
    guard simulate || (amps == nil && volts == nil && fault == nil && seconds == nil) else {
      throw ValidationError("--amps, --volts, --fault and --seconds are for --simulate; add it")
    }
    for (value, option) in [(amps, "--amps"), (volts, "--volts")] {
      if let value, !(0...10_000).contains(value) { throw ValidationError("\(option) is 0 to 10000") }
    }
    guard (10...10_000).contains(interval) else { throw ValidationError("--interval is 10 to 10000") }
    for (value, option) in [(after, "--after"), (seconds ?? 0, "--seconds")]
    where !(0...1_000_000).contains(value) { throw ValidationError("\(option) is 0 to 1000000") }
  }

  func run() throws {
    try options.withSession { session in
      let connector = try target.resolve(session)
      guard simulate else {
        guard case .status(let list) = try session.ask(.status(connector: connector)),
          let status = list.first
        else { throw ControlTrouble.foreign }
        guard let stage = status.stage else {
          throw ControlTrouble(
            status: 1,
            text: "connector \(connector) has a power stage of its own, or none: no program drives it",
            json: #"{"error":{"message":"no such power stage"}}"#)
        }
        return say(
          options.json
            ? stage.jsonText
            : "connector \(connector): " + StatusText.fields(stage).map(\.text).joined(separator: ", "))
      }
      let client = PowerStageClient(session, connector, stage(at: session.loop.now), options)
      try client.run(
        every: .milliseconds(interval), for: seconds.map { .milliseconds(Int64($0 * 1000)) })
    }
  }

  private func stage(at now: Instant) -> SimulatedStage {
    var stage = SimulatedStage(at: now)
    stage.limits = ControlLimits(
      milliamps: amps.map { Int(($0 * 1000).rounded()) }, millivolts: volts.map { Int(($0 * 1000).rounded()) }
    )
    if let fault, let kind = SimulatedStage.Trouble(rawValue: fault.rawValue) {
      stage.trouble = (kind, .milliseconds(Int64(after * 1000)))
    }
    return stage
  }
}

/// A charge controller at the control socket, as small as one can be: it reports in time, and obeys.
private final class PowerStageClient {
  private let session: ControlSession
  private let connector: Int
  private var stage: SimulatedStage
  private let options: ControlOptions
  private var trouble: ControlTrouble?
  private var timer: LoopTimer?
  private var told = ""

  init(_ session: ControlSession, _ connector: Int, _ stage: SimulatedStage, _ options: ControlOptions) {
    self.session = session
    self.connector = connector
    self.stage = stage
    self.options = options
  }

  func run(every interval: Duration, for time: Duration?) throws {
    let loop = session.loop
    session.failed = { [weak self] in self?.end($0) }
    session.event = { [weak self] event in
      guard case .powerCommand(let command) = event.content else { return }
      self?.obey(command)
    }
    // Commands come as events, at once; each answer has the present one as well.
    try session.subscribe(ControlSubscription(kinds: [.powerCommand], connector: connector))
    let end = time.map { loop.now + $0 }
    timer = loop.addTimer { [weak self] in
      guard let self else { return }
      if isDue(end, at: loop.now) { return loop.stop() }
      timer?.deadline = earliest(loop.now + interval, end)
      report()
    }
    do throws(LinuxError) {
      try loop.onSignals([SIGINT, SIGTERM, SIGHUP]) { _ in loop.stop() }
      timer?.deadline = loop.now
      try loop.run()
    } catch {
      throw ControlTrouble(status: 2, text: "\(error)")
    }
    if let trouble { throw trouble }
  }

  private func end(_ found: ControlTrouble) {
    trouble = found
    session.loop.stop()
  }

  private func report() {
    let report = stage.report(at: session.loop.now)
    guard !stage.isSilent else { return }
    session.post(.power(connector: connector, report)) { [weak self] result in
      switch result {
      case .success(.powerCommand(let command)): self?.obey(command)
      case .success: break
      case .failure(let refusal): self?.end(ControlSession.trouble(refusal))
      }
    }
    tell(report)
  }

  private func obey(_ command: PowerCommand) {
    guard command != stage.command else { return }
    let wasEnabled = stage.command.isEnabled
    stage.obey(command, at: session.loop.now)
    if !options.json { say("told: " + StatusText.words(command)) }
    // A stage that is switched off says at once that no current flows: the contactor waits for it.
    if wasEnabled, !command.isEnabled { report() }
  }

  /// One line for each second while there is something to see; every report with `--json`.
  private func tell(_ report: PowerReport) {
    if options.json { return say(report.jsonText) }
    let second = session.loop.now.nanoseconds / 1_000_000_000
    let line =
      "gives \(StatusText.volts(report.millivolts)) \(StatusText.amps(report.milliamps))"
      + (report.insulation.map { ", insulation \($0.rawValue)" } ?? "")
    guard stage.command.isEnabled, told != "\(second)" else { return }
    told = "\(second)"
    say(line)
  }
}
