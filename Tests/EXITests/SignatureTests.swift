import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import XMLSignatureMessages
import TestSupport
import Testing
import Wire

@Suite struct SignatureTests {
  /// The fragment of a signed element, cut out of the received document.
  @Test func a_digest_is_made_from_the_received_bits() throws {
    let documents = try Vector.all("bench")
    var count = 0
    for fragment in try Vector.all("exi-fragments-bench") where fragment.set == "iso2" {
      let document = try #require(documents.first { $0.name == fragment.from })
      let octets = document.octets
      let bytes = octets.span.bytes
      let message = try ISO15118_2Messages.V2G_Message(decoding: bytes)
      var found: (ISO15118_2Fragment.Code, EXIBits)?
      switch (fragment.message, message.body.bodyElement) {
      case ("ContractSignatureCertChain", .certificateInstallationRes(let response)):
        found = (.contractSignatureCertChain, response.contractSignatureCertChain.receivedBits)
      case ("ContractSignatureEncryptedPrivateKey", .certificateInstallationRes(let response)):
        found = (
          .contractSignatureEncryptedPrivateKey, response.contractSignatureEncryptedPrivateKey.receivedBits
        )
      case ("DHpublickey", .certificateInstallationRes(let response)):
        found = (.dhPublickey, response.dhPublickey.receivedBits)
      case ("AuthorizationReq", .authorizationReq(let request)):
        found = (.authorizationReq, request.receivedBits)
      case ("SignedInfo", _):
        found = message.header.signature.map { (.signedInfo, $0.signedInfo.receivedBits) }
      default: break
      }
      guard let (code, bits) = found else { continue }
      count += 1
      var output = OutputBuffer()
      _ = try ISO15118_2Fragment.grammar.splice(code: code.rawValue, bits: bits, from: bytes, into: &output)
      #expect(hexadecimal(output.octets) == fragment.exi, "\(fragment.message ?? "")")
    }
    #expect(count >= 4)
  }

  @Test func a_digest_of_iso_15118_20_is_made_from_the_received_bits() throws {
    let documents = try Vector.all("bench")
    var count = 0
    for fragment in try Vector.all("exi-fragments-bench") where fragment.set == "iso20-common" {
      let document = try #require(documents.first { $0.name == fragment.from })
      let octets = document.octets
      let bytes = octets.span.bytes
      guard case .authorizationReq(let request) = try ISO15118_20CommonDocument(decoding: bytes),
        case .pnCAReqAuthorizationMode(let mode) = request.aReqAuthorizationMode
      else { continue }
      let isSignedInfo = fragment.message == "SignedInfo"
      let code: ISO15118_20CommonFragment.Code = isSignedInfo ? .signedInfo : .pnCAReqAuthorizationMode
      let bits =
        isSignedInfo ? try #require(request.header.signature).signedInfo.receivedBits : mode.receivedBits
      var output = OutputBuffer()
      _ = try ISO15118_20CommonFragment.grammar.splice(
        code: code.rawValue, bits: bits, from: bytes, into: &output)
      #expect(hexadecimal(output.octets) == fragment.exi, "\(fragment.message ?? "")")
      count += 1
    }
    #expect(count == 2)
  }

  @Test func signed_info_is_cut_out_for_the_grammar_of_xml_signature_alone() throws {
    var count = 0
    let documents = try Vector.all("bench")
    for fragment in try Vector.all("exi-fragments-bench") where fragment.set == "xmldsig" {
      guard let document = documents.first(where: { $0.name == fragment.from }) else { continue }
      let octets = document.octets
      let bytes = octets.span.bytes
      let header: Signature?
      if document.set == "iso20-common" {
        guard case .authorizationReq(let request) = try ISO15118_20CommonDocument(decoding: bytes) else {
          continue
        }
        header = request.header.signature
      } else {
        header = try ISO15118_2Messages.V2G_Message(decoding: bytes).header.signature
      }
      let signature = try #require(header)
      var output = OutputBuffer()
      _ = try SignedInfo.fragmentGrammar.splice(
        code: SignedInfo.fragmentCode, bits: signature.signedInfo.receivedBits, from: bytes, into: &output)
      #expect(hexadecimal(output.octets) == fragment.exi)
      // Decoded and encoded, it is the same.
      let again = try SignedInfo(decodingFragment: output.octets.span.bytes)
      var second = OutputBuffer()
      try again.encodeFragment(into: &second, source: output.octets.span.bytes)
      #expect(second.octets == output.octets)
      count += 1
    }
    #expect(count == 2)
  }

  @Test func the_contract_id_is_coded_by_the_relaxed_grammar() throws {
    var arena = EXIArena()
    let element = EXIRelaxedElement(id: arena.string("id4"), value: arena.string("DEABCC1234567A"))
    var output = OutputBuffer()
    try ISO15118_2Fragment.eMAID(element).encode(into: &output, source: arena.span)
    #expect(hexadecimal(output.octets) == "80ec0202b4b21a40041111505090d0cc4c8ccd0d4d8dd07d3d00")
  }

  @Test func an_element_that_was_not_received_cannot_be_cut_out() {
    var output = OutputBuffer()
    #expect(throws: EXIError.self) {
      _ = try ISO15118_2Fragment.grammar.splice(code: 4, bits: .none, from: RawSpan(), into: &output)
    }
  }
}
