import HAL
import Node
import Recorder
import Simulation
import V2GTransport
import Wire

/// Writes what happens in a simulated site as a capture: management frames as they were, discovery and session as
/// the frames that would have carried them, notes of the pilot and of state changes beside them.
final class SiteRecorder {
  private let writer: PcapngWriter
  private let vehicle: PcapngWriter.Interface
  private let charger: PcapngWriter.Interface
  private let notes: PcapngWriter.Interface
  private var conversation: TCPConversation?
  private let addresses: [SiteSide: MACAddress] = [
    .vehicle: SiteDescription.vehicleAddress, .charger: SiteDescription.chargerAddress,
  ]

  init(path: String, clock: RecordingClock) throws(RecorderError) {
    writer = try PcapngWriter(path: path, clock: clock)
    vehicle = writer.addInterface(name: "vehicle", description: "host interface of the vehicle's modem")
    charger = writer.addInterface(name: "charger", description: "host interface of the charger's modem")
    notes = writer.addNoteInterface(name: "notes", description: "pilot, safety and state changes")
  }

  func add(_ event: SiteEvent, at now: Instant) {
    switch event {
    case .trace(let side, let trace):
      guard trace.isNoted else { return }
      writer.note("\(side): \(trace.layer): \(trace)", on: notes, at: now)
    case .frame(let side, let octets, let outgoing):
      writer.record(
        octets, on: interface(side), at: now, direction: outgoing ? .outbound : .inbound,
        comment: outgoing ? nil : comment(onFrame: octets))
    case .datagram(let octets, let side, let source, let destination):
      let frame = PacketSynthesizer.udp(
        octets, from: station(side, source), to: station(side.other, destination))
      onBoth(frame, from: side, now)
    case .connection(let event): add(event, now)
    }
  }

  private func add(_ event: SiteConnectionEvent, _ now: Instant) {
    switch event {
    case .opened(let client, let server):
      var new = TCPConversation(client: station(.vehicle, client), server: station(.charger, server))
      record(new.open(), now)
      conversation = new
    case .octets(let octets, let side):
      record(conversation?.send(octets, from: side == .vehicle ? .client : .server) ?? [], now)
    case .closed(let side):
      record(conversation?.finish(from: side == .vehicle ? .client : .server) ?? [], now)
      record(conversation?.finish(from: side == .vehicle ? .server : .client) ?? [], now)
      conversation = nil
    }
  }

  private func record(_ frames: [TCPConversation.Frame], _ now: Instant) {
    for frame in frames { onBoth(frame.octets, from: frame.sender == .client ? .vehicle : .charger, now) }
  }

  /// A frame of data is recorded once, where it was sent.
  private func onBoth(_ octets: [UInt8], from side: SiteSide, _ now: Instant) {
    writer.record(octets, on: interface(side), at: now, direction: .outbound)
  }

  private func interface(_ side: SiteSide) -> PcapngWriter.Interface {
    side == .vehicle ? vehicle : charger
  }

  private func station(_ side: SiteSide, _ endpoint: V2GEndpoint) -> NetworkStation {
    NetworkStation(addresses[side] ?? .zero, endpoint)
  }

  /// Ends the file. The error, if anything could not be written.
  func close() -> RecorderError? {
    writer.close()
    return writer.failure
  }
}

extension NodeTrace {
  /// Worth a note in a recording: what the frames themselves do not show.
  var isNoted: Bool {
    switch self {
    case .pilot, .pilotFault, .duty, .offer, .safety, .phase, .ended, .energy, .coupling, .frame: true
    case .session(.secc), .session(.evcc), .session(.failure): true
    case .slac, .address, .sdpServer, .sdpClient, .connection, .session: false
    }
  }
}
