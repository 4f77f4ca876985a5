/// Calls that wait, each for something of its own, and are made in the order in which they were asked for.
final class InOrder {
  private final class Turn {
    var call: (() -> Void)?
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
  /// So many wait at most; further ones wait for nobody.
  static let waitingMax = 4096
  private var turns: [Turn] = []

  /// What makes the call as soon as it may be, once all before it are made.
  func turn(_ body: @escaping () -> Void) -> () -> Void {
    guard turns.count < Self.waitingMax else { return body }
    let turn = Turn(body)
    turns.append(turn)
    return { [weak self] in
      turn.call = turn.body
      self?.make()
    }
  }

  private func make() {
    while let call = turns.first?.call {
      turns.removeFirst()
      call()
    }
  }
}
