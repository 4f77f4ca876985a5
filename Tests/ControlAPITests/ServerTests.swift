import Testing
import Wire

@testable import ControlAPI

@Suite struct ServerTests {
  private func rig() -> ServerRig {
    var rig = ServerRig()
    rig.answer = Samples.answer
    return rig
  }

  /// What a line of a client is answered with; the codes are those of JSON-RPC 2.0, section 5.1, and our own.
  static let table: [(request: String, answers: [String])] = [
    (
      #"{"jsonrpc":"2.0","id":1,"method":"pause","params":{"connector":1}}"#,
      [#"{"jsonrpc":"2.0","id":1,"result":{}}"#]
    ),
    (
      #"{"jsonrpc":"2.0","id":"a","method":"limit","params":{"connector":1,"watts":1}}"#,
      [
        #"{"jsonrpc":"2.0","id":"a","result":{"milliamps":125000,"millivolts":500000,"watts":50000,"phases":3}}"#
      ]
    ),
    (#"{"jsonrpc":"2.0","method":"pause","params":{"connector":1}}"#, []),
    (#"{"jsonrpc":"2.0","method":"nonsense"}"#, []),
    (
      #"{"jsonrpc":"2.0","id":null,"method":"info","params":[]}"#,
      [
        #"{"jsonrpc":"2.0","id":null,"result":{"name":"couplerd","version":"0.1.0","api":3,"board":"simulation","processID":4711,"uptimeSeconds":86400,"connectors":[1,2]}}"#
      ]
    ),
    ("", []), ("   \t\r", []),
    (
      "{",
      [
        error(
          -32700, "this is no JSON: the text ends too early (octet 1)", "parseError",
          "one line is one JSON value")
      ]
    ),
    ("1", [error(-32600, "a request must be an object, is a number", "invalidRequest")]),
    ("[]", [error(-32600, "a batch must have 1...32 requests, has 0", "invalidRequest")]),
    (
      #"{"id":1,"method":"info"}"#,
      [
        error(
          -32600, #"the request does not say \"jsonrpc\":\"2.0\""#, "invalidRequest",
          "add it to every request", id: "1")
      ]
    ),
    (#"{"jsonrpc":"2.0","id":1}"#, [error(-32600, "the request names no method", "invalidRequest", id: "1")]),
    (
      #"{"jsonrpc":"2.0","id":1,"method":7}"#,
      [error(-32600, "method must be a string, is a number", "invalidRequest", id: "1")]
    ),
    (
      #"{"jsonrpc":"2.0","id":1.5,"method":"info"}"#,
      [
        error(
          -32600,
          "id must be a whole number or a string of at most 256 octets, is a number that is not whole or too large",
          "invalidRequest")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"status","param":{}}"#,
      [
        error(
          -32600, "the request has a member 'param'", "invalidRequest",
          "it takes jsonrpc, method, params, id", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"statsu"}"#,
      [
        error(-32601, "there is no method 'statsu'", "methodNotFound", "did you mean 'status'?", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"reboot"}"#,
      [
        error(
          -32601, "there is no method 'reboot'", "methodNotFound",
          "the methods are info, status, values, errors, authorize, stop, pause, resume, limit, clear, power, battery, subscribe, unsubscribe",
          id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"stop","params":[1]}"#,
      [
        error(
          -32602, "parameters go by name here, not by place", "invalidParameters",
          #"write \"params\":{\"connector\":1}"#, id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"stop","params":7}"#,
      [
        error(-32602, "stop: params must be an object, is a number", "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"stop"}"#,
      [error(-32602, "stop: params.connector is missing", "invalidParameters", id: "1")]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"stop","params":{"connector":0}}"#,
      [
        error(-32602, "stop: params.connector must be 1...255, is 0", "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"stop","params":{"connector":"1"}}"#,
      [
        error(
          -32602, "stop: params.connector must be a whole number, is a string", "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"stop","params":{"connector":1,"reason":"users"}}"#,
      [
        error(
          -32602, "stop: params.reason must be user, backend, site, is 'users'; did you mean 'user'?",
          "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"limit","params":{"connector":1}}"#,
      [
        error(
          -32602, "limit: params must name one of milliamps, millivolts, watts, phases", "invalidParameters",
          id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"limit","params":{"connector":1,"milliamp":6000}}"#,
      [
        error(
          -32602, "limit: params must name one of milliamps, millivolts, watts, phases", "invalidParameters",
          id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"limit","params":{"connector":1,"milliamps":-1}}"#,
      [
        error(-32602, "limit: params.milliamps must be 0...10000000, is -1", "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"authorize","params":{"connector":1,"grant":false}}"#,
      [
        error(
          -32602, "authorize: params has a member 'grant' that is not known; did you mean 'granted'?",
          "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"info","params":{"x":1}}"#,
      [
        error(
          -32602, "info: params has a member 'x' that is not known; it takes none", "invalidParameters",
          id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["pilot","slca"]}}"#,
      [
        error(
          -32602,
          #"subscribe: params.events must name some of pilot, slac, session, outputs, power, limits, stage, powerCommand, inlet, paused, trouble, fault, cleared, ended; \"slca\" is none"#,
          "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":[]}}"#,
      [
        error(
          -32602, "subscribe: params.events must not be empty; leave it out to hear of everything",
          "invalidParameters", id: "1")
      ]
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"clear","params":{"connector":1}}"#,
      [
        error(2, "there is no fault", "wrongState", "nothing need be done", id: "1")
      ]
    ),
    // Section 6: a batch, with notifications and errors among its requests.
    (
      #"[{"jsonrpc":"2.0","id":1,"method":"pause","params":{"connector":1}},{"jsonrpc":"2.0","method":"resume","params":{"connector":1}},1,{"jsonrpc":"2.0","id":2,"method":"x"}]"#,
      [
        "[" + error(-32600, "a request must be an object, is a number", "invalidRequest") + ","
          + error(
            -32601, "there is no method 'x'", "methodNotFound",
            "the methods are info, status, values, errors, authorize, stop, pause, resume, limit, clear, power, battery, subscribe, unsubscribe",
            id: "2")
          + "," + #"{"jsonrpc":"2.0","id":1,"result":{}}"# + "]"
      ]
    ),
    (#"[{"jsonrpc":"2.0","method":"pause","params":{"connector":1}}]"#, []),
  ]

  private static func error(
    _ code: Int, _ message: String, _ name: String, _ remedy: String? = nil, id: String = "null"
  ) -> String {
    let remedy = remedy.map { ",\"remedy\":\"\($0)\"" } ?? ""
    return
      "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":\(code),\"message\":\"\(message)\",\"data\":{\"name\":\"\(name)\"\(remedy)}}}"
  }

  @Test(arguments: table)
  func a_line_is_answered(request: String, answers: [String]) {
    var rig = rig()
    let client = rig.connect(1)
    #expect(rig.ask(request, from: client) == answers)
    // And the connection goes on.
    #expect(rig.ask(#"{"jsonrpc":"2.0","id":9,"method":"unsubscribe"}"#, from: client).count == 1)
    #expect(rig.closed.isEmpty)
  }

  @Test func lines_may_come_in_any_pieces() {
    let text = Self.table.map(\.request).joined(separator: "\n") + "\n"
    let expected = Self.table.flatMap(\.answers)
    for size in [1, 2, 3, 7, 64, 100_000] {
      var rig = rig()
      let client = rig.connect(1)
      let octets = Array(text.utf8)
      for start in stride(from: 0, to: octets.count, by: size) {
        rig.handle(.received(client, Array(octets[start..<min(start + size, octets.count)])))
      }
      // One piece brings many lines, whose answers come when the station has given them.
      let isComplete = rig.lines(of: client).sorted() == expected.sorted()
      #expect(isComplete, "pieces of \(size)")
    }
  }

  @Test func answers_may_come_late_and_in_any_order() {
    var rig = ServerRig()
    let client = rig.connect(1)
    rig.send(
      #"{"jsonrpc":"2.0","id":1,"method":"info"}"# + "\n"
        + #"{"jsonrpc":"2.0","id":2,"method":"pause","params":{"connector":1}}"# + "\n", from: client)
    #expect(rig.calls.map(\.request) == [.info, .pause(connector: 1)])
    #expect(rig.lines(of: client).isEmpty)
    rig.handle(.answer(rig.calls[1].id, .success(.done)))
    #expect(rig.lines(of: client) == [#"{"jsonrpc":"2.0","id":2,"result":{}}"#])
    rig.handle(.answer(rig.calls[0].id, .success(.info(Samples.station))))
    rig.handle(.answer(rig.calls[0].id, .success(.info(Samples.station))))
    #expect(rig.lines(of: client).count == 1)
  }

  @Test func a_batch_is_answered_when_its_last_call_is() {
    var rig = ServerRig()
    let client = rig.connect(1)
    rig.send(
      #"[{"jsonrpc":"2.0","id":1,"method":"pause","params":{"connector":1}},{"jsonrpc":"2.0","id":2,"method":"resume","params":{"connector":1}}]"#
        + "\n", from: client)
    rig.handle(.answer(rig.calls[1].id, .success(.done)))
    #expect(rig.lines(of: client).isEmpty)
    rig.handle(.answer(rig.calls[0].id, .success(.done)))
    #expect(
      rig.lines(of: client) == [
        #"[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]"#
      ])
  }

  @Test func too_many_calls_at_once_are_refused_and_not_done() {
    var rig = ServerRig()
    let client = rig.connect(1)
    for id in 0..<40 { rig.send("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"info\"}\n", from: client) }
    #expect(rig.calls.count == ControlServer.callsMax)
    let lines = rig.lines(of: client)
    #expect(lines.count == 40 - ControlServer.callsMax)
    #expect(lines.allSatisfy { $0.contains(#""name":"busy""#) })
    rig.handle(.answer(rig.calls[0].id, .success(.done)))
    rig.send(#"{"jsonrpc":"2.0","id":50,"method":"info"}"# + "\n", from: client)
    #expect(rig.calls.count == ControlServer.callsMax + 1)
  }

  @Test func an_answer_for_a_client_that_is_gone_goes_nowhere() {
    var rig = ServerRig()
    let client = rig.connect(1)
    rig.send(#"{"jsonrpc":"2.0","id":1,"method":"info"}"# + "\n", from: client)
    rig.handle(.disconnected(client))
    rig.handle(.answer(rig.calls[0].id, .success(.done)))
    #expect(rig.lines(of: client).isEmpty && rig.server.clientCount == 0 && rig.closed.isEmpty)
  }

  // MARK: events

  private func pilot(_ state: String, connector: Int = 1) -> ControlEvent {
    var status = PilotStatus()
    status.state = state
    return ControlEvent(connector: connector, milliseconds: 0, .pilot(status))
  }

  @Test func events_go_to_those_who_subscribed_for_them() {
    var rig = rig()
    let (all, some, none) = (rig.connect(1), rig.connect(2), rig.connect(3))
    #expect(!rig.server.hasSubscribers)
    _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#, from: all)
    _ = rig.ask(
      #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["fault"],"connector":2}}"#,
      from: some)
    #expect(rig.server.hasSubscribers)
    for connector in 1...2 {
      rig.handle(.publish(pilot("B", connector: connector)))
      rig.handle(.publish(ControlEvent(connector: connector, milliseconds: 5, .fault(Samples.fault))))
    }
    #expect(rig.lines(of: all).count == 4)
    #expect(
      rig.lines(of: some) == [
        #"{"jsonrpc":"2.0","method":"event","params":{"connector":2,"milliseconds":5,"kind":"fault","fault":{"name":"earthLost","text":"protective earth tripped: find the leak","latch":"unplugged"}}}"#
      ])
    #expect(rig.lines(of: none).isEmpty)
    _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"unsubscribe"}"#, from: all)
    rig.handle(.publish(pilot("C")))
    #expect(rig.lines(of: all).isEmpty)
  }

  @Test func a_slow_reader_hears_of_the_latest_state_and_of_every_fault() {
    var rig = rig()
    let (slow, quick) = (rig.connect(1), rig.connect(2))
    for client in [slow, quick] {
      _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#, from: client)
    }
    rig.stuck = [slow]
    rig.handle(.publish(pilot("A")))
    for index in 0..<1000 {
      rig.handle(.publish(pilot(index % 2 == 0 ? "B" : "C")))
      if index % 100 == 0 {
        rig.handle(.publish(ControlEvent(connector: 1, milliseconds: 0, .cleared(name: "\(index)"))))
      }
    }
    #expect(rig.lines(of: quick).count == 1011)
    rig.stuck = []
    rig.handle(.sent(slow))
    let lines = rig.lines(of: slow)
    #expect(lines.count == 12)
    #expect(lines.last?.contains(#""state":"C""#) == true)
    #expect(lines.count { $0.contains("cleared") } == 10)
    #expect(rig.closed.isEmpty)
  }

  @Test func a_snapshot_is_not_followed_by_something_older() {
    var rig = rig()
    let client = rig.connect(1)
    _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#, from: client)
    rig.stuck = [client]
    rig.handle(.publish(pilot("A")))
    rig.handle(.publish(pilot("B")))
    rig.send(#"{"jsonrpc":"2.0","id":2,"method":"status"}"# + "\n", from: client)
    rig.handle(.publish(pilot("F")))
    rig.stuck = []
    rig.handle(.sent(client))
    let lines = rig.lines(of: client)
    #expect(lines.count == 3)
    #expect(lines[1].contains(#""id":2"#) && lines[2].contains(#""state":"F""#))
  }

  @Test func who_never_reads_is_told_why_and_parted_from_and_nobody_waits_for_it() {
    var rig = rig()
    let (stuck, other) = (rig.connect(1), rig.connect(2))
    for client in [stuck, other] {
      _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#, from: client)
    }
    rig.stuck = [stuck]
    for index in 0..<10_000 {
      rig.handle(.publish(ControlEvent(connector: 1, milliseconds: 0, .cleared(name: "\(index)"))))
    }
    #expect(rig.lines(of: other).count == 10_000)
    // What is on its way stays on its way: the one event, then the reason, if it reads within two seconds.
    #expect(rig.lines(of: stuck).count == 1 && rig.closed.isEmpty)
    #expect(rig.server.deadline == rig.now + ControlServer.farewell)
    var reading = rig
    reading.stuck = []
    reading.handle(.sent(stuck))
    #expect(reading.lines(of: stuck).last?.contains(#""method":"closing""#) == true)
    #expect(reading.closed[stuck] == .tooSlow)
    rig.now += ControlServer.farewell
    rig.handle(.timeout)
    #expect(rig.closed == [stuck: .tooSlow] && rig.server.deadline == nil)
    #expect(rig.server.clientCount == 1)
  }

  @Test func who_asks_and_never_reads_is_parted_from() {
    var rig = rig()
    let client = rig.connect(1)
    rig.stuck = [client]
    for _ in 0..<2000 { rig.send(#"{"jsonrpc":"2.0","id":1,"method":"status"}"# + "\n", from: client) }
    rig.now += .seconds(60)
    rig.handle(.timeout)
    #expect(rig.closed == [client: .tooSlow])
  }

  // MARK: connections

  @Test func a_line_without_end_is_cut_off() {
    var rig = rig()
    let client = rig.connect(1)
    for _ in 0..<100 { rig.handle(.received(client, [UInt8](repeating: 0x20, count: 1000))) }
    #expect(rig.closed == [client: .lineTooLong])
    #expect(rig.lines(of: client).first?.contains("a line is longer than 65536 octets") == true)
  }

  @Test func the_longest_line_is_taken() {
    var rig = rig()
    let client = rig.connect(1)
    let request = #"{"jsonrpc":"2.0","id":1,"method":"pause","params":{"connector":1}}"#
    let padding = String(repeating: " ", count: ControlServer.lineMax - request.utf8.count)
    #expect(rig.ask(request + padding, from: client) == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
    _ = rig.ask(request + padding + " ", from: client)
    #expect(rig.closed == [client: .lineTooLong])
  }

  @Test func one_client_too_many_is_told_so() {
    var rig = ServerRig(clientsMax: 2)
    _ = rig.connect(1)
    let second = rig.connect(2)
    let third = rig.connect(3)
    #expect(rig.closed == [third: .tooManyClients])
    #expect(rig.lines(of: third).first?.contains("2 clients are connected") == true)
    rig.handle(.disconnected(second))
    let fourth = rig.connect(4)
    #expect(rig.closed[fourth] == nil)
  }

  /// Whoever connects again and again uses up no more descriptors than there are for that.
  @Test func a_crowd_is_closed_without_a_word() {
    var rig = ServerRig(clientsMax: 2)
    for number in UInt64(1)...1000 {
      let id = ControlClientID(number)
      rig.stuck.insert(id)
      rig.handle(.connected(id))
      #expect(rig.server.clientCount <= 2 + ControlServer.partingMax)
    }
    #expect(rig.closed.count == 1000 - 2 - ControlServer.partingMax)
    #expect(rig.closed.values.allSatisfy { $0 == .tooManyClients })
  }

  @Test func who_says_all_and_waits_gets_its_answers_and_then_the_end() {
    var rig = ServerRig()
    let client = rig.connect(1)
    rig.send(
      #"{"jsonrpc":"2.0","id":1,"method":"info"}"# + "\n"
        + #"{"jsonrpc":"2.0","id":2,"method":"pause","params":{"connector":1}}"#, from: client)
    rig.handle(.finished(client))
    #expect(rig.calls.count == 2, "the last line needs no end")
    rig.handle(.answer(rig.calls[0].id, .success(.info(Samples.station))))
    #expect(rig.closed.isEmpty)
    rig.handle(.answer(rig.calls[1].id, .success(.done)))
    #expect(rig.lines(of: client).count == 2 && rig.closed == [client: .finished])
  }

  @Test func who_subscribed_and_sends_no_more_still_hears() {
    var rig = rig()
    let client = rig.connect(1)
    _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#, from: client)
    rig.handle(.finished(client))
    rig.handle(.publish(pilot("B")))
    #expect(rig.lines(of: client).count == 1 && rig.closed.isEmpty)
  }
}
