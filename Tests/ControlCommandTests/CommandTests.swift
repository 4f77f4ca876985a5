import ControlAPI
import Foundation
import Glibc
import Testing

/// The commands as they were built, against a station that is only a socket.
enum Command {
  static let executable: String? = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let folder = tests.map({ URL(filePath: $0).deletingLastPathComponent() }) else { return nil }
    let path = folder.appending(path: "coupler").path
    return access(path, X_OK) == 0 ? path : nil
  }()

  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  static func process(_ arguments: [String]) throws -> (process: Process, output: Pipe, errors: Pipe) {
    let process = Process()
    process.executableURL = URL(filePath: try #require(executable))
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    return (process, output, errors)
  }

  static func run(_ arguments: String...) throws -> Result {
    let (process, output, errors) = try process(arguments)
    let end = Date() + 30
    while process.isRunning, Date() < end { usleep(10_000) }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self),
      errors: String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
  }
}

@Suite(.enabled(if: Command.executable != nil, "coupler was not built beside the tests"))
struct CommandTests {
  private func station() throws -> FakeStation {
    try FakeStation { request in
      switch request {
      case .info: .success(.info(ViewTests.info))
      case .status: .success(.status([ViewTests.charging]))
      case .limit(_, let limits): .success(.limits(limits))
      case .errors:
        .success(
          .errors([
            ErrorEntry(
              number: 3, connector: 1, unixSeconds: 1_795_000_000, layer: "safety", name: "earthLost",
              text: "it tripped",
              isPresent: true)
          ]))
      case .clear:
        .failure(
          ControlFailure(.faultPersists, "the contactor still reads closed", remedy: "replace it first"))
      case .stop(let connector, _) where connector == 9:
        .failure(ControlFailure(.unknownConnector, "there is no connector 9", remedy: "this station has 1"))
      default: .success(.done)
      }
    }
  }

  @Test func status_prints_every_connector() throws {
    let station = try station()
    let result = try Command.run("status", "--socket", station.socket)
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(
      result.output.hasPrefix(
        "couplerd 0.1.0 on simulation, up 1 d 2 h\n\nConnector 1  DE*CPL*E00001  DC  plc0\n"))
    #expect(result.output.contains("  SLAC     matched   02:00:00:00:00:01   20.5 dB\n"))
    #expect(!result.output.contains("\u{1B}"))
    let json = try Command.run("status", "2", "--json", "--socket", station.socket)
    #expect(
      json.output.hasPrefix(#"{"connectors":[{"connector":1,"role":"charger","evseID":"DE*CPL*E00001""#))
    #expect(station.requests.last == .status(connector: 2))
  }

  @Test func a_power_stage_is_played_until_its_time_is_over() throws {
    let station = try FakeStation { request in
      switch request {
      case .info: return .success(.info(ViewTests.info))
      case .power(1, let report):
        var command = PowerCommand()
        command.isEnabled = report.millivolts < 400_000
        (command.millivolts, command.milliamps) = (400_000, 2000)
        return .success(.powerCommand(command))
      default: return .success(.done)
      }
    }
    let result = try Command.run(
      "power", "--simulate", "--amps", "60", "--interval", "50", "--seconds", "2", "--socket", station.socket)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    #expect(result.output.contains("told: on, 400.0 V 2.0 A\n") && result.output.contains("told: off\n"))
    let reports = station.requests.compactMap { if case .power(_, let report) = $0 { report } else { nil } }
    #expect(reports.contains { $0.millivolts == 400_000 } && reports.allSatisfy { $0.milliampsMax == 60_000 })
  }

  @Test func a_power_stage_that_is_not_wanted_ends_with_the_reason() throws {
    let station = try FakeStation { request in
      switch request {
      case .info: .success(.info(ViewTests.info))
      case .power:
        .failure(ControlFailure(.wrongState, "another client reports for this power stage", remedy: "end it"))
      case .status: .success(.status([ViewTests.charging]))
      default: .success(.done)
      }
    }
    let refused = try Command.run("power", "--simulate", "--socket", station.socket)
    #expect(refused.status == 1)
    #expect(refused.errors == "coupler: another client reports for this power stage; end it\n")
    let shown = try Command.run("power", "--socket", station.socket)
    #expect(shown.status == 1 && shown.errors.contains("has a power stage of its own"))
    let wrong = try Command.run("power", "--amps", "60", "--socket", station.socket)
    #expect(wrong.status == 64 && wrong.errors.contains("add it"))
  }

  @Test func errors_are_listed_with_their_time() throws {
    let station = try station()
    let result = try Command.run("status", "--errors", "--socket", station.socket)
    #expect(result.output == "3  2026-11-18 11:06:40  connector 1, safety, present: earthLost: it tripped\n")
  }

  @Test func orders_reach_the_station() throws {
    let station = try station()
    for (arguments, request, output) in [
      (
        "authorize", ControlRequest.authorize(connector: 1, granted: true, token: nil),
        "connector 1: may charge"
      ),
      (
        "authorize 2 --refuse --token X", .authorize(connector: 2, granted: false, token: "X"),
        "connector 2: refused"
      ),
      ("stop", .stop(connector: 1, reason: .user), "connector 1: the session ends"),
      ("stop 1 --reason site", .stop(connector: 1, reason: .site), "connector 1: the session ends"),
      ("stop 1 --pause", .pause(connector: 1), "connector 1: paused"),
      ("stop 1 --resume", .resume(connector: 1), "connector 1: goes on"),
      (
        "limit 1 --amps 16.5 --watts 11000",
        .limit(connector: 1, ControlLimits(milliamps: 16_500, watts: 11_000)),
        "connector 1: at most 16.5 A, 11.00 kW"
      ),
      ("limit --volts 400", .limit(connector: 1, ControlLimits(millivolts: 400_000)), "connector 1: 400.0 V"),
    ] as [(String, ControlRequest, String)] {
      let words = arguments.split(separator: " ").map(String.init)
      let (process, pipe, _) = try Command.process(words + ["--socket", station.socket])
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(arguments)")
      #expect(station.requests.last == request, "\(arguments)")
      #expect(
        String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == output + "\n")
    }
  }

  @Test func a_refusal_is_told_with_its_remedy_and_exit_status_1() throws {
    let station = try station()
    let result = try Command.run("clear", "--socket", station.socket)
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.errors == "coupler: the contactor still reads closed; replace it first\n")
    let json = try Command.run("stop", "9", "--json", "--socket", station.socket)
    #expect(json.status == 1)
    #expect(
      json.output
        == #"{"error":{"code":1,"message":"there is no connector 9","data":{"name":"unknownConnector","remedy":"this station has 1"}}}"#
        + "\n")
  }

  @Test func one_of_several_connectors_has_to_be_named() throws {
    let station = try FakeStation { _ in
      .success(
        .info(
          StationInfo(
            name: "couplerd", version: "1", board: "b", processID: 1, uptimeSeconds: 1, connectors: [1, 2])))
    }
    let result = try Command.run("stop", "--socket", station.socket)
    #expect(result.status == 1)
    #expect(result.errors == "coupler: this station has the connectors 1, 2; say which, as the argument\n")
    #expect(station.requests == [.info])
    let json = try Command.run("stop", "--json", "--socket", station.socket)
    #expect(
      json.output
        == #"{"error":{"code":-32602,"message":"this station has the connectors 1, 2","data":{"name":"invalidParameters","remedy":"say which, as the argument"}}}"#
        + "\n")
  }

  /// A script reads why, whatever it was.
  @Test func what_answers_and_is_no_daemon_is_told_as_JSON_too() throws {
    let station = try FakeStation { _ in .success(.done) }
    let result = try Command.run("stop", "--json", "--socket", station.socket)
    #expect(result.status == 2 && result.output.hasPrefix(#"{"error":{"message":"#), "\(result)")
  }

  // MARK: no daemon

  @Test(arguments: [["status"], ["watch"], ["authorize"], ["stop"], ["limit", "--amps", "1"], ["clear"]])
  func without_a_daemon_it_is_said_what_to_do(arguments: [String]) throws {
    let folder = NSTemporaryDirectory() + "coupler-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let missing = try Command.process(arguments + ["--socket", folder + "/s"])
    missing.process.waitUntilExit()
    let text = String(decoding: missing.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(missing.process.terminationStatus == 2)
    #expect(
      text
        == "coupler: there is no socket at \(folder)/s: no daemon runs, or it has another one; start it with: systemctl start couplerd, or name its control.socket with --socket\n"
    )
  }

  @Test func a_daemon_that_has_ended_is_told_from_one_that_never_was() throws {
    let station = try station()
    let path = station.socket + "2"
    let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    close(raw)
    let result = try Command.run("status", "--socket", path)
    #expect(result.status == 2)
    #expect(result.errors.contains("nobody serves \(path) any more: the daemon has ended"))
  }

  @Test func a_folder_is_no_daemon_that_has_ended() throws {
    let result = try Command.run("status", "--socket", "/")
    #expect(result.status == 2 && result.errors.contains("/ is not the daemon's socket"), "\(result.errors)")
  }

  @Test func a_daemon_that_does_not_answer_is_given_up() throws {
    let station = try FakeStation { _ in nil }
    let result = try Command.run("status", "--socket", station.socket)
    #expect(result.status == 2)
    #expect(result.errors.contains("the daemon does not answer 'info' within 5 s"))
  }

  @Test func one_client_too_many_is_told_so() throws {
    let station = try FakeStation(clientsMax: 0) { _ in .success(.done) }
    let result = try Command.run("stop", "1", "--socket", station.socket)
    #expect(result.status == 2)
    #expect(result.errors.contains("0 clients are connected, and no more are taken; end one of them"))
  }

  @Test(
    arguments: [
      (["stop", "0"], "connectors are numbered 1, 2, 3"),
      (["stop", "--pause", "--resume"], "exclude each other"),
      (["stop", "--pause", "--reason", "site"], "--reason is for a stop alone"),
      (["limit", "1"], "at least one of --amps"), (["limit", "--amps=-1"], "--amps is 0 to 10000"),
      (["limit", "--amps", "nan"], "--amps is 0 to 10000"),
      (["authorize", "--token", ""], "--token has 1 to 64 octets"),
      (["watch", "--events", "pilot,fautl"], "did you mean 'fault'?"),
      (["stop", "--reason", "me"], "reason"),
    ] as [([String], String)])
  func wrong_arguments_are_refused_before_anything_is_asked(arguments: [String], text: String) throws {
    let station = try station()
    let (process, _, errors) = try Command.process(arguments + ["--socket", station.socket])
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
    #expect(String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).contains(text))
    #expect(station.requests.isEmpty)
  }

  // MARK: the manual

  @Test func the_manual_has_every_subcommand() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "packaging")
    let page = try String(contentsOf: folder.appending(path: "coupler.1"), encoding: .utf8)
    let help = try Command.run("--help").output
    let list = try #require(help.components(separatedBy: "SUBCOMMANDS:\n").last)
    let names = list.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("  "), !line.hasPrefix("   "), !line.hasPrefix("  See") else { return nil }
      return line.split(separator: " ").first.map(String.init)
    }
    #expect(names.count > 10)
    let bold = page.split(separator: "\n").filter { $0.hasPrefix(".B") }.flatMap {
      $0.split { " \",".contains($0) }.dropFirst()
    }
    for name in names { #expect(bold.contains(Substring(name)), "coupler.1 has no \(name)") }
  }

  // MARK: watch

  private func waitUntil(_ condition: () -> Bool) {
    let end = Date() + 20
    while !condition(), Date() < end { usleep(10_000) }
  }

  private func pilot(_ state: String, _ milliseconds: Int64) -> ControlEvent {
    var status = PilotStatus()
    status.state = state
    return ControlEvent(connector: 1, milliseconds: milliseconds, .pilot(status))
  }

  @Test func watch_prints_lines_into_a_pipe_and_ends_in_order() throws {
    let station = try station()
    let (process, output, _) = try Command.process(["watch", "--socket", station.socket])
    waitUntil { station.hasSubscribers && station.requests.contains(.status(connector: nil)) }
    station.publish(pilot("B", 1500))
    station.publish(
      ControlEvent(connector: 1, milliseconds: 2000, .ended(ok: true, text: "completed", wattHours: 12_345)))
    var text = ""
    while !text.contains("ended"), case let data = output.fileHandleForReading.availableData, !data.isEmpty {
      text += String(decoding: data, as: UTF8.self)
    }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text.hasPrefix("Connector 1  DE*CPL*E00001  DC  plc0\n"))
    #expect(
      text.hasSuffix(
        "1.500  connector 1: pilot B (vehicle connected)\n2.000  connector 1: ended in order: completed, 12.35 kWh\n"
      ))
    #expect(!text.contains("\u{1B}"))
  }

  @Test func watch_ends_when_nobody_reads_any_more() throws {
    let station = try station()
    let (process, output, _) = try Command.process(["watch", "--json", "--socket", station.socket])
    _ = output.fileHandleForReading.availableData
    #expect(process.isRunning)
    try output.fileHandleForReading.close()
    let end = Date() + 10
    while process.isRunning, Date() < end { usleep(10_000) }
    #expect(!process.isRunning && process.terminationStatus == 0)
    if process.isRunning { process.terminate() }
  }

  // MARK: a played controller

  /// Runs `coupler controller` with these orders on its standard input.
  private func play(_ kind: String, _ orders: String) throws -> (status: Int32, errors: String) {
    let (process, input, errors) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(filePath: try #require(Command.executable))
    process.arguments = ["controller", "--kind", kind]
    (process.standardInput, process.standardOutput, process.standardError) = (input, Pipe(), errors)
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(orders.utf8))
    try input.fileHandleForWriting.close()
    let end = Date() + 10
    while process.isRunning, Date() < end { usleep(10_000) }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    return (
      process.terminationStatus,
      String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    )
  }

  @Test(arguments: ["2 pilot B", "9 contacts stuck", "-3 pilot C", "pilto B", "spoil 0"])
  func an_order_that_a_controller_cannot_follow_is_told_and_leaves_its_status(order: String) throws {
    let result = try play("yeti", "pilot B\n\(order)\nquit\n")
    #expect(result.status == 64 && result.errors.contains("order 2: "), "\(result)")
  }

  @Test func the_second_connector_is_one_where_there_are_two() throws {
    let result = try play("phyverso", "2 pilot B\nspoil 1\ngarbage 10\nquit\n")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
  }

  @Test func watch_as_JSON_is_the_state_and_then_each_event() throws {
    let station = try station()
    let (process, output, _) = try Command.process(
      ["watch", "1", "--json", "--events", "pilot", "--socket", station.socket])
    waitUntil { station.hasSubscribers && station.requests.contains(.status(connector: 1)) }
    station.publish(ControlEvent(connector: 1, milliseconds: 1, .paused(true)))
    station.publish(pilot("B", 1500))
    var text = ""
    while text.split(separator: "\n").count < 2, case let data = output.fileHandleForReading.availableData,
      !data.isEmpty
    {
      text += String(decoding: data, as: UTF8.self)
    }
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let lines = text.split(separator: "\n")
    #expect(lines.first?.hasPrefix(#"{"connectors":[{"connector":1"#) == true)
    #expect(
      lines.dropFirst() == [#"{"connector":1,"milliseconds":1500,"kind":"pilot","pilot":{"state":"B"}}"#])
  }

  @Test func watch_ends_with_the_daemon_where_that_is_wanted_and_says_so() throws {
    let station = try station()
    let (process, _, errors) = try Command.process(["watch", "--until-end", "--socket", station.socket])
    waitUntil { station.requests.contains(.status(connector: nil)) }
    station.end()
    process.waitUntilExit()
    #expect(process.terminationStatus == 2)
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text.contains("the daemon closed the connection"))
  }

  @Test func watch_waits_for_a_daemon_that_starts_anew_and_goes_on() throws {
    let station = try station()
    let (process, output, errors) = try Command.process(["watch", "--json", "--socket", station.socket])
    waitUntil { station.hasSubscribers && station.requests.contains(.status(connector: nil)) }
    station.publish(pilot("B", 1500))
    station.end()
    usleep(300_000)
    #expect(process.isRunning)
    let next = try FakeStation(inPlaceOf: station) { request in
      if case .status = request { .success(.status([ViewTests.charging])) } else { .success(.done) }
    }
    waitUntil { next.hasSubscribers && next.requests.contains(.status(connector: nil)) }
    next.publish(pilot("C", 10))
    var text = ""
    while !text.contains(#""state":"C"},"#), !text.hasSuffix("\"C\"}}\n"),
      case let data = output.fileHandleForReading.availableData, !data.isEmpty
    {
      text += String(decoding: data, as: UTF8.self)
      if text.components(separatedBy: "milliseconds").count > 2 { break }
    }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let lines = text.split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix(#"{"connectors":"#) }.count == 2, "the state, told anew: \(text)")
    #expect(lines.last?.contains(#""milliseconds":10"#) == true)
    let told = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(told.contains("the daemon closed the connection") && told.contains("waiting for its next start"))
    #expect(told.hasSuffix("coupler: a daemon answers again\n"))
  }

  @Test func watch_does_not_wait_for_a_daemon_that_refuses() throws {
    let station = try FakeStation { request in
      if case .status = request {
        .failure(ControlFailure(.unknownConnector, "there is no connector 9", remedy: "this station has 1"))
      } else {
        .success(.done)
      }
    }
    let result = try Command.run("watch", "9", "--socket", station.socket)
    #expect(result.status == 1 && result.errors.contains("there is no connector 9; this station has 1"))
  }

  @Test func watch_on_a_terminal_is_a_view_that_leaves_the_screen_as_it_was() throws {
    let station = try station()
    var (leader, follower): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 12, ws_col: 34, ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&leader, &follower, nil, nil, &size) == 0)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Command.executable))
    process.arguments = ["watch", "--socket", station.socket]
    process.environment = ["TERM": "xterm", "NO_COLOR": "1"]
    let terminal = FileHandle(fileDescriptor: follower, closeOnDealloc: true)
    (process.standardOutput, process.standardInput) = (terminal, terminal)
    try process.run()
    var text = ""
    func read(until wanted: String) {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let end = Date() + 20
      while !text.contains(wanted), Date() < end {
        var waiting = pollfd(fd: leader, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 100) > 0 else { continue }
        let got = Glibc.read(leader, &buffer, buffer.count)
        guard got > 0 else { break }
        text += String(decoding: buffer[..<got], as: UTF8.self)
      }
    }
    read(until: "DE*CPL*E00001")
    waitUntil { station.hasSubscribers }
    station.publish(pilot("F", 1))
    read(until: "F (charger")
    process.interrupt()
    process.waitUntilExit()
    read(until: "\u{1B}[?1049l")
    close(leader)
    #expect(process.terminationStatus == 0)
    #expect(text.hasPrefix("\u{1B}[?1049h\u{1B}[?25l\u{1B}[H"))
    #expect(text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
    // Twelve lines of 34 columns: nothing is wider, nothing scrolls.
    for frame in text.components(separatedBy: "\u{1B}[H").dropFirst() {
      let lines = frame.components(separatedBy: "\u{1B}[J")[0].components(separatedBy: "\r\n")
      #expect(lines.count <= 12)
      for line in lines {
        // The terminal's line discipline adds carriage returns of its own.
        let shown = line.replacing("\u{1B}[K", with: "").filter { $0 != "\r" }
        #expect(shown.count <= 34, "\(shown)")
      }
    }
  }
}
