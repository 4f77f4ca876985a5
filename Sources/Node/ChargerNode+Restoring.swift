import ControlPilot
public import Safety
public import Wire

extension ChargerNode {
  /// Takes over a fault that was latched before the start and waits for a person. Before the first event.
  public mutating func restore(_ fault: SafetyFault, at now: Instant, perform: (Action) -> Void) {
    supervisor.restore(fault)
    guard supervisor.latched == fault else { return }
    perform(.trace(.safety(.fault(fault))))
    drive(.request(.stateF), now, perform)
  }

  /// Takes over from a node in whose place this one comes what outlives it: when the contactor last closed, which phases it
  /// closes, a plug that is still held, and the customer who was identified before plugging in. Before the first event.
  public mutating func inherit(_ other: ChargerNode) {
    supervisor.inherit(other.supervisor)
    isIdentified = other.isIdentified
  }
}
