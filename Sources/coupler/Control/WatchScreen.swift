import Glibc
import LinuxHardware
import Wire

/// The terminal that `coupler watch` has for itself, over one connection after another.
final class WatchScreen {
  /// What is shown; `nil` before the first daemon has answered.
  var view: WatchView? { didSet { isStale = true } }
  private var isStale = true
  private var isOpen = false
  private var drawn = Instant(nanoseconds: .min)
  /// Ten frames a second at most: all news of a turn in one.
  private static let pace: Duration = .milliseconds(100)

  static func second(of loop: EventLoop) -> Int { Int(loop.now.nanoseconds / 1_000_000_000) }

  /// Draws before `loop` waits, from now on.
  func attach(to loop: EventLoop) throws(LinuxError) {
    let tick = loop.addTimer { [weak self] in self?.isStale = true }
    try loop.onSignals([SIGWINCH]) { [weak self] _ in self?.isStale = true }
    loop.beforeWaiting = { [weak self, unowned loop] in
      guard let self, let view else { return }
      tick.deadline = view.isTicking ? loop.now + .seconds(1) : nil
      guard isStale else { return }
      guard loop.now - drawn >= Self.pace else {
        tick.deadline = drawn + Self.pace
        return
      }
      isStale = false
      drawn = loop.now
      if !isOpen { sayLines(Terminal.enter) }
      isOpen = true
      let size = Terminal.size
      let lines = view.lines(
        width: size.columns, height: size.lines, isColoured: Terminal.isColoured,
        atSecond: Self.second(of: loop))
      sayLines(Terminal.frame(lines, height: size.lines))
    }
  }

  /// Gives the terminal back as it was.
  func close() {
    if isOpen { sayLines(Terminal.leave) }
    isOpen = false
  }
}
