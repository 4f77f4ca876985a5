import Cryptography
import Foundation
import HomePlug
import SLAC
import SimulatedHardware
import Testing
import Wire

private let tshark = ["/usr/bin/tshark", "/usr/local/bin/tshark", "/opt/homebrew/bin/tshark"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

/// tshark as an independent judge of what goes over the line.
@Suite(.enabled(if: tshark != nil, "tshark is not installed"))
struct DissectorTests {
  private func dissect(_ records: [Capture.Record]) throws -> [[String: Any]] {
    let path = NSTemporaryDirectory() + "coupler-slac-\(UUID().uuidString).pcap"
    try Capture.write(records, to: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let process = Process()
    process.executableURL = URL(filePath: try #require(tshark))
    process.arguments = ["-r", path, "-T", "json", "--no-duplicate-keys"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let packets = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    return packets.compactMap { ($0["_source"] as? [String: Any])?["layers"] as? [String: Any] }
  }

  /// MMTYPE as the dissector read it; vendor messages have a field of their own.
  private func type(of layers: [String: Any]) -> UInt16? {
    guard let layer = layers["homeplug-av"] as? [String: Any] else { return nil }
    var found: String?
    func search(_ value: Any) {
      guard let tree = value as? [String: Any] else { return }
      for (name, value) in tree {
        if name == "homeplug_av.mmhdr.mmtype" || name == "homeplug_av.mmhdr.mmtype.qualcomm" {
          found = value as? String
        }
        search(value)
      }
    }
    search(layer)
    guard let text = found, text.hasPrefix("0x") else { return nil }
    return UInt16(text.dropFirst(2), radix: 16)
  }

  private func expectDissected(_ records: [Capture.Record]) throws {
    let packets = try dissect(records)
    #expect(packets.count == records.count)
    for (record, layers) in zip(records, packets) {
      let frame = try ManagementFrame(parsing: record.octets.span.bytes)
      #expect(type(of: layers) == frame.message.type.rawValue, "\(frame.message.type)")
      #expect(layers["_ws.malformed"] == nil, "\(frame.message.type)")
    }
  }

  @Test func every_frame_of_a_match_is_dissected_as_what_it_is() throws {
    var bench = Bench()
    bench.plug()
    bench.run(.seconds(5)) { $0.isMatched() }
    bench.unplug()
    #expect(bench.passed.count > 50)
    try expectDissected(bench.passed.map { Capture.Record(at: $0.at, octets: $0.octets) })
  }

  @Test func every_message_is_dissected_as_what_it_is() throws {
    let key = NetworkKey(derivingFrom: NMK(passPhrase: "Coupler-test-01"))
    let ramp = AttenuationProfile(0..<58)
    let messages: [ManagementMessage] = [
      .slacParmReq(CM_SLAC_PARM_REQ(runID: run)),
      .slacParmCnf(CM_SLAC_PARM_CNF(forwardingStation: evMAC, runID: run)),
      .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: evMAC, runID: run)),
      .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 9, runID: run, random: Octets16(0..<16))),
      .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: evMAC, profile: ramp)),
      .attenCharInd(CM_ATTEN_CHAR_IND(sourceAddress: evMAC, runID: run, soundCount: 10, profile: ramp)),
      .attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: evMAC, runID: run)),
      .validateReq(CM_VALIDATE_REQ(timer: 15)),
      .validateCnf(CM_VALIDATE_CNF(toggleCount: 2, result: .success)),
      .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: run)),
      .slacMatchCnf(CM_SLAC_MATCH_CNF(evMAC: evMAC, evseMAC: evseMAC, runID: run, key: key)),
      .setKeyReq(CM_SET_KEY_REQ(key: key)),
      .setKeyCnf(CM_SET_KEY_CNF(result: 1)),
      .getKeyReq(CM_GET_KEY_REQ(nid: key.nid)),
      .getKeyCnf(CM_GET_KEY_CNF(key: key)),
      .nwStatsReq,
      .nwStatsCnf(
        CM_NW_STATS_CNF(stations: [
          CM_NW_STATS_CNF.Station(address: evseMAC, transmitRate: 10, receiveRate: 9)
        ])),
      .mmeErrorInd(CM_MME_ERROR_IND(reason: 1, version: 1, type: .CM_SLAC_PARM_REQ, fieldOffset: 19)),
      .softwareVersionReq,
      .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7005-1.1.0".utf8))),
      .networkInfoReq,
      .networkInfoCnf(VS_NW_INFO_CNF(networks: [])),
      .linkStatusReq,
      .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)),
    ]
    try expectDissected(
      (messages + vendorMessages).enumerated().map { index, message in
        Capture.Record(
          at: .zero + .milliseconds(index),
          octets: ManagementFrame(destination: evMAC, source: evseMAC, message: message).octets)
      })
  }

  /// Those of Qualcomm's messages that the dissector has a layout for; VS_RX_TONE_MAP_CHAR.CNF with the array of a
  /// home plug only, which has 1155 carriers.
  private var vendorMessages: [ManagementMessage] {
    let data = ModuleData([UInt8](repeating: 1, count: 1024))
    let messages: [QualcommMessage] = [
      .resetReq, .resetCnf(status: 0),
      .readModuleReq(VS_RD_MOD_REQ(module: .parameters, offset: 1024)),
      .readModuleCnf(VS_RD_MOD_CNF(module: .parameters, offset: 0, checksum: 0, data: data)),
      .writeModuleReq(VS_WR_MOD_REQ(module: .parameters, offset: 0, checksum: 0, data: data)),
      .writeModuleCnf(VS_WR_MOD_CNF(module: .parameters, length: 1024, offset: 0)),
      .commitModuleReq(module: .parameters), .commitModuleCnf(status: 0, module: .parameters),
      .linkStatisticsReq(VS_LNK_STATS_REQ(peer: evMAC)),
      .linkStatisticsCnf(
        VS_LNK_STATS_CNF(
          direction: .both, tei: 2, transmit: VS_LNK_STATS_CNF.Transmit(acknowledged: 7),
          receive: VS_LNK_STATS_CNF.Receive(
            failed: 9, intervals: [VS_LNK_STATS_CNF.Interval(rate: 10, blocksPassed: 5)]))),
      .hostActionInd(VS_HOST_ACTION_IND(action: .startDevice)),
      .attributesReq(cookie: 1),
      .attributesCnf(
        VS_OP_ATTRIBUTES_CNF(
          cookie: 1,
          attributes: VS_OP_ATTRIBUTES_CNF.Attributes(
            family: Array("QCA7005".utf8), firmwareType: Array("MAC".utf8), major: 1, minor: 1, build: 730,
            date: Array("20140815".utf8), release: Array("CS".utf8)))),
      .toneMapReq(VS_RX_TONE_MAP_CHAR_REQ(peer: evMAC)),
    ]
    return messages.map { .qualcomm($0) }
  }
}
