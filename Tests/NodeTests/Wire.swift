import HAL
import HomePlug
import Node
import SLAC
import Simulation
import Testing
import Wire

// What both sides did to the wire, read from a rig's notes, and a rig for what ISO 15118-3 orders about it.

extension Rig {
  /// A step of the wire: what was driven, since when, and for how long if it ended.
  struct Driven: Equatable {
    var duty: PilotDuty
    var at: Instant
    var lasted: Duration?
  }

  /// Every duty the charger drove, in order.
  var driven: [Driven] {
    var all: [Driven] = []
    for case (.charger, .duty(let duty), let at) in notes.traces {
      if !all.isEmpty { all[all.count - 1].lasted = at - all[all.count - 1].at }
      all.append(Driven(duty: duty, at: at))
    }
    return all
  }

  /// The same without times.
  var duties: [PilotDuty] { driven.map(\.duty) }

  /// What of the charger's coupling was told.
  var couplings: [CouplingTrace] {
    notes.traces.compactMap {
      if case (.charger, .coupling(let trace)) = ($0.side, $0.trace) { trace } else { nil }
    }
  }

  /// When one side told the first trace that fits.
  func moment(_ side: SiteSide, _ fits: (NodeTrace) -> Bool) -> Instant? {
    notes.traces.first { $0.side == side && fits($0.trace) }?.at
  }

  /// Answered CM_SLAC_PARM.REQ.
  var requests: [Instant] {
    notes.traces.compactMap { if case .slac(.request) = $0.trace { $0.at } else { nil } }
  }

  var isMatched: Bool {
    notes.traces.contains { if case (.charger, .slac(.linkUp)) = ($0.side, $0.trace) { true } else { false } }
  }

  /// A vehicle asks for SLAC, whatever ours does: a frame at the charger's host, and whether it is answered.
  mutating func isAnswered(run number: UInt64 = 7) -> Bool {
    let before = requests.count
    let request = CM_SLAC_PARM_REQ(runID: RunID(number))
    let frame = ManagementFrame(
      destination: .broadcast, source: MACAddress(0x0200_0000_0077), message: .slacParmReq(request))
    site.injectFrame(frame.octets, to: .charger)
    run(for: .milliseconds(100))
    return requests.count > before
  }
}

extension PilotDuty {
  /// What the simulation board's AC outlet offers: 32 A.
  static let nominal32 = PilotDuty.pwm(permille: 533)
}

extension Rig {
  /// A vehicle asks for SLAC and gets its answer.
  mutating func expectAnswered(run number: UInt64 = 7, sourceLocation: SourceLocation = #_sourceLocation) {
    let answered = isAnswered(run: number)
    #expect(answered, "CM_SLAC_PARM.REQ is not answered", sourceLocation: sourceLocation)
  }

  /// Runs on until the charger drives something.
  @discardableResult
  mutating func run(for limit: Duration = .seconds(100), untilDriven duty: PilotDuty) -> Bool {
    run(for: limit) { $0.site.bench.wire.duty == duty }
  }

  mutating func tellCharger(_ event: ChargerEvent) {
    site.schedule(event, at: site.now)
    run(for: .milliseconds(1))
  }
}

/// CM_SLAC_PARM.REQ with APPLICATION_TYPE FF.
let invalidRequest: [UInt8] = {
  var request = CM_SLAC_PARM_REQ(runID: RunID(9))
  request.applicationType = 0xFF
  return ManagementFrame(
    destination: .broadcast, source: MACAddress(0x0200_0000_0077), message: .slacParmReq(request)
  ).octets
}()
