import HomePlug
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// Frames of no use: none disturbs a session, each is counted by its reason, and the first of each kind is told.
@Suite struct FrameTests {
  private static let stranger = MACAddress(0x0200_0000_0066)

  /// A sound management frame, cut or changed.
  private static func frame(_ message: ManagementMessage, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var octets = ManagementFrame(destination: .broadcast, source: stranger, message: message).octets
    change(&octets)
    return octets
  }

  /// One frame for each reason to refuse one.
  private static let refused: [(HomePlugError.Reason, [UInt8])] = {
    let request = ManagementMessage.slacParmReq(CM_SLAC_PARM_REQ(runID: RunID(1)))
    let report = ManagementMessage.attenCharInd(
      CM_ATTEN_CHAR_IND(
        sourceAddress: stranger, runID: RunID(1), soundCount: 10, profile: AttenuationProfile(repeating: 10)))
    return [
      (.frameTooShort, frame(request) { $0.removeLast($0.count - 16) }),
      (.notHomePlug, frame(request) { $0[13] = 0xE2 }),
      (.unknownVersion, frame(request) { $0[14] = 3 }),
      (.fragmented, frame(request) { $0[17] = 0x11 }),
      (.truncated, frame(report) { $0.removeLast(20) }),
      (.tooManyGroups, frame(report) { $0[70] = 59 }),
    ]
  }()

  private static let errorIndication = ManagementFrame(
    destination: SiteDescription.chargerAddress, source: stranger,
    message: .mmeErrorInd(
      CM_MME_ERROR_IND(reason: 1, version: 1, type: .CM_SLAC_PARM_CNF, fieldOffset: 19)))

  private static let homePlug: [UInt8] = {
    let message = UnknownMessage(
      type: .VS_ATTENUATION_CHARACTERISTICS, fragmentation: 0, payload: [0x00, 0xB0, 0x52, 1, 2, 3])
    return ManagementFrame(
      destination: SiteDescription.chargerAddress, source: stranger, message: .unknown(message)
    ).octets
  }()

  private func told(_ rig: Rig, _ side: SiteSide) -> [FrameTrace] {
    rig.notes.traces.compactMap {
      if case (side, .frame(let trace)) = ($0.side, $0.trace) { trace } else { nil }
    }
  }

  @Test func every_reason_is_covered() {
    #expect(Set(Self.refused.map(\.0)) == Set(HomePlugError.Reason.allCases))
    for (reason, octets) in Self.refused {
      guard case .refused(let error)? = FrameTrace(octets) else {
        Issue.record("\(reason): not refused")
        continue
      }
      #expect(error.reason == reason)
    }
    #expect(FrameTrace(invalidRequest) == nil, "read, and ignored by matching")
  }

  @Test(arguments: SiteSide.allCases)
  func refused_frames_are_counted_by_reason_and_told_once_each_and_in_sum_at_the_end(side: SiteSide) {
    var rig = Rig(.dc, wattHours: 5)
    rig.plugIn()
    rig.reach(.matching)
    for _ in 0..<100 {
      for (_, octets) in Self.refused { rig.site.injectFrame(octets, to: side) }
      rig.site.injectFrame(Self.errorIndication.octets, to: side)
      rig.site.injectFrame(Self.homePlug, to: side)
      rig.run(for: .milliseconds(7))
    }
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    let counters = side == .charger ? rig.site.charger.frameCounters : rig.site.vehicle.frameCounters
    for reason in HomePlugError.Reason.allCases { #expect(counters.refused[reason] == 100, "\(reason)") }
    #expect(counters.errorIndications == 100)
    #expect(counters.attenuationCharacteristics == 100)
    let lines = told(rig, side)
    #expect(lines.count == 9, "\(lines)")
    #expect(lines.last == .summary(counters))
    #expect(told(rig, side == .charger ? .vehicle : .charger) == [])
    let text = lines.map { "\($0)" }.joined(separator: "\n")
    #expect(!text.contains("\(Self.stranger)"), "whoever sent it may be a vehicle that is not matched")
    #expect(text.contains("truncated 100"))
    let answered = rig.notes.traces.contains {
      if case .slac(.messageRejected) = $0.trace { true } else { false }
    }
    #expect(!answered, "told once, by the count")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func the_next_session_tells_its_own_first_frames_and_sums_up_its_own_number() {
    var rig = Rig(.dc, wattHours: 5)
    for _ in 0..<2 {
      rig.notes.traces.removeAll()
      rig.notes.outcomes.removeAll()
      rig.site.energyWanted = rig.site.sessionWattHours + 5
      rig.plugIn()
      rig.reach(.setup)
      for _ in 0..<3 { rig.site.injectFrame(Self.refused[2].1, to: .charger) }
      rig.run { $0.isFinal }
      let lines = told(rig, .charger)
      #expect(lines.first == .refused(.unknownVersion(3)))
      guard lines.count == 2, case .summary(let counters) = lines[1] else {
        Issue.record("\(lines)")
        continue
      }
      #expect(counters.refused.total == 3)
      rig.rest()
    }
    #expect(rig.site.charger.frameCounters.refused.total == 6)
  }

  @Test func without_such_frames_nothing_is_told() {
    var rig = Rig(.ac, wattHours: 5)
    rig.plugIn()
    rig.run { $0.isFinal }
    #expect(told(rig, .charger) == [] && told(rig, .vehicle) == [])
    #expect(rig.site.charger.frameCounters.isEmpty)
  }

  @Test func nothing_secret_is_in_any_line_of_a_session() throws {
    var rig = Rig(.ac, wattHours: 5) { $0.attenuation = 50 }
    rig.plugIn()
    rig.reach(.matching)
    let before = rig.notes.traces.count
    rig.run { $0.phase == .joining }
    // The charger names no vehicle before it is matched.
    for (side, trace, _) in rig.notes.traces[before...] where side == .charger {
      if case .slac(.matched) = trace { continue }
      if case .phase = trace { continue }
      #expect(!"\(trace)".contains("\(SiteDescription.vehicleAddress)"), "\(trace)")
    }
    rig.run { $0.isFinal }
    let secrets = rig.notes.keys
    #expect(secrets.count >= 2)
    for (_, trace, _) in rig.notes.traces {
      let text = "\(trace)".lowercased()
      for secret in secrets { #expect(!text.contains(secret), "\(text)") }
    }
  }
}
