import HAL
import HomePlug
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// CM_VALIDATE over the wire: S2 of the simulated vehicle toggles, the charger's own pilot machine counts, and nothing else
/// comes of it. ISO 15118-3 A.9.4, cases CmValidate.
@Suite struct ToggleTests {
  /// Between what is found and what is only potentially found.
  private func rig(
    _ current: SiteDescription.Current, seed: UInt64 = 1, _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> Rig {
    Rig(current, wattHours: 5) {
      $0.attenuation = 50
      $0.seed = seed
      change(&$0)
    }
  }

  private func toggles(_ rig: Rig) -> [Int] {
    rig.notes.traces.compactMap {
      if case (.charger, .slac(.toggles(_, let count))) = ($0.side, $0.trace) { count } else { nil }
    }
  }

  private func choices(_ rig: Rig) -> [SLACTrace.Choice] {
    rig.notes.traces.compactMap {
      if case (.vehicle, .slac(.chosen(_, _, let choice))) = ($0.side, $0.trace) { choice } else { nil }
    }
  }

  @Test(arguments: SiteDescription.Current.allCases, [200, 250, 300, 400])
  func a_vehicle_far_away_validates_by_its_pilot_then_matches_and_charges(
    current: SiteDescription.Current, phase: Int
  ) {
    var counts: Set<Int> = []
    for seed in 1...8 {
      var rig = rig(current, seed: UInt64(seed)) { $0.vehicleSLAC.validationPhase = .milliseconds(phase) }
      rig.plugIn()
      var onWire = 0
      var wasClosed = false
      rig.run {
        let isClosed = $0.site.bench.wire.load == .c
        if $0.phase == .matching, wasClosed, !isClosed { onWire += 1 }
        wasClosed = isClosed
        return $0.isFinal
      }
      #expect(rig.outcome?.isCompleted == true, "seed \(seed): \(rig.failures.text)")
      #expect(choices(rig) == [.validated], "seed \(seed)")
      #expect(toggles(rig) == [onWire], "seed \(seed)")
      #expect((1...3).contains(onWire))
      counts.insert(onWire)
      rig.rest()
      #expect(rig.watch.violations == [], "seed \(seed)")
    }
    #expect(counts.count > 1, "the number of toggles is drawn")
  }

  @Test(arguments: [100, 960])
  func a_change_of_the_duty_disturbs_neither_matching_nor_validation(permille: Int) {
    // EVCC_CMN CmValidate_002 and _003, EVCC_AC AttenuationCharacterization_001 and _002.
    for attenuation in [12, 50] {
      for delay in [10, 100, 230, 260, 400, 900] {
        var rig = rig(.ac) { $0.attenuation = attenuation }
        rig.watch.permitsNominalDuty = true
        rig.plugIn()
        rig.run { !$0.requests.isEmpty }
        rig.run(for: .milliseconds(Int64(delay)))
        // Behind the charger's back, as a tester does. Its own duty is 5 %.
        rig.site.change { $0.apply(.setDuty(.pwm(permille: permille))) }
        rig.run(for: .seconds(4)) { $0.phase == .discovery }
        #expect(rig.isMatched, "\(attenuation) dB, after \(delay) ms: \(rig.failures.text)")
        #expect(rig.requests.count == 1)
        #expect(rig.vehicleOutcome == nil)
      }
    }
  }

  @Test(arguments: [PilotDuty.steadyHigh, .steadyLow], SiteDescription.Current.allCases)
  func an_oscillator_that_goes_off_while_matching_ends_it_without_another_frame(
    duty: PilotDuty, current: SiteDescription.Current
  ) throws {
    // EVCC_CMN AttenuationCharacterization_012 and _013, CmValidate_020 and _021, PLCLinkStatus_003 and _004.
    for attenuation in [12, 50] {
      for delay in [5, 60, 120, 250, 300, 600, 900] {
        var rig = rig(current) { $0.attenuation = attenuation }
        rig.plugIn()
        rig.run { !$0.requests.isEmpty }
        rig.run(for: .milliseconds(Int64(delay)))
        guard rig.phase == .matching || rig.phase == .joining else { continue }
        // The charger knows nothing of it and would offer 5 % again.
        let hold = { (rig: inout Rig) in rig.site.change { $0.apply(.setDuty(duty)) } }
        hold(&rig)
        // The pilot has to be believed first: three periods.
        rig.run(for: .milliseconds(20), until: { _ in false }, holding: hold)
        rig.notes.sent.removeAll()
        rig.run(for: .seconds(1), until: { _ in false }, holding: hold)
        let late = rig.notes.sent.filter { $0.side == .vehicle && $0.type.isBetweenStations }
        #expect(late.isEmpty, "\(attenuation) dB, after \(delay) ms: \(late.map(\.type))")
        #expect(!rig.site.line.areJoined(0, 1, at: rig.site.now))
        #expect(rig.site.bench.wire.load == .b, "S2 rests")
        guard case .failed(.pilotLost)? = rig.vehicleOutcome else {
          Issue.record("\(String(describing: rig.vehicleOutcome))")
          continue
        }
      }
    }
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func S2_that_plays_while_somebody_matches_closes_nothing_and_disturbs_nobody(
    current: SiteDescription.Current
  ) {
    for start in stride(from: 0, through: 1200, by: 150) {
      var rig = Rig(current, wattHours: 5)
      rig.plugIn()
      rig.run(for: .milliseconds(Int64(start)))
      for _ in 0..<3 {
        rig.site.change { $0.apply(.setLoad(.c)) }
        rig.run(for: .milliseconds(200)) { $0.phase > .joining }
        #expect(!rig.site.bench.contactor.isCoilOn)
        rig.site.change { $0.apply(.setLoad(.b)) }
        rig.run(for: .milliseconds(200)) { $0.phase > .joining }
        guard rig.phase <= .joining else { break }
      }
      rig.run { $0.isFinal }
      #expect(rig.outcome?.isCompleted == true, "from \(start) ms on: \(rig.failures.text)")
      #expect(rig.notes.outcomes.count == 1)
      rig.rest()
      #expect(rig.watch.violations == [], "from \(start) ms on")
    }
  }

  @Test func a_charger_that_cannot_validate_is_matched_or_not_as_the_vehicle_tolerates() {
    for tolerated in [true, false] {
      var rig = rig(.dc) {
        $0.chargerSLAC.validation = .failure
        if !tolerated { $0.vehicleSLAC.tolerances.remove(.matchWithoutValidation) }
      }
      rig.plugIn()
      rig.run(for: .seconds(30)) { $0.vehicleOutcome != nil || $0.phase == .setup }
      #expect(rig.isMatched == tolerated)
      #expect(choices(rig) == (tolerated ? [.unvalidated] : []))
      #expect(toggles(rig) == [])
    }
  }

  @Test func a_vehicle_may_insist_where_validation_is_not_required() {
    for insists in [true, false] {
      var rig = rig(.ac) {
        $0.chargerSLAC.validation = .notRequired
        $0.vehicleSLAC.insistsOnValidation = insists
      }
      rig.plugIn()
      rig.run { $0.isFinal }
      #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
      #expect(choices(rig) == (insists ? [.validated] : [.notRequired]))
    }
  }

  @Test func another_hand_on_the_pilot_makes_the_count_wrong_and_the_vehicle_does_not_match() {
    var rig = rig(.ac) { $0.vehicleSLAC.tolerances = .conformant }
    rig.plugIn()
    // The vehicle's S2 does not reach this wire: the charger sees B all the time.
    rig.run(for: .seconds(20)) { rig in
      if rig.phase == .matching, rig.site.bench.wire.load == .c { return true }
      return rig.vehicleOutcome != nil
    }
    rig.run(for: .seconds(20)) {
      $0.vehicleOutcome != nil
    } holding: { rig in
      if rig.phase == .matching { rig.site.change { $0.apply(.setLoad(.b)) } }
    }
    #expect(!rig.isMatched)
    guard case .failed(.slac(.notValidated))? = rig.vehicleOutcome else {
      Issue.record("\(String(describing: rig.vehicleOutcome))")
      return
    }
  }
}

extension ManagementType {
  /// SLAC to another station, not a word to the own modem.
  fileprivate var isBetweenStations: Bool {
    switch self {
    case .CM_SLAC_PARM_REQ, .CM_START_ATTEN_CHAR_IND, .CM_MNBC_SOUND_IND, .CM_ATTEN_CHAR_RSP,
      .CM_VALIDATE_REQ,
      .CM_SLAC_MATCH_REQ:
      true
    default: false
    }
  }
}

extension Rig {
  /// As `run(for:until:)`, with a hand on the cable after each step.
  fileprivate mutating func run(
    for limit: Duration, until condition: (Rig) -> Bool, holding hand: (inout Rig) -> Void
  ) {
    let end = site.now + limit
    while !condition(self), site.step(until: end) { hand(&self) }
  }
}
