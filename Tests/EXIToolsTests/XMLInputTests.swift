import EXITools
import Foundation
import Testing
import Wire
import XMLTree

@Suite struct XMLInputTests {
  private static let namespaces =
    #"xmlns:m="urn:iso:15118:2:2013:MsgDef" xmlns:h="urn:iso:15118:2:2013:MsgHeader" "#
    + #"xmlns:b="urn:iso:15118:2:2013:MsgBody" xmlns:t="urn:iso:15118:2:2013:MsgDataTypes""#

  /// A message of ISO 15118-2 with this in its body.
  private static func message(_ body: String, header: String = "<h:SessionID>00</h:SessionID>") -> String {
    "<m:V2G_Message \(namespaces)>\n<m:Header>\(header)</m:Header>\n<m:Body>\n\(body)\n</m:Body></m:V2G_Message>"
  }

  private static func refusal(_ xml: String, set: String = "iso2") throws -> ConversionError? {
    let converter = try #require(DocumentConverter(set: set))
    do {
      _ = try converter.encode(xml: xml)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    (
      "<b:SessionSetupReq/>",
      "an element is missing at the end; expected EVCCID "
        + "(in V2G_Message/Body/SessionSetupReq)"
    ),
    (
      "<b:SessionSetupReq><b:Other/></b:SessionSetupReq>",
      "element Other may not stand here; expected EVCCID "
        + "(in V2G_Message/Body/SessionSetupReq)"
    ),
    (
      "<b:SessionSetupReq><t:EVCCID>00</t:EVCCID></b:SessionSetupReq>",
      "element EVCCID may not stand here in namespace urn:iso:15118:2:2013:MsgDataTypes, only in "
        + "urn:iso:15118:2:2013:MsgBody; expected EVCCID (in V2G_Message/Body/SessionSetupReq)"
    ),
    (
      "<b:SessionSetupReq><EVCCID>00</EVCCID></b:SessionSetupReq>",
      "element EVCCID may not stand here in no namespace, only in urn:iso:15118:2:2013:MsgBody; expected EVCCID "
        + "(in V2G_Message/Body/SessionSetupReq)"
    ),
    (
      "<b:SessionSetupReq><b:EVCCID>00112233445566</b:EVCCID></b:SessionSetupReq>",
      "7 octets, not 0...6 (in V2G_Message/Body/SessionSetupReq/EVCCID)"
    ),
    (
      "<b:SessionSetupReq><b:EVCCID>0g</b:EVCCID></b:SessionSetupReq>",
      "'0g' is not hexadecimal (in V2G_Message/Body/SessionSetupReq/EVCCID)"
    ),
    (
      "<b:SessionSetupReq b:Id=\"a\"><b:EVCCID>00</b:EVCCID></b:SessionSetupReq>",
      "attribute Id in namespace urn:iso:15118:2:2013:MsgBody is not declared; expected no attribute "
        + "(in V2G_Message/Body/SessionSetupReq)"
    ),
    (
      "<b:AuthorizationReq Id=\"a\"/>",
      "attribute Id is not declared; expected Id in namespace urn:iso:15118:2:2013:MsgBody "
        + "(in V2G_Message/Body/AuthorizationReq)"
    ),
    (
      "<b:SessionSetupReq><b:EVCCID b:x=\"1\">00</b:EVCCID></b:SessionSetupReq>",
      "attribute x is not declared; expected no attribute (in V2G_Message/Body/SessionSetupReq/EVCCID)"
    ),
    (
      "<b:SessionSetupReq><b:EVCCID><b:EVCCID/></b:EVCCID></b:SessionSetupReq>",
      "element EVCCID may not stand here; expected a value (in V2G_Message/Body/SessionSetupReq/EVCCID)"
    ),
    (
      "<b:SessionSetupReq><b:EVCCID>00</b:EVCCID><b:EVCCID>00</b:EVCCID></b:SessionSetupReq>",
      "element EVCCID may not stand here; expected the end (in V2G_Message/Body/SessionSetupReq)"
    ),
    (
      "<b:SessionStopReq><b:ChargingSession>Stop</b:ChargingSession></b:SessionStopReq>",
      "'Stop' is no value; expected Terminate, Pause (in V2G_Message/Body/SessionStopReq/ChargingSession)"
    ),
    (
      "<b:BodyElement/>",
      "an abstract element; expected one that stands for it (in V2G_Message/Body/BodyElement)"
    ),
    (
      "text<b:SessionSetupReq/>",
      "text where only elements are declared; expected AuthorizationReq, AuthorizationRes, CableCheckReq, "
        + "CableCheckRes, CertificateInstallationReq, CertificateInstallationRes, CertificateUpdateReq or one of "
        + "28 more (in V2G_Message/Body)"
    ),
    (
      "<b:MeteringReceiptReq><b:SessionID>00</b:SessionID><b:SAScheduleTupleID>0</b:SAScheduleTupleID>"
        + "</b:MeteringReceiptReq>",
      "value 0 outside 1...255 (in V2G_Message/Body/MeteringReceiptReq/SAScheduleTupleID)"
    ),
    (
      "<b:ServiceDetailReq><b:ServiceID>65536</b:ServiceID></b:ServiceDetailReq>",
      "value 65536 outside 0...65535 (in V2G_Message/Body/ServiceDetailReq/ServiceID)"
    ),
    (
      "<b:ServiceDetailReq><b:ServiceID>99999999999999999999</b:ServiceID></b:ServiceDetailReq>",
      "'99999999999999999999' is no integer of 0...65535 (in V2G_Message/Body/ServiceDetailReq/ServiceID)"
    ),
    (
      "<b:ServiceDetailReq><b:ServiceID>1.0</b:ServiceID></b:ServiceDetailReq>",
      "'1.0' is no integer of 0...65535 (in V2G_Message/Body/ServiceDetailReq/ServiceID)"
    ),
  ])
  func what_the_schema_does_not_allow_is_refused_with_what_it_does(body: String, expected: String) throws {
    let error = try #require(try Self.refusal(Self.message(body)))
    #expect(error.description == expected)
    // The text before the body has three lines.
    #expect(error.line == (body.hasPrefix("text") ? 3 : 4))
  }

  @Test func a_list_ends_at_its_maximum() throws {
    func list(_ count: Int) -> String {
      let item = "<t:SelectedService><t:ServiceID>1</t:ServiceID></t:SelectedService>"
      let services = String(repeating: item.replacingOccurrences(of: "t:", with: "t:"), count: count)
      return Self.message(
        "<b:PaymentServiceSelectionReq><b:SelectedPaymentOption>Contract</b:SelectedPaymentOption>"
          + "<b:SelectedServiceList>\(services)</b:SelectedServiceList></b:PaymentServiceSelectionReq>")
    }
    #expect(try Self.refusal(list(16)) == nil)
    #expect(
      try Self.refusal(list(17))?.problem == "element SelectedService may not stand here; expected the end")
    #expect(
      try Self.refusal(list(0))?.problem == "an element is missing at the end; expected SelectedService")
  }

  @Test func comments_instructions_and_white_space_do_not_matter() throws {
    let converter = try #require(DocumentConverter(set: "iso2"))
    let plain = Self.message("<b:SessionSetupReq><b:EVCCID>0011</b:EVCCID></b:SessionSetupReq>")
    let odd = Self.message(
      "<!-- a --><b:SessionSetupReq>\n <b:EVCCID>\n 00<!-- b -->1<![CDATA[1]]>\t</b:EVCCID><?c d?>"
        + "</b:SessionSetupReq>")
    #expect(
      try converter.encode(xml: "<?xml version='1.0'?>\n<!-- x -->\n" + odd) == converter.encode(xml: plain))
  }

  @Test func where_the_schema_lies_is_no_part_of_the_message() throws {
    let converter = try #require(DocumentConverter(set: "iso2"))
    let plain = Self.message("")
    func with(_ attribute: String) -> String {
      plain.replacingOccurrences(
        of: "<m:V2G_Message",
        with: "<m:V2G_Message xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \(attribute)")
    }
    #expect(
      try converter.encode(xml: with("xsi:schemaLocation='urn:x x.xsd'")) == converter.encode(xml: plain))
    #expect(try Self.refusal(with("xsi:type='x'"))?.problem.contains("attribute type") == true)
  }

  private static let laughs: String = {
    let entities = (1...40).map { "<!ENTITY e\($0) \"&e\($0 - 1);&e\($0 - 1);\">" }.joined()
    return "<!DOCTYPE a [<!ENTITY e0 'ha'>\(entities)]><a b='&e40;'>&e40;</a>"
  }()

  @Test(arguments: [
    laughs, "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    "<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]><a/>",
    "<!DOCTYPE a PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd'><a/>",
    "<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE a><a/>",
  ])
  func a_document_type_ends_the_parsing(xml: String) throws {
    let clock = ContinuousClock()
    let start = clock.now
    #expect(try Self.refusal(xml)?.problem == "a document type declaration is not accepted")
    let time = clock.now - start
    #expect(time < .seconds(20))
  }

  @Test(arguments: [
    ("", "no document"), ("<a>&b;</a>", "not well-formed: Entity 'b' not defined"),
    ("<a b='&c;'/>", "not well-formed: Entity 'c' not defined"), ("<a></b>", "not well-formed"),
    ("<a>\u{1}</a>", "not well-formed"), ("<a/><a/>", "not well-formed"),
    ("<x:a/>", "not well-formed: Namespace prefix x on a is not defined"),
  ])
  func what_is_not_well_formed_is_refused(xml: String, problem: String) throws {
    let error = try #require(try Self.refusal(xml))
    #expect(error.description.contains(problem), "\(error)")
  }

  @Test func depth_size_and_number_are_bounded() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
    }
    #expect(try Self.refusal(nested(60))?.problem.hasPrefix("no document a") == true)
    #expect(try Self.refusal(nested(65))?.problem == "elements nested deeper than 64")
    #expect(try Self.refusal(nested(100_000)) != nil)
    let many = "<a>" + String(repeating: "<b/>", count: 200_000) + "</a>"
    #expect(try Self.refusal(many)?.problem == "more than 200000 elements")
    let long = "<a>" + String(repeating: "x", count: DocumentConverter.maxTextOctets) + "</a>"
    #expect(try Self.refusal(long)?.problem == "a document of more than 4194304 octets")
  }

  @Test func the_schemas_of_the_generator_may_have_a_document_type_and_load_nothing() throws {
    let text = "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd' [<!ENTITY b 'c'>]><a/>"
    #expect(try XMLElement(parsing: Array(text.utf8), documentType: .skipped).name == "a")
    #expect(throws: XMLError.self) {
      try XMLElement(parsing: Array((text.dropLast(4) + "<a>&b;</a>").utf8), documentType: .skipped)
    }
  }
}
