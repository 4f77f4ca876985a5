/// The shape of every protocol machine: a value that is handed events and the time, and hands back actions
/// and its next deadline.
///
/// A machine owns no socket, thread, clock or random source, so the same code runs on a board, in a rig, in a
/// simulation in virtual time, and over a recorded capture. The protocol is used with generics, never as an
/// existential.
public protocol Machine {
  /// What can happen to it. Always has a case `timeout`.
  associatedtype Event
  /// What it wants done.
  associatedtype Action

  /// Takes one event in. Handing a `timeout` early, late or twice is harmless.
  mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void)

  /// When it wants `timeout`, if nothing else happens before.
  var deadline: Instant? { get }
}
