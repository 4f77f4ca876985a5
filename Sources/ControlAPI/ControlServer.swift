public import Wire

/// The server's end of the control socket, for all its clients, as one machine.
public struct ControlServer: Machine {
  public typealias Event = ControlServerEvent
  public typealias Action = ControlServerAction

  public init(clientsMax: Int = 16) {}

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {}

  public var deadline: Instant? { nil }
}
