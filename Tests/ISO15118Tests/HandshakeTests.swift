import Testing
import Wire

@testable import ISO15118

@Suite struct HandshakeTests {
  private let iso2 = "urn:iso:15118:2:2013:MsgDef"

  private func answer(
    _ entries: [(String, UInt32, UInt32, UInt8, UInt8)], quirks: SessionQuirks = .standard
  ) throws -> (SessionResponse, SECCDriver) {
    var driver = SECCDriver(dc: true) { $0.quirks = quirks }
    driver.rig.receive(Requests.protocols(entries), by: .secc)
    let octets = try #require(driver.rig.messages.last?.octets)
    let payload = Array(octets.dropFirst(8))
    let response = SessionCodec().protocolAnswer(payload.span.bytes)
    return (try #require(response), driver)
  }

  @Test func the_protocol_we_serve_is_chosen() throws {
    let (response, driver) = try answer([(iso2, 2, 0, 17, 1)])
    #expect(response.code == .OK_SuccessfulNegotiation)
    #expect(response.schemaID == 17)
    #expect(driver.state == .WaitForSessionSetupReq)
  }

  @Test func foreign_namespaces_are_skipped_silently() throws {
    let (response, _) = try answer([
      ("urn:vendor:proprietary", 1, 0, 1, 1), ("urn:din:70121:2012:MsgDef", 2, 0, 2, 2), (iso2, 2, 0, 3, 3),
      ("urn:iso:std:iso:15118:-20:DC", 1, 0, 4, 4),
    ])
    #expect(response.code == .OK_SuccessfulNegotiation)
    #expect(response.schemaID == 3)
  }

  @Test func the_lowest_priority_number_wins_not_the_first_entry() throws {
    let (response, _) = try answer([(iso2, 2, 0, 10, 5), (iso2, 2, 0, 11, 2), (iso2, 2, 0, 12, 20)])
    #expect(response.schemaID == 11)
  }

  @Test func another_minor_version_is_a_minor_deviation() throws {
    let (response, _) = try answer([(iso2, 2, 1, 9, 1)])
    #expect(response.code == .OK_SuccessfulNegotiationWithMinorDeviation)
    #expect(response.schemaID == 9)
  }

  @Test func another_major_version_is_no_match() throws {
    let (response, driver) = try answer([(iso2, 3, 0, 9, 1)])
    #expect(response.code == .Failed_NoNegotiation)
    #expect(response.schemaID == nil)
    #expect(driver.state == .WaitForDisconnect)
  }

  @Test func no_common_protocol_ends_the_connection() throws {
    var (_, driver) = try answer([("urn:vendor:proprietary", 1, 0, 1, 1)])
    let start = driver.rig.now
    driver.rig.run(for: .seconds(5))
    #expect(driver.rig.seccEnded == start + SessionTimers.standard.tcpCloseAfterFailure)
    guard case .failed(let failure)? = driver.rig.seccOutcomes.first else {
      Issue.record("no failure")
      return
    }
    #expect(failure.cause == .noNegotiation)
    #expect(failure.fault == .peerRefused)
  }

  @Test func the_draft_namespace_of_2010_is_served_only_by_quirk() throws {
    let draft = "urn:iso:15118:2:2010:MsgDef"
    #expect(try answer([(draft, 1, 0, 1, 1)]).0.code == .Failed_NoNegotiation)
    var quirks = SessionQuirks.standard
    quirks.namespace2010 = true
    let (response, driver) = try answer([(draft, 1, 0, 5, 1)], quirks: quirks)
    #expect(response.code == .OK_SuccessfulNegotiation)
    #expect(response.schemaID == 5)
    #expect(driver.state == .WaitForSessionSetupReq)
  }

  @Test func twenty_entries_are_read() throws {
    let entries = (1...20).map { (number: Int) -> (String, UInt32, UInt32, UInt8, UInt8) in
      (number == 20 ? iso2 : "urn:vendor:\(number)", 2, 0, UInt8(number), UInt8(number))
    }
    #expect(try answer(entries).0.schemaID == 20)
  }

  @Test func session_setup_takes_one_or_eight_zero_octets_and_never_gives_zero() {
    for id in [SessionID.zero, SessionID(value: 0), SessionID(value: 0, count: 0), SessionID(value: 77)] {
      var driver = SECCDriver(dc: true)
      driver.negotiate()
      #expect(driver.send(.SessionSetupReq, session: id) == .OK_NewSessionEstablished)
      #expect(!driver.session.isZero)
      #expect(driver.session.count == 8)
      #expect(driver.session != id)
      #expect(driver.rig.report.evccID == 0x0200_0000_00E1)
    }
  }

  @Test func every_session_gets_its_own_id() {
    var driver = SECCDriver(dc: true)
    var ids: Set<SessionID> = []
    for _ in 0..<100 {
      driver.negotiate()
      driver.send(.SessionSetupReq, session: .zero)
      ids.insert(driver.session)
      driver.rig.give(SECCEvent.disconnected)
      driver.rig.connectSECC()
    }
    #expect(ids.count == 100)
  }
}
