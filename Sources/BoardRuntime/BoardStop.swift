import LinuxHardware

/// The stop buttons of a whole housing: read once, told to every outlet.
final class BoardStop {
  private struct Listener {
    var told: (Bool) -> Void
    var failed: (LinuxError) -> Void
  }

  private let buttons: [any InputPin]
  private var listeners: [Listener] = []
  private var isWatching = false
  /// A button that could not be watched at the start: no outlet may run without it.
  private var failure: LinuxError?
  private var isPressed = false

  init(_ buttons: [any InputPin]) { self.buttons = buttons }

  /// From now on `told` hears each change; at once, whether one is pressed. `failed` hears that a button cannot be read
  /// any more, which no outlet may ignore.
  func attach(
    to loop: EventLoop, told: @escaping (Bool) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    if let failure { throw failure }
    if !isWatching {
      do throws(LinuxError) {
        for button in buttons {
          try button.watch(
            on: loop, edges: { [weak self] in self?.changed($0) }, failed: { [weak self] in self?.fail($0) })
        }
        isPressed = try read()
      } catch {
        failure = error
        throw error
      }
      isWatching = true
    }
    listeners.append(Listener(told: told, failed: failed))
    told(isPressed)
  }

  private func read() throws(LinuxError) -> Bool {
    var isPressed = false
    for button in buttons where try button.isActive() { isPressed = true }
    return isPressed
  }

  private func changed(_ edges: [EdgeEvent]) {
    // A button that is released when it is looked at was pressed all the same.
    if edges.contains(where: \.rising) { tell(true) }
    do throws(LinuxError) { tell(try read()) } catch { fail(error) }
  }

  private func tell(_ pressed: Bool) {
    guard pressed != isPressed else { return }
    isPressed = pressed
    for listener in listeners { listener.told(pressed) }
  }

  private func fail(_ error: LinuxError) {
    failure = error
    for listener in listeners { listener.failed(error) }
  }
}
