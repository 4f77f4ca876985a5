import Cryptography
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

/// Whole charges from plug to unplug, each with a site and a seed of its own, one thread, nothing recorded.
func measureSessions() {
  for current in SiteDescription.Current.allCases {
    for wattHours in [20, SiteDescription(current).energyWanted] {
      var description = SiteDescription(current)
      description.energyWanted = wattHours
      let name = "\(current.rawValue.uppercased()), \(wattHours) Wh"
      let clock = ContinuousClock()
      var charges = 0
      var steps = 0
      var completed = 0
      var virtual = Duration.zero
      _ = Charge(description)
      let start = clock.now
      while start.duration(to: clock.now) < .seconds(2) {
        description.seed = UInt64(charges)
        let charge = Charge(description)
        charges += 1
        steps += charge.steps
        virtual += charge.duration
        if charge.completed { completed += 1 }
      }
      let seconds = Double(start.duration(to: clock.now).nanoseconds) / 1e9
      let each = Double(max(charges, 1))
      report("sessions", "\(name): rate", Int(Double(charges) / seconds), "1/s")
      report("sessions", "\(name): steps per session", steps / max(charges, 1), "")
      report(
        "sessions", "\(name): virtual time per session", rounded(Double(virtual.milliseconds) / 1000 / each),
        "s")
      report("sessions", "\(name): completed", rounded(Double(completed) / each * 100), "%")
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
  report("match", "CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF, shortest", milliseconds(shortest), "ms")
  report("match", "CM_SLAC_PARM.REQ to CM_SLAC_MATCH.CNF, longest", milliseconds(longest), "ms")
  report("match", "limit", 245, "ms")
  report("match", "seeds matched", matches, "of 100")
}
