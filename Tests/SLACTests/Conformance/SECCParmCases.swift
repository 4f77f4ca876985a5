import HomePlug
import SLAC
import Wire

/// SECC_CMN CmSlacParm_004...006: no pilot beyond B. The others are in `ChargerCases`.
enum SECCParmCases {
  static let all = [tooLate] + badRequests

  private static let tooLate = ConformanceCase(
    "SECC_CMN CmSlacParm_004", start: "plugged, B", steps: "no CM_SLAC_PARM.REQ; one after TT_EVSE_SLAC_init",
    expects: "matching ends after 20...50 s; the late request is not answered"
  ) { check in
    var secc = Probe.plugged()
    let begin = secc.now
    secc.advance(Tester.slacInit.lowerBound - .milliseconds(1))
    check.expect(secc.failures.isEmpty, "failed before 20 s")
    secc.advance(Tester.slacInit.upperBound - Tester.slacInit.lowerBound)
    check.expect(secc.failures, is: [.noRequest], "failures")
    let at = secc.actions.first { $0.action == .failed(.noRequest) }?.at
    check.expect(at.map { $0 - begin }, in: Tester.slacInit, "failure")
    let sent = secc.ask()
    check.expect(sent.isEmpty, "sent \(sent.names)")
  }

  private static let badRequests = [
    FieldCase<CM_SLAC_PARM_REQ>("005", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF },
    FieldCase("006", "SECURITY_TYPE FF") { $0.securityType = 0xFF },
  ].map { field in
    ConformanceCase(
      "SECC_CMN CmSlacParm_\(field.id)", start: "plugged, B", steps: "CM_SLAC_PARM.REQ with \(field.field)",
      expects: "ignored, and TT_EVSE_SLAC_init runs on"
    ) { check in
      var secc = Probe.plugged()
      let begin = secc.now
      secc.advance(.seconds(19))
      let sent = secc.ask(evMAC, run, field.change)
      check.expect(sent.isEmpty, "sent \(sent.names)")
      secc.advance(Tester.slacInit.upperBound - .seconds(19))
      let at = secc.actions.first { $0.action == .failed(.noRequest) }?.at
      check.expect(at.map { $0 - begin }, in: Tester.slacInit, "failure")
      var other = Probe.plugged()
      _ = other.ask(evMAC, run, field.change)
      check.expect(other.ask().types, is: [.CM_SLAC_PARM_CNF], "a right one after it")
    }
  }
}
