import AppProtocolMessages
import DIN70121Messages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import Wire
import XMLSignatureMessages

/// The documents of a message set, and what is done with them here.
protocol Subject {
  typealias Maker = (Parts, inout EXIArena) -> Self
  init(decoding bytes: RawSpan) throws(EXIError)
  func encode(into output: inout OutputBuffer, source: RawSpan, limits: PeerLimits?) throws(EXIError) -> Int
  /// Reads every field.
  func read(by visitor: inout Visitor)
  /// Appends what a receiver hashes to check a signature: the signed elements, then SignedInfo, as fragments.
  func digestInput(of bytes: RawSpan, into output: inout OutputBuffer) throws(EXIError)
  /// What makes the message called `name` of values, strings and octets.
  static func maker(of name: String) -> Maker?
}

extension Subject {
  func digestInput(of bytes: RawSpan, into output: inout OutputBuffer) throws(EXIError) {}
  static func maker(of name: String) -> Maker? { nil }
}

extension AppProtocolDocument: Subject {
  func read(by visitor: inout Visitor) { visitor.read(self) }

  static func maker(of name: String) -> Maker? {
    { _, arena in .supportedAppProtocolReq(makeSupportedAppProtocolReq(in: &arena)) }
  }
}

extension DIN70121Messages.V2G_Message: Subject {
  func read(by visitor: inout Visitor) { visitor.read(self) }
}

extension ISO15118_2Messages.V2G_Message: Subject {
  func read(by visitor: inout Visitor) { visitor.read(self) }

  func digestInput(of bytes: RawSpan, into output: inout OutputBuffer) throws(EXIError) {
    guard let signature = header.signature else { return }
    let grammar = ISO15118_2Fragment.grammar
    func add(_ code: ISO15118_2Fragment.Code, _ bits: EXIBits) throws(EXIError) {
      _ = try grammar.splice(code: code.rawValue, bits: bits, from: bytes, into: &output)
    }
    switch body.bodyElement {
    case .authorizationReq(let request): try add(.authorizationReq, request.receivedBits)
    case .certificateInstallationRes(let response):
      try add(.contractSignatureCertChain, response.contractSignatureCertChain.receivedBits)
      try add(
        .contractSignatureEncryptedPrivateKey, response.contractSignatureEncryptedPrivateKey.receivedBits)
      try add(.dhPublickey, response.dhPublickey.receivedBits)
      // The one element whose fragment has another form.
      let contract = EXIRelaxedElement(id: response.eMAID.id, value: response.eMAID.value)
      try ISO15118_2Fragment.eMAID(contract).encode(into: &output, source: bytes)
    default: break
    }
    _ = try SignedInfo.fragmentGrammar.splice(
      code: SignedInfo.fragmentCode, bits: signature.signedInfo.receivedBits, from: bytes, into: &output)
  }

  static func maker(of name: String) -> Maker? {
    switch name {
    case "iso2-charge-parameter-discovery-res": { _, arena in makeChargeParameterDiscoveryRes(in: &arena) }
    case "iso2-authorization-req-signed": { parts, arena in makeAuthorizationReq(parts, in: &arena) }
    case "iso2-certificate-installation-res":
      { parts, arena in makeCertificateInstallationRes(parts, in: &arena) }
    default: nil
    }
  }
}

extension ISO15118_20CommonDocument: Subject {
  func read(by visitor: inout Visitor) { visitor.read(self) }

  func digestInput(of bytes: RawSpan, into output: inout OutputBuffer) throws(EXIError) {
    guard case .authorizationReq(let request) = self, let signature = request.header.signature,
      case .pnCAReqAuthorizationMode(let mode) = request.aReqAuthorizationMode
    else { return }
    _ = try ISO15118_20CommonFragment.grammar.splice(
      code: ISO15118_20CommonFragment.Code.pnCAReqAuthorizationMode.rawValue, bits: mode.receivedBits,
      from: bytes, into: &output)
    _ = try SignedInfo.fragmentGrammar.splice(
      code: SignedInfo.fragmentCode, bits: signature.signedInfo.receivedBits, from: bytes, into: &output)
  }

  static func maker(of name: String) -> Maker? {
    { parts, arena in .authorizationReq(makePncAuthorizationReq(parts, in: &arena)) }
  }
}

extension ISO15118_20DCDocument: Subject {
  func read(by visitor: inout Visitor) { visitor.read(self) }
}

extension ISO15118_20ACDocument: Subject {
  func read(by visitor: inout Visitor) {}
}

extension ISO15118_20ACDPDocument: Subject {
  func read(by visitor: inout Visitor) {}
}

extension ISO15118_20WPTDocument: Subject {
  func read(by visitor: inout Visitor) {}
}
