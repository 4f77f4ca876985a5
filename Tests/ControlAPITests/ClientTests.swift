import Testing
import Wire

@testable import ControlAPI

@Suite struct ClientTests {
  /// A client and what it told.
  private struct ClientEnd {
    var client = ControlClient()
    var sent: [UInt8] = []
    var answers: [Int64: Result<ControlResult, ControlFailure>] = [:]
    var events: [ControlEvent] = []
    var failure: ControlClientFailure?

    mutating func take(_ action: ControlClientAction) {
      switch action {
      case .send(let octets): sent += octets
      case .answer(let id, let result): answers[id] = result
      case .event(let event): events.append(event)
      case .failed(let failure): self.failure = failure
      }
    }

    mutating func handle(_ event: ControlClientEvent, at now: Instant = .zero) {
      var actions: [ControlClientAction] = []
      client.handle(event, at: now) { actions.append($0) }
      for action in actions { take(action) }
    }

    mutating func receive(_ text: String) { handle(.received(Array((text + "\n").utf8))) }

    mutating func call(_ request: ControlRequest, at now: Instant = .zero) -> Int64 {
      var actions: [ControlClientAction] = []
      let id = client.call(request, at: now) { actions.append($0) }
      for action in actions { take(action) }
      return id
    }

    mutating func subscribe(_ subscription: ControlSubscription) {
      var actions: [ControlClientAction] = []
      client.subscribe(subscription, at: .zero) { actions.append($0) }
      for action in actions { take(action) }
    }
  }

  @Test func every_request_and_every_answer_pass_from_end_to_end() throws {
    var rig = ServerRig()
    rig.answer = Samples.answer
    let server = rig.connect(1)
    var end = ClientEnd()
    for request in Samples.requests {
      let id = end.call(request)
      rig.handle(.received(server, end.sent))
      end.sent = []
      end.handle(.received(rig.outputs.removeValue(forKey: server) ?? []))
      #expect(rig.calls.last?.request == request)
      switch (end.answers[id], Samples.answer(request)) {
      case (.success(let got)?, .success(let given)): #expect(got == given, "\(request)")
      case (.failure(let got)?, .failure(let given)):
        #expect(got.code == given.code && got.cause == given.cause && got.remedy == given.remedy)
      default: Issue.record("\(request) was answered by \(String(describing: end.answers[id]))")
      }
    }
    #expect(
      Set(Samples.requests.map { ControlCall.request($0).method }).count == ControlMethod.allCases.count - 2)
    #expect(end.failure == nil && end.client.deadline == nil)
  }

  @Test func every_event_passes_from_end_to_end() {
    var rig = ServerRig()
    let server = rig.connect(1)
    var end = ClientEnd()
    end.subscribe(ControlSubscription())
    rig.handle(.received(server, end.sent))
    let events = Samples.contents.map { ControlEvent(connector: 2, milliseconds: 1234, $0) }
    for event in events { rig.handle(.publish(event)) }
    end.handle(.received(rig.outputs[server] ?? []))
    #expect(end.events == events)
    #expect(end.answers == [1: .success(.done)])
  }

  @Test func a_subscription_keeps_its_kinds_and_connector() {
    var rig = ServerRig()
    let server = rig.connect(1)
    var end = ClientEnd()
    end.subscribe(ControlSubscription(kinds: [.fault, .pilot], connector: 2))
    rig.handle(.received(server, end.sent))
    for content in Samples.contents {
      for connector in 1...2 {
        rig.handle(.publish(ControlEvent(connector: connector, milliseconds: 0, content)))
      }
    }
    end.handle(.received(rig.outputs[server] ?? []))
    #expect(end.events.map(\.kind) == [.pilot, .fault] && end.events.allSatisfy { $0.connector == 2 })
  }

  @Test func no_answer_is_an_error_with_the_method() {
    var end = ClientEnd()
    _ = end.call(.info, at: .zero + .seconds(1))
    _ = end.call(.status(connector: nil), at: .zero + .seconds(2))
    #expect(end.client.deadline == .zero + .seconds(6))
    end.handle(.timeout, at: .zero + .milliseconds(5999))
    #expect(end.failure == nil)
    end.handle(.timeout, at: .zero + .seconds(6))
    #expect(end.failure == .silent(method: "info"))
    #expect(end.client.deadline == nil)
  }

  @Test func a_server_that_parts_says_why() {
    var end = ClientEnd()
    end.receive(#"{"jsonrpc":"2.0","method":"closing","params":{"reason":"it does not read"}}"#)
    end.handle(.disconnected)
    #expect(end.failure == .disconnected(reason: "it does not read"))
    var refused = ClientEnd()
    refused.receive(
      #"{"jsonrpc":"2.0","id":null,"error":{"code":5,"message":"16 clients are connected","data":{"remedy":"end one"}}}"#
    )
    refused.handle(.disconnected)
    #expect(refused.failure == .disconnected(reason: "16 clients are connected; end one"))
    var silent = ClientEnd()
    silent.handle(.disconnected)
    silent.handle(.disconnected)
    #expect(silent.failure == .disconnected(reason: nil))
  }

  @Test(arguments: [
    "HTTP/1.1 400 Bad Request", "{}", "[]", "1", #"{"jsonrpc":"2.0","id":1}"#,
    #"{"jsonrpc":"2.0","id":1,"result":7}"#,
    #"{"jsonrpc":"2.0","id":1,"result":{"name":"x"}}"#, #"{"jsonrpc":"2.0","id":1,"error":{}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"connector":1}}"#, "{\"jsonrpc\":\"2.0\"",
  ])
  func another_protocol_is_recognised(line: String) {
    var end = ClientEnd()
    _ = end.call(.info)
    end.receive(line)
    guard case .foreign(let text)? = end.failure else {
      Issue.record("\(String(describing: end.failure))")
      return
    }
    #expect(!text.isEmpty)
  }

  @Test func what_a_newer_server_says_besides_is_passed_over() {
    var end = ClientEnd()
    let id = end.call(.limit(connector: 1, ControlLimits(watts: 1)))
    end.receive(#"{"jsonrpc":"2.0","method":"weather","params":{"rain":true}}"#)
    end.receive(#"{"jsonrpc":"2.0","id":77,"result":{}}"#)
    end.receive(#"{"jsonrpc":"2.0","id":1,"result":{"milliamps":6000,"volume":11},"more":1}"#)
    #expect(end.answers[id] == .success(.limits(ControlLimits(milliamps: 6000))))
    let second = end.call(.info)
    end.receive(#"{"jsonrpc":"2.0","id":2,"error":{"code":99,"message":"new trouble"}}"#)
    #expect(end.answers[second] == .failure(ControlFailure(.internalError, "")))
    #expect(end.failure == nil)
  }

  @Test func a_line_without_end_is_no_server() {
    var end = ClientEnd()
    for _ in 0..<20 { end.handle(.received([UInt8](repeating: 0x20, count: 65_536))) }
    #expect(end.failure == .foreign("a line of more than 1048576 octets"))
  }
}
