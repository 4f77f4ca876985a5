import ArgumentParser
import ControlAPI
import Glibc
import LinuxHardware
import Wire

/// `coupler watch`
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow a running charging station: pilot, SLAC, session and power.",
    discussion: """
      On a terminal, a live view of each connector with the latest news below it. Into a pipe, one line for each piece \
      of news. Looking does not disturb: a viewer that is slow misses intermediate values, and the station never waits.

        coupler watch
        coupler watch 2
        coupler watch --json | jq .pilot.state
        coupler watch --events fault,ended --json

      Runs until it is interrupted, or the daemon ends.

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  @Option(
    help: ArgumentHelp(
      "Only these, into a pipe or with --json: \(ControlEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "kind,kind"))
  var events: String?

  @Flag(help: "Print lines, also on a terminal.")
  var lines = false

  private var kinds: Set<ControlEvent.Kind>? {
    get throws {
      guard let events else { return nil }
      var kinds: Set<ControlEvent.Kind> = []
      for name in events.split(separator: ",", omittingEmptySubsequences: false) {
        guard let kind = ControlEvent.Kind(rawValue: String(name)) else {
          let all = ControlEvent.Kind.allCases.map(\.rawValue)
          let meant = nearestWord(to: String(name), among: all).map { "; did you mean '\($0)'?" } ?? ""
          throw ValidationError("--events: '\(name)' is none of \(all.joined(separator: ", "))\(meant)")
        }
        kinds.insert(kind)
      }
      return kinds
    }
  }

  func validate() throws { _ = try kinds }

  func run() throws {
    let (json, connector) = (options.json, target.connector)
    let isView = Terminal.isThere && !json && !lines
    var subscription = ControlSubscription(connector: connector)
    // The view needs them all.
    if !isView, let kinds = try kinds { subscription.kinds = kinds }
    try options.withSession { session in
      var end: Int32?
      try trying { () throws(LinuxError) in
        try session.loop.onSignals([SIGINT, SIGTERM, SIGHUP]) { _ in
          end = 0
          session.loop.stop()
        }
      }
      var trouble: ControlTrouble?
      session.failed = { found in
        trouble = found
        session.loop.stop()
      }
      if isView {
        try view(session, subscription) { end == nil && trouble == nil }
      } else {
        try stream(session, subscription, json: json) { end == nil && trouble == nil }
      }
      if end == nil, let trouble { throw trouble }
    }
  }

  private func trying(_ body: () throws(LinuxError) -> Void) throws {
    do throws(LinuxError) { try body() } catch { throw ControlTrouble(status: 2, text: "\(error)") }
  }

  // MARK: lines

  private func stream(
    _ session: ControlSession, _ subscription: ControlSubscription, json: Bool, goesOn: () -> Bool
  ) throws {
    session.event = { say(json ? $0.jsonText : StatusText.line($0)) }
    // Subscribed first, so that nothing falls between the state and the first event.
    try session.subscribe(subscription)
    let state = try session.ask(.status(connector: subscription.connector))
    if json {
      say(state.jsonText)
    } else if case .status(let list) = state {
      let text = StatusText(width: 120, isColoured: false)
      for status in list { sayLines(text.block(status).map { $0 + "\n" }.joined()) }
    }
    if goesOn() { try trying { () throws(LinuxError) in try session.loop.run() } }
  }

  // MARK: view

  private func view(
    _ session: ControlSession, _ subscription: ControlSubscription, goesOn: () -> Bool
  ) throws {
    let loop = session.loop
    let second = { Int(loop.now.nanoseconds / 1_000_000_000) }
    var early: [ControlEvent] = []
    session.event = { early.append($0) }
    try session.subscribe(subscription)
    guard case .info(let info) = try session.ask(.info),
      case .status(let list) = try session.ask(.status(connector: subscription.connector))
    else { throw ControlTrouble.foreign }
    var view = WatchView(info: info, connectors: list, atSecond: second())
    var isStale = true
    session.event = { event in
      view.take(event, atSecond: second())
      isStale = true
    }
    let tick = loop.addTimer { isStale = true }
    try trying { () throws(LinuxError) in try loop.onSignals([SIGWINCH]) { _ in isStale = true } }
    // All news of a turn in one frame, and ten frames a second at most.
    var drawn = Instant(nanoseconds: .min)
    let pace: Duration = .milliseconds(100)
    loop.beforeWaiting = {
      tick.deadline = view.isTicking ? loop.now + .seconds(1) : nil
      guard isStale else { return }
      guard loop.now - drawn >= pace else {
        tick.deadline = drawn + pace
        return
      }
      isStale = false
      drawn = loop.now
      let size = Terminal.size
      let lines = view.lines(
        width: size.columns, height: size.lines, isColoured: Terminal.isColoured, atSecond: second())
      sayLines(Terminal.frame(lines, height: size.lines))
    }
    sayLines(Terminal.enter)
    defer { sayLines(Terminal.leave) }
    if goesOn() { try trying { () throws(LinuxError) in try loop.run() } }
  }
}
