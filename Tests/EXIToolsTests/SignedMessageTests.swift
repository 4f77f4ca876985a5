import EXITools
import Foundation
import TestSupport
import Testing
import Wire

/// A signed message, or a signed element, with what was signed.
private struct Signed: Decodable {
  struct Reference: Decodable {
    let id: String
    let element: String
    let fragment: String
    let digest: String
  }
  let set: String
  let kind: String
  let message: String
  let exi: String
  let references: [Reference]
  let signed_info: String?
  let signed_info_digest: String?

  static func all() throws -> [Signed] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: folder.appendingPathComponent("Fixtures/exi-signed-messages.jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Signed.self, from: Data($0.utf8)) }
  }

  func cutter() throws -> FragmentCutter {
    try SignedMessageTests.cutter(
      try #require(octets(hexadecimal: exi)), set: self.set, fragment: kind == "fragment")
  }
}

@Suite struct SignedMessageTests {
  static func cutter(_ octets: [UInt8], set: String, fragment: Bool = false) throws -> FragmentCutter {
    var reader = MessageReader(.fixed(try #require(MessageSet(rawValue: set)), hasHeader: false))
    return reader.cutter(for: try reader.read(octets, fragment: fragment))
  }

  /// The one message of this name as XML, changed and encoded.
  private static func changed(_ name: String, _ change: (String) -> String) throws -> FragmentCutter {
    let signed = try #require(try Signed.all().first { $0.message == name })
    let converter = try #require(DocumentConverter(set: signed.set))
    let xml = try converter.decode(try #require(octets(hexadecimal: signed.exi))).xml
    let other = change(xml)
    #expect(other != xml)
    return try cutter(try converter.encode(xml: other), set: signed.set)
  }

  @Test func the_elements_of_the_bench_messages_give_their_fragments() throws {
    var count = 0
    for vector in try Vector.all("exi-fragments-bench") {
      let document = try #require(try Vector.all("bench").first { $0.name == vector.from })
      let cutter = try Self.cutter(document.octets, set: document.setName)
      let grammar = vector.setName == "xmldsig" ? SignedInfoGrammar.xmldsig : .message
      let name = try #require(vector.message)
      let fragments = try cutter.fragments(
        FragmentSelection(elements: [name], signedInfoGrammar: grammar))
      // There are two tariffs in one of them, and the vector is the first.
      #expect(fragments.count == (name == "SalesTariff" ? 2 : 1))
      #expect(fragments.first.map { hexadecimal($0.octets) } == vector.exi, "\(name)")
      count += 1
    }
    #expect(count == 11)
  }

  @Test func every_fragment_vector_is_cut_out_of_itself() throws {
    var readers: [String: MessageReader] = [:]
    for file in Vector.files {
      for (number, vector) in try Vector.all(file).enumerated() where vector.isFragment {
        let set = try #require(MessageSet(rawValue: vector.setName))
        var reader = readers[vector.setName] ?? MessageReader(.fixed(set, hasHeader: false))
        let message = try reader.read(vector.octets, fragment: true)
        let grammar = vector.setName == "xmldsig" ? SignedInfoGrammar.xmldsig : .message
        let cut = try reader.cutter(for: message).fragments(
          FragmentSelection(elements: [message.root.name], signedInfoGrammar: grammar))
        #expect(cut.first.map { hexadecimal($0.octets) } == vector.exi, "\(file) line \(number + 1)")
        readers[vector.setName] = reader
      }
    }
  }

  @Test func signed_messages_give_the_fragments_and_digests_that_were_signed() throws {
    for signed in try Signed.all() {
      let cutter = try signed.cutter()
      let fragments = try cutter.fragments(FragmentSelection())
      let checks = try cutter.digests(FragmentSelection())
      for reference in signed.references {
        let fragment = fragments.first { $0.id == reference.id }
        #expect(fragment.map { hexadecimal($0.octets) } == reference.fragment, "\(reference.element)")
        let check = try #require(checks.first { $0.id == reference.id })
        #expect(check.element == reference.element)
        #expect(hexadecimal(check.digest) == reference.digest, "\(reference.element)")
        #expect(check.verdict == (signed.kind == "document" ? .ok : .computed))
        #expect(check.form == (reference.element == "eMAID" ? .relaxed : .plain))
      }
      if let info = signed.signed_info {
        #expect(fragments.first { $0.element == "SignedInfo" }.map { hexadecimal($0.octets) } == info)
        let check = try #require(checks.first { $0.element == "SignedInfo" })
        #expect(check.verdict == .computed)
        #expect(hexadecimal(check.digest) == signed.signed_info_digest)
        #expect(checks.count == signed.references.count + 1)
      }
    }
  }

  @Test func a_changed_element_is_a_mismatch_and_the_others_hold() throws {
    let cutter = try Self.changed("CertificateInstallationRes") { xml in
      xml.replacingOccurrences(of: ">US8A1LA7N0GWLCH<", with: ">US8A1LA7N0GWLCX<")
    }
    let verdicts = try cutter.digests(FragmentSelection()).map(\.verdict)
    #expect(verdicts.filter { $0 == .mismatch }.count == 1)
    #expect(verdicts.filter { $0 == .ok }.count == 3)
  }

  /// Both forms of the contract's identifier are in use.
  @Test func the_digest_of_the_ordinary_form_is_accepted_and_said() throws {
    let signed = try #require(try Signed.all().first { $0.message == "CertificateInstallationRes" })
    let cutter = try signed.cutter()
    let fragment = try #require(try cutter.fragments(FragmentSelection(elements: ["eMAID"])).first)
    let ordinary = try #require(fragment.ordinary)
    #expect(ordinary != fragment.octets)
    let reference = try #require(signed.references.first { $0.element == "eMAID" })
    let old = Data(try #require(octets(hexadecimal: reference.digest))).base64EncodedString()
    let new = Data(DigestAlgorithm.sha256.digest(ordinary)).base64EncodedString()
    let other = try Self.changed("CertificateInstallationRes") {
      $0.replacingOccurrences(of: old, with: new)
    }
    let check = try #require(
      try other.digests(FragmentSelection(ids: [reference.id])).first)
    #expect(check.verdict == .ok)
    #expect(check.form == .ordinary)
    #expect(check.base64 == new)
  }

  @Test func an_id_that_is_there_twice_or_not_at_all_does_not_hold() throws {
    let missing = try Self.changed("AuthorizationReq") {
      $0.replacingOccurrences(of: "\"#id1\"", with: "\"#id2\"")
    }
    #expect(try missing.digests(FragmentSelection()).map(\.verdict) == [.missing, .computed])
    let twice = try Self.changed("CertificateInstallationRes") {
      $0.replacingOccurrences(of: ":Id=\"id2\"", with: ":Id=\"id1\"")
    }
    let verdicts = try twice.digests(FragmentSelection()).map(\.verdict)
    #expect(verdicts.contains(.ambiguous))
    #expect(verdicts.contains(.missing))
    let unknown = try Self.changed("AuthorizationReq") {
      $0.replacingOccurrences(of: "xmlenc#sha256\"/><n", with: "xmlenc#md5\"/><n")
    }
    #expect(try unknown.digests(FragmentSelection()).map(\.verdict) == [.unknown, .computed])
    // Whoever knows the algorithm may say it.
    #expect(
      try unknown.digests(FragmentSelection(), algorithm: .sha256).map(\.verdict) == [.ok, .computed])
  }

  @Test func what_is_not_there_is_named() throws {
    let octets = try MessageStreamTests.bench("bench-iso2-current-demand-req").octets
    let cutter = try Self.cutter(octets, set: "iso2")
    for (selection, problem) in [
      (FragmentSelection(), "no element has an Id; name one with --element"),
      (FragmentSelection(ids: ["id1"]), "no element has the Id id1; none has any"),
      (FragmentSelection(elements: ["Foo"]), "no element Foo in this document"),
    ] {
      do {
        _ = try cutter.fragments(selection)
        Issue.record("accepted")
      } catch {
        #expect(error.description == problem)
      }
    }
    #expect(try cutter.fragments(FragmentSelection(elements: ["CurrentDemandReq"])).count == 1)
  }

  @Test func messages_of_iso20_take_sha512() throws {
    let octets = try MessageStreamTests.bench("bench-iso20-authorization-req-pnc").octets
    let cutter = try Self.cutter(octets, set: "iso20-common")
    let checks = try cutter.digests(FragmentSelection(elements: ["PnC_AReqAuthorizationMode", "Header"]))
    #expect(checks.map(\.algorithm) == [.sha512, .sha512])
    #expect(checks.map(\.digest.count) == [64, 64])
  }
}
