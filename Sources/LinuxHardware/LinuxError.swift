import CLinux
import Glibc

/// A system call that failed: what was wanted, on what, why, and what helps.
public struct LinuxError: Error, Sendable {
  /// What was to be done, for the reader: "open a packet socket".
  public let operation: String
  /// Interface, path or address it was about; empty when there is none.
  public let subject: String
  /// The error number.
  public let code: Int32
  /// What helps, where the one who failed knows better than the number says.
  private let advice: String?

  public init(_ operation: String, on subject: String = "", code: Int32, advice: String? = nil) {
    self.operation = operation
    self.subject = subject
    self.code = code
    self.advice = advice
  }

  /// The error number the last failed call of this thread left.
  init(_ operation: String, on subject: String = "") {
    self.init(operation, on: subject, code: errno)
  }
}

extension LinuxError: Equatable {
  /// Two errors are equal when their numbers are; the words are for people.
  public static func == (a: LinuxError, b: LinuxError) -> Bool { a.code == b.code }
}

extension LinuxError: CustomStringConvertible {
  public var description: String {
    let place = subject.isEmpty ? "" : " on \(subject)"
    // The system's words for this one speak of networks.
    let cause = code == ENOTUNIQ ? "Name not unique" : unsafe String(cString: strerror(code))
    let advice = remedy.map { "; \($0)" } ?? ""
    return "cannot \(operation)\(place): \(cause)\(advice)"
  }

  /// What the operator can do about it, where that is known.
  public var remedy: String? {
    if let advice { return advice }
    return switch code {
    case EPERM, EACCES:
      "run as root, or give the program the right once: "
        + "sudo setcap cap_net_raw,cap_net_admin+ep \(Self.executable)"
    case ENODEV, ENXIO:
      "check the interface's name with: ip link"
    case ENETDOWN:
      "bring the interface up: sudo ip link set \(subject.isEmpty ? "IFACE" : subject) up"
    case EADDRINUSE:
      "another program holds this port or path; find it with: ss -lntup"
    case EADDRNOTAVAIL:
      "the address is not usable (yet); look at: ip -6 addr"
    case EAFNOSUPPORT:
      "the kernel lacks this family; load af_packet or enable IPv6"
    case ENETUNREACH, EHOSTUNREACH:
      "no link-local address or neighbour; look at: ip -6 addr; ip -6 neigh"
    case EMFILE, ENFILE:
      "too many open files; raise the limit with: ulimit -n"
    default: nil
    }
  }

  private static var executable: String {
    CommandLine.arguments.first ?? "coupler"
  }
}
