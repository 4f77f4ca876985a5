import Foundation
import Testing
import V2GTransport
import Wire

@testable import ISO15118

/// Requests of real vehicles, cut out of captures, played into our SECC. `COUPLER_TRACES` names the folder.
@Suite struct VehicleReplayTests {
  @Test(
    .enabled(if: TraceReplayTests.folder != nil, "set COUPLER_TRACES to the folder of the recordings"),
    arguments: ["vw-ac-iso2", "porsche-taycan-4s-driverside-ac-iso2"])
  func a_real_vehicle_gets_along_with_the_secc(name: String) throws {
    let path = try #require(TraceReplayTests.folder) + "/" + name + ".pcap"
    let octets = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let flows = Self.flows(octets)
    let requests = try #require(flows.first { Self.isHandshake($0.first) })
    #expect(requests.count >= 9)
    let third = requests[2]
    guard case .request(let sample) = SessionCodec().request(third.span.bytes) else {
      Issue.record("no request")
      return
    }
    var configuration = SECCConfiguration(modes: [.AC_three_phase_core, .AC_single_phase_core])
    configuration.quirks.pilotNotWired = true
    var secc = SECC(configuration: configuration, random: FixedGenerator(value: sample.session.value))
    var conditions = EVSEConditions()
    conditions.authorization = .granted
    conditions.limits = .ac(milliamps: 32_000, phases: 3)
    var answers: [String] = []
    var failures: [SessionFailure] = []
    var now = Instant.zero
    var output = OutputBuffer()
    func perform(_ action: SECCAction) {
      switch action {
      case .trace(.sent(let message, let code?, _)): answers.append("\(message) \(code)")
      case .trace(.failure(let failure)): failures.append(failure)
      case .energy(let command): conditions.contactorClosed = command == .closeAC
      default: break
      }
    }
    secc.handle(.conditions(conditions), at: now, output: &output, perform: perform)
    secc.handle(.connected, at: now, output: &output, perform: perform)
    let names = requests.map(Self.name)
    for (index, request) in requests.enumerated() {
      now += .milliseconds(50)
      // The recorded charger took its time where the vehicle asked again; so do we.
      let next = index + 1 < names.count ? names[index + 1] : nil
      conditions.authorization = next == .AuthorizationReq ? .pending : .granted
      conditions.powerStageReady = next != .ChargeParameterDiscoveryReq || names[index] != next
      secc.handle(.conditions(conditions), at: now, output: &output, perform: perform)
      secc.receive(request.span.bytes, type: .exi, at: now, output: &output, perform: perform)
      secc.handle(.conditions(conditions), at: now, output: &output, perform: perform)
    }
    // The VW ends its session with SessionStopReq straight after PowerDelivery(Start), which the recorded charger
    // refused as we do; the Taycan's session has no refusal at all.
    let recorded = flows.filter { !Self.isHandshake($0.first) }.flatMap { $0 }.compactMap(Self.answer)
    #expect(answers == recorded)
    #expect(failures.map(\.cause) == (name.hasPrefix("vw") ? [.sequence] : []))
  }

  private static func name(_ octets: [UInt8]) -> SessionMessage? {
    if case .request(let request) = SessionCodec().request(octets.span.bytes) { return request.message }
    return nil
  }

  private static func answer(_ octets: [UInt8]) -> String? {
    let codec = SessionCodec()
    // The handshake and the messages are told apart by the grammar that reads them to the end.
    let response = codec.response(octets.span.bytes) ?? codec.protocolAnswer(octets.span.bytes)
    return response.map { "\($0.message) \($0.code)" }
  }

  private static func isHandshake(_ octets: [UInt8]?) -> Bool {
    guard let octets else { return false }
    if case .offer = SessionCodec().protocolOffer(octets.span.bytes, allows2010: false) { return true }
    return false
  }

  /// The V2GTP payloads of each TCP direction in a classic capture of Ethernet frames with IPv6.
  private static func flows(_ file: [UInt8]) -> [[[UInt8]]] {
    func little(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
    var streams: [UInt32: [(sequence: UInt32, octets: [UInt8])]] = [:]
    var at = 24
    while at + 16 <= file.count {
      let length = little(at + 8)
      let frame = Array(file[(at + 16)..<min(at + 16 + length, file.count)])
      at += 16 + length
      guard frame.count > 74, frame[12] == 0x86, frame[13] == 0xDD, frame[20] == 6 else { continue }
      let size = Int(frame[18]) << 8 | Int(frame[19])
      let header = Int(frame[66] >> 4) * 4
      guard size > header, 54 + size <= frame.count else { continue }
      let ports = frame[54..<58].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let sequence = frame[58..<62].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      streams[ports, default: []].append((sequence, Array(frame[(54 + header)..<(54 + size)])))
    }
    return streams.values.map { segments in
      var stream = V2GTPStream()
      var payloads: [[UInt8]] = []
      var seen: Set<UInt32> = []
      for segment in segments where seen.insert(segment.sequence).inserted {
        try? stream.receive(segment.octets.span.bytes) { _, payload in
          payloads.append(
            (0..<payload.byteCount).map { payload.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
        }
      }
      return payloads
    }
  }
}
