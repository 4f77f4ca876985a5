import Boards
import Foundation
import HAL
import LinuxHardware
import Testing

@testable import coupler

@Suite struct BoardJSONTests {
  private func object(_ board: BoardDescription) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(board.json.text.utf8)) as? [String: Any])
  }

  @Test(arguments: BoardCatalogue.boards)
  func every_line_is_there_with_what_a_replica_needs(board: BoardDescription) throws {
    let object = try object(board)
    #expect(object["name"] as? String == board.name)
    let lines = try #require(object["lines"] as? [[String: Any]])
    #expect(lines.count == board.lines.count)
    for (line, described) in zip(lines, board.lines) {
      #expect(line["field"] as? String == described.field)
      let place = try #require(line["place"] as? [String: Any])
      switch described.line.place {
      case .named(let name): #expect(place["name"] as? String == name)
      case .offset(let chip, let offset):
        #expect(place["chip"] as? String == chip)
        #expect(place["offset"] as? Int == Int(offset))
      case .device(let path, let offset):
        #expect(place["device"] as? String == path)
        #expect(place["offset"] as? Int == Int(offset))
      }
      #expect(line["activeLow"] as? Bool == described.line.isActiveLow)
      #expect(line["bias"] is String && line["drive"] is String)
      switch described.use {
      case .input:
        #expect(line["direction"] as? String == "input")
        #expect(line["start"] == nil && line["debounceMicroseconds"] is Int)
      case .output(let start, let stop, let crash):
        #expect(line["direction"] as? String == "output")
        #expect(line["start"] as? Bool == start)
        #expect(line["stop"] as? Bool == stop)
        let value = try #require(line["crash"] as? [String: Any])
        #expect(["released", "heldUntilReset", "held"].contains(value["kind"] as? String))
        #expect(value["value"] as? Bool == crash.end)
      }
    }
    let pwms = try #require(object["pwms"] as? [[String: Any]])
    #expect(pwms.map { $0["device"] as? String } == board.pwms.map(\.pwm.device))
    #expect(pwms.allSatisfy { $0["channel"] is Int && $0["periodNanoseconds"] is Int && $0["use"] is String })
    let adcs = try #require(object["adcs"] as? [[String: Any]])
    #expect(adcs.map { $0["channel"] as? Int } == board.adcs.map { Int($0.channel) })
    #expect((object["crashSafety"] as? [String: Any])?["words"] as? String == board.crashSafety.words)
    #expect((object["links"] as? [[String: Any]])?.count == board.links.count)
    #expect((object["outlets"] as? [[String: Any]])?.count == board.outlets.count)
    #expect((object["problems"] as? [String]) == [])
  }

  @Test(arguments: BoardCatalogue.boards)
  func the_page_has_a_row_for_each_line_and_channel(board: BoardDescription) {
    let page = board.page
    for field in board.lines.map(\.field) + board.pwms.map(\.field) + board.adcs.map(\.field) {
      #expect(page.contains("\n\(field) "), "\(field)")
    }
    #expect(page.contains("After SIGKILL: \(board.crashSafety.words)"))
  }

  @Test func the_page_begins_with_what_the_data_sheet_begins_with() throws {
    let verso = try #require(BoardCatalogue.board(named: "phytec-phyverso")).page
    #expect(
      verso.contains("\noutlets[0]: DC up to 200 A, 150...920 V, 60 kW, no lock, modem at interface plc0\n"))
    #expect(verso.contains("\noutlets[1]: AC up to 32 A, 3 phases, locks the plug, no modem\n"))
    let vehicle = try #require(BoardCatalogue.board(named: "raspberrypi-qca7000-ev")).page
    #expect(vehicle.contains("modem at the interface of qcaspi"))
  }
}

@Suite struct BoardPresenceTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "boards-\(UUID().uuidString)")
  private var roots: DeviceRoots {
    DeviceRoots(sys: folder.appending(path: "sys").path, dev: folder.appending(path: "dev").path)
  }

  private func write(_ path: String, _ text: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  @Test func a_machine_is_recognised_from_plain_files() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try write(
      "sys/firmware/devicetree/base/compatible", "chargebyte,imx6ull-tarragon-master\0fsl,imx6ull\0")
    try write("sys/firmware/devicetree/base/model", "chargebyte Tarragon Master\0")
    try write("sys/class/dmi/id/board_name", "Some board\n")
    let machine = MachineIdentity(roots: roots)
    #expect(machine.compatible == ["chargebyte,imx6ull-tarragon-master", "fsl,imx6ull"])
    #expect(machine.model == "chargebyte Tarragon Master")
    #expect(machine.dmi == ["Some board"])
    let empty = MachineIdentity(roots: DeviceRoots(sys: "/nowhere", dev: "/nowhere"))
    #expect(empty.compatible.isEmpty && empty.model.isEmpty && empty.dmi.isEmpty)
  }

  @Test func what_is_missing_is_told_with_its_field_and_what_is_there_is_not() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let board = try #require(BoardCatalogue.board(named: "chargebyte-tarragon"))
    try write("dev/null", "")
    let before = board.missing(roots)
    #expect(before.contains { $0.hasPrefix("outlets[0].generator.pwm: ") })
    #expect(before.contains { $0.hasPrefix("outlets[0].proximity: ") })
    #expect(before.contains { $0.hasPrefix("outlets[0].contactor.poles[0].coil: ") })
    #expect(before.contains { $0.hasPrefix("crashSafety.device: ") })
    let modems = board.outlets.compactMap(\.modem)
    #expect(before.filter { $0.contains(".modem.interface: ") }.count == modems.count)
    #expect(
      before.count == board.lines.count + board.pwms.count + board.adcs.count + modems.count + 1)

    try write("sys/bus/iio/devices/iio:device0/name", "2198000.adc\n")
    for channel in [0, 2, 3, 5] {
      try write("sys/bus/iio/devices/iio:device0/in_voltage\(channel)_raw", "100\n")
    }
    for (chip, device) in [("pwmchip0", "2084000.pwm"), ("pwmchip1", "20fc000.pwm")] {
      try write("sys/devices/\(device)/uevent", "")
      try write("sys/class/pwm/\(chip)/npwm", "1\n")
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: "sys/class/pwm/\(chip)/device").path,
        withDestinationPath: folder.appending(path: "sys/devices/\(device)").path)
    }
    try write("dev/watchdog0", "")
    try write("sys/class/net/eth1/address", "00:01:87:00:00:01\n")
    try write("sys/devices/spi1.0/uevent", "DRIVER=qcaspi\n")
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "sys/class/net/eth1/device").path,
      withDestinationPath: folder.appending(path: "sys/devices/spi1.0").path)
    let after = board.missing(roots)
    #expect(after.count == board.lines.count, "\(after)")
    #expect(after.allSatisfy { $0.contains("GPIO line") }, "\(after)")
  }

  @Test func a_serial_port_of_a_link_is_looked_for() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let board = try #require(BoardCatalogue.board(named: "chargebyte-charge-som"))
    #expect(board.missing(roots).contains { $0.hasPrefix("links[0].transport: ") })
    try write("dev/ttyLP2", "")
    #expect(!board.missing(roots).contains { $0.hasPrefix("links[0].transport: ") })
  }
}

@Suite struct BoardNewTests {
  @Test func a_new_board_has_every_file_under_its_name() {
    let template = BoardTemplate(name: "acme-wall-box2")
    #expect(template.camel == "AcmeWallBox2")
    #expect(
      template.files.map(\.name) == [
        "AcmeWallBox2Board.swift", "README.md", "60-coupler-acme-wall-box2.rules",
      ])
    #expect(template.files.allSatisfy { $0.text.hasSuffix("\n") && !$0.text.isEmpty })
    #expect(template.files[0].text.contains("public enum AcmeWallBox2Board: BoardSupport {"))
    #expect(template.nextSteps(folder: "Boards/acme-wall-box2").contains("board(\"acme-wall-box2\"),"))
  }

  @Test(arguments: [
    "wallbox", "Acme-wallbox", "acme-", "-acme", "acme--x", "acme wallbox", "1acme-x", "acme-ä", "a/b-c",
  ])
  func a_name_that_is_none_is_refused(name: String) {
    #expect(throws: (any Error).self) { try BoardNew.parse(["--", name]) }
  }

  @Test func the_folder_is_written_once_and_never_over_another() throws {
    let top = FileManager.default.temporaryDirectory.appending(path: "new-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: top, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: top) }
    let command = try BoardNew.parse(["acme-wallbox", "--folder", top.path])
    try command.run()
    let file = top.appending(path: "acme-wallbox/README.md")
    #expect(FileManager.default.fileExists(atPath: file.path))
    try Data("mine".utf8).write(to: file)
    #expect(throws: (any Error).self) { try command.run() }
    #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
  }

  /// With the compiler and the modules this test was built with, and then run: the description must be sound as well.
  @Test(
    .enabled(
      if: modules != nil && compiler != nil,
      "no compiler or modules beside the tests: the template was not compiled"))
  func a_new_board_compiles_and_is_sound() throws {
    let top = FileManager.default.temporaryDirectory.appending(path: "new-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: top, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: top) }
    let source = top.appending(path: "AcmeWallboxBoard.swift")
    try Data(BoardTemplate(name: "acme-wallbox").files[0].text.utf8).write(to: source)
    let process = Process()
    process.executableURL = URL(filePath: try #require(compiler))
    process.arguments = [
      "-typecheck", "-swift-version", "6", "-warnings-as-errors", "-enable-upcoming-feature",
      "ExistentialAny",
      "-enable-upcoming-feature", "InternalImportsByDefault", "-module-name", "BoardAcmeWallbox",
      "-parse-as-library", "-I", try #require(modules), source.path,
    ]
    let output = Pipe()
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
  }
}

/// The modules beside this test's program.
private let modules: String? = {
  guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
    return nil
  }
  let path = URL(filePath: program).deletingLastPathComponent().appending(path: "Modules").path
  return FileManager.default.fileExists(atPath: "\(path)/HAL.swiftmodule") ? path : nil
}()

private let compiler: String? = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":")
  .map { "\($0)/swiftc" }.first { FileManager.default.isExecutableFile(atPath: $0) }
