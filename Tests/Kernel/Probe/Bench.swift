import Glibc
import HAL
import LinuxHardware
import Wire

/// Lines and devices by the keys that the test gives them.
final class Bench {
  private let roots: DeviceRoots
  private let loop: EventLoop
  private var pending: [UInt8] = []
  private var outputs: [String: OutputBox] = [:]
  private var inputs: [String: GPIOInput] = [:]
  private var edges: [String: GPIOEdges] = [:]
  private var generators: [String: PWMBox] = [:]
  private var converters: [String: ADCBox] = [:]
  private var watchdogs: [String: WatchdogBox] = [:]
  private var scans: [String: ADCScan] = [:]

  init(roots: DeviceRoots) throws(LinuxError) {
    self.roots = roots
    loop = try EventLoop()
  }

  /// Until standard input ends.
  func run() throws(LinuxError) {
    // At the end of input everything is let go, as at an orderly stop.
    try loop.onSignals([SIGTERM, SIGINT]) { [loop] _ in loop.stop() }
    _ = try loop.add(0, .read) { [weak self] _ in self?.read() }
    try loop.run()
  }

  private func read() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(0, &buffer, buffer.count)
    guard count > 0 else { return loop.stop() }
    pending += buffer[..<count]
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: pending[..<end], as: UTF8.self)
      pending.removeSubrange(...end)
      answer(line.split(separator: " ").map(String.init))
    }
  }

  private func answer(_ words: [String]) {
    do {
      print("ok", try carryOut(words))
    } catch {
      print("error", error)
    }
  }

  private func carryOut(_ words: [String]) throws -> String {
    guard words.count >= 2 else { throw ProbeError("a command is a verb, a key and what belongs to it") }
    let (verb, key, rest) = (words[0], words[1], Array(words.dropFirst(2)))
    switch verb {
    case "output":
      let options = LineOptions(rest)
      let (initial, safe) = (options.flag("initial"), options.flag("safe"))
      outputs[key] = try OutputBox(options.line(), initial: initial, safe: safe, roots: roots)
    case "input":
      let options = LineOptions(rest)
      inputs[key] = try GPIOInput(options.line(), consumer: "probe", roots: roots)
    case "edges":
      let options = LineOptions(rest)
      let line = try GPIOEdges(options.line(), consumer: "probe", roots: roots)
      try line.attach(to: loop) { batch in
        for edge in batch {
          print("edge", key, edge.rising ? 1 : 0, edge.at.nanoseconds, edge.sequence, edge.missed)
        }
      } failed: {
        print("gone", key, $0)
      }
      edges[key] = line
    case "adc":
      converters[key] = try ADCBox(LineOptions(rest).adc(), roots: roots)
    case "scan":
      let options = LineOptions(rest)
      scans[key] = try ADCScan(options.scan(), trigger: options.trigger(), roots: roots)
    case "newest":
      guard let scan = scans[key] else { throw ProbeError("no scan \(key)") }
      return try scan.newest()?.map(String.init).joined(separator: " ") ?? "none"
    case "pwm":
      generators[key] = try PWMBox(LineOptions(rest).pwm(), roots: roots)
    case "watchdog":
      let device = try WatchdogBox(name: key, seconds: rest.first.flatMap { Int($0) }, roots: roots)
      watchdogs[key] = device
      return String(device.timeout)
    case "pet":
      try watchdogs[key]?.pet()
    case "disarm":
      try watchdogs[key]?.disarm()
    case "drop":
      outputs[key] = nil
      inputs[key] = nil
      edges[key] = nil
      generators[key] = nil
      converters[key] = nil
      watchdogs[key] = nil
      scans[key] = nil
    case "set":
      guard let output = outputs[key] else { throw ProbeError("no output \(key)") }
      try output.set(rest == ["1"])
    case "drive":
      guard let generator = generators[key] else { throw ProbeError("no PWM \(key)") }
      try generator.drive(duty(rest.first ?? ""))
    case "get":
      if let input = inputs[key] { return try input.isActive() ? "1" : "0" }
      if let line = edges[key] { return try line.level() ? "1" : "0" }
      if let converter = converters[key] { return String(try converter.millivolts()) }
      throw ProbeError("no input \(key)")
    default: throw ProbeError("what is \(verb)?")
    }
    return ""
  }

  /// `high`, `low` or permille.
  private func duty(_ word: String) throws(ProbeError) -> PilotDuty {
    switch word {
    case "high": return .steadyHigh
    case "low": return .steadyLow
    default:
      guard let permille = Int(word) else { throw ProbeError("a duty is high, low or permille, not \(word)") }
      return .pwm(permille: permille)
    }
  }
}
