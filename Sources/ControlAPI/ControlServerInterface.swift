/// A client of a control server, named by whoever accepted it. Numbers are not used again.
public struct ControlClientID: Hashable, Sendable {
  public var number: UInt64
  public init(_ number: UInt64) { self.number = number }
}

/// Names a call that waits for its answer.
public struct ControlCallID: Hashable, Sendable {
  public var number: UInt64
  public init(_ number: UInt64) { self.number = number }
}

/// What can happen to a control server.
public enum ControlServerEvent: Sendable {
  case connected(ControlClientID)
  /// Octets of a client, cut anywhere.
  case received(ControlClientID, [UInt8])
  /// The client sends no more; it may still read.
  case finished(ControlClientID)
  /// All octets of the last `send` to this client are with the kernel.
  case sent(ControlClientID)
  case disconnected(ControlClientID)
  /// Answer to `call`. One that comes late, for a client that is gone, is harmless.
  case answer(ControlCallID, Result<ControlResult, ControlFailure>)
  /// News for all who subscribed.
  case publish(ControlEvent)
  case timeout
}

/// What a control server wants done.
public enum ControlServerAction: Sendable {
  /// Hand these octets to the client; then tell by `sent`. No other `send` follows before that.
  case send(ControlClientID, [UInt8])
  /// Close the connection at once; nothing more is said of this client. The reason is for the log.
  case close(ControlClientID, ControlServerCloseReason)
  /// Do this and tell by `answer`, after `handle` has returned: at once or later.
  case call(ControlCallID, ControlRequest, from: ControlClientID)
}

/// Why a server parted from a client.
public enum ControlServerCloseReason: String, Hashable, Sendable {
  case finished = "it has ended, and all its answers are sent"
  case tooManyClients = "too many clients are connected"
  case lineTooLong = "a line is longer than 64 KiB"
  case tooSlow = "it does not read: answers and events that are not just states would pile up"
}
