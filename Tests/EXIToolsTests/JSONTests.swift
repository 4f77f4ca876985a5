@testable import EXITools
import Foundation
import TestSupport
import Testing
import Wire

@Suite struct JSONTests {
  static let files = Vector.files + ["exi-fragments-bench", "bench"]

  @Test(arguments: files)
  func json_of_a_document_encodes_to_its_octets(file: String) throws {
    var converters = Converters()
    for (number, vector) in try Vector.all(file).enumerated() {
      let converter = try converters.converter(vector.setName)
      let json = try converter.decode(vector.octets, fragment: vector.isFragment).json
      do {
        let octets = try converter.encode(json: json, fragment: vector.isFragment)
        #expect(hexadecimal(octets) == vector.exi, "line \(number + 1), \(vector.message ?? "") \(json)")
        // The other form of empty values is the same text.
        if let other = vector.otherOctets {
          #expect(try converter.decode(other, fragment: vector.isFragment).json == json, "line \(number + 1)")
        }
      } catch {
        Issue.record("line \(number + 1), \(vector.message ?? ""): \(error)")
      }
    }
  }

  /// What a script does that loads and stores: members come back sorted by name, numbers as they were.
  @Test(arguments: files)
  func the_order_of_members_does_not_matter(file: String) throws {
    var converters = Converters()
    for (number, vector) in try Vector.all(file).enumerated() where number % 5 == 0 {
      let converter = try converters.converter(vector.setName)
      let json = try converter.decode(vector.octets, fragment: vector.isFragment).json
      let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
      let sorted = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
      let octets = try converter.encode(
        json: String(decoding: sorted, as: UTF8.self), fragment: vector.isFragment)
      #expect(hexadecimal(octets) == vector.exi, "line \(number + 1), \(vector.message ?? "")")
    }
  }

  private func signedInfo(_ inner: String) -> String {
    #"<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>"#
      + #"<CanonicalizationMethod Algorithm="a"/><SignatureMethod Algorithm="b"/>"#
      + #"<Reference><DigestMethod Algorithm="c"/><DigestValue/></Reference></SignedInfo><SignatureValue/>"#
      + inner + "</Signature>"
  }

  /// Groups that repeat are the only places where names do not tell the order.
  @Test(arguments: [
    "<KeyInfo><KeyName>a</KeyName><KeyName>b</KeyName><MgmtData>c</MgmtData></KeyInfo>",
    "<KeyInfo><KeyName>a</KeyName><MgmtData>c</MgmtData><KeyName>b</KeyName></KeyInfo>",
    "<KeyInfo><MgmtData>c</MgmtData><KeyName>b</KeyName></KeyInfo>",
    "<KeyInfo>before<KeyName>a</KeyName> between <MgmtData>c</MgmtData>after</KeyInfo>",
    "<KeyInfo><X509Data><X509SubjectName>a</X509SubjectName><X509SKI>AQ==</X509SKI></X509Data></KeyInfo>",
    "<KeyInfo><KeyName>a</KeyName></KeyInfo><Object Id='o'>only text</Object><Object>x</Object><Object/>",
    """
    <KeyInfo><X509Data><X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName>\
    <X509SerialNumber>123456789012345678901234567890123456789</X509SerialNumber></X509IssuerSerial></X509Data>\
    <X509Data><X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName>\
    <X509SerialNumber>-9007199254740993</X509SerialNumber></X509IssuerSerial></X509Data></KeyInfo>
    """,
  ])
  func content_in_a_free_order_keeps_it(inner: String) throws {
    let converter = try #require(DocumentConverter(set: "xmldsig"))
    let octets = try converter.encode(xml: signedInfo(inner))
    let document = try converter.decode(octets)
    #expect(try converter.encode(json: document.json) == octets, "\(document.json)")
    #expect(try converter.encode(xml: document.xml) == octets, "\(document.xml)")
  }

  @Test func a_number_that_a_double_cannot_hold_is_a_string() throws {
    let converter = try #require(DocumentConverter(set: "iso20-common"))
    let xml = """
      <m:SessionSetupReq xmlns:m="urn:iso:std:iso:15118:-20:CommonMessages" \
      xmlns:t="urn:iso:std:iso:15118:-20:CommonTypes"><t:Header><t:SessionID>0000000000000000</t:SessionID>\
      <t:TimeStamp>TIME</t:TimeStamp></t:Header><m:EVCCID>a</m:EVCCID></m:SessionSetupReq>
      """
    for (time, json) in [
      ("9007199254740991", "9007199254740991"), ("9007199254740992", #""9007199254740992""#),
      ("18446744073709551615", #""18446744073709551615""#),
    ] {
      let octets = try converter.encode(xml: xml.replacingOccurrences(of: "TIME", with: time))
      let text = try converter.decode(octets).json
      #expect(text.contains("\"TimeStamp\":\(json)"), "\(text)")
      #expect(try converter.encode(json: text) == octets)
      // A script that writes it as a number loses nothing here either.
      let number = text.replacingOccurrences(of: json, with: time)
      #expect(try converter.encode(json: number) == octets)
    }
  }

  static let request = #"{"supportedAppProtocolReq":{"AppProtocol":[{"ProtocolNamespace":"urn:x:y","#

  @Test(arguments: [
    ("{", "no JSON"),
    ("[]", "an array; expected an object with one member, the document's name"),
    (#"{"a":1,"b":2}"#, "expected an object with one member"),
    (
      #"{"a":1}"#,
      "no document a in this set; expected supportedAppProtocolReq or supportedAppProtocolRes"
    ),
    (#"{"supportedAppProtocolReq":null}"#, "null; expected an object (in supportedAppProtocolReq)"),
    (#"{"supportedAppProtocolReq":{}}"#, "an element is missing; expected AppProtocol"),
    (#"{"supportedAppProtocolReq":{"AppProtocol":[]}}"#, "an element is missing; expected AppProtocol"),
    (
      #"{"supportedAppProtocolReq":{"Other":1}}"#,
      "member Other is not declared here, and an element is missing; expected AppProtocol"
    ),
    (#"{"supportedAppProtocolReq":{"@Id":"1","AppProtocol":[]}}"#, "attribute @Id is not declared"),
    (request + #""VersionNumberMajor":1.5}]}}"#, "a number that is no integer of 64 bits"),
    (request + #""VersionNumberMajor":1}]}}"#, "an element is missing; expected VersionNumberMinor"),
    (
      request + #""VersionNumberMajor":1,"VersionNumberMinor":0,"SchemaID":"x","Priority":1}]}}"#,
      "'x' is no integer of 0...255 (in supportedAppProtocolReq/AppProtocol[1]/SchemaID)"
    ),
    (
      request + #""VersionNumberMajor":1,"VersionNumberMinor":0,"SchemaID":1,"Priority":21}]}}"#,
      "value 21 outside 1...20"
    ),
    (
      request + #""VersionNumberMajor":1,"VersionNumberMinor":0,"SchemaID":true,"Priority":1}]}}"#,
      "true; expected an integer"
    ),
    (
      request + #""VersionNumberMajor":1,"VersionNumberMinor":0,"SchemaID":1,"SchemaID":2,"Priority":1}]}}"#,
      "a member stands twice"
    ),
    (
      request + #""VersionNumberMajor":1,"VersionNumberMinor":0,"SchemaID":[1,2],"Priority":1}]}}"#,
      "SchemaID may not stand here as often"
    ),
    (String(repeating: "[", count: 100_000), "nested deeper"),
  ])
  func json_that_is_no_message_is_refused(json: String, problem: String) throws {
    let converter = try #require(DocumentConverter(set: "appprotocol"))
    do {
      _ = try converter.encode(json: json)
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains(problem), "\(error)")
    }
  }

  @Test func a_root_in_several_namespaces_says_which() throws {
    let converter = try #require(DocumentConverter(set: "din"))
    for namespace in ["urn:din:70121:2012:MsgBody", "urn:din:70121:2012:MsgDataTypes"] {
      let octets = try converter.encode(
        xml: "<BulkChargingComplete xmlns='\(namespace)'>true</BulkChargingComplete>", fragment: true)
      let json = try converter.decode(octets, fragment: true).json
      #expect(json == #"{"BulkChargingComplete":{"@xmlns":"\#(namespace)","$":true}}"#)
      #expect(try converter.encode(json: json, fragment: true) == octets)
    }
    #expect(throws: ConversionError.self) {
      try converter.encode(json: #"{"BulkChargingComplete":true}"#, fragment: true)
    }
  }

  /// Without namespaces, a name must mean one element wherever it may stand.
  @Test(arguments: DocumentConverter.setNames)
  func names_are_unique_within_an_element(set: String) throws {
    let converter = try #require(DocumentConverter(set: set))
    #expect(converter.ambiguousNames == [])
  }
}
