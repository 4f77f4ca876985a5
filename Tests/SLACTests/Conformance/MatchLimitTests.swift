import CAllocationCounter
import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Testing
import Wire

/// How long a match takes, how many EVs sound at a time, and what a flood of frames does.
@Suite struct MatchLimitTests {
  // MARK: time

  /// From the EV's CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF, with one frame lost.
  private func matchTime(losing number: Int = -1) -> Duration? {
    var bench = FaultBench(validates: false, number: number, fault: number < 0 ? .none : .lost)
    bench.plug()
    bench.run(.seconds(10)) { $0.isMatched }
    let begin = bench.frames.first { $0.type == .CM_SLAC_PARM_REQ }?.at
    let end = bench.frames.last { $0.type == .CM_SLAC_MATCH_CNF }?.at
    guard let begin, let end, bench.isMatched else { return nil }
    return end - begin
  }

  @Test func a_clean_match_takes_at_most_245_ms() throws {
    let time = try #require(matchTime())
    #expect((.milliseconds(240) ... .milliseconds(245)).contains(time), "\(time)")
  }

  /// A sound that the EVSE's modem never hears, and one whose report it keeps to itself.
  @Test(arguments: [ManagementType.CM_MNBC_SOUND_IND, .CM_ATTEN_PROFILE_IND], 0..<10)
  func a_match_with_one_sound_lost_takes_at_most_605_ms(type: ManagementType, position: Int) throws {
    let frames = FaultTableTests.clean(false)
    let numbers = frames.indices.filter { frames[$0].type == type }
    #expect(numbers.count == 10)
    let time = try #require(matchTime(losing: numbers[position]))
    #expect((.milliseconds(600) ... .milliseconds(605)).contains(time), "\(time)")
  }

  // MARK: many EVs

  /// Every EV at its own attenuation; only the first is near enough to match. Each begins a millisecond after the one
  /// before, so that requests, sounds and reports of all are mixed.
  @Test func fifty_EVs_sounding_at_once_are_averaged_each_by_itself() {
    let count = 50
    var bench = Bench(evs: count, evses: 1) {
      $0.ripple = 0
      $0.joinDelay = .milliseconds(100)
    } slac: {
      $0.settings.tolerances = .conformant
      $0.settings.sessionsMax = count
      $0.settings.attenuationDirectMax = Attenuation(decibels: 10)
      $0.settings.attenuationIndirectMax = Attenuation(decibels: 10)
      // The one that will be matched sounds more slowly: the match ends the phase for all others.
      if $0.address == evMAC { $0.timers.soundGap = .milliseconds(25) }
    }
    for port in 0..<count { bench.line.setAttenuation(10 + port, between: port, and: count) }
    bench.run(.seconds(1))
    bench.evse(count, .vehicleConnected)
    for port in (0..<count).reversed() {
      bench.run(.milliseconds(1))
      bench.ev(port, .pilotReady)
    }
    bench.run(.seconds(3)) { $0.isMatched(0, count) }
    var averages: [MACAddress: [Attenuation]] = [:]
    for passed in bench.passed where passed.port == count && passed.fromHost {
      guard let frame = try? ManagementFrame(parsing: passed.octets.span.bytes),
        case .attenCharInd(let report) = frame.message, let mean = Attenuation(meanOf: report.profile)
      else { continue }
      #expect(report.soundCount == 10 && report.sourceAddress == frame.destination)
      averages[frame.destination, default: []].append(mean)
    }
    let right = (0..<count).count { port in
      averages[MACAddress(0x0200_0000_00E1 + UInt64(port))]?.first == Attenuation(decibels: 10 + port)
    }
    #expect(right == count, "\(right) of \(count) averaged correctly")
    #expect(averages.count == count)
    #expect(bench.isMatched(0, count))
    #expect(bench.line.overflowed == 0)
  }

  // MARK: floods

  /// Sources a flood comes from: any, and those that matter to the EVSE.
  private func source(_ random: inout SeededGenerator) -> MACAddress {
    switch random.next() % 20 {
    case 0: evseMAC
    case 1: evMAC
    case 2: .broadcast
    case 3: ManagementFrame.localModem
    case 4: testModem
    case 5: .zero
    default: MACAddress(random.next() & 0xFFFF_FFFF_FFFF)
    }
  }

  /// An EV of the field in the middle of a flood: it lets 100 ms pass before each step, as TP_match_sequence permits.
  /// Two milliseconds of line time for each frame of the flood, about what one takes in ROBO mode.
  private func match(
    _ probe: inout Probe<TestEVSE>, _ runID: RunID, flood: (inout Probe<TestEVSE>) -> Void
  ) -> Bool {
    func wait(_ milliseconds: Int, _ probe: inout Probe<TestEVSE>) {
      for _ in 0..<milliseconds / 2 {
        flood(&probe)
        probe.advance(.milliseconds(2))
      }
    }
    func took(_ type: ManagementType, _ probe: inout Probe<TestEVSE>) -> Bool {
      probe.takeLine().contains { $0.type == type && $0.frame.destination == evMAC }
    }
    probe.forget()
    probe.parm(evMAC, runID)
    guard took(.CM_SLAC_PARM_CNF, &probe) else { return false }
    wait(100, &probe)
    probe.start(evMAC, runID)
    for remaining in (0..<10 as Range<UInt8>).reversed() {
      wait(30, &probe)
      probe.sound(remaining, evMAC, runID)
    }
    guard took(.CM_ATTEN_CHAR_IND, &probe) else { return false }
    probe.answerReport(evMAC, runID)
    wait(100, &probe)
    probe.forget()
    probe.deliver(
      .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: runID)), from: evMAC)
    return took(.CM_SLAC_MATCH_CNF, &probe)
  }

  @Test func in_a_flood_of_100000_requests_memory_is_bounded_and_an_EV_is_matched() {
    var random = SeededGenerator(seed: 31)
    var probe = Probe.plugged()
    var sent = 0
    var most = 0
    var traces = 0
    func flood(_ probe: inout Probe<TestEVSE>) {
      sent += 1
      probe.deliver(
        .slacParmReq(CM_SLAC_PARM_REQ(runID: RunID(random.next()))), from: source(&random), to: .broadcast)
      most = max(most, probe.machine.sessionCount)
    }
    func run(until count: Int, _ probe: inout Probe<TestEVSE>) {
      while sent < count {
        flood(&probe)
        probe.advance(.milliseconds(2))
        traces += probe.actions.count { if case .trace = $0.action { true } else { false } }
        probe.actions.removeAll(keepingCapacity: true)
      }
    }
    run(until: 20_000, &probe)
    let early = allocation_count()
    run(until: 30_000, &probe)
    let perEarlyRequest = Double(allocation_count() - early) / 10_000
    run(until: 50_000, &probe)
    #expect(match(&probe, RunID(7), flood: flood), "no match in the middle of the flood")
    // The vehicle leaves, the flood does not.
    probe.handle(.vehicleDisconnected)
    probe.advance(.seconds(1))
    probe.handle(.vehicleConnected)
    run(until: 90_000, &probe)
    let late = allocation_count()
    run(until: 100_000, &probe)
    let perLateRequest = Double(allocation_count() - late) / 10_000
    #expect(sent == 100_000)
    let settings = SLACSettings()
    #expect(most <= settings.sessionsMax + settings.requestsMax, "\(most) sessions")
    // The same work for the last request as for the first: nothing has grown.
    #expect(perLateRequest <= perEarlyRequest * 1.05 + 0.5, "\(perEarlyRequest), then \(perLateRequest)")
    #expect(match(&probe, RunID(8)) { _ in }, "no match after the flood")
    print(
      "flood: \(most) sessions at most, \(perLateRequest) allocations and \(traces / sent) notes a request")
  }

  @Test func in_a_flood_of_garbage_an_EV_is_matched() {
    var random = SeededGenerator(seed: 32)
    var probe = Probe.plugged()
    var most = 0
    func flood(_ probe: inout Probe<TestEVSE>) {
      let from = source(&random)
      // Frames in the matched EV's name are another test's: there is no way to tell them.
      guard from != evMAC, from != testModem, from != ManagementFrame.localModem else { return }
      let runID = RunID(random.next())
      let octet = UInt8(truncatingIfNeeded: random.next())
      let message: ManagementMessage =
        switch random.next() % 9 {
        case 0:
          .startAttenCharInd(
            CM_START_ATTEN_CHAR_IND(soundCount: octet, forwardingStation: from, runID: runID))
        case 1: .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: octet, runID: runID, random: .zero))
        case 2:
          .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: from, profile: AttenuationProfile(repeating: octet)))
        case 3: .validateReq(CM_VALIDATE_REQ(timer: octet % 3))
        case 4: .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: from, evseMAC: evseMAC, runID: runID))
        case 5: .attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: from, runID: runID))
        case 6: .slacParmReq(CM_SLAC_PARM_REQ(runID: runID))
        case 7: .validateCnf(CM_VALIDATE_CNF(toggleCount: octet, result: .success))
        default:
          .attenCharInd(
            CM_ATTEN_CHAR_IND(
              sourceAddress: evseMAC, runID: runID, soundCount: octet,
              profile: AttenuationProfile(repeating: 1)))
        }
      probe.deliver(message, from: from, to: octet % 2 == 0 ? .broadcast : evseMAC)
      most = max(most, probe.machine.sessionCount)
    }
    for _ in 0..<20_000 {
      flood(&probe)
      probe.advance(.milliseconds(2))
      probe.actions.removeAll(keepingCapacity: true)
    }
    #expect(match(&probe, RunID(7), flood: flood), "no match in the middle of the flood")
    probe.handle(.vehicleDisconnected)
    probe.advance(.seconds(1))
    probe.handle(.vehicleConnected)
    #expect(match(&probe, RunID(8), flood: flood), "no second match in the flood")
    #expect(most <= SLACSettings().sessionsMax)
  }
}
