import Testing

/// The cases of the ISO 15118-5 style suite, each by its id, in virtual time.
@Suite struct ConformanceTests {
  @Test(arguments: ConformanceSuite.cases)
  func conformance(_ item: ConformanceCase) {
    if case .fail(let problems) = item.verdict() {
      Issue.record("\(item.id): \(problems.joined(separator: "; "))")
    }
  }

  @Test func every_id_of_the_suite_is_there_once() {
    let ids = ConformanceSuite.ids
    #expect(ids.count == 198)
    #expect(ids.count { $0.hasPrefix("SECC") } == 102)
    #expect(ids.count { $0.hasPrefix("EVCC") } == 96)
    #expect(Set(ids).count == ids.count)
    #expect(ConformanceSuite.cases.map(\.id) == ids)
  }

  /// A harness that could not fail would prove nothing.
  @Test func a_device_that_does_nothing_fails_and_so_does_a_case_that_looks_at_nothing() {
    let idle = ConformanceCase("none", start: "", steps: "", expects: "") { _ in }
    #expect(idle.verdict() == .fail(["nothing was looked at"]))
    let wrong = ConformanceCase("wrong", start: "", steps: "", expects: "") { check in
      var secc = Probe.plugged()
      secc.handle(.vehicleDisconnected)
      check.expect(secc.ask().types, is: [.CM_SLAC_PARM_CNF], "confirmation")
    }
    #expect(wrong.verdict() == .fail(["confirmation: [], expected [CM_SLAC_PARM.CNF]"]))
  }

  @Test func the_committed_document_says_what_this_run_gave() throws {
    try ConformanceDocument.compare()
  }
}
