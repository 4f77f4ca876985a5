import ArgumentParser
import Glibc
import HomePlug
import LinuxHardware
import PLCModem
import Wire

/// A host's side of the wire to its modem: sends, hears, and runs one task at a time.
final class ModemPort {
  let interface: NetworkInterface
  let loop: EventLoop
  /// Frames that could not be read, by reason.
  private(set) var refused = RefusedFrames()

  private let socket: PacketSocket
  private var listener: (ManagementFrame) -> Void = { _ in }
  private var wake: () -> Void = {}
  private var timer: LoopTimer?
  /// The interface went away.
  private(set) var failure: LinuxError?

  init(_ name: String, loop: EventLoop) throws(LinuxError) {
    interface = try NetworkInterface(name)
    self.loop = loop
    socket = try PacketSocket(interface, .etherType(ManagementFrame.etherType))
    timer = loop.addTimer { [unowned self] in wake() }
    try socket.attach(
      to: loop,
      receive: { [unowned self] frame, _ in
        do throws(HomePlugError) { listener(try ManagementFrame(parsing: frame)) } catch {
          refused.count(error)
        }
      }, failed: { [unowned self] in failure = failure ?? $0 })
  }

  /// Who is there, with what the kernel knows of it.
  var findModem: FindModem {
    FindModem(hint: ModemVendor(linuxDriver: InterfaceDetails(interface.name).driver))
  }

  func send(
    _ message: ManagementMessage, to destination: MACAddress, version: UInt8? = nil
  ) throws(LinuxError) {
    let frame = ManagementFrame(
      destination: destination, source: interface.macAddress, message: message, version: version)
    try socket.send(frame.octets)
  }

  /// Hands every frame to `body` until something else is run.
  func listen(_ body: @escaping (ManagementFrame) -> Void) { listener = body }

  /// Begins a task. The first request has to leave; later ones may get lost, as while the modem restarts and its
  /// driver has no carrier.
  func begin<Dialogue: ModemDialogue>(
    _ dialogue: Dialogue, to modem: MACAddress? = nil, progress: @escaping (ModemProgress) -> Void = { _ in },
    ended: @escaping (Result<Dialogue.Outcome, ModemTaskFailure>) -> Void
  ) throws(LinuxError) {
    var task = ModemTask(dialogue, destination: modem ?? ManagementFrame.localModem)
    var sendFailure: LinuxError?
    var hasSent = false
    let drive = { [unowned self] (event: ModemTask<Dialogue>.Event) in
      var result: Result<Dialogue.Outcome, ModemTaskFailure>?
      task.handle(event, at: loop.now) { action in
        switch action {
        case .send(let message, let destination, let version):
          do throws(LinuxError) {
            try send(message, to: destination, version: version)
            hasSent = true
          } catch {
            if !hasSent { sendFailure = error }
          }
        case .progress(let step): progress(step)
        case .ended(let outcome): result = outcome
        }
      }
      timer?.deadline = task.deadline
      if let result {
        listener = { _ in }
        ended(result)
      }
    }
    listener = { drive(.received($0)) }
    wake = { drive(.timeout) }
    drive(.start)
    if let sendFailure {
      listener = { _ in }
      timer?.deadline = nil
      throw sendFailure
    }
  }

  /// Runs a task to its end.
  func run<Dialogue: ModemDialogue>(
    _ dialogue: Dialogue, to modem: MACAddress? = nil, progress: @escaping (ModemProgress) -> Void = { _ in }
  ) throws(LinuxError) -> Result<Dialogue.Outcome, ModemTaskFailure> {
    var result: Result<Dialogue.Outcome, ModemTaskFailure>?
    try begin(dialogue, to: modem, progress: progress) { result = $0 }
    while true {
      if let result { return result }
      if let failure, failure.code != ENETDOWN { throw failure }
      try loop.step()
    }
  }

  /// Hands frames to `listen`'s body and calls `tick` at each deadline it gives, until it gives none.
  func run(from first: Instant, _ tick: () -> Instant?) throws(LinuxError) {
    var isDue = false
    wake = { isDue = true }
    timer?.deadline = first
    while true {
      if let failure, failure.code != ENETDOWN { throw failure }
      try loop.step()
      guard isDue else { continue }
      isDue = false
      guard let next = tick() else { return }
      timer?.deadline = next
    }
  }

  /// Says which frames could not be read, if any.
  func reportRefused() {
    guard refused.total > 0 else { return }
    let reasons = HomePlugError.Reason.allCases.filter { refused[$0] > 0 }.map { "\($0) \(refused[$0])" }
    complain("coupler: \(refused.total) frames could not be read: \(reasons.joined(separator: ", "))")
  }
}

/// A port with the modem that answered on it.
struct ModemSession {
  let port: ModemPort
  let options: ModemOptions
  let modem: FoundModem

  var driver: ModemDriver { modem.driver }
  var interface: String { options.interface }

  /// Opens the interface and finds the modem, or exits with what is wrong.
  init(_ options: ModemOptions) throws {
    let port = try Self.open(options)
    self.port = port
    self.options = options
    modem = try Self.value(
      options,
      try Self.kernel(options) { () throws(LinuxError) in try port.run(port.findModem, to: options.modem) })
  }

  static func open(_ options: ModemOptions) throws -> ModemPort {
    try kernel(options) { () throws(LinuxError) in try ModemPort(options.interface, loop: try EventLoop()) }
  }

  /// Runs what may fail in the kernel, or exits with 2.
  static func kernel<Value>(_ options: ModemOptions, _ body: () throws(LinuxError) -> Value) throws -> Value {
    do throws(LinuxError) {
      return try body()
    } catch {
      throw giveUp("\(error)", json: options.json, status: 2)
    }
  }

  /// What a task ended with, or exits with 1.
  static func value<Value>(_ options: ModemOptions, _ result: Result<Value, ModemTaskFailure>) throws -> Value
  {
    switch result {
    case .success(let value): return value
    case .failure(let failure): throw giveUp(failure.advice(on: options.interface), json: options.json)
    }
  }

  /// Runs a task; its failure is the caller's.
  func attempt<Dialogue: ModemDialogue>(
    _ dialogue: Dialogue, progress: @escaping (ModemProgress) -> Void = { _ in }
  ) throws -> Result<Dialogue.Outcome, ModemTaskFailure> {
    try Self.kernel(options) { () throws(LinuxError) in
      try port.run(dialogue, to: modem.identity.address, progress: progress)
    }
  }

  /// Exits where the alias does not tell which modem is meant: what is stored must not get into another.
  func refuseSeveral() throws {
    guard options.modem == nil else { return }
    let all = try Self.value(
      options,
      try Self.kernel(options) { () throws(LinuxError) in try port.run(CountModems(driver: driver)) })
    guard all.count > 1 else { return }
    throw giveUp(
      "nothing was written: \(all.count) modems answer on \(interface): "
        + "\(all.map(\.description).joined(separator: ", ")); say which with --modem", json: options.json)
  }

  /// Runs a task, or exits with what is wrong.
  func run<Dialogue: ModemDialogue>(
    _ dialogue: Dialogue, progress: @escaping (ModemProgress) -> Void = { _ in }
  ) throws -> Dialogue.Outcome { try Self.value(options, try attempt(dialogue, progress: progress)) }
}
