import HAL
import ISO15118
import Node
import Safety
import SimulatedHardware
import Simulation
import Testing
import Wire

/// Everything that can happen at pilot and board, in every phase of a charge: the coil is off within 100 ms where
/// it has to be, the end is safe, and the next vehicle charges.
@Suite struct PilotMatrixTests {
  enum Injected: String, CaseIterable {
    case unplugged, stateB, stateC, stateD, shortToEarth, ownF, cableCut, diodeMissing
    case emergencyStop, earthLoss, lockLoss, contactorDrops, contactorWelds, linkLoss, reset, hostStop

    /// Without a plug there is no load on the wire and no current to weld by.
    var needsNoVehicle: Bool {
      switch self {
      case .unplugged, .stateB, .stateC, .stateD, .contactorDrops, .contactorWelds: false
      default: true
      }
    }
  }

  static let phases: [NodePhase] = [
    .idle, .matching, .joining, .discovery, .setup, .preparation, .energy, .stopping, .finished,
  ]

  @Test(arguments: SiteDescription.Current.allCases, 0..<2)
  func whatever_happens_in_any_phase_ends_safe(current: SiteDescription.Current, half: Int) throws {
    var lines: [String] = []
    for (index, phase) in Self.phases.enumerated() where index % 2 == half {
      for injected in Injected.allCases where phase != .idle || injected.needsNoVehicle {
        lines.append(inject(injected, in: phase, current))
      }
    }
    try expectCommitted(
      lines.joined(separator: "\n") + "\n", as: "phases-\(current.rawValue)-\(half).txt")
  }

  /// A line of the table: what was told, and how long the coil stayed on.
  private func inject(_ injected: Injected, in phase: NodePhase, _ current: SiteDescription.Current) -> String
  {
    var rig = Rig(current, wattHours: 10) {
      $0.authorizesAfter = .milliseconds(300)
      $0.joinDelay = .milliseconds(400)
    }
    rig.run(for: .seconds(1))
    if phase != .idle {
      rig.plugIn()
      rig.reach(phase)
    }
    if phase == .energy { rig.run(for: .milliseconds(700)) }
    rig.notes.outcomes.removeAll()
    let name = "\(phase) \(injected)"
    let wasOn = rig.site.bench.contactor.isCoilOn
    let began = rig.site.now
    apply(injected, to: &rig)
    var off: Duration?
    rig.run(for: .seconds(2)) { rig in
      if off == nil, !rig.site.bench.contactor.isCoilOn { off = rig.site.now - began }
      return off != nil
    }
    if mustOpen(injected, current), wasOn {
      #expect(
        (off ?? .seconds(9)) <= .milliseconds(100),
        "\(current) \(name): coil off after \(String(describing: off))")
    }
    rig.run(for: .seconds(3))
    remedy(injected, &rig)
    rig.run(for: .seconds(200)) { $0.isFinal || $0.phase == .idle }
    let told = rig.notes.outcomes.map { $0.brief }.joined(separator: "; then ")
    rig.rest()
    if rig.site.charger.safety.latched?.latch == .service {
      rig.site.change { $0.breakContactor(.none) }
      rig.run(for: .seconds(1))
      rig.site.schedule(ChargerEvent.serviceReset, at: rig.site.now)
      rig.run(for: .seconds(20))
    }
    rig.site.energyWanted = rig.site.sessionWattHours + 5
    let next = rig.charge()
    #expect(next?.isCompleted == true, "\(current) \(name), next: \(rig.failures.text)")
    #expect(rig.watch.violations == [], "\(current) \(name)")
    let coil = wasOn ? ", coil off after \(off.map { "\($0.milliseconds) ms" } ?? "more than 2 s")" : ""
    return "\(name)\(coil): \(told.isEmpty ? "nothing" : told)"
  }

  private func mustOpen(_ injected: Injected, _ current: SiteDescription.Current) -> Bool {
    switch injected {
    case .stateC, .contactorDrops, .contactorWelds, .hostStop, .linkLoss, .reset: false
    case .lockLoss: current == .ac  // A tethered cable has no lock of ours.
    default: true
    }
  }

  private func apply(_ injected: Injected, to rig: inout Rig) {
    let now = rig.site.now
    switch injected {
    case .unplugged: rig.site.unplug(at: now)
    case .stateB: rig.site.change { $0.apply(.setLoad(.b)) }
    case .stateC: rig.site.change { $0.apply(.setLoad(.c)) }
    case .stateD: rig.site.change { $0.apply(.setLoad(.d)) }
    case .shortToEarth: rig.site.change { $0.breakWire(.shortToEarth) }
    case .cableCut: rig.site.change { $0.breakWire(.cableCut) }
    case .diodeMissing: rig.site.change { $0.breakWire(.diodeMissing) }
    case .ownF:
      let low = PilotLevels(highMillivolts: -12_000, lowMillivolts: -12_000)
      for wait in [0, 4, 8] {
        rig.site.schedule(ChargerEvent.pilot(low), at: now + .milliseconds(Int64(wait)))
      }
    case .emergencyStop: rig.site.schedule(ChargerEvent.emergencyStop(true), at: now)
    case .earthLoss: rig.site.change { $0.earthOK = false }
    case .lockLoss: rig.site.schedule(ChargerEvent.lock(locked: false), at: now)
    case .contactorDrops: rig.site.change { $0.breakContactor(.dropsOut) }
    case .contactorWelds: rig.site.change { $0.breakContactor(.welded) }
    case .linkLoss: rig.site.cutLine(true)
    case .reset: rig.site.resetConnection(at: now)
    case .hostStop: rig.site.schedule(ChargerEvent.stop(.site), at: now)
    }
  }

  private func remedy(_ injected: Injected, _ rig: inout Rig) {
    let now = rig.site.now
    switch injected {
    case .shortToEarth, .cableCut, .diodeMissing: rig.site.change { $0.breakWire([]) }
    case .emergencyStop: rig.site.schedule(ChargerEvent.emergencyStop(false), at: now)
    case .earthLoss: rig.site.change { $0.earthOK = true }
    case .contactorDrops: rig.site.change { $0.breakContactor(.none) }
    case .linkLoss: rig.site.cutLine(false)
    default: break
    }
  }
}
