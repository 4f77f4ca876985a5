import BoardSimulation
import Boards
import Foundation
import HAL
import Testing

private var root: URL {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}

/// The folders below Boards.
private func folders() throws -> [String] {
  let top = root.appending(path: "Boards")
  return try FileManager.default.contentsOfDirectory(atPath: top.path).filter {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: top.appending(path: $0).path, isDirectory: &isFolder)
      && isFolder.boolValue
  }.sorted()
}

private func text(_ path: String) throws -> String {
  try String(contentsOf: root.appending(path: "Boards/\(path)"), encoding: .utf8)
}

extension BoardDescription: CustomTestStringConvertible {
  public var testDescription: String { name }
}

@Suite struct CatalogueTests {
  @Test(arguments: BoardCatalogue.boards)
  func no_board_contradicts_itself(board: BoardDescription) {
    #expect(board.problems == [])
  }

  @Test func names_of_boards_are_the_names_of_their_folders() throws {
    #expect(BoardCatalogue.boards.map(\.name).sorted() == (try folders()))
    #expect(BoardCatalogue.boards.count == 10)
  }

  @Test func the_simulation_is_first_and_is_found_by_its_name() {
    #expect(BoardCatalogue.boards.first == SimulationBoard.board)
    #expect(BoardCatalogue.board(named: "simulation") == SimulationBoard.board)
    #expect(BoardCatalogue.board(named: "simulatio") == nil)
  }

  @Test(arguments: BoardCatalogue.boards)
  func every_folder_tells_pins_sources_doubts_and_what_a_kill_leaves(board: BoardDescription) throws {
    let readme = try text("\(board.name)/README.md")
    #expect(readme.hasPrefix("# \(board.name)\n"))
    for word in ["|---|", "Sources", "SIGKILL"] { #expect(readme.contains(word), "README.md lacks \(word)") }
    if board.trial == .neverOnMetal {
      #expect(readme.contains("## Not certain"))
      #expect(readme.contains("**Nothing here was ever"))
    }
  }

  /// The page for people and the description must name the same lines.
  @Test(arguments: BoardCatalogue.boards)
  func the_page_of_a_board_names_every_driven_line(board: BoardDescription) throws {
    let readme = try text("\(board.name)/README.md")
    for line in board.lines where line.use != .input {
      switch line.line.place {
      case .named(let name):
        // `DIGITAL_OUT_1`...`6` stands for six.
        let isRange = name.hasPrefix("DIGITAL_OUT_") && readme.contains("`DIGITAL_OUT_1`...`6`")
        // The modem on the mains is told by a sentence.
        let isMains = name.hasPrefix("QCA700X_MAINS") && readme.contains("kept out of reset")
        let isController = name == "STM32_RST_N" && readme.contains("`STM32_BOOT0`")
        #expect(readme.contains("`\(name)`") || isRange || isMains || isController, "\(name)")
      case .offset(_, let offset), .device(_, let offset):
        #expect(readme.contains("\(offset)"), "\(line.field): \(offset)")
      }
    }
  }

  @Test func a_machine_is_recognised_by_its_surest_mark() {
    func names(_ compatible: [String] = [], _ model: String = "", _ dmi: [String] = []) -> [String] {
      BoardCatalogue.detect(compatible: compatible, model: model, dmi: dmi).map(\.name)
    }
    #expect(names() == [])
    #expect(names(["chargebyte,imx6ull-tarragon-slave", "fsl,imx6ull"]) == ["chargebyte-tarragon"])
    #expect(names([], "chargebyte Tarragon Master") == ["chargebyte-tarragon"])
    #expect(names([], "I2SE EVAcharge SE") == ["chargebyte-evacharge-se"])
    #expect(names(["coupler,raspberrypi-qca7000-ev", "raspberrypi,4-model-b"]) == ["raspberrypi-qca7000-ev"])
    // A device tree says more than a model's name.
    #expect(
      names(["chargebyte,imx93-charge-som"], "Tarragon") == ["chargebyte-charge-som", "chargebyte-tarragon"])
    #expect(names(["raspberrypi,4-model-b", "brcm,bcm2711"], "Raspberry Pi 4 Model B") == [])
    #expect(names([], "", ["Standard PC"]) == [])
  }

  @Test func no_two_boards_have_a_mark_in_common() {
    var owners: [BoardMatch: String] = [:]
    for board in BoardCatalogue.boards {
      for match in board.matches {
        #expect(owners[match] == nil, "\(match) is of \(owners[match] ?? "") and \(board.name)")
        owners[match] = board.name
      }
    }
  }

  /// The safe values themselves, beside the rules that `problems` has for them.
  @Test(arguments: BoardCatalogue.boards)
  func coils_and_motors_are_off_at_start_at_stop_and_after_a_crash(board: BoardDescription) {
    for line in board.lines {
      guard case .output(let start, let stop, let crash) = line.use else { continue }
      guard line.field.contains(".coil") || line.field.contains(".lock.") || line.field.contains(".state")
      else {
        continue
      }
      #expect(!start && !stop && crash.end == false, "\(line.field)")
    }
    for pwm in board.pwms {
      guard case .pilot(let start, let stop, let crash) = pwm.use else { continue }
      #expect(!start.isOscillating && !stop.isOscillating && crash.end?.isOscillating == false)
    }
  }

  // MARK: udev

  @Test(arguments: BoardCatalogue.boards)
  func every_udev_rule_has_the_shape_of_one(board: BoardDescription) throws {
    let rules = try text("\(board.name)/60-coupler-\(board.name).rules")
    #expect(!rules.isEmpty && rules.hasSuffix("\n"))
    for (number, line) in rules.split(separator: "\n", omittingEmptySubsequences: true).enumerated() {
      #expect(ruleProblem(String(line)) == nil, "line \(number + 1): \(line)")
    }
    let namesModem = board.outlets.contains { $0.modem != nil } || board.inlets.contains { $0.modem != nil }
    #expect(rules.contains("NAME=\"plc0\"") == namesModem)
  }

  @Test(arguments: [
    "SUBSYSTEM==\"net\" NAME=\"plc0\"", "SUBSYSTEM=\"net\", NAME=\"plc0\"", "SUBSYSTEM==\"net\"",
    "SUBSYSTEM==\"net\", NAME=\"plc0", "SUBSYSTEM==\"net\", NAM=\"plc0\"", "SUBSYSTEM==net, NAME=\"plc0\"",
    "SUBSYSTEM==\"net\", NAME==\"plc0\"", "SUBSYSTEM==\"gpio\", MODE=\"0999\"",
  ])
  func a_broken_udev_rule_is_seen(rule: String) {
    #expect(ruleProblem(rule) != nil)
  }

  @Test(.enabled(if: verifier != nil, "no udevadm verify: rules were only read superficially"))
  func udevadm_takes_every_rule() throws {
    for board in BoardCatalogue.boards {
      let process = Process()
      process.executableURL = URL(filePath: try #require(verifier))
      process.arguments = [
        "verify", root.appending(path: "Boards/\(board.name)/60-coupler-\(board.name).rules").path,
      ]
      process.standardOutput = Pipe()
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(board.name)")
    }
  }

  @Test(arguments: ["raspberrypi-qca7000", "raspberrypi-qca7000-ev"])
  func an_overlay_pulls_every_driven_line_of_its_board(name: String) throws {
    let overlay = try text("\(name)/coupler-\(name)-overlay.dts")
    let board = try #require(BoardCatalogue.board(named: name))
    let open = overlay.filter { $0 == "{" }.count
    #expect(open > 8 && open == overlay.filter { $0 == "}" }.count)
    for match in board.matches {
      guard case .compatible(let text) = match else { continue }
      #expect(overlay.contains("\"\(text)\""), "the board would not be recognised by its overlay")
    }
    let pulled = pins(overlay, pull: 1)
    for line in board.lines {
      guard case .offset(_, let offset) = line.line.place, case .output = line.use else { continue }
      // The modem's reset is held by the modem's own pull-up.
      if line.line.drive == .openDrain { continue }
      #expect(pulled.contains(offset), "\(line.field): GPIO \(offset) is not pulled down")
    }
  }

  @Test(
    .enabled(if: overlayCompiler != nil, "no dtc: overlays were not compiled"),
    arguments: ["raspberrypi-qca7000", "raspberrypi-qca7000-ev"])
  func an_overlay_compiles(name: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(overlayCompiler))
    process.arguments = [
      "-@", "-I", "dts", "-O", "dtb", "-o", "/dev/null",
      root.appending(path: "Boards/\(name)/coupler-\(name)-overlay.dts").path,
    ]
    let output = Pipe()
    process.standardError = output
    try process.run()
    let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && words.isEmpty, "\(words)")
  }

  /// The pins of an overlay's groups with this pull.
  private func pins(_ overlay: String, pull: Int) -> Set<UInt32> {
    var found: Set<UInt32> = []
    for group in overlay.components(separatedBy: "brcm,pins = <").dropFirst() {
      guard group.prefix(upTo: group.firstIndex(of: "}") ?? group.endIndex).contains("brcm,pull = <\(pull)>")
      else { continue }
      found.formUnion(group.prefix { $0 != ">" }.split(separator: " ").compactMap { UInt32($0) })
    }
    return found
  }
}

private let overlayCompiler: String? = ["/usr/bin/dtc", "/usr/local/bin/dtc"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

/// `udevadm`, where it can verify (systemd 254).
private let verifier: String? = ["/usr/bin/udevadm", "/bin/udevadm"].first { path in
  guard FileManager.default.isExecutableFile(atPath: path) else { return false }
  let process = Process()
  process.executableURL = URL(filePath: path)
  process.arguments = ["verify", "--help"]
  process.standardOutput = Pipe()
  process.standardError = Pipe()
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}

/// What is wrong with a line of udev rules, as far as its shape goes.
private func ruleProblem(_ line: String) -> String? {
  if line.hasPrefix("#") { return nil }
  let matches: Set<String> = ["SUBSYSTEM", "ACTION", "KERNEL", "KERNELS", "DRIVERS"]
  let assignments: Set<String> = ["NAME", "GROUP", "MODE", "SYMLINK", "RUN"]
  var rest = line[...]
  var assigned = 0
  while true {
    let key = rest.prefix { $0.isLetter }
    rest = rest.dropFirst(key.count)
    if key == "ENV", rest.hasPrefix("{") {
      guard let end = rest.firstIndex(of: "}") else { return "ENV without }" }
      rest = rest[rest.index(after: end)...]
    }
    let sign = rest.prefix { "=!+-:".contains($0) }
    rest = rest.dropFirst(sign.count)
    if matches.contains(String(key)) || key == "ENV" {
      guard sign == "==" || sign == "!=" else { return "\(key) is compared, with == or !=" }
    } else if assignments.contains(String(key)) {
      guard sign == "=" || sign == "+=" else { return "\(key) is assigned" }
      assigned += 1
    } else {
      return "\(key) is no key"
    }
    guard rest.hasPrefix("\"") else { return "a value stands in quotes" }
    rest = rest.dropFirst()
    guard let end = rest.firstIndex(of: "\"") else { return "a value has no end" }
    let value = rest[..<end]
    if key == "MODE", UInt16(value, radix: 8) == nil { return "MODE is octal" }
    rest = rest[rest.index(after: end)...]
    if rest.isEmpty { break }
    guard rest.hasPrefix(", ") else { return "parts are separated by a comma" }
    rest = rest.dropFirst(2)
  }
  return assigned > 0 ? nil : "nothing is assigned"
}
