import ControlAPI
import Wire

/// Two clients of a server, and a host that answers at once, later or never. Everything the server says is a line of its
/// protocol, it holds no more than its bounds allow, and one client's octets never end up with the other.
///
/// The first octet of each piece says what happens, the second how many of the following octets go with it.
func withstand(_ octets: [UInt8]) {
  var server = ControlServer(clientsMax: 2)
  var now = Instant(nanoseconds: 0)
  var open: Set<ControlClientID> = []
  var busy: Set<ControlClientID> = []
  var calls: [ControlCallID] = []
  var last: UInt64 = 0

  func handle(_ event: ControlServerEvent) {
    var events = [event]
    while !events.isEmpty {
      var actions: [ControlServerAction] = []
      server.handle(events.removeFirst(), at: now) { actions.append($0) }
      for action in actions {
        switch action {
        case .send(let client, let line):
          if !open.contains(client) { fail("sent to one who is gone", line) }
          if busy.contains(client) { fail("sent before the last was", line) }
          check(line)
          busy.insert(client)
        case .close(let client, _):
          if open.remove(client) == nil { fail("closed one who is gone", octets) }
          busy.remove(client)
        case .call(let call, _, let client):
          if !open.contains(client) { fail("a call of one who is gone", octets) }
          calls.append(call)
        }
      }
    }
  }

  var rest = octets[...]
  while let kind = rest.popFirst() {
    let size = Int(rest.popFirst() ?? 0)
    let piece = Array(rest.prefix(size))
    let client = open.sorted { $0.number < $1.number }.dropFirst(Int(kind >> 4) % 2).first
    switch kind & 0x0F {
    case 0:
      last += 1
      open.insert(ControlClientID(last))
      handle(.connected(ControlClientID(last)))
    case 1, 2, 3, 4, 5:
      rest = rest.dropFirst(size)
      if let client { handle(.received(client, kind & 0x0F == 1 ? piece + [0x0A] : piece)) }
    case 6: if let client { handle(.finished(client)) }
    case 7:
      if let client, open.remove(client) != nil {
        busy.remove(client)
        handle(.disconnected(client))
      }
    case 8, 9: if let client, busy.remove(client) != nil { handle(.sent(client)) }
    case 10: if !calls.isEmpty { handle(.answer(calls.removeFirst(), .success(.done))) }
    case 11:
      if let call = calls.popLast() {
        handle(.answer(call, .failure(ControlFailure(.wrongState, String(decoding: piece, as: UTF8.self)))))
      }
    case 12: handle(.publish(ControlEvent(connector: 1, milliseconds: 1, .paused(size & 1 == 1))))
    case 13: handle(.publish(ControlEvent(connector: 2, milliseconds: 2, .power(PowerValues()))))
    default:
      now += .milliseconds(Int64(size) * 20)
      handle(.timeout)
    }
    if server.clientCount > 2 + ControlServer.partingMax {
      fail("\(server.clientCount) clients, of two", octets)
    }
  }
}

/// One or more lines, each a JSON object or batch of them.
private func check(_ octets: [UInt8]) {
  if octets.last != 0x0A { fail("a line without an end", octets) }
  for line in octets.split(separator: 0x0A) {
    do throws(JSONError) {
      let value = try JSONValue.parse(line)
      for answer in value.array ?? [value] where answer["jsonrpc"]?.string != "2.0" {
        fail("no JSON-RPC", octets)
      }
    } catch {
      fail("no JSON: \(error)", octets)
    }
  }
}
