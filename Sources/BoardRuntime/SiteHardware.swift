import Glibc
import HAL
import LinuxHardware
import SimulatedHardware

/// The electrical side of a site: all outputs of its board, and a port for each connector.
final class SiteHardware {
  private(set) var ports: [any OutletPort] = []
  private(set) var inletPorts: [any InletPort] = []
  /// What could not be driven.
  private(set) var failures: [String] = []
  private var ownFailures: [String] = []
  let board: BoardHardware
  private var links: [String: ControllerLink] = [:]
  /// Told what people should know of controllers.
  var log: (LogLine) -> Void = { _ in } {
    didSet { for link in links.values { link.log = log } }
  }

  init(
    _ site: SitePlan, devices: BoardDevices, purpose: BoardHardware.Purpose, loop: EventLoop
  ) throws(BoardFailure) {
    board = try BoardHardware(site.board, devices: devices, purpose: purpose)
    guard purpose == .start else {
      driveSafePilots(site, devices)
      for link in site.board.links {
        do throws(BoardFailure) {
          _ = try controller(link.name, loop)
        } catch {
          failures.append("\(error)")
        }
      }
      return
    }
    try powerOn()
    for plan in site.connectors {
      do throws(BoardFailure) {
        ports.append(try port(plan, site.outlet(plan), loop))
      } catch {
        throw BoardFailure("connector \(plan.name): \(error)")
      }
    }
    for plan in site.inlets { inletPorts.append(try inletPort(plan, site.board.inlets[plan.inlet], loop)) }
  }

  func makeSafe() {
    for port in ports { port.makeSafe() }
    for port in inletPorts { port.makeSafe() }
    for link in links.values { link.stop() }
    board.makeSafe()
    failures = ownFailures + ports.compactMap(\.unsafe) + board.failures
  }

  private func port(
    _ plan: ConnectorPlan, _ outlet: Outlet, _ loop: EventLoop
  ) throws(BoardFailure) -> any OutletPort {
    switch outlet.hardware {
    case .simulated:
      do throws(LinuxError) {
        return try BenchOutlet(
          Self.bench(outlet), cablePath: plan.cablePath, isStageExternal: plan.isStageExternal, loop: loop)
      } catch {
        throw BoardFailure("\(error)")
      }
    case .lines(let description):
      return try LineOutlet(description, of: outlet, hardware: board, loop: loop)
    case .link(let description):
      let link = try controller(description.link, loop)
      return try LinkOutlet(description, of: outlet, link: link, hardware: board, loop: loop)
    }
  }

  /// The safety controller of this name, opened once.
  private func controller(_ name: String, _ loop: EventLoop) throws(BoardFailure) -> ControllerLink {
    if let link = links[name] { return link }
    guard let description = board.board.link(named: name) else {
      throw BoardFailure("board \(board.board.name) has no safety controller '\(name)'")
    }
    let link = try ControllerLink(
      description, kind: board.board.kind(of: description), hardware: board, loop: loop)
    links[name] = link
    return link
  }

  /// What the board wants done between boot and the first use. Before the loop runs, so that waiting is no harm; a
  /// link is started by its outlet, which hears of its first sign of life.
  private func powerOn() throws(BoardFailure) {
    for step in board.board.powerOn {
      do throws(LinuxError) {
        switch step {
        case .drive(let name, let value):
          let auxiliary = board.board.auxiliaries.first { $0.name == name }
          if case .output(let output) = auxiliary?.use { try board.pin(output).set(value) }
        case .startLink: break
        case .resetModem(let index):
          guard let reset = board.board.outlets[index].modem?.reset else { continue }
          let pin = try board.pin(reset.output)
          try pin.set(true)
          usleep(UInt32(clamping: reset.pulse.nanoseconds / 1000))
          try pin.set(false)
          usleep(UInt32(clamping: reset.recovery.nanoseconds / 1000))
        case .wait(let time): usleep(UInt32(clamping: time.nanoseconds / 1000))
        }
      } catch {
        throw BoardFailure("power-on: \(error)")
      }
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
        ownFailures.append("\(entry.field): \(error)")
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
