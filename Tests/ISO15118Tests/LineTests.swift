import Testing
import Wire

@testable import ISO15118

/// What the line and a bad peer can do to a session.
@Suite struct LineTests {
  private static func rig(dc: Bool) -> SessionRig {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.cableCheckTime = .milliseconds(300)
    rig.after(.milliseconds(3500)) { $0.setVehicle { $0.wish = .stop } }
    return rig
  }

  /// How many messages each side sends in a whole session.
  private static func count(dc: Bool) -> Int {
    var rig = rig(dc: dc)
    rig.connect()
    rig.runToEnd()
    return rig.messages.count
  }

  @Test(arguments: [true, false]) func a_lost_connection_ends_both_sides_once_with_the_energy_off(dc: Bool) {
    for number in 1..<Self.count(dc: dc) {
      var rig = Self.rig(dc: dc)
      rig.connect()
      _ = rig.run { $0.messages.count >= number }
      rig.loseConnection()
      rig.run(for: .seconds(100))
      #expect(rig.seccOutcomes.count == 1 && rig.evccOutcomes.count == 1, "after message \(number)")
      #expect(rig.energies.last ?? .none == EnergyCommand.none)
      #expect(rig.secc.deadline == nil && rig.evcc.deadline == nil)
      #expect(rig.secc.state == .Idle && rig.evcc.state == .Idle)
      #expect(rig.vehicle.pilot == .B)
      #expect(!rig.vehicle.contactorClosed)
      #expect(isFailure(rig.evccOutcomes[0], .disconnected))
    }
  }

  @Test(arguments: [true, false]) func after_a_lost_connection_a_new_session_runs(dc: Bool) {
    for number in stride(from: 1, to: Self.count(dc: dc), by: 7) {
      var rig = Self.rig(dc: dc)
      rig.connect()
      _ = rig.run { $0.messages.count >= number }
      rig.loseConnection()
      rig.run(for: .seconds(10))
      rig.setVehicle { $0.wish = .charge }
      rig.after(.seconds(6)) { $0.setVehicle { $0.wish = .stop } }
      rig.connect()
      rig.runToEnd()
      #expect(rig.seccOutcomes.last == .terminated)
      #expect(rig.evccOutcomes.last == .terminated)
    }
  }

  @Test(arguments: [true, false]) func garbage_in_place_of_a_message_ends_the_session(dc: Bool) {
    for side in [SessionRig.Side.secc, .evcc] {
      for number in 0..<Self.count(dc: dc) / 2 {
        var rig = Self.rig(dc: dc)
        rig.tamper = { octets, from, index in
          guard from == side, index == number else { return octets }
          return Array(octets.prefix(8)) + octets.dropFirst(8).map { ~$0 }
        }
        rig.connect()
        rig.runToEnd(within: .seconds(200))
        #expect(rig.seccOutcomes.count == 1 && rig.evccOutcomes.count == 1, "message \(number) of \(side)")
        let reader = side == .secc ? rig.evccOutcomes[0] : rig.seccOutcomes[0]
        #expect(isFailure(reader, .undecodable), "message \(number) of \(side)")
        #expect(rig.energies.last ?? .none == EnergyCommand.none)
      }
    }
  }

  @Test(arguments: [true, false]) func half_a_message_runs_into_a_timer(dc: Bool) {
    for side in [SessionRig.Side.secc, .evcc] {
      for number in 0..<Self.count(dc: dc) / 2 {
        var rig = Self.rig(dc: dc)
        rig.tamper = { octets, from, index in
          guard from == side, index == number else { return octets }
          return Array(octets.prefix(octets.count / 2))
        }
        rig.connect()
        rig.runToEnd(within: .seconds(200))
        #expect(isFailure(rig.evccOutcomes.first, .messageTimeout), "message \(number) of \(side)")
        #expect(rig.seccOutcomes.count == 1)
      }
    }
  }

  @Test func a_stream_no_parser_can_follow_is_closed() {
    var rig = Self.rig(dc: true)
    rig.connect()
    rig.run(for: .seconds(1))
    rig.give(SECCEvent.transportBroken)
    rig.runToEnd()
    #expect(isFailure(rig.seccOutcomes.first, .transport))
    #expect(isFailure(rig.evccOutcomes.first, .disconnected))
  }

  @Test func a_response_sent_to_the_secc_is_no_request() {
    var rig = Self.rig(dc: true)
    rig.connect()
    _ = rig.run { $0.messages.count >= 6 }
    let response = rig.messages.last { $0.from == .secc }?.octets ?? []
    rig.receive(Array(response.dropFirst(8)), by: .secc)
    #expect(isFailure(rig.seccOutcomes.first, .sequence))
  }

  @Test func a_response_of_another_session_is_refused() {
    var rig = Self.rig(dc: true)
    rig.connect()
    _ = rig.run { $0.evcc.state == .WaitForServiceDiscoveryRes }
    var foreign = SECCDriver.states(dc: true)[2].1
    foreign.rig.give(SECCEvent.disconnected)
    foreign.rig.connectSECC()
    foreign.negotiate()
    foreign.send(.SessionSetupReq, session: .zero)
    foreign.send(.ServiceDiscoveryReq)
    rig.receive(Array((foreign.rig.messages.last?.octets ?? []).dropFirst(8)), by: .evcc)
    #expect(isFailure(rig.evccOutcomes.first, .unknownSession))
  }

  @Test func a_response_of_another_kind_is_refused() {
    var rig = Self.rig(dc: true)
    rig.connect()
    _ = rig.run { $0.evcc.state == .WaitForPaymentServiceSelectionRes }
    let earlier = rig.messages.last { $0.from == .secc }?.octets ?? []
    rig.receive(Array(earlier.dropFirst(8)), by: .evcc)
    #expect(isFailure(rig.evccOutcomes.first, .sequence))
  }

  @Test func a_second_request_before_the_answer_is_out_of_sequence() {
    var driver = SECCDriver.at(.WaitForPowerDeliveryReq, dc: false)
    driver.rig.contactorFollows = false
    #expect(driver.send(.PowerDeliveryReq) == nil)
    #expect(driver.send(.PowerDeliveryReq) == .FAILED_SequenceError)
  }

  @Test func one_byte_at_a_time_is_fine() {
    var rig = Self.rig(dc: false)
    rig.dripsOctets = true
    rig.connect()
    rig.runToEnd()
    #expect(rig.evccOutcomes == [.terminated])
  }

  private func isFailure(_ outcome: SessionOutcome?, _ cause: SessionFailure.Cause) -> Bool {
    if case .failed(let failure)? = outcome { failure.cause == cause } else { false }
  }
}
