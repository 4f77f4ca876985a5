import HAL
import LinuxHardware
import SimulatedHardware

/// The electrical side of a site: all outputs of its board, and a port for each connector.
final class SiteHardware {
  private(set) var ports: [any OutletPort] = []
  /// What could not be driven.
  private(set) var failures: [String] = []
  private let board: BoardHardware

  init(
    _ site: SitePlan, devices: BoardDevices, purpose: BoardHardware.Purpose, loop: EventLoop
  ) throws(BoardFailure) {
    board = try BoardHardware(site.board, devices: devices, purpose: purpose)
    guard purpose == .start else {
      driveSafePilots(site, devices)
      return
    }
    for plan in site.connectors {
      do throws(BoardFailure) {
        ports.append(try port(plan, site.outlet(plan), loop))
      } catch {
        throw BoardFailure("connector \(plan.name): \(error)")
      }
    }
  }

  func makeSafe() {
    for port in ports { port.makeSafe() }
    board.makeSafe()
    failures += board.failures
  }

  private func port(
    _ plan: ConnectorPlan, _ outlet: Outlet, _ loop: EventLoop
  ) throws(BoardFailure) -> any OutletPort {
    switch outlet.hardware {
    case .simulated:
      do throws(LinuxError) {
        return try BenchOutlet(Self.bench(outlet), cablePath: plan.cablePath, loop: loop)
      } catch {
        throw BoardFailure("\(error)")
      }
    case .lines(let description):
      return try LineOutlet(description, of: outlet, hardware: board, loop: loop)
    case .link(let description):
      throw BoardFailure("the safety controller '\(description.link)' cannot be spoken to yet")
    }
  }

  /// Pilots of the whole board, also of outlets that the site does not use.
  private func driveSafePilots(_ site: SitePlan, _ devices: BoardDevices) {
    for entry in site.board.pwms {
      do throws(LinuxError) {
        switch entry.use {
        case .pilot(_, let stop, _):
          var pwm = try PWMOutput(entry.pwm, initial: stop, roots: devices.roots)
          try pwm.drive(stop)
        case .economiser:
          var pwm = try PWMOutput(entry.pwm, initial: .steadyLow, roots: devices.roots)
          try pwm.drive(.steadyLow)
        case .steady, .capture: break
        }
      } catch {
        failures.append("\(entry.field): \(error)")
      }
    }
  }

  private static func bench(_ outlet: Outlet) -> ChargingBench {
    let battery = SimulatedBattery(stateOfCharge: 0.35)
    return switch outlet.current {
    case .dc: ChargingBench(.dc(SimulatedDCPath(battery: battery)))
    case .ac: ChargingBench(.ac(SimulatedACPath(battery: battery)))
    }
  }
}
