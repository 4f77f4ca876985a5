import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Testing
import Wire

@Suite struct RobustnessTests {
  /// A message that fits the present process more often than not, with a field or two wrong.
  private func anyMessage(_ random: inout SeededGenerator, _ runID: RunID) -> ManagementMessage {
    func octet() -> UInt8 { random.chance(perMille: 100) ? UInt8(truncatingIfNeeded: random.next()) : 0 }
    func identifier() -> StationIdentifier { StationIdentifier(leading: .zero, last: octet()) }
    let id = random.chance(perMille: 850) ? runID : RunID(random.next())
    let ev = random.chance(perMille: 850) ? evMAC : MACAddress(random.next())
    let evse = random.chance(perMille: 850) ? evseMAC : MACAddress(random.next())
    let groups = random.chance(perMille: 900) ? 58 : Int(random.next() % 60)
    let profile = AttenuationProfile(repeating: UInt8(random.next() % 70), count: groups)
    let count = random.chance(perMille: 900) ? 10 : UInt8(truncatingIfNeeded: random.next())
    let key = NetworkKey(derivingFrom: NMK(Octets16(high: random.next(), low: 1)))
    switch random.next() % 19 {
    case 0: return .slacParmReq(CM_SLAC_PARM_REQ(applicationType: octet(), runID: id))
    case 1:
      return .slacParmCnf(
        CM_SLAC_PARM_CNF(
          soundCount: count, timeOut: count, forwardingStation: ev, securityType: octet(), runID: id))
    case 2:
      return .startAttenCharInd(
        CM_START_ATTEN_CHAR_IND(soundCount: count, timeOut: count, forwardingStation: ev, runID: id))
    case 3: return .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: count, runID: id, random: .zero))
    case 4, 5, 6: return .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: ev, profile: profile))
    case 7:
      return .attenCharInd(
        CM_ATTEN_CHAR_IND(
          sourceAddress: ev, runID: id, sourceID: identifier(), soundCount: count, profile: profile))
    case 8:
      return .attenCharRsp(
        CM_ATTEN_CHAR_RSP(sourceAddress: ev, runID: id, responseID: identifier(), result: octet()))
    case 9:
      return .validateReq(
        CM_VALIDATE_REQ(signalType: octet(), timer: octet(), result: ValidateResult(rawValue: octet())))
    case 10:
      return .slacMatchReq(CM_SLAC_MATCH_REQ(evID: identifier(), evMAC: ev, evseMAC: evse, runID: id))
    case 11: return .slacMatchCnf(CM_SLAC_MATCH_CNF(evMAC: ev, evseMAC: evse, runID: id, key: key))
    case 12: return .setKeyCnf(CM_SET_KEY_CNF(result: octet()))
    case 13:
      return .validateCnf(
        CM_VALIDATE_CNF(
          signalType: octet(), toggleCount: UInt8(random.next() % 4),
          result: ValidateResult(rawValue: UInt8(random.next() % 5))))
    case 14:
      let octets = random.chance(perMille: 800) ? 459 : Int(random.next() % 460)
      return .ampMapReq(CM_AMP_MAP_REQ(reductions: [UInt8](repeating: octet(), count: octets)))
    case 15: return .ampMapCnf(CM_AMP_MAP_CNF(result: octet()))
    case 16:
      let station = CM_NW_STATS_CNF.Station(address: ev, transmitRate: 10, receiveRate: 10)
      return .nwStatsCnf(CM_NW_STATS_CNF(stations: random.chance(perMille: 850) ? [station] : []))
    case 17:
      return .mmeErrorInd(
        CM_MME_ERROR_IND(reason: octet(), version: 1, type: .CM_SET_KEY_REQ, fieldOffset: 0))
    default:
      return .linkStatusCnf(
        VS_PL_LNK_STATUS_CNF(status: octet(), linkStatus: random.chance(perMille: 850) ? 1 : 0))
    }
  }

  /// Preconditions inside the machines check after every event that no state waits for ever.
  @Test func no_order_of_messages_traps_the_EVSE() {
    var phases: Set<String> = []
    for seed in 1...25 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      var probe = evseProbe(seed: seed) {
        $0.settings.modem = [nil, .generic, .qualcomm, .generic][Int(seed % 4)]
        $0.settings.tolerances = seed % 2 == 0 ? .lenient : .conformant
        if seed % 3 == 0 { $0.settings.amplitudeMap = CM_AMP_MAP_REQ(reductions: [1, 2]) }
      }
      probe.modemAnswers = false
      probe.handle(.start)
      for _ in 0..<3_000 {
        switch random.next() % 100 {
        case 0..<80:
          let from = random.chance(perMille: 900) ? evMAC : MACAddress(random.next())
          probe.receive(anyMessage(&random, run), from: from)
        case 80..<85: probe.handle(.timeout)
        case 85..<91: probe.advance(.milliseconds(Int(random.next() % 300)))
        case 93: probe.advance(.seconds(Int(random.next() % 15)))
        case 94: probe.handle(random.chance(perMille: 300) ? .vehicleDisconnected : .vehicleConnected)
        case 92: probe.handle(.asksForEnergy(random.chance(perMille: 500), since: probe.now))
        case 91: probe.handle(random.chance(perMille: 300) ? .sleep : .start)
        case 95: probe.handle(random.chance(perMille: 100) ? .pilotError : .vehicleConnected)
        case 96: probe.handle(random.chance(perMille: 100) ? .terminate : .resume)
        case 97: probe.handle(random.chance(perMille: 100) ? .error : .resume)
        case 98: probe.handle(random.chance(perMille: 300) ? .pause : .resume)
        default: probe.handle(.vehicleConnected)
        }
        probe.actions.removeAll(keepingCapacity: true)
        phases.insert(probe.machine.phase.rawValue)
      }
    }
    let reachable = Set(TestEVSE.Phase.allCases.map(\.rawValue))
    #expect(phases == reachable)
  }

  @Test func no_order_of_messages_traps_the_EV() {
    var phases: Set<String> = []
    for seed in 1...25 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      var probe = evProbe(seed: seed) {
        $0.settings.modem = [nil, .generic, .qualcomm, .generic][Int(seed % 4)]
        $0.settings.tolerances = seed % 2 == 0 ? .lenient : .conformant
        if seed % 3 == 0 { $0.settings.amplitudeMap = CM_AMP_MAP_REQ(reductions: [1, 2]) }
        if seed % 5 == 0 { $0.settings.rematchAfterLoss = .seconds(5) }
      }
      probe.modemAnswers = false
      probe.handle(.start)
      var runID = RunID(0)
      for _ in 0..<3_000 {
        switch random.next() % 100 {
        case 0..<80:
          let from = random.chance(perMille: 900) ? evseMAC : MACAddress(random.next())
          probe.receive(anyMessage(&random, runID), from: from)
        case 80..<85: probe.handle(.timeout)
        case 85..<95: probe.advance(.milliseconds(Int(random.next() % 300)))
        case 95: probe.advance(.seconds(Int(random.next() % 15)))
        case 96: probe.handle(random.chance(perMille: 200) ? .pilotLost : .pilotReady)
        case 97: probe.handle(random.chance(perMille: 100) ? .terminate : .resume)
        case 98: probe.handle(random.chance(perMille: 300) ? .pause : .resume)
        case 99: probe.handle(random.chance(perMille: 200) ? .sleep : .start)
        default: probe.handle(.pilotReady)
        }
        for case .send(let frame) in probe.actions.map(\.action) {
          if case .slacParmReq(let request) = frame.message { runID = request.runID }
        }
        probe.actions.removeAll(keepingCapacity: true)
        phases.insert(probe.machine.phase.rawValue)
      }
    }
    let reachable = Set(TestEV.Phase.allCases.map(\.rawValue))
    #expect(phases == reachable)
  }

  @Test func a_flood_of_run_ids_cannot_grow_the_table() {
    var random = SeededGenerator(seed: 11)
    var probe = evseProbe()
    probe.plugIn()
    var most = 0
    for index in 0..<100_000 {
      let ev = MACAddress(0x0200_0000_0000 | random.next() & 0xFFFF)
      let runID = RunID(random.next())
      probe.parm(ev, runID)
      if random.chance(perMille: 200) { probe.start(ev, runID) }
      if index % 100 == 0 { probe.advance(.milliseconds(10)) }
      most = max(most, probe.machine.sessionCount)
      probe.actions.removeAll(keepingCapacity: true)
    }
    #expect(most == 32 + 256, "sounding, and waiting to")
    probe.handle(.vehicleDisconnected)
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    #expect(probe.takeSentTypes().last == .CM_SLAC_MATCH_CNF)
  }

  @Test func a_flood_cannot_push_out_an_EV_that_is_sounding() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    probe.start()
    for index in 0..<200 { probe.parm(otherEV, RunID(UInt64(index))) }
    for remaining in 0..<10 { probe.sound(UInt8(remaining)) }
    probe.respond()
    probe.match()
    #expect(probe.takeSentTypes().last == .CM_SLAC_MATCH_CNF)
  }

  // MARK: a bad line

  /// Ends matched or failed, never stuck, and after a reset and on a good line the next match succeeds.
  @Test func on_a_bad_line_a_match_ends_and_the_next_one_succeeds() {
    var matched = 0
    let runs = 150
    for seed in 1...UInt64(runs) {
      var random = SeededGenerator(seed: seed)
      var bench = Bench(seed: seed) {
        $0.joinDelay = .milliseconds(200)
        $0.handsOverOneStart = seed % 2 == 0
        $0.faults.lossPerMille = Int(random.next() % 250)
        $0.faults.duplicationPerMille = Int(random.next() % 200)
        $0.faults.corruptionPerMille = Int(random.next() % 100)
        $0.faults.reorderingPerMille = Int(random.next() % 200)
        $0.faults.delayMax = .milliseconds(Int(random.next() % 60))
      }
      bench.plug()
      bench.run(.seconds(120)) { bench in
        bench.isMatched() || (bench[ev: 0].phase == .unmatched && bench[evse: 1].phase == .failed)
      }
      let ended =
        bench.isMatched() || (bench[ev: 0].phase == .unmatched && bench[evse: 1].phase == .failed)
      #expect(ended, "seed \(seed): EV \(bench[ev: 0].phase), EVSE \(bench[evse: 1].phase)")
      if bench.isMatched() { matched += 1 }
      bench.unplug()
      bench.run(.seconds(1))
      #expect(bench[ev: 0].phase == .unmatched && bench[evse: 1].phase == .unmatched, "seed \(seed)")

      bench.line.faults = .none
      bench.plug()
      bench.run(.seconds(5)) { $0.isMatched() }
      #expect(bench.isMatched(), "seed \(seed): the next match failed")
    }
    print("bad line: \(matched) of \(runs) matches succeeded")
    #expect(matched > runs / 2)
  }

  @Test func unplugging_at_any_moment_leaves_nothing_behind() {
    for millisecond in stride(from: 0, through: 1_700, by: 17) {
      var bench = Bench(seed: UInt64(millisecond)) { $0.joinDelay = .milliseconds(500) }
      bench.plug()
      bench.run(.milliseconds(millisecond))
      bench.unplug()
      bench.run(.seconds(1))
      #expect(bench[ev: 0].phase == .unmatched && bench[evse: 1].phase == .unmatched)
      #expect(bench[ev: 0].deadline == nil && bench[evse: 1].deadline == nil)
      #expect(bench.line.network(ofPort: 0) != bench.line.network(ofPort: 1))
      bench.plug()
      bench.run(.seconds(3)) { $0.isMatched() }
      #expect(bench.isMatched(), "after unplugging at \(millisecond) ms")
    }
  }
}

@Suite struct FloodTests {
  @Test func an_EV_that_begins_again_and_again_displaces_only_itself() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm(otherEV, RunID(1))
    for run in 1...1000 as ClosedRange<UInt64> { probe.parm(evMAC, RunID(run)) }
    #expect(probe.machine.sessionCount == 5)
    probe.actions.removeAll()
    probe.start(otherEV, RunID(1))
    for remaining in (0..<10).reversed() { probe.sound(UInt8(remaining), otherEV, RunID(1)) }
    #expect(probe.takeSentTypes() == [.CM_ATTEN_CHAR_IND])
  }

  @Test func a_flood_does_not_drown_the_log() {
    var probe = evseProbe()
    probe.plugIn()
    for run in 1...5000 as ClosedRange<UInt64> { probe.parm(MACAddress(0x0200_0000_0000 + run), RunID(run)) }
    let traces = probe.actions.filter { if case .trace = $0.action { true } else { false } }
    #expect(traces.count < 500)
    #expect(probe.machine.sessionCount == 256)
  }
}
