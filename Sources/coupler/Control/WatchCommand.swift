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

      Runs until it is interrupted. A daemon that ends or starts anew is waited for, and its state told again.

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

  @Flag(help: "End with the daemon, instead of waiting for its next start.")
  var untilEnd = false

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
    // Parsed options are looked up by name at each use: here once.
    let watch = Watch(
      path: options.socket, json: options.json,
      screen: Terminal.isThere && !options.json && !lines ? WatchScreen() : nil)
    watch.subscription.connector = target.connector
    // The view needs them all.
    if watch.screen == nil, let kinds = try kinds { watch.subscription.kinds = kinds }
    do {
      try watch.run(untilTheDaemonEnds: untilEnd)
    } catch let trouble as ControlTrouble {
      throw trouble.exit(options)
    }
  }
}

/// One run of `coupler watch`, over as many connections as the daemon makes of it.
private final class Watch {
  let screen: WatchScreen?
  var subscription = ControlSubscription(connector: nil)
  private let path: String
  private let json: Bool
  /// A daemon has told its state: one that is gone is waited for, and not one that never was.
  private var wasServed = false
  /// A signal has ended it.
  private var isOver = false

  init(path: String, json: Bool, screen: WatchScreen?) {
    self.path = path
    self.json = json
    self.screen = screen
  }

  func run(untilTheDaemonEnds: Bool) throws {
    defer { screen?.close() }
    var session = try ControlSession(path: path)
    while true {
      let trouble = try follow(session)
      guard !isOver else { return }
      // A daemon that answers and refuses would do so again.
      guard !untilTheDaemonEnds, trouble.status == 2, wasServed else { throw trouble }
      tell("\(trouble.text); waiting for its next start")
      guard let next = try nextSession() else { return }
      session = next
    }
  }

  /// What is not of the station: on the screen, or beside the lines.
  private func tell(_ text: String) {
    if screen == nil { complain("coupler: \(text)") } else { screen?.view?.notice = text }
  }

  private func trying<Value>(_ body: () throws(LinuxError) -> Value) throws -> Value {
    do throws(LinuxError) { return try body() } catch { throw ControlTrouble(status: 2, text: "\(error)") }
  }

  /// A loop that signals end.
  private func prepare(_ loop: EventLoop) throws {
    try trying { () throws(LinuxError) in
      try loop.onSignals([SIGINT, SIGTERM, SIGHUP]) { [weak self, unowned loop] _ in
        self?.isOver = true
        loop.stop()
      }
      try screen?.attach(to: loop)
    }
    // `| head -1`: who reads has what it wants, and the daemon has a client less. Files cannot be watched and have no reader.
    if screen == nil {
      _ = try? loop.add(STDOUT_FILENO, []) { [weak self, unowned loop] _ in
        self?.isOver = true
        loop.stop()
      }
    }
  }

  /// Looks every second whether a daemon is there again; `nil` where a signal came first.
  private func nextSession() throws -> ControlSession? {
    let loop = try trying { () throws(LinuxError) in try EventLoop() }
    try prepare(loop)
    var found: ControlSession?
    var timer: LoopTimer?
    timer = loop.addTimer { [path, unowned loop] in
      found = try? ControlSession(path: path)
      if found == nil { timer?.deadline = loop.now + .seconds(1) } else { loop.stop() }
    }
    timer?.deadline = loop.now + .seconds(1)
    try trying { () throws(LinuxError) in try loop.run() }
    return isOver ? nil : found
  }

  /// Shows what one daemon tells until it is gone; what it ended by.
  private func follow(_ session: ControlSession) throws -> ControlTrouble {
    do {
      try prepare(session.loop)
      var trouble: ControlTrouble?
      session.failed = { [unowned session] found in
        trouble = found
        session.loop.stop()
      }
      if let screen { try view(session, screen) } else { try stream(session) }
      wasServed = true
      while !isOver, trouble == nil {
        try trying { () throws(LinuxError) in try session.loop.run() }
      }
      return trouble ?? .foreign
    } catch let trouble as ControlTrouble {
      return trouble
    }
  }

  private func stream(_ session: ControlSession) throws {
    let json = json
    session.event = { say(json ? $0.jsonText : StatusText.line($0)) }
    // Subscribed first, so that nothing falls between the state and the first event.
    try session.subscribe(subscription)
    let state = try session.ask(.status(connector: subscription.connector))
    if wasServed { complain("coupler: a daemon answers again") }
    if json {
      say(state.jsonText)
    } else if case .status(let list) = state {
      let text = StatusText(width: 120, isColoured: false)
      for status in list { sayLines(text.block(status).map { $0 + "\n" }.joined()) }
    }
  }

  private func view(_ session: ControlSession, _ screen: WatchScreen) throws {
    let loop = session.loop
    var early: [ControlEvent] = []
    session.event = { early.append($0) }
    try session.subscribe(subscription)
    guard case .info(let info) = try session.ask(.info),
      case .status(let list) = try session.ask(.status(connector: subscription.connector))
    else { throw ControlTrouble.foreign }
    var view = WatchView(info: info, connectors: list, atSecond: WatchScreen.second(of: loop))
    if let old = screen.view { view.takeOver(old) }
    screen.view = view
    session.event = { [unowned loop] in
      screen.view?.take($0, atSecond: WatchScreen.second(of: loop))
    }
    for event in early { session.event(event) }
  }
}
