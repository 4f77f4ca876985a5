import Testing
import Wire

@testable import ControlAPI

/// Clients that mean harm, or are broken: the server neither traps nor grows, and others are served.
@Suite struct HostileTests {
  @Test func random_and_mutated_lines_are_survived() {
    let seed = UInt64.random(in: 0..<1 << 32)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var rig = ServerRig()
    rig.answer = Samples.answer
    let honest = rig.connect(1)
    _ = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}"#, from: honest)
    var number: UInt64 = 1
    for round in 0..<3000 {
      number += 1
      let client = rig.connect(number)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        rig.handle(.received(client, hostileOctets(&random)))
        if random.chance(perMille: 100) {
          rig.stuck.formSymmetricDifference([client])
          rig.handle(.sent(client))
        }
        if random.chance(perMille: 200) {
          rig.now += .milliseconds(Int64.random(in: 0...3000, using: &random))
          rig.handle(.timeout)
        }
        if random.chance(perMille: 100) { rig.handle(.finished(client)) }
        if let call = rig.calls.randomElement(using: &random) {
          rig.handle(.answer(call.id, .success(.done)))
        }
      }
      rig.outputs[client] = nil
      rig.handle(.disconnected(client))
      rig.calls = []
      if round % 100 == 0 {
        let answers = rig.ask(#"{"jsonrpc":"2.0","id":1,"method":"info"}"#, from: honest)
        #expect(answers.count == 1, "seed \(seed), round \(round)")
      }
      #expect(rig.server.clientCount == 1, "seed \(seed), round \(round)")
    }
  }

  /// Each one that is told that it is too many holds a descriptor until it has read that.
  @Test func clients_that_are_too_many_and_do_not_read_use_up_no_descriptors() {
    var rig = ServerRig(clientsMax: 2)
    rig.stuck = Set((1...100).map { ControlClientID($0) })
    for number in 1...100 { _ = rig.connect(UInt64(number)) }
    #expect(rig.server.clientCount == 2 + ControlServer.partingMax)
    #expect(rig.closed.count == 98 - ControlServer.partingMax)
    rig.now += ControlServer.farewell
    rig.handle(.timeout)
    #expect(rig.server.clientCount == 2 && rig.closed.values.allSatisfy { $0 == .tooManyClients })
    let next = rig.connect(101)
    #expect(
      rig.lines(of: next).first?.contains("no more are taken") == true, "told again, once there is room")
  }

  /// Every line a server says is JSON of its protocol, whatever it was sent.
  @Test func every_answer_is_valid() throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      var rig = ServerRig()
      rig.answer = Samples.answer
      let client = rig.connect(1)
      rig.handle(.received(client, hostileOctets(&random) + [0x0A]))
      for line in rig.lines(of: client) {
        let value = try JSONValue.parse(Array(line.utf8))
        for answer in value.array ?? [value] {
          #expect(answer["jsonrpc"]?.string == "2.0", "seed \(seed): \(line)")
          #expect((answer["result"] == nil) != (answer["error"] == nil), "seed \(seed): \(line)")
        }
      }
    }
  }

  @Test func a_hostile_server_is_survived_by_the_client() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    var rig = ServerRig()
    rig.answer = Samples.answer
    let peer = rig.connect(1)
    let good = Samples.requests.indices.map { index in
      var line = RPC.request(.request(Samples.requests[index]), id: 1).octets
      line.append(0x0A)
      rig.handle(.received(peer, line))
      return rig.outputs.removeValue(forKey: peer) ?? []
    }
    for round in 0..<5000 {
      var client = ControlClient()
      for request in Samples.requests.prefix(3) { client.call(request, at: .zero) { _ in } }
      let octets = mutated(good.randomElement(using: &random) ?? [], &random)
      var failures = 0
      client.handle(.received(octets), at: .zero) { if case .failed = $0 { failures += 1 } }
      client.handle(.disconnected, at: .zero) { if case .failed = $0 { failures += 1 } }
      #expect(failures == 1, "seed \(seed), round \(round)")
    }
  }

  private func hostileOctets(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      return (0..<Int.random(in: 0...200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
    case 1: return randomValue(&random, depth: 6).octets + [0x0A]
    case 2:
      return [UInt8](repeating: UInt8(ascii: "["), count: Int.random(in: 1...70_000, using: &random)) + [0x0A]
    default:
      let request = Samples.requests.randomElement(using: &random) ?? .info
      let line = RPC.request(.request(request), id: Int64(random.next() % 100)).octets + [0x0A]
      return mutated(line, &random)
    }
  }

  private func mutated(_ octets: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var octets = octets
    for _ in 0..<Int.random(in: 0...3, using: &random) where !octets.isEmpty {
      let place = Int.random(in: 0..<octets.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: octets[place] = UInt8.random(in: 0...255, using: &random)
      case 1: octets.remove(at: place)
      case 2: octets.insert(contentsOf: octets[place...], at: place)
      default: octets.removeSubrange(place...)
      }
    }
    return octets
  }
}
