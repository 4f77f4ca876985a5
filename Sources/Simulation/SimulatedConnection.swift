import Wire

/// A TCP connection between the two sides, as a pipe with delay in each direction.
///
/// Order is kept and nothing is lost, as TCP promises; a plan may only make it late. What it does not model,
/// retransmission and windows, is the kernel's and is tested on real sockets.
struct SimulatedConnection {
  enum State { case closed, opening, open }
  var state = State.closed
  /// Counts connections, so that octets of an old one cannot reach a new one.
  var generation = 0
  /// Octets to each side arrive no earlier than those before them.
  private var lastArrival: [Instant] = [.zero, .zero]

  /// When octets sent now arrive at side `index`.
  mutating func arrival(at index: Int, now: Instant, delay: Duration) -> Instant {
    let time = max(now + delay, lastArrival[index])
    lastArrival[index] = time
    return time
  }

  mutating func open() {
    state = .opening
    generation += 1
  }
}
