import HAL
import LinuxHardware

extension InletPlan {
  /// The first inlet of a board, without a site file.
  init(builtIn options: DaemonOptions, _ board: BoardDescription) {
    self.init()
    interface = options.interface ?? interface
    cablePath = options.cablePath
    guard let inlet = board.inlets.first else { return }
    milliampsMax = inlet.milliampsMax
    battery = inlet.hardware == .simulated ? .board : .control
  }
}

extension SiteHardware {
  /// The electrical side of an inlet.
  func inletPort(_ plan: InletPlan, _ inlet: Inlet, _ loop: EventLoop) throws(BoardFailure) -> any InletPort {
    switch inlet.hardware {
    case .simulated:
      do throws(LinuxError) {
        return try BenchInlet(inlet, cablePath: plan.cablePath, loop: loop)
      } catch {
        throw BoardFailure("inlet \(plan.name): \(error)")
      }
    case .lines(let description):
      do throws(BoardFailure) {
        return try LineInlet(description, of: inlet, hardware: board, loop: loop)
      } catch {
        throw BoardFailure("inlet \(plan.name): \(error)")
      }
    case .link(let description):
      throw BoardFailure(
        "inlet \(plan.name): link '\(description.link)': none of the controllers' protocols has a word for a vehicle's S2, "
          + "so that a controller cannot serve an inlet; drive it by lines")
    }
  }
}
