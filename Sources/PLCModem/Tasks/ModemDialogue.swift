public import HomePlug
public import Wire

/// What is to be said to a modem, and what its answers mean: the part of a `ModemTask` that differs.
///
/// A dialogue asks one thing at a time and waits for the answer. Repeating, giving up and deadlines are the task's.
public protocol ModemDialogue: Sendable {
  associatedtype Outcome: Sendable

  mutating func begin(at now: Instant) -> ModemStep<Outcome>

  /// An answer to what was asked last, or anything else that was received; `nil` when it is not for this dialogue.
  mutating func take(_ message: ManagementMessage, from source: MACAddress, at now: Instant)
    -> ModemStep<Outcome>?

  /// No answer came, or a pause is over.
  mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<Outcome>

  /// How far a long one is; `nil` for short ones.
  var progress: ModemProgress? { get }

  /// The address the modem may have from now on; it is then asked there too. `nil` where it keeps its own.
  var newAddress: MACAddress? { get }
}

extension ModemDialogue {
  public var progress: ModemProgress? { nil }
  public var newAddress: MACAddress? { nil }
}

/// What a dialogue wants next.
public enum ModemStep<Outcome: Sendable>: Sendable {
  /// `version` is the MMV it is sent with, where it is not the usual one.
  case ask(ManagementMessage, ModemPatience, version: UInt8? = nil)
  /// Do nothing for so long.
  case wait(Duration)
  case end(Outcome)
  case fail(ModemTaskFailure)
}

/// How long and how often a question is put.
public struct ModemPatience: Hashable, Sendable {
  /// From a request to giving up on its answer.
  public var wait: Duration
  /// Requests at the most, the first one counted.
  public var attempts: Int

  public init(_ wait: Duration, attempts: Int = 1) {
    self.wait = wait
    self.attempts = max(attempts, 1)
  }

  /// For what a modem answers at once. A second is what public stacks came to allow.
  public static let usual = ModemPatience(.seconds(1), attempts: 3)
  /// For finding out who is there: silence is an answer.
  public static let probing = ModemPatience(.milliseconds(100), attempts: 3)
  /// For what is written to memory or flash.
  public static let writing = ModemPatience(.seconds(3), attempts: 3)
}

extension ModemDriver {
  /// The step that asks for something, or fails where there is no message for it.
  func ask<Outcome>(
    _ request: ModemRequest, for ability: ModemAbility, _ patience: ModemPatience
  ) -> ModemStep<Outcome> {
    do {
      return .ask(try message(for: request), patience)
    } catch {
      return .fail(.cannotAsk(ability, error))
    }
  }
}

/// Why a dialogue is asked to go on without an answer.
public enum ModemPause: Hashable, Sendable {
  /// All attempts went by in silence.
  case unanswered(ManagementType, attempts: Int)
  /// The modem said with CM_MME_ERROR.IND that it cannot use the request; the reason is the message's.
  case notUnderstood(ManagementType, reason: UInt8)
  /// What was to be waited for is over.
  case waited
}

extension ModemPause {
  /// The failure it is for a dialogue that cannot do without the answer.
  var failure: ModemTaskFailure {
    switch self {
    case .unanswered(let type, let attempts): .noAnswer(type, attempts: attempts)
    case .notUnderstood(let type, let reason): .notUnderstood(type, reason: reason)
    case .waited: .protocolViolation("nothing was asked")
    }
  }
}

/// Octets of a transfer that are done.
public struct ModemProgress: Hashable, Sendable {
  public enum Phase: String, Sendable { case reading, writing, committing, restarting, verifying }

  public var phase: Phase
  public var done: Int
  /// `nil` where it is not known before the end.
  public var total: Int?

  public init(_ phase: Phase, done: Int = 0, total: Int? = nil) {
    self.phase = phase
    self.done = done
    self.total = total
  }
}
