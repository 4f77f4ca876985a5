import Foundation
import Glibc
import Testing

/// What a firmware engineer gets wrong at two in the morning, on the real programs. Each is told with its cause and with
/// what to do about it; what does not keep a station from charging does not keep it from starting.
@Suite(.enabled(if: Program.areBuilt, "the programs were not built beside the tests"), .serialized)
struct MistakeTests {
  /// A site that is right; tests break it. Everything it writes is in `folder`.
  private static func site(_ folder: String, _ change: (String) -> String = { $0 }) -> String {
    change(
      """
      board: simulation
      control: {socket: \(folder)/control.sock}
      journal: {folder: \(folder)}
      connectors:
        - {id: 1, evse-id: DE*CPL*E00001, interface: lo, current: dc, link: assumed}
      """)
  }

  /// Runs the daemon on `yaml` until it ends, or has told all of `words`.
  private func daemon(
    _ yaml: String, in folder: ScratchFolder, until words: [String], as user: [String] = []
  ) throws -> Program.Result {
    let path = try folder.write(yaml, "site.yaml")
    return try Program.couplerd.run(["--site", path], until: words, through: user)
  }

  private func expect(_ result: Program.Result, _ status: Int32, _ words: [String]) {
    #expect(result.status == status, "\(result.errors)")
    for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
  }

  // MARK: the site file

  struct WrongFile: CustomTestStringConvertible {
    var name: String
    var change: @Sendable (String) -> String
    var words: [String]
    var testDescription: String { name }

    init(_ name: String, _ words: String..., change: @escaping @Sendable (String) -> String) {
      (self.name, self.words, self.change) = (name, words, change)
    }
  }

  @Test(arguments: [
    WrongFile(
      "half of a board's name", "site.yaml: board: no board 'tarragon'; did you mean 'chargebyte-tarragon'?"
    ) {
      $0.replacing("board: simulation", with: "board: tarragon")
    },
    WrongFile("a board's name misspelt", "no board 'simulatoin'; did you mean 'simulation'?") {
      $0.replacing("board: simulation", with: "board: simulatoin")
    },
    WrongFile("a board that there is not", "no board 'qqqqqqqq'; coupler board list shows those there are") {
      $0.replacing("board: simulation", with: "board: qqqqqqqq")
    },
    WrongFile("an outlet too many", "connectors[1].outlet: board simulation has outlets 1 to 2, not 3") {
      $0.replacing("current: dc", with: "current: dc, outlet: 3")
    },
    WrongFile("AC on a DC outlet", "connectors[1].current: outlet 1 of board simulation is dc, not ac") {
      $0.replacing("current: dc", with: "current: ac")
    },
    WrongFile("a lock that is not there", "connectors[1].lock: outlet 1 of board simulation has no lock") {
      $0.replacing("current: dc", with: "current: dc, lock: required")
    },
    WrongFile(
      "more than the power stage gives", "power-max: is 80 kW, but outlet 1 of board simulation gives 60 kW"
    ) {
      $0.replacing("current: dc", with: "current: dc, limits: {power-max: 80 kW}")
    },
    WrongFile("a limit without its unit", "has no unit; write '80 W'") {
      $0.replacing("current: dc", with: "current: dc, limits: {power-max: 80}")
    },
    WrongFile("a tab", "indent by spaces, not by tabs") { $0.replacing("  - {", with: "\t- {") },
    WrongFile("nothing", "the file is empty; it needs at least board and connectors") { _ in "" },
    WrongFile("another program's file", "is not known here; the keys are board, log") { _ in "server: {}\n" },
    WrongFile("a key of the top further in", "it belongs at the top, without indentation") {
      $0.replacing("current: dc", with: "current: dc, board: generic")
    },
  ])
  func a_wrong_site_file_is_told_by_check_and_by_start_alike(wrong: WrongFile) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Self.site(folder.path, wrong.change), "site.yaml")
    for arguments in [["--site", path, "--check"], ["--site", path]] {
      expect(try Program.couplerd.run(arguments), 1, wrong.words)
    }
  }

  @Test func a_site_file_that_is_not_there_or_is_none_is_told() throws {
    let folder = try ScratchFolder()
    for (path, words) in [
      ("\(folder.path)/site.yml", "there is no such file; docs/site-file.md has one to begin with"),
      (folder.path, "is no file but a folder or a device; name the site file itself"),
    ] { expect(try Program.couplerd.run(["--site", path, "--check"]), 1, [path, words]) }
  }

  // MARK: rights

  /// Runs a program as nobody, where that can be done.
  private static let asNobody: [String]? = {
    guard geteuid() == 0, access("/usr/bin/setpriv", X_OK) == 0, let program = Program.couplerd.url else {
      return nil
    }
    let user = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    let process = Process()
    process.executableURL = URL(filePath: user[0])
    process.arguments = user.dropFirst() + [program.path, "--version"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? user : nil
  }()

  @Test(.enabled(if: asNobody != nil, "needs root and setpriv, and a build folder that others may read"))
  func what_this_user_may_not_do_is_told_with_the_right_that_is_missing() throws {
    let user = try #require(Self.asNobody)
    let folder = try ScratchFolder()
    let path = try folder.write(Self.site(folder.path), "site.yaml")
    chmod(path, 0o600)
    expect(
      try Program.couplerd.run(["--site", path, "--check"], through: user), 1,
      ["this user may not read it", "chmod 644 \(path)"])
    chmod(path, 0o644)
    expect(
      try Program.couplerd.run(["--site", path], through: user), 2,
      ["journal: cannot open \(folder.path)/events: Permission denied", "be writable for this user"])
    // Raw frames need a right; the station runs, and charges where it needs none.
    chown(folder.path, 65534, 65534)
    let words = ["cannot open a packet socket on lo: Operation not permitted", "cap_net_raw"]
    let slac = Self.site(folder.path) { $0.replacing(", link: assumed", with: "") }
    expect(try daemon(slac, in: folder, until: words, as: user), 0, words)
    // Somebody else's station.
    let socket = "\(folder.path)/other.sock"
    let station = Self.site(folder.path) { $0.replacing("control.sock", with: "other.sock") }
    let other = try folder.write(station, "other.yaml")
    var status: Program.Result?
    _ = try Program.couplerd.run(["--site", other]) { _ in
      for _ in 0..<500 where access(socket, F_OK) != 0 { usleep(20_000) }
      chmod(socket, 0o600)
      status = try Program.coupler.run(["status", "--socket", socket], through: user)
    }
    expect(
      try #require(status), 2,
      ["this user may not talk to the daemon", "join the group that ls -l \(socket) shows"])
  }

  // MARK: folders, sockets, interfaces

  @Test func a_journal_folder_that_is_not_there_is_told() throws {
    let folder = try ScratchFolder()
    let yaml = Self.site(folder.path) {
      $0.replacing("{folder: \(folder.path)}", with: "{folder: \(folder.path)/no}")
    }
    expect(
      try daemon(yaml, in: folder, until: []), 2,
      ["journal: cannot open \(folder.path)/no/events: No such file or directory", "the folder has to exist"])
  }

  struct Bearable: CustomTestStringConvertible {
    var testDescription: String
    var words: [String]
    var change: @Sendable (String, String) -> String
  }

  @Test(arguments: [
    Bearable(
      testDescription: "no folder for the control socket",
      words: [
        "no control socket: cannot create the socket on",
        "its folder does not exist; make it, or choose another",
      ],
      change: { $0.replacing("\($1)/control.sock", with: "\($1)/no/control.sock") }),
    Bearable(
      testDescription: "a file in the place of the control socket",
      words: [
        "no control socket",
        "something that is no socket has this name; move it away, or choose another path",
      ],
      change: { $0.replacing("\($1)/control.sock", with: "\($1)/site.yaml") }),
    Bearable(
      testDescription: "no such interface",
      words: ["no interface plc9; ip link shows those there are; waiting for it"],
      change: { text, _ in text.replacing("interface: lo", with: "interface: plc9") }),
  ])
  func what_does_not_keep_a_station_from_charging_is_told_and_it_runs(case bearable: Bearable) throws {
    let folder = try ScratchFolder()
    let words = bearable.words + ["couplerd 0.1.0, board simulation"]
    let yaml = bearable.change(Self.site(folder.path), folder.path)
    expect(try daemon(yaml, in: folder, until: words), 0, bearable.words)
  }

  @Test func a_second_daemon_is_told_of_the_first() throws {
    let folder = try ScratchFolder()
    let yaml = Self.site(folder.path)
    let path = try folder.write(yaml, "first.yaml")
    var second: Program.Result?
    var third: Program.Result?
    let first = try Program.couplerd.run(["--site", path]) { _ in
      for _ in 0..<500 where access("\(folder.path)/control.sock", F_OK) != 0 { usleep(20_000) }
      second = try Program.couplerd.run(["--site", path])
      // One with a journal of its own, but the same socket.
      try FileManager.default.createDirectory(
        atPath: folder.path + "/own", withIntermediateDirectories: false)
      let own = yaml.replacing("{folder: \(folder.path)}", with: "{folder: \(folder.path)/own}")
      third = try daemon(own, in: folder, until: ["is the daemon already running?"])
    }
    expect(first, 0, ["outputs are safe"])
    expect(
      try #require(second), 2, ["events is in use by another couplerd; stop that first"])
    expect(
      try #require(third), 0,
      ["another process serves it: is the daemon already running? ss -xlp shows which"])
  }

  @Test func a_watchdog_that_is_not_there_is_told() throws {
    let folder = try ScratchFolder()
    let yaml = Self.site(folder.path) { "watchdog: {device: \(folder.path)/watchdog7}\n" + $0 }
    expect(
      try daemon(yaml, in: folder, until: []), 2, ["watchdog", "\(folder.path)/watchdog7", "No such file"])
  }

  @Test func a_log_that_cannot_be_had_is_told() throws {
    guard access("/run/systemd/journal/socket", F_OK) != 0 else { return }
    let folder = try ScratchFolder()
    let yaml = Self.site(folder.path) { "log: {target: journald}\n" + $0 }
    expect(
      try daemon(yaml, in: folder, until: []), 2,
      ["log.target: journald cannot be reached", "is systemd-journald running? 'log: {target: auto}'"])
  }

  // MARK: command lines

  @Test(arguments: [
    (["--sit", "x"], "unknown option '--sit'; couplerd --help lists them"),
    (["site.yaml"], "unknown option 'site.yaml'; couplerd --help lists them"),
    (["--site"], "--site needs a value behind it"),
    (["--site", "x", "--interface", "plc0"], "write it into the site file instead"),
  ])
  func a_wrong_command_line_is_told(arguments: [String], words: String) throws {
    expect(try Program.couplerd.run(arguments), 64, [words])
  }

  @Test func hardware_of_another_board_is_told_by_its_field() throws {
    let folder = try ScratchFolder()
    let yaml = Self.site(folder.path) {
      $0.replacing("board: simulation", with: "board: chargebyte-tarragon")
        .replacing("current: dc", with: "current: ac")
    }
    let result = try daemon(yaml, in: folder, until: [])
    expect(result, 2, ["couplerd: ", "GPIO line", "gpiodetect"])
    #expect(result.errors.contains("outlets[") || result.errors.contains("auxiliaries["), "\(result.errors)")
  }
}
