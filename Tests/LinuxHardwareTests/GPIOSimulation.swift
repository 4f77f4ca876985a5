import CLinux
import Foundation
import Glibc
import LinuxHardware
import Testing
import Wire

/// The kernel's simulated GPIO chips (gpio-sim); they are there in the test kernel, see docs/kernel-test.md.
enum GPIOSimulation {
  /// Whoever sets the variable wants the tests to run: in a kernel without gpio-sim they fail.
  static let isWanted = ProcessInfo.processInfo.environment["COUPLER_GPIO_SIM"] == "1"
  static let isNot: Comment =
    "COUPLER_GPIO_SIM is not 1: these tests need a kernel with gpio-sim, run them with `make kernel-test`"
}

/// What needs the test kernel, one test after the other: chips have the same names in all of them.
@Suite(.serialized, .enabled(if: GPIOSimulation.isWanted, GPIOSimulation.isNot))
struct GPIOTests {}

/// A simulated chip, removed with the object.
final class SimulatedChip {
  /// A line in use by somebody else.
  struct Hog {
    let offset: Int
    let consumer: String
  }

  /// Path of the device behind it, below /sys/devices.
  let devicePath: String
  /// Its name below /dev until it is gone.
  let chipName: String
  private let device: String
  private var folders: [String] = []
  private let simulation: String
  private var isLive = true

  /// `names` of the lines from offset 0; `nil` for a line without one. The label is `name` unless said.
  init(_ name: String, _ names: [String?], label: String? = nil, hogs: [Hog] = []) throws {
    device = "/sys/kernel/config/gpio-sim/\(name)"
    let bank = "\(device)/bank0"
    folders = [device, bank]
    try folders.forEach(Self.make)
    try Self.put("\(names.count)", "\(bank)/num_lines")
    try Self.put(label ?? name, "\(bank)/label")
    for (offset, name) in names.enumerated() {
      let hog = hogs.first { $0.offset == offset }
      guard name != nil || hog != nil else { continue }
      folders.append("\(bank)/line\(offset)")
      try Self.make("\(bank)/line\(offset)")
      if let name { try Self.put(name, "\(bank)/line\(offset)/name") }
      guard let hog else { continue }
      folders.append("\(bank)/line\(offset)/hog")
      try Self.make("\(bank)/line\(offset)/hog")
      try Self.put(hog.consumer, "\(bank)/line\(offset)/hog/name")
      try Self.put("input", "\(bank)/line\(offset)/hog/direction")
    }
    try Self.put("1", "\(device)/live")
    devicePath = try "platform/\(Self.get("\(device)/dev_name"))"
    chipName = try Self.get("\(bank)/chip_name")
    simulation = "/sys/devices/\(devicePath)/\(chipName)"
  }

  /// Takes the chip away, as pulling out its USB plug would.
  func unplug() throws {
    isLive = false
    try Self.put("0", "\(device)/live")
  }

  deinit {
    if isLive { try? unplug() }
    for folder in folders.reversed() { rmdir(folder) }
  }

  /// Pulls a line that nobody drives to a level, from outside.
  func pull(_ offset: Int, _ level: Bool) throws {
    try Self.put(level ? "pull-up" : "pull-down", "\(simulation)/sim_gpio\(offset)/pull")
  }

  /// The physical level of a line, whoever drives it.
  func level(_ offset: Int) throws -> Bool { try Self.get("\(simulation)/sim_gpio\(offset)/value") == "1" }

  private static func make(_ folder: String) throws {
    try #require(mkdir(folder, 0o755) == 0, "\(folder): \(String(cString: strerror(errno)))")
  }
  private static func put(_ text: String, _ path: String) throws {
    let file = open(path, O_WRONLY)
    try #require(file >= 0, "\(path): \(String(cString: strerror(errno)))")
    defer { close(file) }
    try #require(
      write(file, text, text.utf8.count) == text.utf8.count, "\(path): \(String(cString: strerror(errno)))")
  }
  private static func get(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// Edges as they were told.
final class EdgeLog {
  var edges: [EdgeEvent] = []
  var batches = 0
  var failure: LinuxError?

  func attach(_ line: GPIOEdges, to loop: EventLoop) throws {
    try line.attach(
      to: loop,
      edges: {
        #expect(!$0.isEmpty)
        self.edges += $0
        self.batches += 1
      }, failed: { self.failure = $0 })
  }

  /// Steps for a time.
  func listen(_ loop: EventLoop, for duration: Duration) throws {
    let end = loop.now + duration
    while loop.now < end { try loop.step(until: end) }
  }
}

/// The simulated interrupt comes with the next tick of the test kernel (1 ms); nothing shorter is an edge of its own.
func waitForEdge() { usleep(3000) }

func monotonicNow() -> Instant { Instant(nanoseconds: clinux_monotonic()) }
