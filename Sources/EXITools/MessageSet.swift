public import V2GTransport

/// A set of messages with one grammar. The raw value is its name on the command line.
public enum MessageSet: String, CaseIterable, Sendable {
  case appprotocol, din, iso2
  case iso20Common = "iso20-common"
  case iso20AC = "iso20-ac"
  case iso20DC = "iso20-dc"
  case iso20ACDP = "iso20-acdp"
  case iso20WPT = "iso20-wpt"
  /// XML signature alone, in whose grammar a SignedInfo is signed.
  case xmldsig

  /// As the standards call it.
  public var title: String {
    switch self {
    case .appprotocol: "the handshake"
    case .din: "DIN SPEC 70121"
    case .iso2: "ISO 15118-2"
    case .iso20Common: "ISO 15118-20 CommonMessages"
    case .iso20AC: "ISO 15118-20 AC"
    case .iso20DC: "ISO 15118-20 DC"
    case .iso20ACDP: "ISO 15118-20 ACDP"
    case .iso20WPT: "ISO 15118-20 WPT"
    case .xmldsig: "XML signature"
    }
  }

  /// The namespace of the set's documents.
  public var namespace: String {
    switch self {
    case .appprotocol: "urn:iso:15118:2:2010:AppProtocol"
    case .din: "urn:din:70121:2012:MsgDef"
    case .iso2: "urn:iso:15118:2:2013:MsgDef"
    case .iso20Common: "urn:iso:std:iso:15118:-20:CommonMessages"
    case .iso20AC: "urn:iso:std:iso:15118:-20:AC"
    case .iso20DC: "urn:iso:std:iso:15118:-20:DC"
    case .iso20ACDP: "urn:iso:std:iso:15118:-20:ACDP"
    case .iso20WPT: "urn:iso:std:iso:15118:-20:WPT"
    case .xmldsig: "http://www.w3.org/2000/09/xmldsig#"
    }
  }

  /// The V2GTP payload type of the main stream; none for XML signature, which is never a message.
  public var payloadType: V2GTPPayloadType? {
    switch self {
    case .appprotocol, .din, .iso2: .exi
    case .iso20Common: .iso20Common
    case .iso20AC: .iso20AC
    case .iso20DC: .iso20DC
    case .iso20ACDP: .iso20ACDP
    case .iso20WPT: .iso20WPT
    case .xmldsig: nil
    }
  }

  /// True for a message of ISO 15118-20.
  public var isISO20: Bool {
    switch self {
    case .iso20Common, .iso20AC, .iso20DC, .iso20ACDP, .iso20WPT: true
    default: false
    }
  }

  /// The digests of signatures in this set, where no DigestMethod says otherwise.
  public var digestAlgorithm: DigestAlgorithm { isISO20 ? .sha512 : .sha256 }

  /// True when messages of the set travel with this payload type.
  public func travels(with type: V2GTPPayloadType) -> Bool {
    type == payloadType || Self.only(type) == self
  }

  /// The one set that a payload type allows; none for those that are shared, unknown or no EXI.
  public static func only(_ type: V2GTPPayloadType) -> MessageSet? {
    switch type {
    case .iso20Common, .iso20ScheduleRenegotiation, .iso20MeteringConfirmation: .iso20Common
    case .iso20AC: .iso20AC
    case .iso20DC: .iso20DC
    case .iso20ACDP, .iso20ACDPSystemStatus: .iso20ACDP
    case .iso20WPT: .iso20WPT
    default: nil
    }
  }

  /// The set that a protocol namespace of the handshake, or of a document, means.
  public init?(namespace: String) {
    guard let set = Self.allCases.first(where: { $0.namespace == namespace }) else { return nil }
    self = set
  }

  var tableText: String {
    switch self {
    case .appprotocol: SchemaTables.appprotocol
    case .din: SchemaTables.din
    case .iso2: SchemaTables.iso2
    case .iso20Common: SchemaTables.iso20Common
    case .iso20AC: SchemaTables.iso20AC
    case .iso20DC: SchemaTables.iso20DC
    case .iso20ACDP: SchemaTables.iso20ACDP
    case .iso20WPT: SchemaTables.iso20WPT
    case .xmldsig: SchemaTables.xmldsig
    }
  }
}
