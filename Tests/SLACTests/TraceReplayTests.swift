import Cryptography
import Foundation
import HomePlug
import SLAC
import Testing
import Wire

/// Matches recorded between independent implementations, each as the EVSE's host and as the EV's host saw it.
/// `COUPLER_TRACES` names the folder.
private let folder =
  ProcessInfo.processInfo.environment["COUPLER_TRACES"]
  ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/traces").path

private let recorded = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
  $0.hasPrefix("slac-") && ($0.hasSuffix("-evse.pcap") || $0.hasSuffix("-evse.evhost.pcap"))
}.sorted()

enum Mode: String, CaseIterable, Sendable {
  case conformant, lenient

  var tolerances: SLACTolerances { self == .lenient ? .lenient : .conformant }
}

@Suite(.enabled(if: !recorded.isEmpty, "no recorded matches in the traces folder (COUPLER_TRACES)"))
struct TraceReplayTests {
  /// The EV's half of a recording goes into our EVSE at its own times, with the reports of the EVSE's modem; it must
  /// answer where the recorded EVSE did, and end with a key handed out. What the EV's host saw has no reports in it: there
  /// each sound is followed by one of the line's 20 dB.
  @Test(arguments: recorded, Mode.allCases)
  func our_EVSE_matches_the_recorded_EV(_ name: String, _ mode: Mode) throws {
    let records = Capture.read(folder + "/" + name)
    try #require(!records.isEmpty)
    let lacksReports = name.hasSuffix(".evhost.pcap")
    var probe = evseProbe { $0.settings.tolerances = mode.tolerances }
    probe.modem = MACAddress(0x00B0_5200_00C1)
    probe.handle(.start)
    probe.handle(.vehicleConnected)
    _ = probe.takeSent()
    var begin: Instant?
    for record in records {
      let frame = try ManagementFrame(parsing: record.octets.span.bytes)
      let fromModem = frame.message.type == .CM_ATTEN_PROFILE_IND
      guard frame.source == evMAC || fromModem else { continue }
      let start = begin ?? record.at
      begin = start
      probe.advance((record.at - start) - (probe.now - .zero))
      probe.handle(.received(frame))
      if lacksReports, case .mnbcSoundInd = frame.message {
        probe.receive(
          .attenProfileInd(
            CM_ATTEN_PROFILE_IND(evMAC: evMAC, profile: AttenuationProfile(repeating: 20))),
          from: MACAddress(0x00B0_5200_00C1))
      }
    }
    let sent = probe.takeSent()
    #expect(sent.map(\.type) == [.CM_SLAC_PARM_CNF, .CM_ATTEN_CHAR_IND, .CM_SLAC_MATCH_CNF])
    guard case .attenCharInd(let report)? = sent.dropFirst().first else { return }
    #expect(report.soundCount == 10)
    let mean = try #require(Attenuation(meanOf: report.profile))
    #expect(abs(mean.millidecibels - 20_000) < 1_000, "the recorded line had 20 dB")
    #expect(probe.machine.phase == .waitLink)
  }

  /// The recorded EVSE's answers, with our RunID and in our time, are good enough for our EV.
  @Test(arguments: recorded, Mode.allCases)
  func our_EV_matches_the_recorded_EVSE(_ name: String, _ mode: Mode) throws {
    let records = Capture.read(folder + "/" + name)
    var answers: [ManagementType: ManagementMessage] = [:]
    for record in records {
      let frame = try ManagementFrame(parsing: record.octets.span.bytes)
      if frame.source == evseMAC { answers[frame.message.type] = frame.message }
    }
    var probe = evProbe { $0.settings.tolerances = mode.tolerances }
    let runID = probe.plugIn()
    guard case .slacParmCnf(var confirmation)? = answers[.CM_SLAC_PARM_CNF],
      case .attenCharInd(var report)? = answers[.CM_ATTEN_CHAR_IND],
      case .slacMatchCnf(var match)? = answers[.CM_SLAC_MATCH_CNF]
    else {
      Issue.record("the recording lacks an answer of the EVSE")
      return
    }
    confirmation.runID = runID
    report.runID = runID
    match.runID = runID
    probe.receive(.slacParmCnf(confirmation), from: evseMAC)
    probe.advance(.milliseconds(300))
    probe.receive(.attenCharInd(report), from: evseMAC)
    probe.receive(.slacMatchCnf(match), from: evseMAC)
    probe.linkUp = true
    probe.advance(.seconds(1))
    #expect(probe.ready == [evseMAC])
    #expect(probe.keysSet.last == match.key)
    // pyPLC's NID is not derived from its NMK: the EV hands its modem exactly what it was given.
  }
}
