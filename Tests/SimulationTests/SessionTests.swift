import Cryptography
import ISO15118
import Node
import Simulation
import Testing
import Wire

/// A whole charge in virtual time, and what was said in it.
struct Run {
  var outcome: NodeOutcome?
  var vehicleOutcome: NodeOutcome?
  var failures: [NodeFailure] = []
  var watch = SiteWatch()
  var duration = Duration.zero
  var steps = 0
  var wattHours = 0
  var matchTime: Duration?
  var ladder: [String] = []
}

/// Runs a site until the plug is out and all is at rest. Without a plan that unplugs, the plug comes out two
/// seconds after the charger's first outcome that is final, at most after five minutes.
func run(_ description: SiteDescription, plugIns: Int = 1) -> Run {
  final class Notes {
    var run = Run()
    var requestAt: Instant?
  }
  let notes = Notes()
  var site = description.site(keys: { side in
    SeededNetworkKeys(seed: description.seed &* 2 &+ UInt64(side.rawValue))
  }) { event, now in
    guard case .trace(let side, let trace) = event else { return }
    switch (side, trace) {
    case (.charger, .ended(let outcome)):
      notes.run.outcome = outcome
      if case .failed(let failure) = outcome { notes.run.failures.append(failure) }
    case (.vehicle, .ended(let outcome)): notes.run.vehicleOutcome = outcome
    case (.charger, .slac(.request)): notes.requestAt = now
    case (.vehicle, .slac(.matched)): notes.run.matchTime = notes.requestAt.map { now - $0 }
    default: break
    }
    if let line = ladderLine(side, trace) { notes.run.ladder.append(line) }
  }
  var watch = SiteWatch()
  for _ in 0..<plugIns {
    let begin = site.now
    notes.run.outcome = nil
    site.plugIn(at: begin + .milliseconds(100))
    let limit = begin + .seconds(300)
    while site.step(until: limit) {
      watch.look(at: site)
      guard let outcome = notes.run.outcome, site.bench.isPlugged else { continue }
      if case .failed(let failure) = outcome, failure.mayRetry { continue }
      if site.charger.phase == .finished { break }
    }
    if site.bench.isPlugged { site.unplug(at: site.now + .seconds(2)) }
    let rest = site.now + .seconds(20)
    while site.step(until: rest) { watch.look(at: site) }
    watch.lookAtRest(site)
  }
  notes.run.watch = watch
  notes.run.duration = site.now - .zero
  notes.run.steps = site.steps
  notes.run.wattHours = site.sessionWattHours
  return notes.run
}

/// One line per message as the vehicle sees it, and per pilot state as the charger sees it.
private func ladderLine(_ side: SiteSide, _ trace: NodeTrace) -> String? {
  switch (side, trace) {
  case (.vehicle, .session(.sent(let message, _, _))): "EV   \(message) >"
  case (.vehicle, .session(.answered(let message, let code, _))): "   < \(message) \(code)"
  case (.charger, .pilot(let old, let new)): "   CP \(old) -> \(new)"
  default: nil
  }
}

@Suite struct SessionTests {
  @Test(arguments: SiteDescription.Current.allCases)
  func a_vehicle_charges_from_plug_to_unplug(current: SiteDescription.Current) throws {
    let run = run(SiteDescription(current))
    #expect(run.watch.violations == [])
    guard case .completed(.terminated, let wattHours) = run.outcome else {
      Issue.record("ended \(String(describing: run.outcome))")
      return
    }
    #expect((150...170).contains(wattHours))
    guard case .completed = run.vehicleOutcome else {
      Issue.record("vehicle ended \(String(describing: run.vehicleOutcome))")
      return
    }
  }

  @Test func a_clean_match_takes_no_more_than_245_ms() throws {
    let time = try #require(run(SiteDescription(.dc)).matchTime)
    #expect(time <= .milliseconds(245))
    // Twelve gaps of 20 ms are the standard's own floor.
    #expect(time >= .milliseconds(240))
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_second_plug_in_charges_again(current: SiteDescription.Current) {
    let run = run(SiteDescription(current), plugIns: 2)
    #expect(run.watch.violations == [])
    guard case .completed = run.outcome else {
      Issue.record("second session ended \(String(describing: run.outcome))")
      return
    }
    #expect(run.failures.isEmpty)
  }

  @Test func the_same_seed_gives_the_same_run() {
    var description = SiteDescription(.dc)
    description.seed = 77
    description.faults = .random(seed: 77)
    let first = run(description)
    let second = run(description)
    #expect(first.ladder == second.ladder)
    #expect(first.steps == second.steps)
    #expect(first.duration == second.duration)
  }

  @Test func a_welded_contactor_ends_the_session_and_blocks_the_next() throws {
    var description = SiteDescription(.ac)
    description.faults.contactorWelds = true
    let run = run(description, plugIns: 2)
    #expect(run.failures.contains { if case .safety(.contactorWelded) = $0 { true } else { false } })
    // The second plug-in gets no offer at all.
    #expect(run.outcome == nil || run.failures.count > 1)
  }

  @Test func a_contactor_that_stays_open_is_told_with_its_cause() {
    var description = SiteDescription(.dc)
    description.faults.contactorStaysOpen = true
    let run = run(description)
    #expect(run.watch.violations == [])
    #expect(run.failures.contains { if case .safety(.contactorDidNotClose) = $0 { true } else { false } })
  }

  @Test func a_failed_insulation_test_ends_before_energy_flows() {
    var description = SiteDescription(.dc)
    description.faults.insulationFails = true
    let run = run(description)
    #expect(run.watch.violations == [])
    #expect(run.wattHours == 0)
    guard case .failed = run.outcome else {
      Issue.record("ended \(String(describing: run.outcome))")
      return
    }
  }

  @Test func nobody_authorizes_and_the_session_ends_by_its_limit() {
    var description = SiteDescription(.dc)
    description.authorizesAfter = nil
    let run = run(description)
    #expect(run.watch.violations == [])
    #expect(run.wattHours == 0)
    #expect(!run.failures.isEmpty)
  }
}
