public import HomePlug
public import Wire

/// Runs a `ModemDialogue`: puts its questions, repeats them, gives up, keeps its deadlines.
///
/// One task speaks to one modem, the one behind the local port. Answers of another are not taken once the modem's
/// address is known.
public struct ModemTask<Dialogue: ModemDialogue>: Machine {
  public enum Event: Sendable {
    case start
    case received(ManagementFrame)
    case timeout
  }

  public enum Action: Sendable {
    /// With the usual MMV where none is said.
    case send(ManagementMessage, to: MACAddress, version: UInt8?)
    /// How far it is; told when it changes.
    case progress(ModemProgress)
    /// The last action.
    case ended(Result<Dialogue.Outcome, ModemTaskFailure>)
  }

  private enum State {
    case idle
    case asked(ManagementMessage, ModemPatience, version: UInt8?, attempts: Int)
    case waiting
    case ended
  }

  public private(set) var dialogue: Dialogue
  /// Where requests go.
  public let destination: MACAddress
  /// The modem's own address, once an answer came from it or where it was told.
  public private(set) var modem: MACAddress?
  /// Frames that were for nobody here.
  public private(set) var overheard = 0
  public private(set) var deadline: Instant?

  private var state = State.idle
  private var told: ModemProgress?

  /// `destination` is the alias of the modem on the local port, or the modem's own address.
  public init(
    _ dialogue: Dialogue, destination: MACAddress = ManagementFrame.localModem, modem: MACAddress? = nil
  ) {
    self.dialogue = dialogue
    self.destination = destination
    self.modem = modem ?? (destination == ManagementFrame.localModem ? nil : destination)
  }

  public var isEnded: Bool { if case .ended = state { true } else { false } }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch (event, state) {
    case (.start, .idle):
      follow(dialogue.begin(at: now), at: now, perform)
    case (.received(let frame), .asked), (.received(let frame), .waiting):
      take(frame, at: now, perform)
    case (.timeout, .asked(let message, let patience, let version, let attempts)):
      guard isDue(at: now) else { return }
      if attempts < patience.attempts {
        ask(message, patience, version, attempts: attempts + 1, at: now, perform)
      } else {
        follow(dialogue.goOn(after: .unanswered(message.type, attempts: attempts), at: now), at: now, perform)
      }
    case (.timeout, .waiting):
      guard isDue(at: now) else { return }
      follow(dialogue.goOn(after: .waited, at: now), at: now, perform)
    case (.start, _), (.received, _), (.timeout, _): break
    }
  }

  private func isDue(at now: Instant) -> Bool { deadline.map { now >= $0 } ?? false }

  private mutating func take(_ frame: ManagementFrame, at now: Instant, _ perform: (Action) -> Void) {
    guard !frame.source.isGroup, modem == nil || modem == frame.source || dialogue.newAddress == frame.source
    else {
      overheard += 1
      return
    }
    if case .mmeErrorInd(let error) = frame.message, case .asked(let message, _, _, _) = state,
      error.type == message.type
    {
      let pause = ModemPause.notUnderstood(message.type, reason: error.reason)
      return follow(dialogue.goOn(after: pause, at: now), at: now, perform)
    }
    guard let step = dialogue.take(frame.message, from: frame.source, at: now) else {
      overheard += 1
      return
    }
    modem = frame.source
    follow(step, at: now, perform)
  }

  private mutating func follow(
    _ step: ModemStep<Dialogue.Outcome>, at now: Instant, _ perform: (Action) -> Void
  ) {
    if let progress = dialogue.progress, progress != told {
      told = progress
      perform(.progress(progress))
    }
    switch step {
    case .ask(let message, let patience, let version):
      ask(message, patience, version, attempts: 1, at: now, perform)
    case .wait(let duration):
      state = .waiting
      deadline = now + duration
    case .end(let outcome): end(.success(outcome), perform)
    case .fail(let failure): end(.failure(failure), perform)
    }
  }

  private mutating func ask(
    _ message: ManagementMessage, _ patience: ModemPatience, _ version: UInt8?, attempts: Int,
    at now: Instant,
    _ perform: (Action) -> Void
  ) {
    state = .asked(message, patience, version: version, attempts: attempts)
    deadline = now + patience.wait
    // The alias outlives a change of address, but other modems may listen to it as well.
    guard destination != ManagementFrame.localModem else {
      return perform(.send(message, to: destination, version: version))
    }
    let known = modem ?? destination
    perform(.send(message, to: known, version: version))
    if let other = dialogue.newAddress, other != known {
      perform(.send(message, to: other, version: version))
    }
  }

  private mutating func end(
    _ result: Result<Dialogue.Outcome, ModemTaskFailure>, _ perform: (Action) -> Void
  ) {
    state = .ended
    deadline = nil
    perform(.ended(result))
  }
}
