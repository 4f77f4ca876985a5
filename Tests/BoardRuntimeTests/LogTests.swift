import Testing
import Wire

@testable import BoardRuntime

@Suite struct LogTests {
  @Test func a_line_names_connector_layer_and_event() {
    let line = LogLine(.info, connector: "2", layer: "pilot", event: "state", "state A -> B")
    #expect(line.plain == "2 pilot state: state A -> B")
    #expect(
      line.journalEntry
        == "PRIORITY=6\nSYSLOG_IDENTIFIER=couplerd\nMESSAGE=2 pilot state: state A -> B\n"
        + "COUPLER_CONNECTOR=2\nCOUPLER_LAYER=pilot\nCOUPLER_EVENT=state\n")
  }

  @Test func what_a_peer_sent_cannot_start_a_line_or_steer_a_terminal() {
    let line = LogLine(.info, layer: "v2g", event: "received", "id \n<0>forged \u{1b}[2J")
    #expect(line.plain == "v2g received: id ?<0>forged ?[2J")
    #expect(line.journalEntry.split(separator: "\n").count == 5)
  }

  @Test func a_flood_is_cut_and_counted_and_hides_nothing_else() {
    var limiter = LogLimiter()
    let flood = LogLine(.info, connector: "1", layer: "slac", event: "frame", "x")
    var passed = 0
    for _ in 0..<1000 where limiter.admit(flood, at: .zero).passes { passed += 1 }
    #expect(passed == LogLimiter.burst)
    #expect(limiter.admit(LogLine(.error, connector: "1", layer: "slac", event: "x", ""), at: .zero).passes)
    #expect(limiter.admit(LogLine(.info, connector: "2", layer: "slac", event: "x", ""), at: .zero).passes)
    let later = limiter.admit(flood, at: .zero + .seconds(1))
    #expect(later.passes && later.leftOut == 900)
    #expect(limiter.admit(flood, at: .zero + .seconds(1)).leftOut == 0)
  }

  @Test func names_a_peer_invents_do_not_fill_the_memory() {
    var limiter = LogLimiter()
    for index in 0..<10_000 {
      _ = limiter.admit(LogLine(.info, connector: "\(index)", layer: "x", event: "y", ""), at: .zero)
    }
    // Those beyond the bound share one bucket, which is empty by now.
    #expect(!limiter.admit(LogLine(.info, connector: "new", layer: "x", event: "y", ""), at: .zero).passes)
  }
}

@Suite struct DaemonOptionsTests {
  @Test func options_are_read_in_both_spellings() throws {
    let options = try DaemonOptions([
      "--site", "/etc/coupler/site.yaml", "--board=simulation", "--check", "-v",
    ])
    #expect(options.sitePath == "/etc/coupler/site.yaml")
    #expect(options.board == "simulation")
    #expect(options.task == .check)
    #expect(options.isVerbose)
  }

  @Test(arguments: [
    (["--sit", "x"], "unknown option"), (["--site"], "needs a value"), (["--site="], "not empty"),
    (["--check=1"], "takes no value"), (["x"], "unknown option"),
    (["--site", "a", "--interface", "plc0"], "built-in site"),
    (["--check", "--safe-state"], "exclude each other"), (["--safe-state", "--check"], "exclude each other"),
  ])
  func misuse_is_told(arguments: [String], word: String) throws {
    let error = #expect(throws: DaemonOptions.Misuse.self) { _ = try DaemonOptions(arguments) }
    #expect("\(try #require(error))".contains(word))
  }
}
