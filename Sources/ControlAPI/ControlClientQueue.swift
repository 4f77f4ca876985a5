/// What waits for one client. Of states only the latest is kept, in the order of their last change, so that a snapshot
/// that was asked for meanwhile is never followed by something older.
struct ControlClientQueue {
  /// Octets of answers and of events that are told one by one.
  static let octetsMax = 256 * 1024

  private enum Message {
    case line([UInt8])
    case event(ControlEvent)
  }

  private var messages: [Message] = []
  /// Of lines and of events that are no states.
  private var octets = 0
  /// States that a newer one stood for.
  private(set) var replaced = 0

  var isEmpty: Bool { messages.isEmpty }
  /// More is owed to the client than it may leave unread.
  var isFull: Bool { octets > Self.octetsMax }

  mutating func add(_ message: JSONValue) {
    var line = message.octets
    line.append(UInt8(ascii: "\n"))
    octets += line.count
    messages.append(.line(line))
  }

  mutating func add(_ event: ControlEvent) {
    guard event.isState else { return add(RPC.notification("event", event.json)) }
    let older = messages.firstIndex { message in
      guard case .event(let other) = message else { return false }
      return other.kind == event.kind && other.connector == event.connector
    }
    if let older {
      messages.remove(at: older)
      replaced += 1
    }
    messages.append(.event(event))
  }

  mutating func removeAll() {
    messages = []
    octets = 0
  }

  /// All that waits, as octets; `nil` where nothing does.
  mutating func takeAll() -> [UInt8]? {
    guard !messages.isEmpty else { return nil }
    var output: [UInt8] = []
    for message in messages {
      switch message {
      case .line(let line): output.append(contentsOf: line)
      case .event(let event):
        RPC.notification("event", event.json).write(to: &output)
        output.append(UInt8(ascii: "\n"))
      }
    }
    removeAll()
    return output
  }
}
