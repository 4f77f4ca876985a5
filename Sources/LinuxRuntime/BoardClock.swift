import Wire

/// Converts the kernel's time into that of a simulated bench, which starts at zero.
struct BoardClock {
  let start: Instant
  func bench(_ instant: Instant) -> Instant { .zero + (instant - start) }
  func kernel(_ instant: Instant) -> Instant { start + (instant - .zero) }
}
