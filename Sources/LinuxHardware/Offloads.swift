import CLinux

/// What the kernel tells about a frame whose sender left work to the hardware (struct virtio_net_hdr, in host
/// byte order on packet sockets).
struct VirtioHeader {
  static let size = 10

  var needsChecksum: Bool
  var segmentation: UInt8
  var segmentSize: Int
  var checksumStart: Int
  var checksumOffset: Int

  init(_ bytes: ReceiveBuffer) {
    // In host byte order, whichever that is.
    let native = { (at: Int) in Int(UInt16(littleEndian: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)) }
    needsChecksum = bytes[0] & UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0
    // The ECN bit does not change how segments are made.
    segmentation = bytes[1] & ~UInt8(VIRTIO_NET_HDR_GSO_ECN)
    segmentSize = native(4)
    checksumStart = native(6)
    checksumOffset = native(8)
  }
}

/// Turns what a packet socket received, header first, into the frames a wire would have carried. False when the
/// frame asks for something that is not known here; then nothing is handed out.
func undoOffloads(in buffer: ReceiveBuffer, count: Int, deliver: (RawSpan) -> Void) -> Bool {
  let header = VirtioHeader(buffer)
  let start = VirtioHeader.size
  switch Int32(header.segmentation) {
  case VIRTIO_NET_HDR_GSO_NONE:
    if header.needsChecksum {
      guard complete(buffer, start + header.checksumStart, header.checksumOffset, end: count) else {
        return false
      }
    }
    buffer.with(start..<count, deliver)
    return true
  case VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_TCPV4:
    return segment(buffer.copy(start..<count), header, deliver)
  default:
    return false
  }
}

/// Adds up `bytes[from..<end]` over what the sender put in the checksum field, the sum of the pseudo header.
private func complete(_ bytes: ReceiveBuffer, _ from: Int, _ offset: Int, end: Int) -> Bool {
  guard from < end, from + offset + 1 < end else { return false }
  var sum = internetSum(bytes.copy(from..<end)[...])
  sum = ~sum
  // UDP says 0xffff where the sum is 0; for TCP both mean the same.
  if sum == 0 { sum = 0xFFFF }
  bytes[from + offset] = UInt8(sum >> 8)
  bytes[from + offset + 1] = UInt8(sum & 0xFF)
  return true
}

/// The one's complement sum of RFC 1071, not inverted.
private func internetSum(_ bytes: ArraySlice<UInt8>, from start: UInt32 = 0) -> UInt16 {
  var sum = UInt64(start)
  var index = bytes.startIndex
  while index + 1 < bytes.endIndex {
    sum += UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1])
    index += 2
  }
  if index < bytes.endIndex { sum += UInt64(bytes[index]) << 8 }
  while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
  return UInt16(sum)
}

/// Cuts one large TCP segment into such that fit the wire, as the sender's hardware would have.
private func segment(_ bytes: [UInt8], _ header: VirtioHeader, _ deliver: (RawSpan) -> Void) -> Bool {
  let ip = 14
  let tcp = header.checksumStart
  let isVersion6 = Int32(header.segmentation) == VIRTIO_NET_HDR_GSO_TCPV6
  let ipHeaderMin = isVersion6 ? 40 : 20
  guard header.segmentSize > 0, tcp >= ip + ipHeaderMin, tcp + 20 <= bytes.count else { return false }
  let payload = tcp + Int(bytes[tcp + 12] >> 4) * 4
  guard payload <= bytes.count, payload >= tcp + 20 else { return false }
  let firstSequence = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[tcp + 4 + $1]) }
  let flags = bytes[tcp + 13]
  let firstIdentification = UInt16(bytes[ip + 4]) << 8 | UInt16(bytes[ip + 5])

  var offset = 0
  var number: UInt16 = 0
  let total = bytes.count - payload
  repeat {
    let size = min(header.segmentSize, total - offset)
    var part = Array(bytes[..<payload]) + bytes[payload + offset..<payload + offset + size]
    let put = { (value: UInt16, at: Int) in
      part[at] = UInt8(value >> 8)
      part[at + 1] = UInt8(value & 0xFF)
    }
    let sequence = firstSequence &+ UInt32(offset)
    put(UInt16(sequence >> 16), tcp + 4)
    put(UInt16(sequence & 0xFFFF), tcp + 6)
    let isLast = offset + size == total
    // FIN and PSH belong to the last segment, CWR to the first.
    if !isLast { part[tcp + 13] = flags & ~0x09 }
    if offset > 0 { part[tcp + 13] &= ~0x80 }
    let addresses: Range<Int>
    if isVersion6 {
      put(UInt16(part.count - ip - 40), ip + 4)
      addresses = ip + 8..<ip + 40
    } else {
      put(UInt16(part.count - ip), ip + 2)
      put(firstIdentification &+ number, ip + 4)
      put(0, ip + 10)
      put(~internetSum(part[ip..<tcp]), ip + 10)
      addresses = ip + 12..<ip + 20
    }
    put(0, tcp + 16)
    let pseudo = UInt32(internetSum(part[addresses])) + UInt32(part.count - tcp) + 6
    put(~internetSum(part[tcp...], from: pseudo), tcp + 16)
    deliver(part.span.bytes)
    offset += size
    number &+= 1
  } while offset < total
  return true
}
