public import HAL
public import LinuxHardware

/// A line that is driven; letting go of it drives the value that is safe.
public protocol OutputPin: AnyObject {
  func set(_ value: Bool) throws(LinuxError)
}

/// A line that is read.
public protocol InputPin: AnyObject {
  func isActive() throws(LinuxError) -> Bool
  /// Calls `edges` after each change, oldest first; `failed` once, when the line is gone.
  func watch(
    on loop: EventLoop, edges: @escaping ([EdgeEvent]) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError)
  /// Tells now what waits for the end of a batch: before anybody judges silence, and not from within `edges`. Gives the
  /// number of edges that waited.
  @discardableResult
  func deliver() -> Int
}

/// Where a board's lines, PWM and ADC channels come from: the kernel, or what stands for it in a test.
public struct BoardDevices {
  /// Takes a line: the value now, and the one to leave behind.
  public var output:
    (_ line: LineDescription, _ initial: Bool, _ safe: Bool) throws(LinuxError) -> any OutputPin
  /// Takes a line; edges come in batches `gathering` apart.
  public var input: (_ line: LineDescription, _ gathering: Duration) throws(LinuxError) -> any InputPin
  /// Below it stand PWM and ADC.
  public var roots: DeviceRoots

  /// The kernel's.
  public init(roots: DeviceRoots = DeviceRoots()) {
    self.roots = roots
    output = { (line, initial, safe) throws(LinuxError) in
      try KernelOutput(line, initial: initial, safe: safe, roots: roots)
    }
    input = { (line, gathering) throws(LinuxError) in
      try KernelInput(line, gathering: gathering, roots: roots)
    }
  }
}

private final class KernelOutput: OutputPin {
  private var pin: GPIOOutput

  init(_ line: LineDescription, initial: Bool, safe: Bool, roots: DeviceRoots) throws(LinuxError) {
    pin = try GPIOOutput(line, consumer: "couplerd", initial: initial, safe: safe, roots: roots)
  }

  func set(_ value: Bool) throws(LinuxError) { try pin.set(value) }
}

private final class KernelInput: InputPin {
  private let pin: GPIOEdges

  init(_ line: LineDescription, gathering: Duration, roots: DeviceRoots) throws(LinuxError) {
    pin = try GPIOEdges(line, consumer: "couplerd", gathering: gathering, roots: roots)
  }

  func isActive() throws(LinuxError) -> Bool { try pin.level() }

  func watch(
    on loop: EventLoop, edges: @escaping ([EdgeEvent]) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) { try pin.attach(to: loop, edges: edges, failed: failed) }

  @discardableResult
  func deliver() -> Int { pin.deliver() }
}
