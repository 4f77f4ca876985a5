import Foundation
import Glibc
import LinuxHardware
import Testing

/// `coupler` as it was built beside the tests.
private enum SPICommand {
  static let executable: String? = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let folder = tests.map({ URL(filePath: $0).deletingLastPathComponent() }) else { return nil }
    let path = folder.appending(path: "coupler").path
    return access(path, X_OK) == 0 ? path : nil
  }()
  static let isNot: Comment =
    "not run as root, no ip command, or coupler not built: the command was not tried"
}

/// `coupler spi`: arguments, errors, exit status.
@Suite(.enabled(if: NamespacePair.areAvailable && SPICommand.executable != nil, SPICommand.isNot))
struct SPICommandTests {
  /// Runs it in a namespace until it ends, or for `seconds` and then interrupts it.
  private func run(_ arguments: [String], seconds: Double = 10) throws -> (status: Int32, text: String) {
    let pair = try NamespacePair()
    let process = Process()
    process.executableURL = URL(filePath: try #require(SPICommand.executable))
    process.arguments = ["spi"] + arguments
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    try NamespacePair.inside(pair.left) { try process.run() }
    let end = Date() + seconds
    while process.isRunning, Date() < end { usleep(20_000) }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return (process.terminationStatus, text)
  }

  @Test(arguments: [
    ("--tap t0", "either --device or --socket"),
    ("--device /dev/spidev0.0 --socket /tmp/x --tap t0", "either --device or --socket"),
    ("--device /dev/spidev0.0", "--tap"),
    ("--device /dev/spidev0.0 --tap t0 --interrupt 25", "gpiochip0:25"),
    ("--socket /tmp/x --tap t0 --interrupt gpiochip0:25", "brings its own"),
    ("--device /dev/spidev0.0 --tap t0 --speed 999999", "1000000 to 16000000"),
    ("--device /dev/spidev0.0 --tap t0 --mac ff:ff:ff:ff:ff:ff", "one station"),
    ("--device /dev/spidev0.0 --tap sixteen_letters_", "1 to 15"),
    ("--device /dev/spidev0.0 --tap t0 --verify 4", "0 to 3"),
  ])
  func wrong_arguments_are_told_and_end_with_64(arguments: String, what: String) throws {
    let (status, text) = try run(arguments.split(separator: " ").map(String.init))
    #expect(status == 64)
    #expect(text.contains(what), "\(text)")
  }

  @Test(arguments: [
    ("--device /dev/spidev99.0 --tap t0", "device tree"), ("--device /dev/null --tap t0", "no spidev device"),
  ])
  func a_device_that_cannot_be_used_is_told_with_a_remedy_and_ends_with_2(
    arguments: String, what: String
  ) throws {
    let (status, text) = try run(arguments.split(separator: " ").map(String.init))
    #expect(status == 2)
    #expect(text.contains(what), "\(text)")
  }

  @Test func without_a_chip_it_goes_on_looking_and_ends_in_order() throws {
    let (status, text) = try run(
      ["--socket", "/tmp/coupler-\(getpid())-none.spi", "--tap", "t0", "--json"], seconds: 2.5)
    #expect(status == 0)
    let lines = text.split(separator: "\n")
    #expect(lines.filter { $0.contains("\"event\":\"trouble\"") }.count == 1)
    #expect(lines.first?.contains("\"event\":\"ready\"") == true)
    #expect(lines.last?.contains("\"event\":\"counters\"") == true)
    #expect(lines.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil }, "\(text)")
  }
}
