import ISO15118_2Messages
import Testing
import Wire

@testable import ISO15118

/// A SECC with a test vehicle that sends one request at a time. A value: copies go separate ways.
struct SECCDriver {
  var rig: SessionRig
  let dc: Bool

  init(dc: Bool, _ change: (inout SECCConfiguration) -> Void = { _ in }) {
    self.dc = dc
    var configuration = SECCConfiguration(modes: dc ? [.DC_extended, .DC_core] : [.AC_three_phase_core])
    change(&configuration)
    rig = SessionRig(
      secc: configuration, evcc: EVCCConfiguration(evccID: MACAddress(2, 0, 0, 0, 0, 0xE1), modes: [.DC_core])
    )
    rig.cableCheckTime = .milliseconds(100)
    rig.authorizeAfter = .zero
    rig.connectSECC()
  }

  /// A SECC in this state; where a session has no such state, one that is at its start, and a failure.
  static func at(_ state: SECCState, dc: Bool = true) -> SECCDriver {
    if let found = states(dc: dc).first(where: { $0.0 == state }) { return found.1 }
    Issue.record("no session comes to \(state)")
    return SECCDriver(dc: dc)
  }

  var state: SECCState { rig.secc.state }
  var session: SessionID { rig.secc.sessionID }
  /// The code of the last response.
  var code: SessionResponseCode? { rig.codes.last }

  mutating func negotiate() { rig.receive(Requests.iso2, by: .secc) }

  /// Sends a request and gives the SECC what it needs to answer; the response's code, nil when there is none.
  @discardableResult
  mutating func send(
    _ message: SessionMessage, session id: SessionID? = nil, settle: Duration = .zero,
    _ change: (inout Requests.Options) -> Void = { _ in }
  ) -> SessionResponseCode? {
    let before = rig.codes.count
    let octets = Requests.octets(message, id ?? session) { options in
      options.dc = dc
      change(&options)
    }
    precondition(!octets.isEmpty, "the test cannot write \(message)")
    rig.receive(octets, by: .secc)
    if settle > .zero { rig.run(for: settle) }
    return rig.codes.count > before ? rig.codes.last : nil
  }

  mutating func pilot(_ letter: PilotLetter) { rig.setCharger { $0.pilot = letter } }

  /// Every state of a session, reached by the shortest way, with the SECC in it.
  static func states(
    dc: Bool, _ change: (inout SECCConfiguration) -> Void = { _ in }
  ) -> [(SECCState, SECCDriver)] {
    var result: [(SECCState, SECCDriver)] = []
    var driver = SECCDriver(dc: dc, change)
    func keep() { result.append((driver.state, driver)) }
    keep()
    driver.negotiate()
    keep()
    driver.send(.SessionSetupReq, session: .zero)
    keep()
    driver.send(.ServiceDiscoveryReq)
    keep()
    driver.send(.PaymentServiceSelectionReq, settle: .milliseconds(1))
    keep()
    driver.send(.AuthorizationReq)
    keep()
    driver.send(.ChargeParameterDiscoveryReq)
    driver.pilot(.C)
    keep()
    if dc {
      driver.send(.CableCheckReq, settle: .milliseconds(500))
      driver.send(.CableCheckReq)
      keep()
      driver.send(.PreChargeReq, settle: .milliseconds(500))
      keep()
      driver.send(.PowerDeliveryReq)
      keep()
      driver.send(.CurrentDemandReq, settle: .milliseconds(100))
      keep()
      driver.send(.PowerDeliveryReq, settle: .milliseconds(500)) { $0.progress = .Stop }
      driver.pilot(.B)
      keep()
    } else {
      driver.send(.PowerDeliveryReq, settle: .milliseconds(500))
      keep()
      driver.send(.ChargingStatusReq)
      keep()
      driver.send(.PowerDeliveryReq, settle: .milliseconds(500)) { $0.progress = .Stop }
      driver.pilot(.B)
      keep()
    }
    driver.send(.SessionStopReq)
    keep()
    return result
  }
}
