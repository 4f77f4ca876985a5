import ArgumentParser
import Glibc
import LinuxHardware
import PLCModem
import Wire

/// `coupler modem link`
struct ModemLink: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link",
    abstract: "Show whether the modem has a link to a peer.",
    discussion: """
      A link is there when another modem holds the same key: after a match, never before. With --watch each change is \
      shown, until interrupted.

        coupler modem link -i plc0 || echo no link
        coupler modem link -i plc0 --watch --json

      Exit status: 0 the link is up; 1 it is down, or the modem does not answer; 2 the interface could not be used. \
      With --watch: 0 after an interruption.
      """)

  @OptionGroup var options: ModemOptions

  @Flag(name: .shortAndLong, help: "Go on asking, and show changes.")
  var watch = false

  @Option(help: ArgumentHelp("Time between two questions.", valueName: "s"))
  var interval = 1.0

  func validate() throws {
    guard interval >= 0.1, interval <= 3600 else { throw ValidationError("--interval is 0.1 to 3600 s") }
  }

  func run() throws {
    let session = try ModemSession(options)
    if !watch {
      let isUp = try session.run(AskLink(driver: session.driver))
      show(isUp ? "up" : "down", at: nil)
      if !isUp { throw ExitCode(1) }
      return
    }
    let loop = session.port.loop
    var isStopped = false
    try orExit { () throws(LinuxError) in
      try loop.onSignals([SIGINT, SIGTERM]) { _ in isStopped = true }
    }
    let start = loop.now
    var last = ""
    while !isStopped {
      let state =
        switch try session.attempt(AskLink(driver: session.driver, patience: ModemPatience(.seconds(1)))) {
        case .success(let isUp): isUp ? "up" : "down"
        case .failure(.cannotAsk(let ability, let limit)):
          throw giveUp("\(ModemTaskFailure.cannotAsk(ability, limit))", json: options.json)
        case .failure: "unknown"
        }
      if state != last { show(state, at: (loop.now - start).milliseconds) }
      last = state
      let next = loop.now + .milliseconds(Int64(interval * 1000))
      while !isStopped, loop.now < next {
        try orExit { () throws(LinuxError) in _ = try loop.step(until: next) }
      }
    }
    session.port.reportRefused()
  }

  private func show(_ state: String, at milliseconds: Int64?) {
    guard options.json else {
      return say(milliseconds.map { "\(seconds(milliseconds: $0))  link \(state)" } ?? "link \(state)")
    }
    var line = JSONLine()
    if let milliseconds { line.add("time", milliseconds: milliseconds) }
    line.add("link", state)
    say(line.text)
  }
}
