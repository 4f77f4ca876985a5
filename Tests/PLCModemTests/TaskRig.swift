import Cryptography
import HomePlug
import PLCModem
import SimulatedHardware
import Wire

/// A task at one port of a power line, in virtual time.
struct TaskRig {
  static let host = MACAddress(0x02_00_00_00_00_C1)

  var line: PowerLine
  /// Port the task speaks to; 1 is the EVSE's of `PowerLineConfiguration.pair`.
  var port = 1
  var now = Instant.zero
  /// What the task sent, with the time of it.
  var sent: [(type: ManagementType, at: Instant)] = []
  /// What the modem sent to its host.
  var heard: [ManagementMessage] = []
  var progress: [ModemProgress] = []
  /// Frames from the modem for which this is true are lost.
  var loses: (ManagementMessage) -> Bool = { _ in false }
  /// Frames from the host for which this is true are lost.
  var swallows: (ManagementMessage) -> Bool = { _ in false }

  /// The same for whole frames.
  var swallowsFrame: (ManagementFrame) -> Bool = { _ in false }

  init(_ configuration: PowerLineConfiguration = .pair, seed: UInt64 = 1) {
    line = PowerLine(configuration: configuration, seed: seed)
  }

  /// Runs a dialogue to its end; `nil` when it has none within `limit`, which is a defect.
  mutating func run<Dialogue: ModemDialogue>(
    _ dialogue: Dialogue, destination: MACAddress = ManagementFrame.localModem,
    limit: Duration = .seconds(600)
  ) -> Result<Dialogue.Outcome, ModemTaskFailure>? {
    var task = ModemTask(dialogue, destination: destination)
    var result: Result<Dialogue.Outcome, ModemTaskFailure>?
    var events: [ModemTask<Dialogue>.Event] = [.start]
    let end = now + limit
    while true {
      while !events.isEmpty {
        var requests: [ManagementFrame] = []
        let event = events.removeFirst()
        task.handle(event, at: now) { action in
          switch action {
          case .send(let message, let destination, let version):
            sent.append((message.type, now))
            requests.append(
              ManagementFrame(destination: destination, source: Self.host, message: message, version: version)
            )
          case .progress(let step): progress.append(step)
          case .ended(let outcome): result = outcome
          }
        }
        for request in requests where !swallows(request.message) && !swallowsFrame(request) {
          events += pass(.frame(request.octets, port: port)).map { .received($0) }
        }
      }
      if result != nil { return result }
      guard let next = earliest(task.deadline, line.deadline), next <= end else { return nil }
      now = max(now, next)
      events += pass(.timeout).map { .received($0) }
      if let deadline = task.deadline, deadline <= now { events.append(.timeout) }
    }
  }

  private mutating func pass(_ event: PowerLineEvent) -> [ManagementFrame] {
    var frames: [ManagementFrame] = []
    line.handle(event, at: now) { action in
      guard case .deliver(let octets, let port) = action, port == self.port,
        let frame = try? ManagementFrame(parsing: octets.span.bytes)
      else { return }
      heard.append(frame.message)
      if !loses(frame.message) { frames.append(frame) }
    }
    return frames
  }

  /// Gives the modem of a port a key, from its host.
  mutating func setKey(_ key: NetworkKey, port: Int) {
    let frame = ManagementFrame(
      destination: ManagementFrame.localModem, source: MACAddress(0x02_00_00_00_00_00 + UInt64(port)),
      message: .setKeyReq(CM_SET_KEY_REQ(key: key)))
    line.handle(.frame(frame.octets, port: port), at: now) { _ in }
  }

  static func key(_ seed: UInt64) -> NetworkKey {
    NetworkKey(derivingFrom: NMK(Octets16(high: seed, low: seed &* 0x9E37_79B9)))
  }
}

extension Result {
  var outcome: Success? { if case .success(let value) = self { value } else { nil } }
  var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
