import CLinux
import Glibc

/// Octets on their way into a stream socket that does not always take them all, and the end of what goes out.
struct OutputQueue {
  private var octets: [UInt8] = []
  private var sent = 0
  /// Nothing follows what waits here.
  private(set) var wantsFinish = false
  /// The peer was told so.
  private(set) var hasFinished = false

  /// Octets not yet handed to the kernel.
  var count: Int { octets.count - sent }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ new: RawSpan) {
    makeRoom()
    new.withUnsafeBytes { octets.append(contentsOf: $0) }
  }

  mutating func append(_ new: [UInt8]) {
    makeRoom()
    if octets.isEmpty { octets = new } else { octets.append(contentsOf: new) }
  }

  private mutating func makeRoom() {
    guard isEmpty else { return }
    octets.removeAll(keepingCapacity: true)
    sent = 0
  }

  mutating func finish() { wantsFinish = true }

  /// Hands the kernel what it takes; after the last octet, tells the peer that nothing follows where that is wanted. A
  /// real error comes back as an event of the descriptor, where the owner's handlers may be called.
  mutating func flush(to descriptor: Int32) {
    while !isEmpty {
      let from = sent
      let taken = octets.withUnsafeBytes { bytes in
        Glibc.send(
          descriptor, bytes.baseAddress.map { $0 + from }, bytes.count - from, Int32(MSG_NOSIGNAL))
      }
      if taken < 0 { return }
      sent += taken
    }
    guard wantsFinish, !hasFinished else { return }
    hasFinished = true
    shutdown(descriptor, Int32(SHUT_WR))
  }
}
