import Foundation
import HAL
import SafetyLinks
import SimulatedController
import Testing
import Wire

/// Garbage on a serial line never moves an output: not the controller's, not what the host believes of it.
@Suite struct GarbageTests {
  /// `COUPLER_SEED` repeats one run.
  static let seeds: [UInt64] =
    ProcessInfo.processInfo.environment["COUPLER_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...20)

  /// A session with noise of every sort between and inside of frames, both ways, and an observer: nothing may be told
  /// and nothing may move while octets arrive that nobody sent.
  @Test(arguments: allKinds, seeds)
  func garbage_moves_nothing(kind: SafetyLinkKind, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var rig = Rig.up(kind)
    var allowed = [Bool](repeating: false, count: kind.connectors)
    var allows = allowed
    var duties = [Set<UInt32>](repeating: [0], count: kind.connectors)
    var (seenOutputs, seenReports) = (rig.outputs.count, rig.reports.count)
    for round in 0..<400 {
      let comment = Comment(
        rawValue: "\(kind.name), round \(round): COUPLER_SEED=\(seed) swift test --filter GarbageTests")
      let connector = Int(generator.next() % UInt64(kind.connectors)) + 1
      switch generator.next() % 8 {
      case 0, 1, 2:
        // Nobody sent this, and nothing may come of it.
        let (reports, outputs) = (rig.reports.count, rig.outputs.count)
        let octets = garbage(kind, &generator)
        let channel =
          kind.serves(.serial) ? SafetyChannel.serial : generator.chance(perMille: 500) ? .pilot : .management
        if generator.chance(perMille: 500) {
          rig.inject(octets, on: channel)
        } else {
          rig.injectToController(octets, on: channel)
        }
        #expect(rig.reports.count == reports, comment)
        #expect(rig.outputs.count == outputs, comment)
      case 3:
        let permille = Int(generator.next() % 900) + 50
        duties[connector - 1].insert(UInt32(permille) * 10)
        rig.command(.duty(.pwm(permille: permille)), connector: connector)
      case 4:
        if rig.link.isUp { allowed[connector - 1] = generator.chance(perMille: 500) }
        rig.command(.allowPower(allowed[connector - 1]), connector: connector)
      case 5:
        let states: [PilotState] = [.A, .B, .C, .D]
        rig.controller(.pilot(states[Int(generator.next() % 4)], connector: connector))
      case 6:
        // Frames that were sent, spoilt on the way.
        spoil(&rig, kind, &generator)
        rig.run(.milliseconds(Int64(generator.next() % 3000)))
        (rig.toHost, rig.toController) = ({ $0 }, { $0 })
      default: rig.run(.milliseconds(Int64(generator.next() % 1500)))
      }
      // Whatever moved was wanted.
      for (connector, outputs) in rig.outputs[seenOutputs...] {
        #expect(duties[connector - 1].contains(outputs.duty), comment)
        #expect(!outputs.isClosing || outputs.allowsPower, comment)
        // A word that power is not allowed may be lost, and is then said again; one that it is, nobody makes up.
        #expect(!outputs.allowsPower || allows[connector - 1] || allowed[connector - 1], comment)
        allows[connector - 1] = outputs.allowsPower
      }
      // Whatever was told was said.
      for (connector, report) in rig.reports[seenReports...] {
        if case .down = report { allowed[connector - 1] = false }
        // One of chargebyte's that was deafened for too long rests in F.
        if case .pilot(let state?) = report, state != .F || !kind.isChargebyte {
          #expect([.A, .B, .C, .D].contains(state), comment)
        }
        if case .faults(let faults) = report { #expect(faults.isSubset(of: .hostSilent), comment) }
        if case .proximity(let proximity?) = report { #expect(proximity == .open, comment) }
      }
      (seenOutputs, seenReports) = (rig.outputs.count, rig.reports.count)
    }
    // And it works afterwards.
    rig.run(.seconds(10))
    // As an outlet does whose link is up; one that rests in F is found out by it.
    rig.command(.duty(.steadyHigh))
    rig.run(.seconds(30))
    #expect(rig.link.isUp)
    rig.controller(.pilot(.C, connector: 1))
    rig.command(.duty(.digital))
    rig.command(.allowPower(true))
    rig.run(.seconds(2))
    #expect(rig.controller.closed[0], "COUPLER_SEED=\(seed)")
    #expect(rig.link.readings[0].contactor == .closed)
    #expect(rig.link.counters.refused > 0)
  }

  /// Eight bits of checksum miss one in 256 frames with more than two wrong bits. Where the line is known to be noisy, what
  /// would bring energy closer therefore has to come twice; what takes it away counts at once.
  @Test func on_a_noisy_line_a_single_frame_brings_no_energy_closer() {
    var rig = Rig.up(.chargebyte())
    rig.controller(.pilot(.B, connector: 1))
    rig.run(.milliseconds(300))
    #expect(rig.link.readings[0].pilot == .B)
    func state(_ pilot: UInt8) throws -> [UInt8] {
      let blank = ControllerFrame(kind: ControllerFrame.Kind.chargeState, word: 0)
      var state = try #require(ChargeState(blank, layout: .singleBits))
      (state.pilot, state.isPilotOn) = (pilot, true)
      return state.frame(.singleBits).octets
    }
    // Clean: at once.
    try? rig.inject(state(3))
    #expect(rig.link.readings[0].pilot == .C)
    rig.run(.milliseconds(100))
    #expect(rig.link.readings[0].pilot == .B)
    // Noisy, but in step again.
    rig.inject([0x55])
    rig.run(.milliseconds(300))
    #expect(rig.link.readings[0].pilot == .B)
    try? rig.inject(state(3))
    #expect(rig.link.readings[0].pilot == .B)
    rig.run(.milliseconds(300))
    try? rig.inject(state(3) + state(3))
    #expect(rig.link.readings[0].pilot == .C)
    try? rig.inject(state(1))
    #expect(rig.link.readings[0].pilot == .A)
    // And clean again.
    rig.run(.seconds(11))
    try? rig.inject(state(3))
    #expect(rig.link.readings[0].pilot == .C)
  }

  /// A wire that only ever carries noise: the link stays down, and nobody is told that anything is there.
  @Test(arguments: allKinds)
  func a_line_of_nothing_but_noise_tells_nothing(kind: SafetyLinkKind) {
    var generator = SeededGenerator(seed: 7)
    var rig = Rig(kind)
    rig.handle(.start)
    for _ in 0..<2000 {
      rig.inject(garbage(kind, &generator), on: kind.serves(.serial) ? .serial : .management)
      rig.run(.milliseconds(20))
    }
    #expect(!rig.link.isUp)
    for report in rig.told() { #expect(report == .down(.noAnswer)) }
    #expect(rig.link.counters.refused > 0)
  }

  /// Random octets, or what looks like the beginning or the end of something.
  private func garbage(_ kind: SafetyLinkKind, _ generator: inout SeededGenerator) -> [UInt8] {
    let count = Int(generator.next() % 80) + 1
    var octets = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    switch generator.next() % 4 {
    case 0:
      for index in stride(from: 0, to: octets.count, by: 3) { octets[index] = kind.isChargebyte ? 0xA5 : 0 }
    case 1:
      // A message of the other protocols, whole and sound there.
      let foreign =
        kind.isChargebyte
        ? PacketFraming.octets(of: YetiReport.pilot(.C).octets)
        : ControllerFrame(kind: 0x07, word: generator.next()).octets
      octets = foreign + octets
    case 2:
      // A part of one of its own.
      let own =
        kind.isChargebyte
        ? ControllerFrame(kind: 0x07, word: generator.next()).octets
        : PacketFraming.octets(of: YetiReport.pilot(.C).octets)
      octets = Array(own.dropFirst().dropLast(2)) + octets
    default: break
    }
    // Datagrams have lengths of their own, so that random ones of these lengths may be valid.
    let lengths = [ChargeBridgeControl.size, ChargeBridgeStatus.size, ChargeBridgeLifeSign.size, 121]
    if !kind.serves(.serial), lengths.contains(octets.count) { octets.append(0) }
    return octets
  }

  /// Flips one or two bits of what is under way, or cuts it: what eight bits of checksum promise to find.
  private func spoil(_ rig: inout Rig, _ kind: SafetyLinkKind, _ generator: inout SeededGenerator) {
    let seed = generator.next()
    guard kind.serves(.serial) else {
      // A datagram comes whole, or not at all: UDP has a checksum.
      (rig.toHost, rig.toController) = ({ _ in [] }, { _ in [] })
      return
    }
    func spoiling(_ seed: UInt64) -> ([UInt8]) -> [UInt8] {
      { octets in
        var own = SeededGenerator(seed: octets.reduce(seed) { $0 &* 31 &+ UInt64($1) })
        guard own.chance(perMille: 700), !octets.isEmpty else { return octets }
        var spoilt = octets
        if own.chance(perMille: 200) { return Array(spoilt.prefix(Int(own.next() % UInt64(octets.count)))) }
        var bits: Set<Int> = []
        for _ in 0...Int(own.next() % (kind.isChargebyte ? 2 : 9)) {
          bits.insert(Int(own.next() % UInt64(octets.count * 8)))
        }
        for bit in bits { spoilt[bit / 8] ^= 1 << UInt8(bit % 8) }
        return spoilt
      }
    }
    (rig.toHost, rig.toController) = (spoiling(seed), spoiling(seed ^ 1))
  }
}

extension SafetyLinkKind {
  func serves(_ channel: SafetyChannel) -> Bool {
    if case .chargeBridge = self { channel != .serial } else { channel == .serial }
  }
}

/// Whatever comes, nothing traps, memory stays bounded, and all octets are accounted for.
@Suite struct FuzzTests {
  @Test(arguments: GarbageTests.seeds)
  func deframers(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var (frames, packets) = (ControllerDeframer(), PacketDeframer())
    var octetsIn: UInt64 = 0
    for _ in 0..<1500 {
      let octets = piece(&generator)
      octetsIn += UInt64(octets.count)
      frames.receive(octets.span.bytes) { _ in }
      packets.receive(octets.span.bytes) { _ in }
      let counters = frames.counters
      let accounted = counters.frames * 12 + counters.skippedOctets + UInt64(frames.pendingOctets)
      #expect(accounted == octetsIn, "COUPLER_SEED=\(seed)")
      #expect(packets.pendingOctets <= PacketFraming.messageMax + 4)
    }
    #expect(frames.counters.frames > 0 && packets.counters.frames > 0, "the fuzzer reaches the inside")
  }

  @Test(arguments: GarbageTests.seeds)
  func messages_are_what_they_are_when_written_again(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var accepted = 0
    for _ in 0..<3000 {
      let octets = message(&generator)
      let comment = Comment(rawValue: "COUPLER_SEED=\(seed): \(hexadecimal(octets))")
      if case .success(let command) = YetiCommand.read(octets.span.bytes) {
        accepted += 1
        #expect(YetiCommand.read(command.octets.span.bytes) == .success(command), comment)
      }
      if case .success(let command) = PhyVERSOCommand.read(octets.span.bytes) {
        accepted += 1
        #expect(PhyVERSOCommand.read(command.octets.span.bytes) == .success(command), comment)
      }
      if case .success(let report) = YetiReport.read(octets.span.bytes) {
        accepted += 1
        // Floats, unknown faults and a length limit make these two only similar.
        _ = YetiReport.read(report.octets.span.bytes)
      }
      if case .success(let report) = PhyVERSOReport.read(octets.span.bytes) {
        accepted += 1
        _ = PhyVERSOReport.read(report.octets.span.bytes)
      }
      if case .success(let status) = ChargeBridgeStatus.read(octets.span.bytes) {
        #expect(ChargeBridgeStatus.read(status.octets.span.bytes) == .success(status), comment)
      }
      if case .success(let sign) = ChargeBridgeLifeSign.read(octets.span.bytes) {
        #expect(ChargeBridgeLifeSign.read(sign.octets.span.bytes) == .success(sign), comment)
      }
      _ = ChargeBridgeControl(octets.span.bytes)
      let frame = ControllerFrame(kind: octets.first ?? 0, word: generator.next())
      for layout in [ChargeStateLayout.singleBits, .pairs] { _ = ChargeState(frame, layout: layout) }
      _ = (ControllerTemperatures(frame), ControllerFirmware(frame), ChargeControl(frame))
    }
    #expect(accepted > 300, "the fuzzer reaches the inside")
  }

  /// A link that is given anything, at any time, in any state.
  @Test(arguments: allKinds, GarbageTests.seeds)
  func a_link_takes_anything(kind: SafetyLinkKind, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var link = SafetyLink(SafetyLinkConfiguration(kind, hasResetLine: generator.chance(perMille: 500)))
    var now = Instant.zero
    for _ in 0..<600 {
      let commands: [SafetyCommand] = [
        .duty(.pwm(permille: Int(truncatingIfNeeded: generator.next()))), .duty(.steadyHigh),
        .allowPower(true),
        .lock(false), .threePhases(true),
      ]
      let connector = Int(generator.next() % 4) - 1
      switch generator.next() % 12 {
      case 0: link.handle(.start, at: now) { _ in }
      case 1: link.handle(.reset, at: now) { _ in }
      case 2: link.handle(.lineFailed, at: now) { _ in }
      case 3: if generator.chance(perMille: 100) { link.handle(.stop, at: now) { _ in } }
      case 4, 5:
        link.handle(.command(commands[Int(generator.next() % 5)], connector: connector), at: now) { _ in }
      case 6, 7: link.handle(.timeout, at: now) { _ in }
      case 8: now += .milliseconds(Int64(generator.next() % 3000))
      default:
        let octets =
          generator.chance(perMille: 500) ? piece(&generator) : PacketFraming.octets(of: message(&generator))
        let channels: [SafetyChannel] = [.serial, .management, .pilot]
        link.receive(octets.span.bytes, from: channels[Int(generator.next() % 3)], at: now) { _ in }
      }
    }
  }

  private func piece(_ generator: inout SeededGenerator) -> [UInt8] {
    switch generator.next() % 4 {
    case 0: return (0..<Int(generator.next() % 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    case 1: return ControllerFrame(kind: UInt8(generator.next() % 17), word: generator.next()).octets
    case 2: return PacketFraming.octets(of: message(&generator))
    default:
      var octets = ControllerFrame(kind: 0x07, word: generator.next()).octets
      octets[Int(generator.next() % 12)] = UInt8(truncatingIfNeeded: generator.next())
      return octets
    }
  }

  /// Fields with the numbers of these messages, in forms that fit or do not.
  private func message(_ generator: inout SeededGenerator) -> [UInt8] {
    if generator.chance(perMille: 100) {
      return (0..<Int(generator.next() % 60)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
    var octets: [UInt8] = []
    for _ in 0...Int(generator.next() % 3) {
      let number = generator.chance(perMille: 500) ? generator.next() % 12 : 100 + generator.next() % 10
      let form = [0, 0, 2, 2, 5, 1][Int(generator.next() % 6)]
      octets += varint(number << 3 | UInt64(form))
      switch form {
      case 0: octets += varint(generator.chance(perMille: 800) ? generator.next() % 7 : generator.next())
      case 2:
        let content = (0..<Int(generator.next() % 8)).map { _ in UInt8(generator.next() % 32) }
        octets += varint(UInt64(content.count)) + content
      case 5: octets += (0..<4).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      default: octets += (0..<8).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      }
    }
    return octets
  }

  private func varint(_ value: UInt64) -> [UInt8] {
    var (octets, rest): ([UInt8], UInt64) = ([], value)
    while rest > 0x7F {
      octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return octets + [UInt8(rest)]
  }
}
