import HAL
import ISO15118
import Node
import Simulation
import Testing
import Wire

/// A vehicle that falls silent after any of the things it sends: the standard's time-out ends the try, the
/// contactor opens, the cause is named, and the next vehicle charges.
@Suite struct VanishingTests {
  /// In four parts, which run side by side; the charge loop is short.
  @Test(arguments: SiteDescription.Current.allCases, 0..<4)
  func a_vehicle_vanishes_after_everything_it_sends(current: SiteDescription.Current, part: Int) {
    for count in stride(from: part + 1, through: sendings(current), by: 4) { vanish(current, after: count) }
  }

  /// How many frames, datagrams and messages a whole session takes.
  private func sendings(_ current: SiteDescription.Current) -> Int {
    var rig = rig(current)
    rig.plugIn()
    rig.run { $0.isFinal }
    return rig.site.vehicleSent
  }

  private func rig(_ current: SiteDescription.Current, _ dies: Int? = nil) -> Rig {
    Rig(current, wattHours: 2) {
      $0.faults.vehicleDiesAfterSending = dies
      $0.authorizesAfter = .milliseconds(300)
      $0.joinDelay = .milliseconds(400)
    }
  }

  private func vanish(_ current: SiteDescription.Current, after count: Int) {
    var rig = rig(current, count)
    rig.plugIn()
    rig.run(for: .seconds(400)) { $0.isFinal }
    #expect(rig.isFinal, "\(current) \(count): waits in \(rig.phase)")
    #expect(!rig.site.bench.contactor.isCoilOn)
    #expect(!rig.site.bench.isPowerStageEnabled)
    for failure in rig.failures {
      switch failure {
      case .slac, .linkLost, .session: break
      default: Issue.record("\(current) \(count): told \(failure)")
      }
    }
    rig.rest()
    let before = rig.site.sessionWattHours
    rig.site.energyWanted = before + 2
    rig.chargeAgain()
    #expect(rig.watch.violations == [], "\(current) \(count)")
  }

  /// What the charger says, and when: by the last message it got.
  @Test(arguments: SiteDescription.Current.allCases)
  func the_time_and_the_cause_are_the_standards(current: SiteDescription.Current) throws {
    var lines: [String] = []
    for index in firstOfEachKind(current) {
      var rig = rig(current)
      rig.plugIn()
      rig.run { $0.vehicleMessages.count > index }
      let last = rig.vehicleMessages.last ?? "nothing"
      rig.site.killVehicle()
      let died = rig.site.now
      var live = Duration.zero
      rig.run {
        if $0.site.bench.contactor.isCoilOn { live = $0.site.now - died }
        return !$0.notes.outcomes.isEmpty && !$0.site.bench.contactor.isCoilOn
      }
      let cause = rig.notes.outcomes.first.map { $0.brief } ?? "nothing"
      lines.append(
        "\(last): coil last on after \(live.milliseconds) ms, end after "
          + "\((rig.site.now - died).milliseconds) ms: \(cause)")
      rig.rest()
      #expect(rig.watch.violations == [])
    }
    try expectCommitted(lines.joined(separator: "\n") + "\n", as: "silence-\(current.rawValue).txt")
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_vehicle_left_without_an_answer_stops_by_its_own_time(current: SiteDescription.Current) throws {
    var lines: [String] = []
    for index in firstOfEachKind(current) {
      var rig = rig(current)
      rig.plugIn()
      rig.run { $0.vehicleMessages.count > index }
      let last = rig.vehicleMessages.last ?? "nothing"
      rig.site.chargerIsMute = true
      let began = rig.site.now
      rig.run { $0.vehicleOutcome != nil }
      lines.append(
        "\(last): end after \((rig.site.now - began).milliseconds) ms, "
          + "S2 \(rig.site.bench.wire.load == .b ? "open" : "closed"): \(rig.vehicleOutcome?.brief ?? "nothing")"
      )
      rig.site.chargerIsMute = false
      rig.rest()
      rig.site.energyWanted = rig.site.sessionWattHours + 2
      rig.chargeAgain()
    }
    try expectCommitted(lines.joined(separator: "\n") + "\n", as: "mute-\(current.rawValue).txt")
  }

  private func firstOfEachKind(_ current: SiteDescription.Current) -> [Int] {
    var rig = rig(current)
    return rig.firstOfEachKind()
  }
}

/// What a peer may say that it should not, each at every place of the session.
@Suite struct MisbehaviourTests {
  enum Misbehaviour: String, CaseIterable {
    case garbage, half, wrongSession, outOfOrder, nothing
  }

  @Test(arguments: Misbehaviour.allCases, SiteDescription.Current.allCases)
  func the_try_ends_with_its_cause_and_the_next_vehicle_charges(
    what: Misbehaviour, current: SiteDescription.Current
  ) throws {
    var lines: [String] = []
    var reference = Rig(current, wattHours: 2) { $0.authorizesAfter = .milliseconds(300) }
    // ServiceDiscoveryReq is what comes out of order, so it has to have been.
    for index in reference.firstOfEachKind() where what != .outOfOrder || index > 2 {
      let first = First()
      var rig = Rig(current, wattHours: 2) { $0.authorizesAfter = .milliseconds(300) }
      rig.site.tamper = { number, octets in
        if number == 2 { first.octets = octets }
        guard number == index, !first.done else { return octets }
        first.done = true
        return Self.spoil(octets, what, first: first.octets)
      }
      rig.plugIn()
      rig.run(for: .seconds(400)) { $0.isFinal }
      #expect(rig.isFinal, "\(what) at \(index): waits in \(rig.phase)")
      let told = rig.notes.outcomes.map { $0.brief }.joined(separator: "; then ")
      lines.append("\(reference.vehicleMessages[index]): \(told)")
      rig.rest()
      rig.site.tamper = nil
      rig.site.energyWanted = rig.site.sessionWattHours + 2
      rig.chargeAgain()
    }
    try expectCommitted(
      lines.joined(separator: "\n") + "\n", as: "\(what.rawValue)-\(current.rawValue).txt")
  }

  final class First {
    var octets: [UInt8] = []
    var done = false
  }

  private static func spoil(_ octets: [UInt8], _ what: Misbehaviour, first: [UInt8]) -> [UInt8] {
    switch what {
    case .garbage: [UInt8](repeating: 0x5A, count: 40)
    case .half: Array(octets.prefix(octets.count / 2))
    case .wrongSession:
      // Header, EXI header, then the SessionID's eight octets: one bit in them.
      octets.enumerated().map { $0.offset == 8 + 5 ? $0.element ^ 0x10 : $0.element }
    case .outOfOrder: first
    case .nothing: []
    }
  }
}
