public import HAL
import LinuxHardware

/// All outputs of a board, taken as one: at its start each drives its start value, at its end its stop value.
///
/// A program that has only some of them leaves the others to chance.
public final class BoardHardware {
  public let board: BoardDescription
  public let devices: BoardDevices
  private var pins: [LineDescription: any OutputPin] = [:]
  private var references: [SteadyPWM] = []
  private let outputs: [OutputDescription]
  /// Stop buttons of the whole housing; `nil` where it has none.
  private(set) var stop: BoardStop?
  /// Outputs that could not be taken or driven, in words.
  public private(set) var failures: [String] = []
  private var notTaken: [String] = []

  /// Which value an output is taken with.
  public enum Purpose: Hashable, Sendable {
    case start
    /// For `--safe-state`: a line that cannot be had is told, and the others are driven all the same.
    case safeState
  }

  public init(_ board: BoardDescription, devices: BoardDevices, purpose: Purpose) throws(BoardFailure) {
    self.board = board
    self.devices = devices
    var outputs: [OutputDescription] = []
    for entry in board.lines {
      guard case .output(let start, let stop, let crash) = entry.use else { continue }
      outputs.append(OutputDescription(entry.line, start: start, stop: stop, crash: crash))
      do throws(LinuxError) {
        pins[entry.line] = try devices.output(entry.line, purpose == .start ? start : stop, stop)
      } catch {
        guard purpose == .safeState else { throw BoardFailure("\(entry.field): \(error)") }
        notTaken.append("\(entry.field): \(error)")
      }
    }
    self.outputs = outputs
    guard purpose == .start else { return }
    var buttons: [any InputPin] = []
    for (index, line) in board.stopButtons.enumerated() {
      do throws(LinuxError) {
        buttons.append(try devices.input(line, .zero))
      } catch {
        throw BoardFailure("stopButtons[\(index)]: \(error)")
      }
    }
    if !buttons.isEmpty { stop = BoardStop(buttons) }
    for entry in board.pwms {
      guard case .steady(let permille) = entry.use else { continue }
      do throws(LinuxError) {
        references.append(try SteadyPWM(entry.pwm, permille: permille, devices.roots))
      } catch {
        throw BoardFailure("\(entry.field): \(error)")
      }
    }
  }

  /// The line of an output; ENODEV for one the board does not have.
  func pin(_ output: OutputDescription) throws(LinuxError) -> any OutputPin {
    guard let pin = pins[output.line] else {
      throw LinuxError("drive a line that is not the board's", code: 19)
    }
    return pin
  }

  /// Every output to its stop value.
  public func makeSafe() {
    failures = notTaken
    for output in outputs {
      do throws(LinuxError) {
        try pins[output.line]?.set(output.stop)
      } catch {
        failures.append("\(error)")
      }
    }
  }
}

/// A PWM that is set once, such as the reference of comparators.
private final class SteadyPWM {
  private var pwm: PWMOutput

  init(_ description: PWMDescription, permille: Int, _ roots: DeviceRoots) throws(LinuxError) {
    pwm = try PWMOutput(description, roots: roots)
    let duty: PilotDuty =
      permille <= 0 ? .steadyLow : permille >= 1000 ? .steadyHigh : .pwm(permille: permille)
    try pwm.drive(duty)
  }
}
