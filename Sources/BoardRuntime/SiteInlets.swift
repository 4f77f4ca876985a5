import HAL
import LinuxHardware
import SiteFile

extension InletPlan {
  init(builtIn options: DaemonOptions, _ inlet: Inlet) {
    let interface = options.builtInInterface(inlet.modem)
    self.init(InletSettings(id: 1, interface: interface, current: inlet.current == .ac ? .ac : .dc), inlet)
    cablePath = options.cablePath
  }
}

extension SitePlan {
  /// The inlets of a site file on their board.
  mutating func adopt(
    _ inlets: [InletSettings], options: DaemonOptions, path: String, _ problems: inout [String]
  ) {
    if !inlets.isEmpty, board.inlets.isEmpty {
      return problems.append(
        "\(path): inlets: board \(board.name) is a charging station's and has none; write 'connectors' in their place"
      )
    }
    var taken: [Int: Int] = [:]
    for settings in inlets {
      let key = "\(path): inlets[\(settings.id)]"
      guard board.inlets.indices.contains(settings.inlet - 1) else {
        problems.append(
          "\(key).inlet: board \(board.name) has inlets 1 to \(board.inlets.count), not \(settings.inlet)")
        continue
      }
      if let other = taken.updateValue(settings.id, forKey: settings.inlet) {
        problems.append("\(key).inlet: inlet \(settings.inlet) belongs to inlets[\(other)] already")
      }
      let inlet = board.inlets[settings.inlet - 1]
      let name = "inlet \(settings.inlet) of board \(board.name)"
      if inlet.current.rawValue != settings.current.rawValue {
        problems.append(
          "\(key).current: \(name) is \(inlet.current.rawValue), not \(settings.current.rawValue)")
      }
      if let milliamps = settings.limits.currentMax, milliamps > inlet.milliampsMax {
        problems.append("\(key).limits.current-max: \(name) carries \(inlet.milliampsMax / 1000) A at most")
      }
      if settings.lock == .required, !inlet.hasLock {
        problems.append("\(key).lock: \(name) has no lock")
      }
      if settings.interface == nil, inlet.modem == nil, inlet.current == .dc || inlet.hardware == .simulated {
        problems.append(
          "\(key).interface: \(name) tells no modem to look for; write 'interface: NAME' (ip link shows the names)"
        )
      }
      var plan = InletPlan(settings, inlet)
      if let path = options.cablePath { plan.cablePath = settings.id == 1 ? path : "\(path).\(settings.id)" }
      self.inlets.append(plan)
    }
  }
}

extension InletPlan {
  init(_ site: InletSettings, _ inlet: Inlet) {
    self.init()
    number = site.id
    self.inlet = site.inlet - 1
    interface = site.interface
    evccID = site.evccID
    battery = site.battery == .board && inlet.hardware == .simulated ? .board : .control
    batterySilence = site.batterySilence
    milliampsMax = site.limits.currentMax ?? inlet.milliampsMax
    millivoltsMax = site.limits.voltageMax ?? millivoltsMax
    wattsMax = site.limits.powerMax ?? wattsMax
    wattHoursMax = site.limits.energyMax
    socMax = site.limits.socMax ?? 100
    hasLock =
      switch site.lock {
      case .board: nil
      case .required: true
      case .none: false
      }
    usesSLAC = site.link == .slac
    isConformant = site.slac == .conformant
    chargesBasic = site.basic == .allowed
    protocols = site.protocols == .early ? [.iso15118_2, .iso15118_2_2010] : [.iso15118_2]
    isRelaxed = site.timers == .relaxed
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
