import HAL
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// Whole sites with any settings of pilot and SLAC, and everything going wrong that a plan can draw: the end is safe, and
/// the next vehicle charges.
@Suite struct CouplingFaultTests {
  @Test(arguments: 0..<3 as Range<UInt64>)
  func any_coupling_with_any_faults_ends_safe_and_charges_the_next_one(part: UInt64) {
    var completed = 0
    var rematched = 0
    var nominal = 0
    for seed in (part * 80)..<(part * 80 + 80) {
      let (violations, next, rig) = run(seed)
      #expect(violations == [], "seed \(seed)")
      #expect(next?.isCompleted == true, "seed \(seed), next: \(rig.failures.text)")
      if next?.isCompleted == true { completed += 1 }
      if rig.couplings.contains(.rematch) { rematched += 1 }
      if rig.duties.contains(.nominal32) { nominal += 1 }
    }
    print(
      "80 sites: \(completed) completed, \(rematched) waited for another match, \(nominal) had a nominal duty"
    )
    // Both must happen, or this tests nothing.
    #expect(nominal > 2)
    #expect(rematched > 0)
  }

  private func run(_ seed: UInt64) -> ([String], NodeOutcome?, Rig) {
    var draw = SeededGenerator(seed: seed ^ 0xC0)
    var description = SiteDescription(seed % 2 == 0 ? .ac : .dc)
    description.seed = seed
    description.energyWanted = 600
    description.faults = .random(seed: seed)
    // What no later session gets over.
    description.faults.contactorWelds = false
    description.faults.contactorStaysOpen = false
    description.faults.insulationFails = false
    description.faults.emergencyStopAt = nil
    description.drawCoupling(&draw)
    // A vehicle that does not ask is what the charger offers to wait for.
    description.vehicleCoupling.matchesAtNominalDuty = true
    description.vehicleCoupling.matchesWithoutDuty = .seconds(2)
    var rig = Rig(description)
    rig.watch.permitsNominalDuty = description.current == .ac
    func soon() -> Duration { .milliseconds(Int.random(in: 0...30_000, using: &draw)) }
    if draw.chance(perMille: 600) {
      rig.site.schedule(ChargerEvent.identified(true), at: rig.site.now + soon())
    }
    if draw.chance(perMille: 200) {
      rig.site.schedule(ChargerEvent.identified(false), at: rig.site.now + soon())
    }
    rig.run(for: .milliseconds(Int64.random(in: 0...3000, using: &draw)))
    rig.plugIn()
    rig.run(for: soon())
    if draw.chance(perMille: 500) {
      rig.site.cutLine(true)
      rig.run(for: soon())
      rig.site.cutLine(false)
    }
    if draw.chance(perMille: 400) {
      rig.site.needs.wish = .pause
      rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
      rig.run(for: soon())
      rig.site.needs.wish = .charge
      rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
      if draw.chance(perMille: 500) { rig.site.schedule(ChargerEvent.resume, at: rig.site.now) }
    }
    rig.run(for: .seconds(150)) { $0.isFinal || $0.phase == .idle }
    rig.rest()
    // The next one: the same board and settings, a sound line.
    rig.site.soundLine()
    rig.site.attenuate(12)
    rig.site.schedule(ChargerEvent.serviceReset, at: rig.site.now)
    rig.site.energyWanted = rig.site.sessionWattHours + 5
    rig.run(for: .seconds(60))
    let next = rig.charge()
    return (rig.watch.violations, next, rig)
  }
}
