import Cryptography
import HAL
import HomePlug
import ISO15118
import Node
import SLAC
import SimulatedHardware
import Simulation
import Wire

/// A charger and a vehicle on one cable, all in virtual time, with what both sides told and sent.
struct SiteRig {
  struct Frame {
    let at: Instant
    let side: SiteSide
    let outgoing: Bool
    let octets: [UInt8]
    var type: ManagementType { ManagementType(UInt16(octets[15]) | UInt16(octets[16]) << 8) }
    var message: ManagementMessage? { try? ManagementFrame(parsing: octets.span.bytes).message }
  }

  /// A class, as the observer outlives each call.
  final class Notes {
    var outcomes: [NodeOutcome] = []
    var vehicleOutcomes: [NodeOutcome] = []
    var traces: [(at: Instant, side: SiteSide, trace: NodeTrace)] = []
    var frames: [Frame] = []
    var duties: [(at: Instant, duty: PilotDuty)] = []
  }

  var site: SimulatedSite<SeededNetworkKeys>
  let notes = Notes()

  init(
    _ current: SiteDescription.Current = .dc, wattHours: Int = 5,
    _ change: (inout SiteDescription) -> Void = { _ in }
  ) {
    var description = SiteDescription(current)
    description.energyWanted = wattHours
    description.chargerSLAC.tolerances = .conformant
    description.vehicleSLAC.tolerances = .conformant
    change(&description)
    let notes = notes
    site = description.site(keys: { SeededNetworkKeys(seed: description.seed &* 2 &+ UInt64($0.rawValue)) }) {
      event, now in
      switch event {
      case .trace(let side, let trace):
        notes.traces.append((now, side, trace))
        if case .ended(let outcome) = trace {
          if side == .charger {
            notes.outcomes.append(outcome)
          } else {
            notes.vehicleOutcomes.append(outcome)
          }
        }
        if case .duty(let duty) = trace { notes.duties.append((now, duty)) }
      case .frame(let side, let octets, let outgoing):
        if octets.count >= 17 {
          notes.frames.append(Frame(at: now, side: side, outgoing: outgoing, octets: octets))
        }
      case .datagram, .connection: break
      }
    }
  }

  /// True as soon as `condition` holds, false at the end of the time.
  @discardableResult
  mutating func run(for limit: Duration, until condition: (SiteRig) -> Bool = { _ in false }) -> Bool {
    let end = site.now + limit
    while !condition(self) {
      guard site.step(until: end) else { return condition(self) }
    }
    return true
  }
}

extension SiteRig {
  /// The charger's last session ended in order.
  var hasCompleted: Bool {
    if case .completed? = notes.outcomes.last { true } else { false }
  }

  var outcome: String { notes.outcomes.last.map { "\($0)" } ?? "none" }
}
