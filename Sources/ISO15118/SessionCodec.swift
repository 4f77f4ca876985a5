import AppProtocolMessages
import EXI
import ISO15118_2Messages
import V2GTransport
import Wire

/// The only place that touches EXI: reads messages into plain values, and writes them from an arena.
///
/// Storage is kept from message to message.
struct SessionCodec: Sendable {
  var arena = EXIArena(capacity: 512)
  var scratch = OutputBuffer(reserving: 4096)

  /// Appends the message of this turn, if there is one, behind its V2GTP header.
  mutating func flush(into output: inout OutputBuffer) {
    guard !scratch.isEmpty else { return }
    V2GTPHeader(.exi, payloadLength: UInt32(clamping: scratch.count)).encode(into: &output)
    output.append(copying: unsafe scratch.octets.span.bytes)
    scratch.removeAll()
  }

  // MARK: writing

  /// Starts a message: slots of the previous one are void.
  mutating func begin() {
    arena.removeAll()
    scratch.removeAll()
  }

  /// Wraps the element into a message; false when it does not fit the schema.
  mutating func write(_ element: BodyElement, session: SessionID) -> Bool {
    let header = MessageHeader(sessionID: arena.binary(bigEndian: session.value, count: session.count))
    let message = V2G_Message(header: header, body: Body(bodyElement: element))
    guard arena.failure == nil else { return false }
    return Self.write(message, from: arena, into: &scratch)
  }

  private static func write(
    _ message: some EXIMessage, from arena: EXIArena, into scratch: inout OutputBuffer
  ) -> Bool {
    do {
      _ = try message.encode(into: &scratch, source: arena.span, limits: nil)
      return true
    } catch {
      scratch.removeAll()
      return false
    }
  }

  // MARK: supportedAppProtocol

  enum ReadOffer {
    case offer(ProtocolOffer)
    case nothingInCommon
    case undecodable
  }

  /// The best of the offers we can serve.
  func protocolOffer(_ payload: RawSpan, allows2010: Bool) -> ReadOffer {
    guard let request = try? SupportedAppProtocolReq(decoding: payload) else { return .undecodable }
    var best: ProtocolOffer?
    request.appProtocol.forEach(in: payload) { entry in
      for name in SessionProtocol.allCases where allows2010 || name != .iso15118_2_2010 {
        let serves =
          name == .iso15118_2_2010
          ? (1...2).contains(entry.versionNumberMajor) : entry.versionNumberMajor == name.versionMajor
        guard serves, entry.protocolNamespace.equals(name.namespace, in: payload),
          best.map({ entry.priority < $0.priority }) ?? true
        else { continue }
        best = ProtocolOffer(
          name: name, versionMinor: entry.versionNumberMinor, schemaID: entry.schemaID,
          priority: entry.priority)
      }
    }
    return best.map { .offer($0) } ?? .nothingInCommon
  }

  mutating func writeProtocolAnswer(_ answer: SessionAnswer) -> Bool {
    begin()
    let code: AppProtocolResponseCode =
      switch answer.code {
      case .OK_SuccessfulNegotiation: .OK_SuccessfulNegotiation
      case .OK_SuccessfulNegotiationWithMinorDeviation: .OK_SuccessfulNegotiationWithMinorDeviation
      default: .Failed_NoNegotiation
      }
    return write(SupportedAppProtocolRes(responseCode: code, schemaID: answer.schemaID))
  }

  mutating func write(_ message: SupportedAppProtocolRes) -> Bool {
    return Self.write(message, from: arena, into: &scratch)
  }

  mutating func write(_ message: SupportedAppProtocolReq) -> Bool {
    guard arena.failure == nil else { return false }
    return Self.write(message, from: arena, into: &scratch)
  }
}

// MARK: physical values

extension SessionCodec {
  /// A value in thousandths of its unit, in the coarsest step that keeps it whole, else rounded toward zero to
  /// what 16 bits can hold. Multipliers are -3...3.
  static func physical(thousandths value: Int, _ unit: UnitSymbol) -> PhysicalValue {
    var scaled = value
    var multiplier: Int8 = -3
    while multiplier < 3, scaled != 0, scaled % 10 == 0 || scaled < -32768 || scaled > 32767 {
      // Whole units are written without a multiplier where they fit, as people do.
      if multiplier >= 0, scaled >= -32768, scaled <= 32767 { break }
      scaled /= 10
      multiplier += 1
    }
    if scaled == 0 { multiplier = 0 }
    return PhysicalValue(
      multiplier: multiplier, unit: unit, value: Int16(clamping: scaled))
  }

  static func volts(_ millivolts: Int) -> PhysicalValue { physical(thousandths: millivolts, .V) }
  static func amps(_ milliamps: Int) -> PhysicalValue { physical(thousandths: milliamps, .A) }

  static func whole(_ value: Int, _ unit: UnitSymbol) -> PhysicalValue {
    var scaled = value
    var multiplier: Int8 = 0
    while multiplier < 3, scaled < -32768 || scaled > 32767 {
      scaled /= 10
      multiplier += 1
    }
    return PhysicalValue(multiplier: multiplier, unit: unit, value: Int16(clamping: scaled))
  }

  static func watts(_ value: Int) -> PhysicalValue { whole(value, .W) }
  static func wattHours(_ value: Int) -> PhysicalValue { whole(value, .Wh) }

  /// The value times 10^(multiplier + shift), held to 32 bits; nil in another unit.
  static func read(_ value: PhysicalValue, _ unit: UnitSymbol, shift: Int) -> Int? {
    guard value.unit == unit else { return nil }
    var result = Int64(value.value)
    let exponent = Int(value.multiplier) + shift
    for _ in 0..<max(exponent, 0) { result *= 10 }
    for _ in 0..<max(-exponent, 0) { result /= 10 }
    return Int(Int32(clamping: result))
  }

  static func millivolts(_ value: PhysicalValue) -> Int? { read(value, .V, shift: 3) }
  static func milliamps(_ value: PhysicalValue) -> Int? { read(value, .A, shift: 3) }
  static func watts(_ value: PhysicalValue) -> Int? { read(value, .W, shift: 0) }
  static func wattHours(_ value: PhysicalValue) -> Int? { read(value, .Wh, shift: 0) }
}

/// What the three kinds of documents have in common.
private protocol EXIMessage {
  func encode(
    into output: inout OutputBuffer, source: RawSpan, limits: PeerLimits?
  ) throws(EXIError) -> Int
}

extension V2G_Message: EXIMessage {}
extension SupportedAppProtocolReq: EXIMessage {}
extension SupportedAppProtocolRes: EXIMessage {}
