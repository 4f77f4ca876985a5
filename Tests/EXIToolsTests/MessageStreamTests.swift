import EXITools
import TestSupport
import Testing
import Wire

/// A V2GTP message of this payload.
func framed(_ type: UInt16, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
  let count = length ?? payload.count
  return [0x01, 0xFE, UInt8(type >> 8), UInt8(type & 255), 0, UInt8(count >> 16), UInt8(count >> 8 & 255)]
    + [UInt8(count & 255)] + payload
}

@Suite struct MessageStreamTests {
  static func bench(_ name: String) throws -> Vector {
    try #require(try Vector.all("bench").first { $0.name == name })
  }

  private static let offers = ["din", "iso2", "iso20-dc"]
  private static func handshake(choosing chosen: String, lone: Bool = false) throws -> [[UInt8]] {
    let converter = try #require(DocumentConverter(set: "appprotocol"))
    func offer(_ set: String) throws -> String {
      let namespace = try #require(MessageSet(rawValue: set)).namespace
      return #"{"ProtocolNamespace":"\#(namespace)","VersionNumberMajor":1,"VersionNumberMinor":0,"#
        + #""SchemaID":\#((offers.firstIndex(of: set) ?? 0) + 7),"Priority":1}"#
    }
    let list = try (lone ? [chosen] : offers).map(offer).joined(separator: ",")
    let schema = lone ? "" : #","SchemaID":\#((offers.firstIndex(of: chosen) ?? 0) + 7)"#
    return [
      try converter.encode(json: #"{"supportedAppProtocolReq":{"AppProtocol":[\#(list)]}}"#),
      try converter.encode(
        json: #"{"supportedAppProtocolRes":{"ResponseCode":"OK_SuccessfulNegotiation"\#(schema)}}"#),
    ]
  }

  @Test func the_header_tells_the_sets_of_iso20_and_the_second_octet_the_others() throws {
    let types: [String: UInt16] = [
      "iso20-common": 0x8002, "iso20-ac": 0x8003, "iso20-dc": 0x8004, "iso20-acdp": 0x8005,
      "iso20-wpt": 0x8006,
    ]
    var reader = MessageReader(.automatic)
    var count = 0
    for file in Vector.files {
      for vector in try Vector.all(file).filter({ !$0.isFragment && $0.set != "xmldsig" }).prefix(40) {
        // Documents of other roots are no messages, and their codes are those of the handshake.
        if ["din", "iso2"].contains(vector.setName) && ![0x98, 0x99, 0x9A, 0x9B].contains(vector.octets[1]) {
          continue
        }
        let message = try reader.read(framed(types[vector.setName] ?? 0x8001, vector.octets))
        #expect(message.set.rawValue == vector.setName)
        #expect(message.trailing == 0)
        #expect(message.octets == vector.octets)
        count += 1
      }
    }
    #expect(count > 200)
  }

  @Test func without_a_header_the_second_octet_tells_all_but_iso20() throws {
    var reader = MessageReader(.automatic)
    for name in ["bench-sap-req", "bench-iso2-current-demand-req", "bench-din-current-demand-req"] {
      let vector = try Self.bench(name)
      #expect(try reader.read(vector.octets).set.rawValue == vector.setName)
    }
  }

  @Test(arguments: [false, true])
  func a_message_of_another_protocol_than_the_chosen_one_is_noted(lone: Bool) throws {
    var reader = MessageReader(.automatic)
    for message in try Self.handshake(choosing: "din", lone: lone) {
      #expect(try reader.read(framed(0x8001, message)).notes == [])
    }
    let iso2 = try Self.bench("bench-iso2-current-demand-req").octets
    let din = try Self.bench("bench-din-current-demand-req").octets
    #expect(try reader.read(din).notes == [])
    #expect(
      try reader.read(iso2).notes == ["the handshake chose DIN SPEC 70121, the message is of ISO 15118-2"])
    // A new request begins anew.
    _ = try reader.read(Self.handshake(choosing: "din")[0])
    #expect(try reader.read(iso2).notes == [])
  }

  @Test func bare_exi_after_a_handshake_for_iso20_is_refused() throws {
    var reader = MessageReader(.automatic)
    for message in try Self.handshake(choosing: "iso20-dc") { _ = try reader.read(message) }
    let vector = try Self.bench("bench-iso20-dc-charge-loop-req")
    #expect(throws: ConversionError.self) { try reader.read(vector.octets) }
    #expect(try reader.read(framed(0x8004, vector.octets)).set == .iso20DC)
  }

  @Test func octets_behind_a_document_are_counted() throws {
    var reader = MessageReader(.automatic)
    let octets = try Self.bench("bench-iso2-current-demand-req").octets
    #expect(try reader.read(octets + [0]).trailing == 1)
    let both = try reader.read(framed(0x8001, octets + [0, 0], length: octets.count + 1))
    #expect(both.trailing == 2)
    #expect(both.notes == ["1 octet behind the document", "1 octet behind the V2GTP message"])
    #expect(both.octets == octets)
    #expect(both.detailedJSON.hasPrefix(#"{"set":"iso2","payloadType":"0x8001","octets":48,"trailing":2,"#))
  }

  @Test(arguments: [
    ("01fe", "a V2GTP header has 8"), ("01fe800100000005", "announces 5 octets, 0 are here"),
    ("01ff800100000000", "inverse V2GTP version"),
    ("01fe9000000000021000", "is SECC discovery, which is not EXI"),
    ("01fe8104000000018000", "tells no set"), ("80", "too short"), ("80d0", "neither handshake"),
    ("01fe80010000000280d0", "neither handshake"),
  ])
  func what_is_no_message_is_refused_with_its_cause(hex: String, problem: String) throws {
    var reader = MessageReader(.automatic)
    let stream = try #require(octets(hexadecimal: hex))
    do {
      _ = try reader.read(stream)
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains(problem), "\(error)")
    }
  }

  @Test func a_fixed_set_says_what_to_do_about_a_header() throws {
    let octets = try Self.bench("bench-iso2-current-demand-req").octets
    var bare = MessageReader(.fixed(.iso2, hasHeader: false))
    #expect(try bare.read(octets).payloadType == nil)
    do {
      _ = try bare.read(framed(0x8001, octets))
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("say --header or --set auto"))
    }
    var headed = MessageReader(.fixed(.iso2, hasHeader: true))
    #expect(try headed.read(framed(0x8001, octets)).payloadType == .exi)
    do {
      _ = try headed.read(framed(0x8004, octets))
      Issue.record("accepted")
    } catch {
      #expect(error.description == "payload type 0x8004 ISO 15118-20 DC is not that of ISO 15118-2")
    }
  }

  @Test func what_was_read_is_written_again_with_its_header() throws {
    var reader = MessageReader(.automatic)
    var writer = MessageWriter(.automatic)
    for name in [
      "bench-sap-req", "bench-iso2-current-demand-req", "bench-din-current-demand-req",
      "bench-iso20-dc-charge-loop-req", "bench-iso20-authorization-req-pnc",
    ] {
      let vector = try Self.bench(name)
      let type = try #require(MessageSet(rawValue: vector.setName)?.payloadType).rawValue
      let octets = framed(type, vector.octets)
      let message = try reader.read(octets)
      #expect(try writer.write(message.root.xml).message == octets)
      #expect(try writer.write(message.detailedJSON).message == octets)
      if message.root.name == "V2G_Message" {
        #expect(throws: ConversionError.self) { try writer.write(message.root.json) }
      } else {
        #expect(try writer.write(message.root.json).message == octets)
      }
    }
  }

  @Test func a_document_of_another_set_is_refused() throws {
    var writer = MessageWriter(.fixed(.iso2, hasHeader: false))
    #expect(throws: ConversionError.self) {
      try writer.write(#"{"set":"din","document":{"V2G_Message":{}}}"#)
    }
    #expect(throws: ConversionError.self) {
      try writer.write(#"<V2G_Message xmlns="urn:din:70121:2012:MsgDef"/>"#)
    }
    var automatic = MessageWriter(.automatic)
    #expect(throws: ConversionError.self) { try automatic.write("<V2G_Message/>") }
    #expect(throws: ConversionError.self) { try automatic.write(#"{"Nothing":{}}"#) }
    #expect(throws: ConversionError.self) { try automatic.write(#"{"set":"iso3","document":{}}"#) }
  }

  @Test func an_error_is_told_in_json_too() throws {
    var reader = MessageReader(.fixed(.iso2, hasHeader: false))
    let stream = try #require(octets(hexadecimal: "8098004011d0180044"))
    do {
      _ = try reader.read(stream)
      Issue.record("accepted")
    } catch {
      #expect(
        error.json
          == #"{"error":{"problem":"the stream ends early","bit":70,"#
          + #""path":"V2G_Message/Body/SessionSetupReq/EVCCID"}}"#)
    }
  }
}

@Suite struct HexTextTests {
  @Test(arguments: ["809800", "80 98 00", " 80\t98 00\r", "0x80, 0x98, 0x00", "0x80 0x9800", "80:98:00"])
  func octets_are_read_as_people_write_them(text: String) throws {
    #expect(try HexText.octets(text) == [0x80, 0x98, 0x00])
  }

  @Test(arguments: [
    ("809", "an odd number of digits: half an octet is missing"),
    ("80 9 8", "half an octet before character 5"),
    ("80zz", "not hexadecimal at character 3"), ("80 xx", "not hexadecimal at character 4"),
    ("1x80", "not hexadecimal at character 2"),
  ])
  func what_is_no_octet_is_named(text: String, problem: String) {
    do {
      _ = try HexText.octets(text)
      Issue.record("accepted")
    } catch {
      #expect(error.description == problem)
    }
  }
}
