import BoardSimulation
public import HAL
import LinuxHardware
import SimulatedHardware
import Wire

/// Which board with which connectors: from the site file, or the built-in site.
public struct SitePlan {
  public var board: BoardDescription
  public var connectors: [ConnectorPlan]

  public init(_ options: DaemonOptions) throws(BoardFailure) {
    board = SimulationBoard.board
    if let name = options.board, name != board.name {
      throw BoardFailure("no board '\(name)'; coupler board list shows those there are")
    }
    var settings = ConnectorPlan()
    settings.interface = options.interface ?? settings.interface
    settings.cablePath = options.cablePath
    settings.milliampsMax = 200_000
    connectors = [settings]
  }

  /// The outlet of a connector; `init` has seen that it is there.
  func outlet(_ settings: ConnectorPlan) -> Outlet { board.outlets[settings.outlet] }

  /// The electrical sides, in the order of the connectors.
  func ports(loop: EventLoop) throws(BoardFailure) -> [any OutletPort] {
    var ports: [any OutletPort] = []
    for settings in connectors {
      do throws(LinuxError) {
        ports.append(try BenchOutlet(Self.bench(outlet(settings)), cablePath: settings.cablePath, loop: loop))
      } catch {
        throw BoardFailure("connector \(settings.name): \(error)")
      }
    }
    return ports
  }

  private static func bench(_ outlet: Outlet) -> ChargingBench {
    let battery = SimulatedBattery(stateOfCharge: 0.35)
    return switch outlet.current {
    case .dc: ChargingBench(.dc(SimulatedDCPath(battery: battery)))
    case .ac: ChargingBench(.ac(SimulatedACPath(battery: battery)))
    }
  }
}
