import EXITools
import TestSupport
import Testing
import Wire
import XMLTree

/// The XML of a vector as the reader's nodes: names, attributes, text.
private func node(_ element: XMLElement) -> String {
  let attributes = element.attributes.map { "{\($0.namespace)}\($0.name)=\($0.value)" }.sorted()
  let children = element.children
  let inner = children.isEmpty ? element.text : children.map(node).joined()
  return "<{\(element.namespace)}\(element.name) \(attributes)>\(inner)</>"
}

@Suite struct DocumentConverterTests {
  static let files = Vector.files + ["exi-fragments-bench", "bench"]

  @Test(arguments: files)
  func a_document_decodes_to_its_xml(file: String) throws {
    var converters = Converters()
    for (number, vector) in try Vector.all(file).enumerated() {
      let converter = try converters.converter(vector.setName)
      let expected = node(try XMLElement(parsing: Array((vector.xml ?? "").utf8)))
      for octets in [vector.octets, vector.otherOctets].compactMap({ $0 }) {
        do {
          let xml = try converter.decode(octets, fragment: vector.isFragment).xml
          #expect(!xml.contains("\n"))
          #expect(node(try XMLElement(parsing: Array(xml.utf8))) == expected, "line \(number + 1)")
        } catch {
          Issue.record("line \(number + 1), \(vector.message ?? ""): \(error)")
        }
      }
    }
  }

  @Test(arguments: files)
  func xml_encodes_to_the_octets(file: String) throws {
    var converters = Converters()
    for (number, vector) in try Vector.all(file).enumerated() {
      let converter = try converters.converter(vector.setName)
      do {
        let octets = try converter.encode(xml: vector.xml ?? "", fragment: vector.isFragment)
        #expect(hexadecimal(octets) == vector.exi, "line \(number + 1), \(vector.message ?? "")")
      } catch {
        Issue.record("line \(number + 1), \(vector.message ?? ""): \(error)")
      }
    }
  }

  @Test func negative_streams_are_refused() throws {
    var converters = Converters()
    for (number, vector) in try Vector.all("exi-negative").enumerated() {
      let converter = try converters.converter(vector.setName)
      #expect(throws: ConversionError.self, "line \(number + 1), \(vector.kind)") {
        _ = try converter.decode(vector.octets)
      }
    }
  }

  @Test func json_keeps_numbers_and_shows_lists_as_arrays() throws {
    let converter = try #require(DocumentConverter(set: "appprotocol"))
    let stream = try #require(octets(hexadecimal: "80004bab9371d3c1d3c8000000000040"))
    #expect(
      try converter.decode(stream).json
        == #"{"supportedAppProtocolReq":{"AppProtocol":[{"ProtocolNamespace":"urn:x:y","VersionNumberMajor":0,"#
        + #""VersionNumberMinor":0,"SchemaID":0,"Priority":1}]}}"#)
  }

  @Test(arguments: [
    ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a document type declaration is not accepted"),
    ("<a/>", "no document a in no namespace; expected V2G_Message"),
    (
      "<V2G_Message xmlns='urn:din:70121:2012:MsgDef'/>",
      "no document V2G_Message in namespace urn:din:70121:2012:MsgDef; expected it in namespace "
        + "urn:iso:15118:2:2013:MsgDef"
    ),
    ("<a", "not well-formed"),
  ])
  func xml_that_is_no_message_is_refused(xml: String, problem: String) throws {
    let converter = try #require(DocumentConverter(set: "iso2"))
    do {
      _ = try converter.encode(xml: xml)
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains(problem))
    }
  }

  @Test func an_error_names_the_element() throws {
    let converter = try #require(DocumentConverter(set: "iso2"))
    let xml = """
      <m:V2G_Message xmlns:m="urn:iso:15118:2:2013:MsgDef" xmlns:h="urn:iso:15118:2:2013:MsgHeader" \
      xmlns:b="urn:iso:15118:2:2013:MsgBody"><m:Header><h:SessionID>00112233445566778899</h:SessionID></m:Header>\
      <m:Body/></m:V2G_Message>
      """
    do {
      _ = try converter.encode(xml: xml)
      Issue.record("accepted")
    } catch {
      #expect(error.description == "10 octets, not 0...8 (in V2G_Message/Header/SessionID)")
    }
  }
}
