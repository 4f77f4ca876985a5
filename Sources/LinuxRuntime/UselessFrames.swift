public import Node

/// Frames of the modem's interface that came to nothing, at any level.
public struct UselessFrames: Hashable, Sendable {
  /// Those the node could not use.
  public var counters: FrameCounters
  /// Those the socket could not deliver: shorter than an Ethernet header, or with offloads that cannot be undone.
  public var undeliverable: Int
  /// Those that came faster than they were read: the kernel had no room for them.
  public var overruns: Int

  public init(counters: FrameCounters, undeliverable: Int = 0, overruns: Int = 0) {
    self.counters = counters
    self.undeliverable = undeliverable
    self.overruns = overruns
  }

  public var isEmpty: Bool { counters.isEmpty && undeliverable == 0 && overruns == 0 }

  /// Names and numbers of what was counted, without zeros, in a fixed order.
  public var entries: [(name: String, count: UInt64)] {
    var entries = counters.entries
    if undeliverable > 0 { entries.append((name: "undeliverable", count: UInt64(undeliverable))) }
    if overruns > 0 { entries.append((name: "overruns", count: UInt64(overruns))) }
    return entries
  }
}

extension UselessFrames: CustomStringConvertible {
  public var description: String {
    isEmpty ? "none" : entries.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
  }
}
