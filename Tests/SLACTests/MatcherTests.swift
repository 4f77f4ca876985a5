import Cryptography
import HomePlug
import SLAC
import Testing
import Wire

/// What the cases of the conformance suite leave open.
@Suite struct MatcherTests {
  @Test func listening_is_not_matching_before_the_first_request() {
    var probe = Probe.plugged()
    #expect(!probe.machine.isMatching, "V2G3-M06-08")
    _ = probe.ask()
    #expect(probe.machine.isMatching)
  }

  @Test func a_START_that_reports_to_another_station_is_ignored() {
    var probe = Probe.plugged()
    _ = probe.ask()
    probe.starts(evMAC, run) { $0.forwardingStation = otherEV }
    probe.sounds()
    #expect(probe.line(for: .seconds(2)).isEmpty)
  }

  @Test func a_restarted_process_keeps_one_session() {
    var probe = Probe.plugged()
    _ = probe.ask()
    _ = probe.ask()
    #expect(probe.machine.sessionCount == 1)
  }

  @Test(arguments: [EVSEMatchEvent.vehicleDisconnected, .pilotError, .terminate, .error])
  func the_EVSE_leaves_at_once_with_a_fresh_key(_ event: EVSEMatchEvent) {
    var probe = Probe<TestEVSE>.linked()
    let before = probe.machine.network
    probe.actions.removeAll()
    probe.handle(event)
    #expect(probe.losses.count == 1)
    #expect(probe.keysSet.count == 1)
    #expect(probe.keysSet.first?.nid != before)
    probe.advance(.seconds(1))
    #expect(probe.machine.phase == .unmatched)
  }

  @Test func a_paused_EVSE_keeps_its_network_and_does_not_poll() {
    var probe = Probe<TestEVSE>.linked()
    probe.actions.removeAll()
    probe.handle(.pause)
    probe.linkUp = false
    probe.advance(.seconds(3600))
    #expect(probe.actions.isEmpty)
    #expect(probe.machine.phase == .matched)
    probe.linkUp = true
    probe.handle(.resume)
    probe.advance(.seconds(2))
    #expect(probe.losses.isEmpty)
    probe.advance(.seconds(6))
    probe.linkUp = false
    probe.advance(.seconds(2))
    #expect(probe.losses == [.linkDown])
  }

  @Test func RESP_TYPE_0_is_accepted_when_told_so() {
    var (probe, runID) = Probe<TestEV>.asking { $0.settings.tolerances = [.responseTypeZero] }
    probe.confirmRequest(runID) { $0.responseType = 0 }
    #expect(probe.takeLine().types == [.CM_START_ATTEN_CHAR_IND])
  }

  @Test func an_EVSE_that_never_reports_is_waited_for_until_TT_EV_atten_results() {
    var (probe, runID) = Probe<TestEV>.asking()
    probe.confirmRequest(runID, by: otherEVSE)
    probe.confirmRequest(runID, by: evseMAC)
    probe.advance(.milliseconds(300))
    probe.sendReport(runID, by: evseMAC, decibels: 12)
    #expect(probe.takeLine().types.last == .CM_ATTEN_CHAR_RSP)
    #expect(probe.line(for: .milliseconds(899)).isEmpty)
    #expect(probe.line(for: .milliseconds(1)).types == [.CM_SLAC_MATCH_REQ])
  }

  @Test func an_EV_whose_attempts_are_used_up_says_so_and_rests() {
    var probe = Probe<TestEV>.started()
    probe.handle(.pilotReady)
    probe.advance(.seconds(60))
    #expect(probe.failures == [.noConfirmation])
    #expect(probe.machine.deadline == nil)
  }

  @Test(arguments: [EVMatchEvent.pilotLost, .terminate, .error])
  func the_EV_leaves_at_once_with_a_random_key(_ event: EVMatchEvent) {
    var probe = Probe<TestEV>.linked()
    probe.actions.removeAll()
    probe.handle(event)
    #expect(probe.losses.count == 1)
    #expect(probe.keysSet.count == 1)
    #expect(probe.keysSet.first != testKey)
    #expect(probe.machine.phase == .unmatched)
  }

  @Test func without_a_link_within_TT_match_join_the_EV_leaves() {
    var probe = Probe<TestEV>.joining()
    probe.actions.removeAll()
    probe.advance(.milliseconds(12_399))
    #expect(probe.keysSet.count == 1)
    #expect(probe.machine.phase == .rateWait)
    probe.advance(.milliseconds(1))
    #expect(probe.takeRunID() != RunID(0), "matching starts again")
  }

  @Test func a_pilot_lost_while_joining_leaves_the_network_of_the_match() {
    var probe = Probe<TestEV>.joining()
    probe.handle(.pilotLost)
    probe.linkUp = true
    probe.advance(.seconds(20))
    #expect(probe.ready.isEmpty)
    #expect(probe.keysSet.count == 2, "to join, to leave")
    #expect(probe.machine.phase == .unmatched)
  }
}
