import CLinux
import Wire

/// What rtnetlink messages say about one interface. Pure: bytes in, state out.
struct LinkLocalTable {
  enum Next { case goOn, linksDone, interrupted }

  private enum Phase { case links, addresses, following }

  let interface: String
  private var phase = Phase.links
  private var index: UInt32?
  private var isRunning = false
  /// Link-local addresses and their IFA_F_* flags, of all interfaces: addresses may be told before the link.
  private var addresses: [Key: UInt32] = [:]

  private struct Key: Hashable {
    var index: UInt32
    var address: IPv6Address
  }

  init(interface: String) { self.interface = interface }

  /// Both dumps have been read.
  var isComplete: Bool { phase == .following }

  var state: LinkLocalState {
    guard let index else { return .missing }
    guard isRunning else { return .down }
    let own = addresses.filter { $0.key.index == index }.sorted { $0.key.address.low < $1.key.address.low }
    let failed = UInt32(IFA_F_DADFAILED)
    let tentative = UInt32(IFA_F_TENTATIVE)
    if let usable = own.first(where: { $0.value & (failed | tentative) == 0 }) {
      return .usable(usable.key.address, interfaceIndex: index)
    }
    if let waiting = own.first(where: { $0.value & failed == 0 }) { return .tentative(waiting.key.address) }
    if let duplicate = own.first { return .duplicate(duplicate.key.address) }
    return .noAddress
  }

  /// Takes one datagram of messages.
  mutating func apply(_ datagram: RawSpan) -> Next {
    var rest = datagram
    var next = Next.goOn
    while let header = rest.native(nlmsghdr.self, at: 0) {
      let length = Int(header.nlmsg_len)
      guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.byteCount else { break }
      let body = rest.extracting(MemoryLayout<nlmsghdr>.size..<length)
      // The tables changed while the kernel was dumping them.
      if Int32(header.nlmsg_flags) & NLM_F_DUMP_INTR != 0 { next = .interrupted }
      switch Int(header.nlmsg_type) {
      case RTM_NEWLINK: link(body, isPresent: true)
      case RTM_DELLINK: link(body, isPresent: false)
      case RTM_NEWADDR: address(body, isPresent: true)
      case RTM_DELADDR: address(body, isPresent: false)
      case Int(NLMSG_DONE):
        if next != .interrupted { next = phase == .links ? .linksDone : .goOn }
        phase = phase == .links ? .addresses : .following
      default: break
      }
      // Messages start at multiples of four octets.
      rest = rest.extracting(droppingFirst: min((length + 3) & ~3, rest.byteCount))
    }
    return next
  }

  private mutating func link(_ body: RawSpan, isPresent: Bool) {
    guard let info = body.native(ifinfomsg.self, at: 0) else { return }
    let number = UInt32(bitPattern: info.ifi_index)
    var name: String?
    attributes(body.extracting(droppingFirst: MemoryLayout<ifinfomsg>.size)) { type, value in
      if type == UInt16(IFLA_IFNAME) {
        name = value.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      }
    }
    if name == interface, isPresent {
      index = number
      let needed = UInt32(IFF_UP) | UInt32(clinux_lower_up)
      isRunning = info.ifi_flags & needed == needed
    } else if number == index, !isPresent || name != nil {
      // Gone, moved to another namespace, or renamed.
      index = nil
      isRunning = false
    }
    if !isPresent { addresses = addresses.filter { $0.key.index != number } }
  }

  private mutating func address(_ body: RawSpan, isPresent: Bool) {
    guard let info = body.native(ifaddrmsg.self, at: 0), info.ifa_family == UInt8(AF_INET6) else { return }
    var address: IPv6Address?
    var flags = UInt32(info.ifa_flags)
    attributes(body.extracting(droppingFirst: MemoryLayout<ifaddrmsg>.size)) { type, value in
      switch type {
      case UInt16(IFA_ADDRESS):
        value.withUnsafeBytes { address = IPv6Address(octets: $0) }
      case UInt16(IFA_FLAGS):
        flags = value.native(UInt32.self, at: 0) ?? flags
      default: break
      }
    }
    guard let address, address.isLinkLocal else { return }
    addresses[Key(index: info.ifa_index, address: address)] = isPresent ? flags : nil
  }

  private func attributes(_ bytes: RawSpan, _ body: (UInt16, RawSpan) -> Void) {
    var rest = bytes
    while let header = rest.native(rtattr.self, at: 0) {
      let length = Int(header.rta_len)
      guard length >= MemoryLayout<rtattr>.size, length <= rest.byteCount else { return }
      body(header.rta_type, rest.extracting(MemoryLayout<rtattr>.size..<length))
      rest = rest.extracting(droppingFirst: min((length + 3) & ~3, rest.byteCount))
    }
  }
}

extension RawSpan {
  /// A plain C value at `offset`, in host byte order, or `nil` when it does not fit.
  fileprivate func native<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value? {
    guard offset >= 0, offset + MemoryLayout<Value>.size <= byteCount else { return nil }
    return unsafeLoadUnaligned(fromByteOffset: offset, as: type)
  }
}
