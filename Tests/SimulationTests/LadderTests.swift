import Cryptography
import HAL
import ISO15118
import Node
import Simulation
import Testing
import Wire

/// What is said in a whole session and when, line by line, as committed beside this file: the vehicle on the left,
/// the charger on the right. `COUPLER_RECORD=1 swift test --filter LadderTests` writes it anew.
@Suite struct LadderTests {
  @Test(arguments: SiteDescription.Current.allCases)
  func a_session_says_what_it_said_before(current: SiteDescription.Current) throws {
    final class Notes { var lines: [String] = [] }
    let notes = Notes()
    var description = SiteDescription(current)
    description.energyWanted = 5
    var site = description.site(keys: { SeededNetworkKeys(seed: UInt64($0.rawValue)) }) { event, now in
      guard case .trace(let side, let trace) = event, let line = Self.line(side, trace) else { return }
      let time = now.nanoseconds / 1_000
      let stamp = String(time / 1_000_000) + "." + String(1_000_000 + time % 1_000_000).dropFirst()
      notes.lines.append(String(repeating: " ", count: max(0, 10 - stamp.count)) + stamp + "  " + line)
    }
    site.plugIn(at: .zero + .milliseconds(100))
    while site.charger.phase != .finished, site.step(until: .zero + .seconds(120)) {}
    site.unplug(at: site.now + .seconds(3))
    while site.step(until: site.now + .seconds(10)) {}
    try expectCommitted(notes.lines.joined(separator: "\n") + "\n", as: "\(current.rawValue).txt")
  }

  private static func line(_ side: SiteSide, _ trace: NodeTrace) -> String? {
    switch (side, trace) {
    case (.vehicle, .session(.sent(let message, _, _))): "\(message) -->"
    case (.charger, .session(.sent(let message, let code, let processing))):
      "    <-- \(message)" + (code.map { " \($0)" } ?? "") + (processing.map { " \($0)" } ?? "")
    case (.charger, .pilot), (.charger, .duty), (.charger, .safety), (.charger, .ended):
      "        | \(trace)"
    case (.charger, .phase(let phase)): "        | \(phase)"
    case (.charger, .slac(.request)): "CM_SLAC_PARM.REQ -->"
    case (.charger, .slac(.matched)): "    <-- CM_SLAC_MATCH.CNF"
    case (.charger, .slac(.linkUp)): "    <-> link up"
    case (.charger, .sdpServer(.answered)): "    <-- SDP response"
    case (.charger, .connection(.opened)): "TCP -->"
    case (.vehicle, .phase(let phase)): "\(phase) |"
    case (.vehicle, .ended): "\(trace) |"
    default: nil
    }
  }
}
