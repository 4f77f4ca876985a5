import AppProtocolMessages
import DIN70121Messages
import EXI
import EXITools
import Foundation
import ISO15118_20Messages
import ISO15118_2Messages
import TestSupport
import Testing
import Wire

/// Recorded sessions: every payload decodes, by the generated types and by the tables, and encodes to the octets
/// that travelled. Recordings of foreign stacks are among the fixtures; those of vehicles are not ours to publish,
/// and `COUPLER_TRACES` names the folder where they are.
@Suite struct TraceTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/traces").path
  static let folder = ProcessInfo.processInfo.environment["COUPLER_TRACES"]

  static let handshake = ["appprotocol": 2]
  /// Payloads of each set in the recordings of foreign stacks with each other; all have a handshake too.
  static let committed: [String: [String: Int]] = [
    "din_dc_tcp": ["din": 56],
    "iso2_ac_eim_tcp": ["iso2": 36],
    "iso2_dc_eim_tcp": ["iso2": 58],
    "iso20_ac_tcp": ["iso20-common": 20, "iso20-ac": 22],
    "iso20_acbpt_tcp": ["iso20-common": 20, "iso20-ac": 22],
    "iso20_dc_tcp": ["iso20-common": 20, "iso20-dc": 44],
    "mixed_iso20_ac_tcp": ["iso20-common": 24, "iso20-ac": 22],
    "mixed_iso20_dc_tcp": ["iso20-common": 24, "iso20-dc": 40],
  ]
  static let encrypted: [String: [String: Int]] = [
    "iso2_ac_eim_tls12": ["iso2": 36],
    "iso2_dc_eim_tls12": ["iso2": 58],
    "iso20_ac_tls13": ["iso20-common": 22, "iso20-ac": 22],
    "iso20_dc_tls13": ["iso20-common": 20, "iso20-dc": 44],
    "mixed_iso20_dc_tls13": ["iso20-common": 20, "iso20-dc": 40],
  ]
  /// The same of vehicles, and how many payloads have a zero octet behind their end.
  static let vehicles: [String: (payloads: [String: Int], withTail: Int)] = [
    "tesla-3-din": (["din": 4426], 3),
    "vw-ac-iso2": (["iso2": 16], 0),
    "porsche-taycan-4s-driverside-ac-iso2": (["iso2": 512], 0),
  ]

  @Test(arguments: committed.keys.sorted())
  func payloads_of_foreign_stacks_encode_to_the_same_octets(name: String) throws {
    let seen = try Self.check(connections(Self.fixtures + "/" + name + ".pcap"), name)
    #expect(seen.payloads == Self.committed[name]?.merging(Self.handshake) { $1 })
    #expect(seen.withTail == 0)
  }

  @Test(
    .enabled(if: folder != nil, "set COUPLER_TRACES to the folder of the recordings"),
    arguments: vehicles.keys.sorted())
  func payloads_of_real_vehicles_encode_to_the_same_octets(name: String) throws {
    let seen = try Self.check(connections(#require(Self.folder) + "/" + name + ".pcap"), name)
    let expected = try #require(Self.vehicles[name])
    #expect(seen.payloads == expected.payloads.merging(Self.handshake) { $1 })
    #expect(seen.withTail == expected.withTail)
  }

  @Test(
    .enabled(if: folder != nil, "set COUPLER_TRACES to the folder of the recordings"),
    .enabled(if: Decryption.tshark != nil, "recorded TLS sessions skipped: tshark is not installed"),
    arguments: encrypted.keys.sorted())
  func payloads_inside_tls_encode_to_the_same_octets(name: String) throws {
    let path = try #require(Self.folder) + "/" + name + ".pcap"
    let closed = try connections(path)
    #expect(closed.count == 1 && closed.allSatisfy(\.isEncrypted))
    let seen = try Self.check(Decryption.connections(path, count: closed.count), name)
    #expect(seen.payloads == Self.encrypted[name]?.merging(Self.handshake) { $1 })
    #expect(seen.withTail == 0)
  }

  /// Whatever else lies in the folder.
  @Test(.enabled(if: folder != nil, "set COUPLER_TRACES to the folder of the recordings"))
  func every_other_capture_encodes_to_the_same_octets() throws {
    let folder = try #require(Self.folder)
    let known = Set(Self.encrypted.keys).union(Self.vehicles.keys)
    var sessions = 0
    for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    where file.hasSuffix(".pcap") {
      let name = String(file.dropLast(5))
      if known.contains(name) { continue }
      let seen = try Self.check(connections(folder + "/" + file).filter { !$0.isEncrypted }, name)
      sessions += (seen.payloads["appprotocol"] ?? 0) / 2
    }
    #expect(sessions > 0, "no session in \(folder)")
  }

  @Test func segments_in_another_order_and_twice_are_the_same_conversation() throws {
    let path = Self.fixtures + "/iso20_dc_tcp.pcap"
    let file = try [UInt8](Data(contentsOf: URL(filePath: path)))
    var frames: [ArraySlice<UInt8>] = []
    var at = 24
    while at < file.count {
      let length = 16 + (0..<4).reduce(0) { $0 | Int(file[at + 8 + $1]) << (8 * $1) }
      frames.append(file[at..<(at + length)])
      at += length
    }
    // The opening and its answer stay in front.
    let answer = frames.firstIndex {
      let record = Array($0)
      return record.count > 83 && record[36] == 6 && record[83] & 0x12 == 0x12
    }
    let opening = try #require(answer) + 1
    let shuffled = frames[..<opening] + frames[opening...].reversed() + frames[opening...]
    let traffic = try #require(RecordedTraffic(Array(file[..<24]) + shuffled.joined()))
    #expect(try traffic.connections.map(\.sides) == connections(path).map(\.sides))
    let missing = frames[..<opening] + frames[opening...].dropFirst(5)
    let holey = try #require(RecordedTraffic(Array(file[..<24]) + missing.joined()))
    #expect(holey.connections.contains { $0.lost > 0 })
  }

  private func connections(_ path: String) throws -> [RecordedConnection] {
    let file = try [UInt8](Data(contentsOf: URL(filePath: path)))
    return try #require(RecordedTraffic(file), "no classic capture of Ethernet: \(path)").connections
  }

  // MARK: one session

  struct Seen {
    /// Number of payloads by set.
    var payloads: [String: Int] = [:]
    /// Payloads with zero octets behind their end.
    var withTail = 0
  }

  /// Decodes and encodes every payload with both codecs.
  static func check(_ connections: [RecordedConnection], _ name: String) throws -> Seen {
    var seen = Seen()
    var converters: [String: DocumentConverter] = [:]
    for connection in connections {
      #expect(connection.lost == 0, "\(name): octets are missing in the recording")
      let sides = try #require(connection.payloads(), "\(name): a connection that is not V2GTP")
      let session = try chosenSet(sides)
      for (side, payloads) in sides.enumerated() {
        for (number, payload) in payloads.enumerated() {
          let place =
            "\(name), \(side == 0 ? "request" : "response") \(number + 1), \(hexadecimal(payload.octets))"
          guard let set = number == 0 ? "appprotocol" : setOf(payload.type, in: session) else {
            Issue.record("\(place): no set for payload type \(payload.type) of \(session ?? "no protocol")")
            continue
          }
          seen.payloads[set, default: 0] += 1
          do {
            let typed = try typedRoundTrip(payload.octets, set: set, fragment: false)
            let tail = payload.octets.dropFirst(typed.count)
            #expect(payload.octets.starts(with: typed), "\(place): \(set) gives \(hexadecimal(typed))")
            #expect(tail.allSatisfy { $0 == 0 }, "\(place): octets behind the end of \(set)")
            if !tail.isEmpty { seen.withTail += 1 }
            let converter = try converters[set] ?? #require(DocumentConverter(set: set))
            converters[set] = converter
            let xml = try converter.decode(payload.octets).xml
            #expect(try converter.encode(xml: xml) == typed, "\(place): \(set), by the tables, of \(xml)")
          } catch {
            Issue.record("\(place): \(set): \(error)")
          }
        }
      }
    }
    return seen
  }

  /// The set that messages of payload type 0x8001 have after the handshake; the others say theirs by the type.
  private static func setOf(_ type: UInt16, in session: String?) -> String? {
    switch type {
    case 0x8001: session == "iso20" ? nil : session
    case 0x8002: "iso20-common"
    case 0x8003: "iso20-ac"
    case 0x8004: "iso20-dc"
    case 0x8005: "iso20-acdp"
    case 0x8006: "iso20-wpt"
    default: nil
    }
  }

  /// The protocol that the charger took, by its namespace; `nil` when it took none.
  private static func chosenSet(_ sides: [[RecordedPayload]]) throws -> String? {
    guard let request = sides[0].first, let response = sides[1].first else { return nil }
    let bytes = request.octets.span.bytes
    guard case .supportedAppProtocolReq(let offer) = try AppProtocolDocument(decoding: bytes),
      case .supportedAppProtocolRes(let answer) = try AppProtocolDocument(
        decoding: response.octets.span.bytes),
      let taken = offer.appProtocol.first(in: bytes, where: { $0.schemaID == answer.schemaID })
    else { return nil }
    let namespace = taken.protocolNamespace.string(in: bytes)
    if namespace == "urn:din:70121:2012:MsgDef" { return "din" }
    if namespace == "urn:iso:15118:2:2013:MsgDef" { return "iso2" }
    return namespace.hasPrefix("urn:iso:std:iso:15118:-20:") ? "iso20" : nil
  }
}
