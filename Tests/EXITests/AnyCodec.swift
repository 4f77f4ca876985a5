import AppProtocolMessages
import DIN70121Messages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import Wire
import XMLSignatureMessages

/// What documents and fragments of all sets have in common.
protocol AnyCodec {
  init(decoding bytes: RawSpan) throws(EXIError)
  func encode(into output: inout OutputBuffer, source: RawSpan, limits: PeerLimits?) throws(EXIError) -> Int
}

extension AppProtocolDocument: AnyCodec {}
extension DIN70121Messages.V2G_Message: AnyCodec {}
extension DIN70121Fragment: AnyCodec {}
extension ISO15118_2Messages.V2G_Message: AnyCodec {}
extension ISO15118_2Fragment: AnyCodec {}
extension ISO15118_20CommonDocument: AnyCodec {}
extension ISO15118_20CommonFragment: AnyCodec {}
extension ISO15118_20ACDocument: AnyCodec {}
extension ISO15118_20ACFragment: AnyCodec {}
extension ISO15118_20DCDocument: AnyCodec {}
extension ISO15118_20DCFragment: AnyCodec {}
extension ISO15118_20ACDPDocument: AnyCodec {}
extension ISO15118_20ACDPFragment: AnyCodec {}
extension ISO15118_20WPTDocument: AnyCodec {}
extension ISO15118_20WPTFragment: AnyCodec {}
extension XMLSignatureFragment: AnyCodec {}

/// Every set that has documents or fragments, by the name on the command line.
let codecNames: [(set: String, fragment: Bool)] = [
  "appprotocol", "din", "iso2", "iso20-common", "iso20-ac", "iso20-dc", "iso20-acdp", "iso20-wpt", "xmldsig",
].flatMap { [($0, false), ($0, true)] }.filter { codec(set: $0.0, fragment: $0.1) != nil }

/// The type of the documents or fragments of a set.
func codec(set: String, fragment: Bool) -> (any AnyCodec.Type)? {
  switch (set, fragment) {
  case ("appprotocol", false): AppProtocolDocument.self
  case ("din", false): DIN70121Messages.V2G_Message.self
  case ("din", true): DIN70121Fragment.self
  case ("iso2", false): ISO15118_2Messages.V2G_Message.self
  case ("iso2", true): ISO15118_2Fragment.self
  case ("iso20-common", false): ISO15118_20CommonDocument.self
  case ("iso20-common", true): ISO15118_20CommonFragment.self
  case ("iso20-ac", false): ISO15118_20ACDocument.self
  case ("iso20-ac", true): ISO15118_20ACFragment.self
  case ("iso20-dc", false): ISO15118_20DCDocument.self
  case ("iso20-dc", true): ISO15118_20DCFragment.self
  case ("iso20-acdp", false): ISO15118_20ACDPDocument.self
  case ("iso20-acdp", true): ISO15118_20ACDPFragment.self
  case ("iso20-wpt", false): ISO15118_20WPTDocument.self
  case ("iso20-wpt", true): ISO15118_20WPTFragment.self
  case ("xmldsig", true): XMLSignatureFragment.self
  default: nil
  }
}
