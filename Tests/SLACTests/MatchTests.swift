import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Testing
import Wire

@Suite struct MatchTests {
  /// The floor of the standard's timers is 240 ms: 3 START and 10 SOUND with 12 gaps of 20 ms.
  @Test func a_clean_match_takes_the_floor_of_the_timers() throws {
    var bench = Bench()
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    #expect(bench.isMatched())
    let time = try #require(bench.matchTime())
    let joined = try #require(bench.first(0) { $0 == .linkReady(peer: MACAddress(0x0200_0000_00C1)) })
    print(
      "match: \(time.milliseconds) ms from CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF,",
      "D-LINK_READY at \((joined - .zero).milliseconds) ms with a join delay of 1000 ms")
    #expect(time <= .milliseconds(245))
    #expect(time >= .milliseconds(240), "a gap was shorter than 20 ms")
  }

  @Test func the_ladder_of_a_match_is_as_committed() {
    var bench = Bench { $0.joinDelay = .milliseconds(300) }
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    bench.run(.milliseconds(1500))
    bench.unplug()
    #expect(bench.ladder() == matchLadder.split(separator: "\n").map(String.init))
  }

  @Test func the_key_is_random_in_every_session_and_left_behind() {
    var bench = Bench { $0.joinDelay = .milliseconds(50) }
    var networks: Set<NID> = []
    for _ in 0..<5 {
      bench.plug()
      bench.run(.seconds(5)) { $0.isMatched() }
      #expect(bench.isMatched())
      if let network = bench[evse: 1].network { networks.insert(network) }
      bench.run(.seconds(2))
      let leftAt = bench.now
      bench.unplug()
      bench.run(.seconds(1))
      #expect(bench.line.network(ofPort: 0) != bench.line.network(ofPort: 1))
      #expect(!networks.contains(bench.line.network(ofPort: 0) ?? NID(0)), "left within TP_match_leave")
      #expect(!networks.contains(bench.line.network(ofPort: 1) ?? NID(0)))
      #expect(bench.now - leftAt <= .seconds(1))
    }
    #expect(networks.count == 5)
  }

  @Test func all_three_starts_may_be_handed_over() {
    var bench = Bench { $0.handsOverOneStart = false }
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    #expect(bench.isMatched())
    #expect(bench.matchTime() == .milliseconds(240))
  }

  @Test func collecting_confirmations_costs_TT_match_response() {
    var bench = Bench(slac: { $0.settings.collectConfirmations = true })
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    #expect(bench.matchTime() == .milliseconds(440))
  }

  @Test func a_slow_line_adds_its_latency_only() {
    var bench = Bench { $0.latency = .milliseconds(2) }
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    // PARM.REQ and CNF, last sound and report, MATCH.REQ and CNF.
    #expect(bench.matchTime() == .milliseconds(240 + 12))
  }

  /// SECC_CMN AttenuationCharacterization_020: less transmit power raises the reported mean.
  @Test func the_reported_attenuation_follows_the_line() {
    var means: [Int] = []
    for decibels in [10, 22] {
      var bench = Bench { $0.attenuation = decibels }
      bench.plug()
      bench.run(.seconds(5)) { $0.isMatched() }
      for (_, port, action) in bench.actions where port == 0 {
        if case .trace(.attenuation(_, let mean, sounds: 10)) = action { means.append(mean.millidecibels) }
      }
    }
    #expect(means.count == 2)
    #expect(zip(means, [10_000, 22_000]).allSatisfy { abs($0 - $1) < 1_000 })
  }

  @Test func two_EVs_and_two_EVSEs_find_their_own_cable() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var bench = Bench(evs: 2, evses: 2, seed: seed) { $0.joinDelay = .milliseconds(100) }
      bench.line.setAttenuation(32, between: 0, and: 3)
      bench.line.setAttenuation(32, between: 1, and: 2)
      bench.plug(0, 2)
      bench.run(.milliseconds(Int(seed) * 20))
      bench.plug(1, 3)
      bench.run(.seconds(20)) { $0.isMatched(0, 2) && $0.isMatched(1, 3) }
      #expect(bench.isMatched(0, 2), "seed \(seed)")
      #expect(bench.isMatched(1, 3), "seed \(seed)")
      #expect(bench[evse: 2].network != bench[evse: 3].network)
    }
  }

  @Test func twenty_foreign_EVs_sounding_at_once_do_not_disturb_the_own_one() throws {
    // With the default limits the foreign ones, who have no charger of their own here, would take this one.
    var bench = Bench(evs: 21, evses: 1) {
      $0.joinDelay = .milliseconds(100)
    } slac: {
      $0.settings.attenuationIndirectMax = Attenuation(decibels: 40)
    }
    for foreign in 1...20 { bench.line.setAttenuation(45, between: foreign, and: 21) }
    bench.evse(21, .vehicleConnected)
    for port in (0...20).reversed() { bench.ev(port, .pilotReady) }
    bench.run(.seconds(3)) { $0.isMatched(0, 21) }
    #expect(bench.isMatched(0, 21))
    #expect(try #require(bench.matchTime()) <= .milliseconds(245))
  }

  @Test func an_EV_without_charger_gives_up_and_says_why() {
    var bench = Bench()
    bench.ev(0, .pilotReady)
    bench.run(.seconds(60))
    #expect(bench.actions.contains { $0.port == 0 && $0.action == .failed(.noConfirmation) })
    #expect(bench[ev: 0].phase == .unmatched)
  }

  @Test func a_charger_that_wakes_up_late_is_still_matched() {
    var bench = Bench()
    bench.ev(0, .pilotReady)
    bench.run(.seconds(8))
    bench.evse(1, .vehicleConnected)
    bench.run(.seconds(5)) { $0.isMatched() }
    #expect(bench.isMatched())
  }

  @Test func a_modem_in_the_wrong_role_is_named() {
    var bench = Bench { $0.ports[1].role = .ev }
    bench.plug()
    bench.run(.seconds(20))
    #expect(bench.actions.contains { $0.action == .trace(.sessionFailed(EVNumber(1), .noProfile)) })
    #expect(bench.actions.contains { $0.port == 1 && $0.action == .failed(.sessionsFailed(.noProfile)) })
    #expect(
      bench.actions.contains { $0.action == .trace(.processFailed(attempt: 1, .noAttenuation)) })
  }

  @Test func a_silent_modem_is_reported_once_and_tried_on() {
    var probe = evseProbe()
    probe.modemAnswers = false
    probe.handle(.start)
    probe.advance(.seconds(60))
    #expect(probe.failures == [.modemSilent])
    #expect(probe.machine.phase == .keySetup)
    probe.handle(.vehicleConnected)
    #expect(probe.failures == [.modemSilent, .modemSilent], "who waits for a match hears why there is none")
    probe.parm()
    #expect(!probe.takeSentTypes().contains(.CM_SLAC_PARM_CNF), "the old key may be known to someone")
    probe.modemAnswers = true
    probe.advance(.seconds(10))
    #expect(probe.machine.phase == .matching)
  }

  @Test func a_modem_that_dies_while_matched_loses_the_link_once() {
    var bench = Bench { $0.joinDelay = .zero }
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    var probe = Probe(bench[evse: 1], own: evseMAC)
    probe.now = bench.now
    probe.modemAnswers = false
    probe.advance(.seconds(30))
    #expect(probe.losses == [.modemSilent])
  }

  @Test func a_broken_line_is_a_lost_link_on_both_sides() {
    var bench = Bench { $0.joinDelay = .zero }
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    bench.line.setAttenuation(nil, between: 0, and: 1)
    bench.run(.seconds(3))
    for port in 0...1 {
      #expect(bench.actions.filter { $0.port == port && $0.action == .linkLost(.linkDown) }.count == 1)
    }
  }

  @Test func early_and_repeated_timeouts_are_harmless() {
    var calm = Bench(seed: 3)
    var nervous = Bench(seed: 3)
    calm.plug()
    nervous.plug()
    for _ in 0..<2_000 {
      calm.run(.milliseconds(1))
      nervous.run(.milliseconds(1))
      for _ in 0..<3 {
        nervous.ev(0, .timeout)
        nervous.evse(1, .timeout)
      }
    }
    #expect(calm.ladder() == nervous.ladder())
    #expect(calm.isMatched())
  }
}

/// Milliseconds, station, what it does: `-> all` broadcast, `-> modem` the own one, `-> peer` the other side.
let matchLadder = """
       0 EV   -> modem VS_SW_VER.REQ
       0 EV   -> modem CM_SET_KEY.REQ
       0 EVSE -> modem VS_SW_VER.REQ
       0 EVSE -> modem CM_SET_KEY.REQ
       0 EVSE -> modem VS_NW_INFO.REQ
       0 EV   -> all CM_SLAC_PARM.REQ
       0 EVSE -> peer CM_SLAC_PARM.CNF
       0 EV   -> all CM_START_ATTEN_CHAR.IND
      20 EV   -> all CM_START_ATTEN_CHAR.IND
      40 EV   -> all CM_START_ATTEN_CHAR.IND
      60 EV   -> all CM_MNBC_SOUND.IND
      80 EV   -> all CM_MNBC_SOUND.IND
     100 EV   -> all CM_MNBC_SOUND.IND
     120 EV   -> all CM_MNBC_SOUND.IND
     140 EV   -> all CM_MNBC_SOUND.IND
     160 EV   -> all CM_MNBC_SOUND.IND
     180 EV   -> all CM_MNBC_SOUND.IND
     200 EV   -> all CM_MNBC_SOUND.IND
     220 EV   -> all CM_MNBC_SOUND.IND
     240 EV   -> all CM_MNBC_SOUND.IND
     240 EVSE -> peer CM_ATTEN_CHAR.IND
     240 EV   -> peer CM_ATTEN_CHAR.RSP
     240 EV   -> peer CM_SLAC_MATCH.REQ
     240 EVSE -> peer CM_SLAC_MATCH.CNF
     240 EV   -> modem CM_SET_KEY.REQ
     490 EV   -> modem VS_PL_LNK_STATUS.REQ
     490 EVSE -> modem VS_PL_LNK_STATUS.REQ
     740 EV   -> modem VS_PL_LNK_STATUS.REQ
     740 EVSE -> modem VS_PL_LNK_STATUS.REQ
     940 EV   D-LINK_READY (up)
     940 EVSE D-LINK_READY (up)
    1940 EV   -> modem VS_PL_LNK_STATUS.REQ
    1940 EVSE -> modem VS_PL_LNK_STATUS.REQ
    2440 EVSE D-LINK_READY (down), pilot
    2440 EVSE -> modem CM_SET_KEY.REQ
    2440 EVSE -> modem VS_NW_INFO.REQ
    2440 EV   D-LINK_READY (down), pilot
    2440 EV   -> modem CM_SET_KEY.REQ
  """

/// What is not in the standard's tables but happens.
@Suite struct FieldTests {
  @Test func an_EV_that_never_got_the_confirmation_and_begins_again_is_matched() {
    var probe = evseProbe { $0.settings.tolerances = [.newRunWhileJoining] }
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    #expect(probe.machine.phase == .waitLink)
    probe.actions.removeAll()
    probe.advance(.seconds(1))
    probe.parm(otherEV, RunID(8))
    probe.parm(evMAC, run)
    #expect(probe.machine.phase == .waitLink, "another EV, or the same run late, changes nothing")
    probe.parm(evMAC, RunID(9))
    #expect(probe.keysSet.count == 1, "the key may have been heard")
    #expect(probe.machine.phase == .matching)
    probe.parm(evMAC, RunID(9))
    #expect(probe.takeSentTypes() == [.CM_SLAC_PARM_CNF])
  }

  @Test func a_refused_key_is_sent_again_where_the_board_knows_its_modem() {
    var probe = evseProbe {
      $0.settings.acceptedKeyResult = 1
      $0.settings.modem = .generic
    }
    probe.modemAnswers = false
    probe.handle(.start)
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: MACAddress(0x00B0_5200_0055))
    #expect(probe.machine.phase == .keySetup)
    probe.advance(.milliseconds(500))
    #expect(probe.keysSet.count == 2)
    #expect(Set(probe.keysSet).count == 1, "the same key")
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: MACAddress(0x00B0_5200_0055))
    #expect(probe.machine.phase == .unmatched)
  }

  @Test func an_EVSE_asked_for_hundreds_of_sounds_does_not_keep_the_EV_busy() {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID) { $0.soundCount = 255 }
    probe.advance(.milliseconds(1_199))
    let sounds = probe.takeSentTypes().filter { $0 == .CM_MNBC_SOUND_IND }.count
    #expect((10...30).contains(sounds))
    #expect(probe.machine.phase == .results)
  }
}
