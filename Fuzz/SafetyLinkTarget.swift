import HAL
import SafetyLinks
import Wire

/// A link whose controller says anything at all: it never traps, keeps no more than a message, tells nothing of connectors
/// that are not there, believes nothing while it is down, and has taken back every command when it comes up.
///
/// The first octet of each piece says what happens, the second how many of the following octets go with it. Pieces can be
/// framed on the way, as no fuzzer finds a checksum.
func withstand(_ octets: [UInt8], _ kind: SafetyLinkKind) {
  var link = SafetyLink(SafetyLinkConfiguration(kind, hasResetLine: octets.count % 2 == 1))
  var now = Instant(nanoseconds: 0)
  var rest = octets[...]

  func note(_ action: SafetyLinkAction) {
    switch action {
    case .send(let sent, let channel):
      if sent.isEmpty || sent.count > 2048 { fail("\(sent.count) octets sent", octets) }
      if (channel == .serial) == (kind.name == "chargebridge") { fail("sent on \(channel)", octets) }
    case .pulseReset(let time): if time <= .zero { fail("a reset of \(time)", octets) }
    case .report(_, let connector):
      if !(1...kind.connectors).contains(connector) { fail("connector \(connector) is told of", octets) }
    }
  }

  func receive(_ piece: [UInt8], _ channel: SafetyChannel) {
    link.receive(piece.span.bytes, from: channel, at: now) { note($0) }
  }

  func framed(_ piece: [UInt8]) -> [UInt8] {
    guard case .chargebyte = kind else { return PacketFraming.octets(of: piece) }
    let word = piece.dropFirst().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return ControllerFrame(kind: piece.first ?? 0, word: word).octets
  }

  link.handle(.start, at: now) { note($0) }
  while let what = rest.popFirst() {
    let size = Int(rest.popFirst() ?? 0)
    let piece = Array(rest.prefix(size))
    let channel: SafetyChannel =
      kind.name != "chargebridge" ? .serial : what & 0x10 == 0 ? .pilot : .management
    switch what & 0x0F {
    case 0, 1, 2:
      rest = rest.dropFirst(size)
      receive(piece, channel)
    case 3, 4, 5, 6:
      rest = rest.dropFirst(size)
      receive(kind.name == "chargebridge" ? piece : framed(piece), channel)
    case 7, 8:
      now += .milliseconds(Int64(size) * 10)
      link.handle(.timeout, at: now) { note($0) }
    case 9:
      link.handle(.command(.duty(.pwm(permille: size * 4)), connector: Int(what >> 4)), at: now) { note($0) }
    case 10:
      link.handle(.command(.allowPower(size & 1 == 1), connector: Int(what >> 4)), at: now) { note($0) }
    case 11: link.handle(.command(.lock(size & 1 == 1), connector: Int(what >> 4)), at: now) { note($0) }
    case 12: link.handle(.reset, at: now) { note($0) }
    case 13: link.handle(.lineFailed, at: now) { note($0) }
    case 14: link.handle(.stop, at: now) { note($0) }
    default: link.handle(.start, at: now) { note($0) }
    }
    if link.readings.count != kind.connectors { fail("\(link.readings.count) connectors", octets) }
    if link.deadline == nil, link.isUp { fail("up, and waiting for nothing", octets) }
  }
  // Everything came back into step: it can be stopped, and then says nothing more.
  link.handle(.stop, at: now) { note($0) }
  link.receive(octets.span.bytes, from: .serial, at: now) { _ in fail("it is stopped, and acts", octets) }
  if link.readings.contains(where: { $0 != SafetyReadings() }) { fail("it is stopped, and believes", octets) }
}
