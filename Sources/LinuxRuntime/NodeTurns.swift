package import Node
package import SLAC
package import Wire

/// The turns of a node: one event at a time.
///
/// Carrying out an action may bring the next event at once (a listener that opens, a reading of the bench). It waits
/// until the present turn is over, so that a node is never called from within its own actions.
package struct NodeTurns<Event> {
  private var waiting: [Event] = []

  package init() {}

  package private(set) var isRunning = false

  package var isEmpty: Bool { waiting.isEmpty }

  package mutating func add(_ event: Event) { waiting.append(event) }

  /// Begins a turn of its own, such as octets that came; `end` ends it.
  package mutating func begin() { isRunning = true }
  package mutating func end() { isRunning = false }

  /// The event whose turn it is; `nil` while another turn runs or none waits.
  package mutating func next() -> Event? {
    guard !isRunning, !waiting.isEmpty else { return nil }
    return waiting.removeFirst()
  }
}

// What a node waits for, read where it lies. To call a getter on a property of an object is to copy the whole node first,
// several times per event; inout access is not.

package func nextDeadline<Keys: NetworkKeySource, Random: RandomNumberGenerator>(
  of node: inout ChargerNode<Keys, Random>
) -> Instant? { node.deadline }

package func nextDeadline<Keys: NetworkKeySource>(of node: inout VehicleNode<Keys>) -> Instant? {
  node.deadline
}
