import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import XMLSignatureMessages

/// Octets a sender keeps: digests, signature, certificates and keys of a message, in the order they stand in it.
struct Parts {
  var digests: [[UInt8]] = []
  var signature: [UInt8] = []
  var octets: [[UInt8]] = []

  init(_ input: Input) throws(EXIError) {
    let bytes = input.octets.span.bytes
    switch input.set {
    case "iso2":
      let message = try ISO15118_2Messages.V2G_Message(decoding: bytes)
      take(message.header.signature, bytes)
      switch message.body.bodyElement {
      case .authorizationReq(let request):
        if let challenge = request.genChallenge { octets = [challenge.bytes(in: bytes)] }
      case .certificateInstallationRes(let response):
        for chain in [response.saProvisioningCertificateChain, response.contractSignatureCertChain] {
          octets.append(chain.certificate.bytes(in: bytes))
          chain.subCertificates?.certificate.forEach(in: bytes) { octets.append($0.bytes(in: bytes)) }
        }
        octets.append(response.contractSignatureEncryptedPrivateKey.value.bytes(in: bytes))
        octets.append(response.dhPublickey.value.bytes(in: bytes))
      default: break
      }
    case "iso20-common":
      guard case .authorizationReq(let request) = try ISO15118_20CommonDocument(decoding: bytes),
        case .pnCAReqAuthorizationMode(let mode) = request.aReqAuthorizationMode
      else { return }
      take(request.header.signature, bytes)
      octets = [
        mode.genChallenge.bytes(in: bytes), mode.contractCertificateChain.certificate.bytes(in: bytes),
      ]
      mode.contractCertificateChain.subCertificates.certificate.forEach(in: bytes) {
        octets.append($0.bytes(in: bytes))
      }
    default: break
    }
  }

  private mutating func take(_ signature: Signature?, _ bytes: RawSpan) {
    guard let signature else { return }
    self.signature = signature.signatureValue.value.bytes(in: bytes)
    signature.signedInfo.reference.forEach(in: bytes) { digests.append($0.digestValue.bytes(in: bytes)) }
  }
}
