import Testing

@testable import ISO15118

/// The SECC's table, state by message, printed and compared with the committed text: review sees each new
/// arrow. Every pair of state and request is tried on the machine itself; those that are not printed are
/// answered FAILED_SequenceError, and `.` is no answer at all.
@Suite struct StateTableTests {
  @Test func the_dc_table_is_the_committed_one() { #expect(table(dc: true) == StateTables.dc) }
  @Test func the_ac_table_is_the_committed_one() { #expect(table(dc: false) == StateTables.ac) }

  @Test func every_response_to_a_wrong_request_is_of_the_requests_own_type() {
    for dc in [true, false] {
      for (state, driver) in SECCDriver.states(dc: dc) where state != .WaitForDisconnect {
        if state == .WaitForSupportedAppProtocolReq { continue }
        for message in Requests.all where !state.admits(message) {
          var copy = driver
          let code = copy.send(message)
          #expect(code == .FAILED_SequenceError, "\(message) in \(state)")
          #expect(
            copy.rig.ladder.contains {
              $0.hasSuffix("SECC -> \(response(message)) FAILED_SequenceError")
                || $0.contains("-> \(response(message)) FAILED_SequenceError")
            })
          #expect(copy.rig.seccOutcomes.isEmpty)
          copy.rig.run(for: .seconds(2))
          #expect(copy.state == .Idle)
          #expect(copy.rig.energies.last ?? .none == EnergyCommand.none)
        }
      }
    }
  }

  @Test func a_wrong_session_id_is_unknown_in_every_state_zero_too() {
    for dc in [true, false] {
      for (state, driver) in SECCDriver.states(dc: dc) where state != .WaitForDisconnect {
        for message in Requests.all where state.admits(message) && message != .SessionSetupReq {
          for id in [
            SessionID(value: 0), .zero, SessionID(value: 0xDEAD_BEEF),
            SessionID(value: driver.session.value >> 8, count: 7),
          ] {
            var copy = driver
            #expect(copy.send(message, session: id) == .FAILED_UnknownSession, "\(message) in \(state)")
            copy.rig.run(for: .seconds(2))
            #expect(copy.state == .Idle)
          }
        }
      }
    }
  }

  private func response(_ message: SessionMessage) -> String {
    String(message.rawValue.dropLast(3)) + "Res"
  }

  private func table(dc: Bool) -> String {
    var lines: [String] = []
    for (state, driver) in SECCDriver.states(dc: dc) {
      lines.append("\(state)")
      for message in Requests.all {
        for (label, change) in variants(of: message) {
          var copy = driver
          if state != .WaitForWeldingDetectionOrSessionStopReq, message == .SessionStopReq { copy.pilot(.B) }
          let code = copy.send(message, settle: .zero, change)
          if code == nil, copy.state != .Idle, copy.state == state {
            copy.rig.run(for: .milliseconds(400))
          }
          let answer = copy.rig.codes.count > driver.rig.codes.count ? copy.rig.codes.last : nil
          switch answer {
          case .FAILED_SequenceError?: break
          case let code?: lines.append("  \(message)\(label)  \(code) > \(copy.state)")
          case nil: if copy.state != state { lines.append("  \(message)\(label)  . > \(copy.state)") }
          }
        }
      }
    }
    return lines.joined(separator: "\n")
  }

  private func variants(of message: SessionMessage) -> [(String, (inout Requests.Options) -> Void)] {
    switch message {
    case .PowerDeliveryReq:
      [
        ("(Start)", { $0.progress = .Start }), ("(Stop)", { $0.progress = .Stop }),
        ("(Renegotiate)", { $0.progress = .Renegotiate }),
      ]
    case .SessionStopReq: [("(Terminate)", { _ in }), ("(Pause)", { $0.pause = true })]
    default: [("", { _ in })]
    }
  }

}
