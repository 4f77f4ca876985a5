import CAllocationCounter
import Cryptography
import Glibc
import Node
import Simulation
import Wire

/// What one simulated charge came to.
struct Charge {
  var completed = false
  var steps = 0
  /// Virtual time from power-on to rest.
  var duration = Duration.zero
  /// From CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF.
  var matchTime: Duration?

  /// Plugs in, charges, unplugs two seconds after the end, and lets everything come to rest.
  init(_ description: SiteDescription) {
    final class Notes {
      var completed = false
      var phase = NodePhase.idle
      var requestAt: Instant?
      var matchTime: Duration?
    }
    let notes = Notes()
    var site = description.site(keys: { side in
      SeededNetworkKeys(seed: description.seed &* 2 &+ UInt64(side.rawValue))
    }) { event, now in
      guard case .trace(let side, let trace) = event else { return }
      switch (side, trace) {
      case (.charger, .ended(.completed)): notes.completed = true
      case (.charger, .phase(let phase)): notes.phase = phase
      case (.charger, .slac(.request)): notes.requestAt = now
      case (.vehicle, .slac(.matched)): notes.matchTime = notes.requestAt.map { now - $0 }
      default: break
      }
    }
    site.plugIn(at: .zero + .milliseconds(100))
    let limit = Instant.zero + .seconds(3600)
    while notes.phase != .finished, site.step(until: limit) {}
    site.unplug(at: site.now + .seconds(2))
    let rest = site.now + .seconds(20)
    while site.step(until: rest) {}
    completed = notes.completed && notes.phase == .idle
    steps = site.steps
    duration = site.now - .zero
    matchTime = notes.matchTime
  }
}

/// Charges one after the other; for a profiler.
func charge(_ current: SiteDescription.Current, times: Int, wattHours: Int?) {
  var description = SiteDescription(current)
  if let wattHours { description.energyWanted = wattHours }
  var completed = 0
  for seed in 0..<times {
    description.seed = UInt64(seed)
    if Charge(description).completed { completed += 1 }
  }
  print("\(completed) of \(times) completed")
}

/// Seconds the processor has spent on this thread, so that other work on the machine does not count.
func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Whole charges from plug to unplug, each with a site and a seed of its own, one thread, nothing recorded.
func measureSessions() {
  for current in SiteDescription.Current.allCases {
    for wattHours in [20, SiteDescription(current).energyWanted] {
      var description = SiteDescription(current)
      description.energyWanted = wattHours
      let name = "\(current.rawValue.uppercased()), \(wattHours) Wh"
      var charges = 0
      var steps = 0
      var completed = 0
      var virtual = Duration.zero
      _ = Charge(description)
      let allocationsBefore = allocation_count()
      let start = processorSeconds()
      while processorSeconds() - start < 2 {
        description.seed = UInt64(charges)
        let charge = Charge(description)
        charges += 1
        steps += charge.steps
        virtual += charge.duration
        if charge.completed { completed += 1 }
      }
      let seconds = processorSeconds() - start
      let allocations = Double(allocation_count() - allocationsBefore)
      let each = Double(max(charges, 1))
      report("sessions", name, "rate", Int(each / seconds), "1/s")
      report("sessions", name, "steps", steps / max(charges, 1), "")
      report("sessions", name, "time in it", rounded(Double(virtual.milliseconds) / 1000 / each), "s")
      report("sessions", name, "completed", rounded(Double(completed) / each * 100), "%")
      if allocation_counting_works() == 1 {
        report("sessions", name, "allocations", Int(allocations / each), "")
      }
    }
  }
}

/// The match over a clean line: twelve gaps of 20 ms between the vehicle's frames are the standard's own floor.
func measureMatch() {
  var longest = Duration.zero
  var shortest = Duration.seconds(3600)
  var matches = 0
  for seed in 1...100 as ClosedRange<UInt64> {
    var description = SiteDescription(seed % 2 == 0 ? .dc : .ac)
    description.seed = seed
    guard let time = Charge(description).matchTime else { continue }
    matches += 1
    longest = max(longest, time)
    shortest = min(shortest, time)
  }
  func milliseconds(_ duration: Duration) -> Double { Double(duration.nanoseconds) / 1e6 }
  let subject = "CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF"
  report("match", subject, "shortest", milliseconds(shortest), "ms")
  report("match", subject, "longest", milliseconds(longest), "ms")
  report("match", subject, "limit", 245, "ms")
  report("match", subject, "matched", matches, "%")
}
