import Foundation
import TestSupport
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
    let traffic = try #require(RecordedTraffic(octets))
    let flows = traffic.connections.flatMap { $0.payloads() ?? [] }.map { $0.map(\.octets) }
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
}
