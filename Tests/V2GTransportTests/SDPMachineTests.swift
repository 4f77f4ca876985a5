import Testing
import V2GTransport
import Wire

private let seccMAC = MACAddress(0x02, 0, 0, 0, 0, 0x5E)
private let evccMAC = MACAddress(0x02, 0, 0, 0, 0, 0xE1)
private let secc = V2GEndpoint(IPv6Address(linkLocalFor: seccMAC), port: 50000, scope: 3)
private let evcc = V2GEndpoint(IPv6Address(linkLocalFor: evccMAC), port: 60000, scope: 3)

private func encoded(_ encode: (inout OutputBuffer) -> Void) -> [UInt8] {
  var output = OutputBuffer()
  encode(&output)
  return output.octets
}

private func request(_ security: SDPSecurity) -> [UInt8] {
  encoded { SDPRequest(security: security).encode(into: &$0) }
}

private func response(
  _ security: SDPSecurity = .noTLS, address: IPv6Address = secc.address, port: UInt16 = 50000
) -> [UInt8] {
  encoded { SDPResponse(address: address, port: port, security: security).encode(into: &$0) }
}

extension Machine {
  fileprivate mutating func actions(_ event: Event, at now: Duration) -> [Action] {
    var list: [Action] = []
    handle(event, at: .zero + now) { list.append($0) }
    return list
  }
}

@Suite struct SDPServerTests {
  @Test(
    arguments: [
      (.acceptOffer, .tls, .tls), (.acceptOffer, .noTLS, .noTLS), (.enforceTLS, .noTLS, .tls),
      // CMN_SDP_007
      (.enforceNoTLS, .tls, .noTLS),
    ] as [(SDPPolicy.Security, SDPSecurity, SDPSecurity)])
  func the_policy_decides_the_security(policy: SDPPolicy.Security, asked: SDPSecurity, given: SDPSecurity) {
    var server = SDPServer()
    _ = server.actions(.enable(secc, SDPPolicy(security: policy)), at: .zero)
    let actions = server.actions(.request(request(asked), from: evcc, mac: nil), at: .seconds(1))
    #expect(
      actions == [
        .respond(response(given), to: evcc), .trace(.answered(asked: asked, given: given, to: evcc)),
      ])
  }

  @Test func only_an_enabled_server_answers() {
    var server = SDPServer()
    let event = SDPServer.Event.request(request(.noTLS), from: evcc, mac: nil)
    #expect(server.actions(event, at: .zero) == [.trace(.refused(.notEnabled, from: evcc))])
    _ = server.actions(.enable(secc, SDPPolicy()), at: .zero)
    #expect(server.actions(event, at: .zero).count == 2)
    _ = server.actions(.disable, at: .zero)
    #expect(server.actions(event, at: .zero) == [.trace(.refused(.notEnabled, from: evcc))])
    #expect(server.deadline == nil)
  }

  /// CMN_SDP_004...006
  @Test func without_a_session_in_time_it_falls_silent() {
    var server = SDPServer()
    _ = server.actions(.enable(secc, SDPPolicy()), at: .seconds(5))
    #expect(server.deadline == .zero + .seconds(25))
    #expect(server.actions(.timeout, at: .seconds(24)).isEmpty)
    #expect(server.isEnabled)
    #expect(server.actions(.timeout, at: .seconds(25)) == [.expired])
    #expect(!server.isEnabled)
    #expect(server.actions(.timeout, at: .seconds(26)).isEmpty)
  }

  @Test func a_request_after_the_time_is_not_answered_even_if_the_timeout_came_late() {
    var server = SDPServer()
    _ = server.actions(.enable(secc, SDPPolicy()), at: .zero)
    let event = SDPServer.Event.request(request(.noTLS), from: evcc, mac: nil)
    #expect(server.actions(event, at: .seconds(20)) == [.expired])
  }

  @Test func only_the_matched_station_is_answered() {
    var server = SDPServer()
    _ = server.actions(.enable(secc, SDPPolicy(matchedPeer: evccMAC)), at: .zero)
    let stranger = MACAddress(0x02, 0, 0, 0, 0, 0xE2)
    let refused = server.actions(.request(request(.noTLS), from: evcc, mac: stranger), at: .zero)
    #expect(refused == [.trace(.refused(.notMatched(stranger), from: evcc))])
    #expect(server.actions(.request(request(.noTLS), from: evcc, mac: evccMAC), at: .zero).count == 2)
    #expect(server.actions(.request(request(.noTLS), from: evcc, mac: nil), at: .zero).count == 2)
    _ = server.actions(.enable(secc, SDPPolicy(matchedPeer: evccMAC, answersUnknownSource: false)), at: .zero)
    let unknown = server.actions(.request(request(.noTLS), from: evcc, mac: nil), at: .zero)
    #expect(unknown == [.trace(.refused(.sourceUnknown, from: evcc))])
  }

  @Test func malformed_requests_and_routed_sources_get_no_answer() {
    var server = SDPServer()
    _ = server.actions(.enable(secc, SDPPolicy()), at: .zero)
    for count in 0..<10 {
      let part = Array(request(.noTLS).prefix(count))
      let actions = server.actions(.request(part, from: evcc, mac: nil), at: .zero)
      #expect(actions.count == 1)
      guard case .trace(.refused(.malformed, _)) = actions.first else {
        Issue.record("\(count) octets: \(actions)")
        continue
      }
    }
    let global = V2GEndpoint(IPv6Address(high: 0x2001_0DB8 << 32, low: 1), port: 60000)
    let routed = server.actions(.request(request(.noTLS), from: global, mac: nil), at: .zero)
    #expect(routed == [.trace(.refused(.notLinkLocal, from: global))])
  }
}

@Suite struct SDPClientTests {
  @Test func it_asks_every_250_ms_and_fails_after_50_requests() {
    var client = SDPClient()
    var requests = 0
    var failure: (at: Instant, SDPFailure)?
    let perform = { (now: Instant, action: SDPClient.Action) in
      switch action {
      case .send(let octets):
        #expect(octets == request(.noTLS))
        #expect(now == .zero + .milliseconds(250 * requests))
        requests += 1
      case .failed(let reason): failure = (now, reason)
      case .found, .trace: break
      }
    }
    client.handle(.start(SDPDemand(security: .noTLS)), at: .zero) { perform(.zero, $0) }
    while let deadline = client.deadline {
      // Early and repeated timeouts are harmless.
      client.handle(.timeout, at: deadline - .nanoseconds(1)) { perform(deadline, $0) }
      client.handle(.timeout, at: deadline) { perform(deadline, $0) }
    }
    #expect(requests == 50)
    #expect(failure?.at == .zero + .milliseconds(12_500))
    #expect(failure?.1 == SDPFailure(requests: 50, lastRefusal: nil))
  }

  @Test func the_first_acceptable_answer_ends_the_search() {
    var client = SDPClient()
    _ = client.actions(.start(SDPDemand(security: .noTLS)), at: .zero)
    _ = client.actions(.timeout, at: .milliseconds(250))
    let actions = client.actions(.response(response(), from: secc, mac: nil), at: .milliseconds(260))
    #expect(actions == [.trace(.found(secc, .noTLS, requests: 2)), .found(secc, .noTLS)])
    #expect(client.deadline == nil)
    #expect(client.actions(.response(response(), from: secc, mac: nil), at: .milliseconds(270)).isEmpty)
    #expect(client.actions(.timeout, at: .milliseconds(500)).isEmpty)
  }

  @Test func the_scope_comes_from_the_answers_source() {
    var client = SDPClient()
    _ = client.actions(.start(SDPDemand(security: .noTLS)), at: .zero)
    var source = secc
    source.scope = 9
    source.port = 15118
    let actions = client.actions(.response(response(), from: source, mac: nil), at: .zero)
    #expect(actions.last == .found(V2GEndpoint(secc.address, port: 50000, scope: 9), .noTLS))
  }

  @Test func unacceptable_answers_are_traced_and_the_search_goes_on() {
    var client = SDPClient()
    let stranger = MACAddress(0x02, 0, 0, 0, 0, 0x5F)
    _ = client.actions(
      .start(SDPDemand(security: .tls, acceptsNoTLS: false, matchedPeer: seccMAC)), at: .zero)
    let global = IPv6Address(high: 0x2001_0DB8 << 32, low: 1)
    let cases: [([UInt8], V2GEndpoint, MACAddress?, SDPClientTrace.Reason)] = [
      (response(.tls), secc, stranger, .notMatched(stranger)),
      (response(.noTLS), secc, seccMAC, .security(.noTLS, asked: .tls)),
      (response(.tls, port: 0), secc, seccMAC, .portZero),
      (response(.tls, address: global), secc, seccMAC, .notLinkLocal(global)),
      (response(.tls, address: .allNodes), secc, seccMAC, .notLinkLocal(.allNodes)),
      (response(.tls), V2GEndpoint(global, port: 15118), seccMAC, .notLinkLocal(global)),
      (request(.tls), secc, seccMAC, .malformed(.payloadType(.sdpRequest, expected: .sdpResponse))),
    ]
    for (octets, source, mac, reason) in cases {
      let actions = client.actions(.response(octets, from: source, mac: mac), at: .milliseconds(1))
      #expect(actions == [.trace(.refused(reason, from: source))])
    }
    #expect(client.isAsking)
    var failure: SDPFailure?
    while let deadline = client.deadline {
      client.handle(.timeout, at: deadline) { if case .failed(let reason) = $0 { failure = reason } }
    }
    #expect(
      failure
        == SDPFailure(
          requests: 50, lastRefusal: .malformed(.payloadType(.sdpRequest, expected: .sdpResponse))))
  }

  @Test func a_vehicle_may_go_on_without_the_TLS_it_asked_for() {
    var client = SDPClient()
    _ = client.actions(.start(SDPDemand(security: .tls)), at: .zero)
    #expect(
      client.actions(.response(response(.noTLS), from: secc, mac: nil), at: .zero).last
        == .found(secc, .noTLS))
    _ = client.actions(.start(SDPDemand(security: .noTLS)), at: .zero)
    #expect(client.actions(.response(response(.tls), from: secc, mac: nil), at: .zero).count == 1)
  }

  @Test func stop_ends_the_search_without_a_word() {
    var client = SDPClient()
    _ = client.actions(.start(SDPDemand(security: .tls)), at: .zero)
    #expect(client.actions(.stop, at: .seconds(20)).isEmpty)
    #expect(client.deadline == nil)
  }
}

@Suite struct SDPTogetherTests {
  /// A lossy line: nine of ten datagrams are lost in each direction.
  @Test func client_and_server_find_each_other_or_the_client_fails_in_time() {
    for seed in 0..<UInt64(50) {
      var random = SeededGenerator(seed: seed)
      var client = SDPClient()
      var server = SDPServer()
      var found: V2GEndpoint?
      var failed = false
      var now = Instant.zero
      server.handle(.enable(secc, SDPPolicy(matchedPeer: evccMAC)), at: now) { _ in }
      var pending: SDPClient.Event? = .start(SDPDemand(security: .noTLS, matchedPeer: seccMAC))
      while let event = pending {
        var sent: [[UInt8]] = []
        client.handle(event, at: now) { action in
          switch action {
          case .send(let octets): sent.append(octets)
          case .found(let endpoint, _): found = endpoint
          case .failed: failed = true
          case .trace: break
          }
        }
        var answers: [[UInt8]] = []
        for octets in sent where random.chance(perMille: 300) {
          server.handle(.request(octets, from: evcc, mac: evccMAC), at: now) {
            if case .respond(let answer, _) = $0 { answers.append(answer) }
          }
        }
        if let answer = answers.first, random.chance(perMille: 300) {
          pending = .response(answer, from: secc, mac: seccMAC)
        } else if let deadline = client.deadline {
          now = deadline
          pending = .timeout
        } else {
          pending = nil
        }
      }
      #expect(failed != (found == secc), "seed \(seed)")
      #expect(now <= .zero + .milliseconds(12_500))
    }
  }
}
