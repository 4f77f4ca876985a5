import ControlAPI
import Glibc
import LinuxHardware
import Wire

/// A connection to the daemon, and the loop that waits for it.
final class ControlSession {
  let loop: EventLoop
  let path: String
  private let connection: UnixStreamConnection
  private var client = ControlClient()
  private var answers: [Int64: Result<ControlResult, ControlFailure>] = [:]
  /// Who waits for an answer without holding anything up.
  private var waiting: [Int64: (Result<ControlResult, ControlFailure>) -> Void] = [:]
  private var failure: ControlClientFailure?
  private var timer: LoopTimer?
  /// What is told to who subscribed.
  var event: (ControlEvent) -> Void = { _ in }
  /// The connection is gone; told where nobody waits for an answer.
  var failed: (ControlTrouble) -> Void = { _ in }

  init(path: String) throws {
    self.path = path
    do throws(LinuxError) {
      loop = try EventLoop()
      connection = try UnixStreamConnection(connectingTo: path, loop: loop)
      timer = loop.addTimer { [weak self] in self?.handle(.timeout) }
      try connection.start(
        .init(
          received: { [weak self] octets in
            self?.handle(.received(octets.withUnsafeBytes { Array($0) }))
          },
          peerFinished: { [weak self] in self?.handle(.disconnected) },
          closed: { [weak self] _ in self?.handle(.disconnected) }))
    } catch {
      throw ControlTrouble(
        status: 2, text: Self.words(error, path), json: #"{"error":{"message":"no daemon"}}"#)
    }
  }

  /// Cause and remedy of a connection that could not be made.
  private static func words(_ error: LinuxError, _ path: String) -> String {
    switch error.code {
    case ENOENT:
      "there is no socket at \(path): no daemon runs, or it has another one; start it with: systemctl start couplerd, "
        + "or name its control.socket with --socket"
    // The kernel says so of a folder or a file, too.
    case ECONNREFUSED where !isSocket(path), ENOTSOCK, EPROTOTYPE:
      "\(path) is not the daemon's socket; name its control.socket with --socket"
    case ECONNREFUSED:
      "nobody serves \(path) any more: the daemon has ended; see why with: journalctl -u couplerd"
    case EACCES, EPERM:
      "this user may not talk to the daemon; use sudo, or join the group that ls -l \(path) shows"
    case EAGAIN:
      "the daemon takes no connections: it hangs, or is being debugged; look at: journalctl -u couplerd"
    default: "\(error)"
    }
  }

  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  // MARK: asking

  /// Asks and waits for the answer.
  func ask(_ request: ControlRequest) throws -> ControlResult {
    try wait(for: perform { client.call(request, at: loop.now, perform: $0) })
  }

  /// Asks, and goes on; the answer is told while the loop runs.
  func post(
    _ request: ControlRequest, answered: @escaping (Result<ControlResult, ControlFailure>) -> Void
  ) {
    waiting[perform { client.call(request, at: loop.now, perform: $0) }] = answered
  }

  /// Asks for events from now on.
  func subscribe(_ subscription: ControlSubscription) throws {
    _ = try wait(for: perform { client.subscribe(subscription, at: loop.now, perform: $0) })
  }

  private func wait(for call: Int64) throws -> ControlResult {
    while answers[call] == nil, failure == nil {
      do throws(LinuxError) { try loop.step() } catch { throw ControlTrouble(status: 2, text: "\(error)") }
    }
    switch answers.removeValue(forKey: call) {
    case .success(let result)?: return result
    case .failure(let refusal)?: throw Self.trouble(refusal)
    case nil: throw trouble(failure ?? .disconnected(reason: nil))
    }
  }

  /// What a refusal means for a command.
  static func trouble(_ refusal: ControlFailure) -> ControlTrouble {
    let remedy = refusal.remedy.isEmpty ? "" : "; \(refusal.remedy)"
    return ControlTrouble(
      status: 1, text: "\(refusal.cause)\(remedy)", json: "{\"error\":\(refusal.jsonText)}")
  }

  private func trouble(_ failure: ControlClientFailure) -> ControlTrouble {
    ControlTrouble(status: 2, text: "\(failure) (\(path))", json: #"{"error":{"message":"no daemon"}}"#)
  }

  // MARK: the machine

  private func handle(_ event: ControlClientEvent) {
    _ = perform {
      client.handle(event, at: loop.now, perform: $0)
      return 0
    }
  }

  private func perform(_ body: ((ControlClientAction) -> Void) -> Int64) -> Int64 {
    var actions: [ControlClientAction] = []
    let number = body { actions.append($0) }
    for action in actions {
      switch action {
      case .send(let octets): _ = connection.send(octets)
      case .answer(let call, let result):
        if let answered = waiting.removeValue(forKey: call) {
          answered(result)
        } else {
          answers[call] = result
        }
      case .event(let event): self.event(event)
      case .failed(let failure):
        self.failure = failure
        connection.close()
        failed(trouble(failure))
      }
    }
    timer?.deadline = client.deadline
    return number
  }
}
