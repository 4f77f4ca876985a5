public import Node

/// Frames of the modem's interface that came to nothing, at any level.
public struct UselessFrames: Hashable, Sendable {
  /// Those the node could not use.
  public var counters: FrameCounters
  /// Those the socket could not deliver: shorter than an Ethernet header, or with offloads that cannot be undone.
  public var undeliverable: Int

  public init(counters: FrameCounters, undeliverable: Int = 0) {
    self.counters = counters
    self.undeliverable = undeliverable
  }

  public var isEmpty: Bool { counters.isEmpty && undeliverable == 0 }

  /// Names and numbers of what was counted, without zeros, in a fixed order.
  public var entries: [(name: String, count: UInt64)] {
    counters.entries + (undeliverable > 0 ? [(name: "undeliverable", count: UInt64(undeliverable))] : [])
  }
}

extension UselessFrames: CustomStringConvertible {
  public var description: String {
    isEmpty ? "none" : entries.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
  }
}
