import ArgumentParser
import ControlAPI

/// `coupler authorize`
struct AuthorizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authorize",
    abstract: "Let the vehicle at a connector charge, or refuse it.",
    discussion: """
      For connectors with 'authorization: control' in the site file. Holds for the vehicle that is plugged in, or the \
      next one, until it is unplugged.

        coupler authorize
        coupler authorize 2 --token 04A1B2C3
        coupler authorize 2 --refuse

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  @Flag(help: "Refuse the vehicle.")
  var refuse = false

  @Option(help: ArgumentHelp("Who the customer is, for the journal: at most 64 octets.", valueName: "text"))
  var token: String?

  func validate() throws {
    if let token, token.isEmpty || token.utf8.count > 64 {
      throw ValidationError("--token has 1 to 64 octets, not \(token.utf8.count)")
    }
  }

  func run() throws {
    let (granted, token) = (!refuse, token)
    try options.withSession { session in
      let connector = try target.resolve(session)
      try options.perform(session, .authorize(connector: connector, granted: granted, token: token)) { _ in
        granted ? "connector \(connector): may charge" : "connector \(connector): refused"
      }
    }
  }
}

/// `coupler stop`
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "End the session at a connector in order, hold it back, or go on.",
    discussion: """
      The vehicle is asked to stop, the power goes down, then the contactor opens. The daemon answers when that began; \
      see how it goes on with: coupler watch

        coupler stop                 end the session
        coupler stop 2 --pause       ... and let none begin
        coupler stop 2 --resume      let sessions begin again

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  @Option(help: ArgumentHelp("Who wants it to end (default: user).", valueName: "user|backend|site"))
  var reason: Reason?

  /// As the session knows them; a type of its own, since only those can be arguments.
  enum Reason: String, ExpressibleByArgument, CaseIterable {
    case user, backend, site

    var request: ControlRequest.StopReason {
      switch self {
      case .user: .user
      case .backend: .backend
      case .site: .site
      }
    }
  }

  @Flag(help: "Let no other session begin until --resume.")
  var pause = false

  @Flag(help: "Take --pause back, and wake a vehicle that sleeps.")
  var resume = false

  func validate() throws {
    if pause, resume { throw ValidationError("--pause and --resume exclude each other") }
    if reason != nil, pause || resume {
      throw ValidationError("--reason is for a stop alone; --pause always ends a session for the back end")
    }
  }

  func run() throws {
    let (reason, pause, resume) = (reason?.request ?? .user, pause, resume)
    try options.withSession { session in
      let connector = try target.resolve(session)
      let request: ControlRequest =
        pause
        ? .pause(connector: connector)
        : resume ? .resume(connector: connector) : .stop(connector: connector, reason: reason)
      try options.perform(session, request) { _ in
        let what = pause ? "paused" : resume ? "goes on" : "the session ends"
        return "connector \(connector): \(what)"
      }
    }
  }
}

/// `coupler limit`
struct LimitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit",
    abstract: "Narrow what a vehicle may take, within the site file's limits.",
    discussion: """
      What is not named stays as it is. It lasts until the next such command, or the daemon's restart.

        coupler limit 1 --amps 16
        coupler limit 2 --watts 11000 --volts 400
        coupler limit 1 --amps 0     no energy, but the session goes on
        coupler limit 1 --phases 1   AC, where the outlet can switch

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  @Option(help: ArgumentHelp("Current per phase (AC) or pole (DC), to the milliampere.", valueName: "A"))
  var amps: Double?

  @Option(help: ArgumentHelp("DC: voltage, to the millivolt.", valueName: "V"))
  var volts: Double?

  @Option(help: ArgumentHelp("Power of all phases together.", valueName: "W"))
  var watts: Int?

  @Option(help: ArgumentHelp("AC: phases from the next closing of the contactor on.", valueName: "1|3"))
  var phases: Int?

  func validate() throws {
    guard amps != nil || volts != nil || watts != nil || phases != nil else {
      throw ValidationError("name at least one of --amps, --volts, --watts and --phases")
    }
    if let phases, phases != 1, phases != 3 { throw ValidationError("--phases is 1 or 3") }
    for (value, option) in [(amps, "--amps"), (volts, "--volts")] {
      if let value, !(0...10_000).contains(value) { throw ValidationError("\(option) is 0 to 10000") }
    }
    if let watts, !(0...10_000_000).contains(watts) { throw ValidationError("--watts is 0 to 10000000") }
  }

  func run() throws {
    let limits = ControlLimits(
      milliamps: amps.map { Int(($0 * 1000).rounded()) },
      millivolts: volts.map { Int(($0 * 1000).rounded()) },
      watts: watts, phases: phases)
    try options.withSession { session in
      let connector = try target.resolve(session)
      try options.perform(session, .limit(connector: connector, limits)) { result in
        guard case .limits(let limits) = result else { return "" }
        return "connector \(connector): " + StatusText.words(limits)
      }
    }
  }
}

/// `coupler clear`
struct ClearCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear",
    abstract: "Clear a fault that waits for a person.",
    discussion: """
      A welded contact and the like keep a connector out of service until somebody has looked at it. Look first: \
      coupler status names the fault and what to do about it.

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  func run() throws {
    try options.withSession { session in
      let connector = try target.resolve(session)
      try options.perform(session, .clear(connector: connector)) { _ in "connector \(connector): cleared" }
    }
  }
}
