import Node
import Simulation
import Testing
import Wire

/// A thousand charges with everything going wrong that a plan can draw. Each ends in a safe state, and nothing
/// waits for ever.
@Suite struct FaultTests {
  /// In eight parts, which run side by side: seeds 1...1000 in all.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func a_thousand_faulty_sessions_end_in_a_safe_state(part: UInt64) {
    var completed = 0
    var failed = 0
    for seed in stride(from: part + 1, through: 1000, by: 8) {
      let run = faultyRun(seed)
      if case .completed = run.outcome { completed += 1 } else { failed += 1 }
      if !run.watch.violations.isEmpty {
        Issue.record(
          """
          seed \(seed): \(run.watch.violations.prefix(3).joined(separator: "; "))
          replay: COUPLER_SEED=\(seed) swift test --filter replays_the_seed_given, \
          or coupler demo --fast \(seed % 2 == 0 ? "" : "--ac ")--faults \(seed)
          """)
      }
    }
    print("\(completed + failed) faulty sessions: \(completed) completed, \(failed) ended early")
    // Both must happen, or the plan no longer tests anything.
    #expect(completed > 20)
    #expect(failed > 20)
  }

  @Test(.enabled(if: environment("COUPLER_SEED") != nil, "set COUPLER_SEED to a seed that failed"))
  func replays_the_seed_given() throws {
    let seed = try #require(environment("COUPLER_SEED").flatMap { UInt64($0) })
    let run = faultyRun(seed)
    for line in run.ladder { print(line) }
    print("ended \(String(describing: run.outcome)), failures \(run.failures.map { "\($0)" })")
    #expect(run.watch.violations == [])
  }
}

/// The run of a seed: AC for odd seeds, DC for even ones.
private func faultyRun(_ seed: UInt64) -> Run {
  var description = SiteDescription(seed % 2 == 0 ? .dc : .ac)
  description.seed = seed
  description.faults = .random(seed: seed)
  description.energyWanted = 60
  return run(description)
}
