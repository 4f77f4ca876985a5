public import V2GTransport
import Wire

/// Which grammar messages have.
public enum SetChoice: Equatable, Sendable {
  /// Told by V2GTP header, first octets and the handshake before.
  case automatic
  /// One set; with or without V2GTP headers.
  case fixed(MessageSet, hasHeader: Bool)
}

/// Converters that were needed so far: reading a grammar takes longer than reading a message.
struct ConverterStore {
  private var known: [MessageSet: DocumentConverter] = [:]

  subscript(set: MessageSet) -> DocumentConverter {
    mutating get {
      if let converter = known[set] { return converter }
      let converter = DocumentConverter(set)
      known[set] = converter
      return converter
    }
  }
}

/// A message as it was received.
public struct ReceivedMessage {
  public let set: MessageSet
  /// From the V2GTP header, where there was one.
  public let payloadType: V2GTPPayloadType?
  /// The EXI stream, without V2GTP header and octets behind.
  public let octets: [UInt8]
  public let root: DocumentNode
  public let isFragment: Bool
  /// Octets behind the document, in the V2GTP payload and behind it.
  public let trailing: Int
  /// What is odd and yet no error.
  public let notes: [String]
}

/// Reads messages one after the other. With the automatic choice it follows the handshake.
public struct MessageReader {
  private let choice: SetChoice
  private var converters = ConverterStore()
  private var handshake = Handshake()

  public init(_ choice: SetChoice) { self.choice = choice }

  mutating func converter(_ set: MessageSet) -> DocumentConverter { converters[set] }

  /// What the messages of a handshake agreed upon.
  private struct Handshake {
    private var offers: [String: String] = [:]
    private(set) var chosen: MessageSet?

    mutating func follow(_ root: DocumentNode) {
      switch root.name {
      case "supportedAppProtocolReq":
        offers = [:]
        chosen = nil
        for offer in root.children {
          if let schema = offer.child("SchemaID"), let namespace = offer.child("ProtocolNamespace") {
            offers[schema.text] = namespace.text
          }
        }
      case "supportedAppProtocolRes":
        chosen = nil
        guard root.child("ResponseCode")?.text.hasPrefix("OK") == true else { return }
        // A lone offer needs no SchemaID in the answer.
        let schema = root.child("SchemaID")?.text ?? (offers.count == 1 ? offers.keys.first : nil)
        chosen = schema.flatMap { offers[$0] }.flatMap { MessageSet(namespace: $0) }
      default: break
      }
    }
  }

  /// A V2GTP message, taken apart.
  private struct Envelope {
    var type: V2GTPPayloadType?
    var payload: [UInt8]
    var behind = 0
  }

  /// Reads one message, or one fragment.
  public mutating func read(_ octets: [UInt8], fragment: Bool = false) throws(ConversionError)
    -> ReceivedMessage
  {
    let envelope: Envelope
    let set: MessageSet
    var notes: [String] = []
    switch choice {
    case .fixed(let fixed, let hasHeader):
      envelope = hasHeader ? try open(octets) : Envelope(payload: octets)
      set = fixed
      if !hasHeader && octets.starts(with: [V2GTPHeader.version, V2GTPHeader.inverseVersion]) {
        throw ConversionError("a V2GTP header, not EXI; take it off, or say --header or --set auto", bit: 0)
      }
      if let type = envelope.type, !set.travels(with: type) {
        throw ConversionError("payload type \(type) is not that of \(set.title)")
      }
    case .automatic:
      let hasHeader = octets.first == V2GTPHeader.version
      envelope = hasHeader ? try open(octets) : Envelope(payload: octets)
      set = try recognize(envelope, notes: &notes)
    }
    let decoded = try converters[set].read(envelope.payload, fragment: fragment)
    if set == .appprotocol && !fragment { handshake.follow(decoded.root) }
    if decoded.trailing > 0 { notes.append("\(count(decoded.trailing)) behind the document") }
    if envelope.behind > 0 { notes.append("\(count(envelope.behind)) behind the V2GTP message") }
    return ReceivedMessage(
      set: set, payloadType: envelope.type,
      octets: Array(envelope.payload.dropLast(decoded.trailing)), root: decoded.root, isFragment: fragment,
      trailing: decoded.trailing + envelope.behind, notes: notes)
  }

  private func count(_ octets: Int) -> String { octets == 1 ? "1 octet" : "\(octets) octets" }

  private func open(_ octets: [UInt8]) throws(ConversionError) -> Envelope {
    let header: V2GTPHeader
    do throws(V2GTPError) {
      header = try V2GTPHeader(parsing: octets.span.bytes)
    } catch {
      throw ConversionError("no V2GTP header: \(error)")
    }
    let payload = octets.dropFirst(V2GTPHeader.size)
    guard payload.count >= Int(header.payloadLength) else {
      throw ConversionError(
        "the V2GTP header announces \(header.payloadLength) octets, \(payload.count) are here")
    }
    return Envelope(
      type: header.payloadType, payload: Array(payload.prefix(Int(header.payloadLength))),
      behind: payload.count - Int(header.payloadLength))
  }

  /// The payload type tells the sets of ISO 15118-20; the second octet of the stream tells the others, because
  /// handshake, DIN SPEC 70121 and ISO 15118-2 have documents of their own codes.
  private func recognize(_ envelope: Envelope, notes: inout [String]) throws(ConversionError) -> MessageSet {
    if let type = envelope.type, type != .exi {
      if let set = MessageSet.only(type) { return set }
      throw ConversionError(
        type.isDiscovery
          ? "payload type \(type) is SECC discovery, which is not EXI"
          : "payload type \(type) tells no set; say which with --set and without the header")
    }
    if envelope.type == nil, let chosen = handshake.chosen, chosen.isISO20 {
      throw ConversionError(
        "no V2GTP header, and the handshake chose \(chosen.title): only the payload type tells its sets apart; "
          + "say which with --set")
    }
    guard envelope.payload.count >= 2 else { throw ConversionError("too short to tell the set", bit: 0) }
    let set: MessageSet
    switch envelope.payload[1] {
    case 0x00...0x7F: set = .appprotocol
    case 0x98, 0x99: set = .iso2
    case 0x9A, 0x9B: set = .din
    default:
      guard let chosen = handshake.chosen, !chosen.isISO20 else {
        throw ConversionError(
          "neither handshake, DIN SPEC 70121 nor ISO 15118-2: the second octet is "
            + "0x\(hexadecimal(envelope.payload[1]))", bit: 8)
      }
      set = chosen
    }
    if set != .appprotocol, let chosen = handshake.chosen, chosen != set {
      notes.append("the handshake chose \(chosen.title), the message is of \(set.title)")
    }
    return set
  }
}
