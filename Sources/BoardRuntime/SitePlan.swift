import BoardSimulation
import Boards
import Glibc
public import HAL
import LinuxHardware
import SLAC
public import SiteFile
import Wire

/// What the daemon runs: a board with its connectors, and what is around them. From the site file, or built in.
public struct SitePlan {
  public var board: BoardDescription
  public var connectors: [ConnectorPlan]
  /// A vehicle's board has these instead.
  public var inlets: [InletPlan] = []
  /// Folder of the event journal; `nil` keeps none.
  public var journalFolder: String?
  /// `nil`: no control socket.
  public var control: SiteConfiguration.ControlSettings?
  public var watchdog: SiteConfiguration.WatchdogSettings?
  public var log = SiteConfiguration.LogSettings()
  /// Where the site file is; `nil` for the built-in site.
  public private(set) var path: String?
  /// The site file as it was read, to compare a new one with.
  public var configuration: SiteConfiguration?

  /// What keeps a site from being run, in lines for people.
  public struct Problems: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  public init(_ options: DaemonOptions) throws(Problems) {
    try self.init(sited: options)
    try move(options.controllers)
  }

  /// Controllers that are elsewhere than the board says.
  mutating func move(_ controllers: [ControllerOption]) throws(Problems) {
    for option in controllers {
      do throws(BoardFailure) {
        try board.move(option)
      } catch {
        throw Problems(description: "\(error)")
      }
    }
  }

  private init(sited options: DaemonOptions) throws(Problems) {
    var found = options.sitePath
    // One that is there and cannot be read is no reason to take another site, but one to say so.
    if found == nil, options.interface == nil, options.cablePath == nil,
      access(options.usualSitePath, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)
    {
      found = options.usualSitePath
    }
    guard let path = found else {
      self = try SitePlan(builtIn: options)
      return
    }
    let configuration: SiteConfiguration
    do throws(SiteFileError) {
      configuration = try SiteConfiguration.load(path: path)
    } catch {
      throw Problems(description: "\(error)")
    }
    try self.init(configuration, options: options, path: path)
  }

  static func knows(_ name: String) -> Bool { BoardCatalogue.board(named: name) != nil }

  /// A board of which no connector is taken into use.
  init(boardAlone name: String) throws(Problems) {
    board = try Self.board(name, "--safe-state")
    connectors = []
  }

  /// The first outlet or inlet of a board, of the simulation board where none is named, as a site file would have it that
  /// says nothing of it.
  private init(builtIn options: DaemonOptions) throws(Problems) {
    board = try Self.board(options.board ?? SimulationBoard.board.name, "--board")
    connectors = board.outlets.first.map { [ConnectorPlan(builtIn: options, $0)] } ?? []
    if connectors.isEmpty { inlets = board.inlets.first.map { [InletPlan(builtIn: options, $0)] } ?? [] }
    watchdog = try board.watchdog(nil, "")
  }

  /// A site file's settings on their board.
  init(_ site: SiteConfiguration, options: DaemonOptions, path: String) throws(Problems) {
    board = try Self.board(options.board ?? site.board, "\(path): board")
    connectors = []
    journalFolder = site.journal.folder
    control = site.control
    log = site.log
    self.path = path
    configuration = site
    var problems: [String] = []
    adopt(site.inlets, options: options, path: path, &problems)
    if site.inlets.isEmpty, board.outlets.isEmpty {
      problems.append(
        "\(path): connectors: board \(board.name) is a vehicle's and has none; write 'inlets' in their place")
    }
    do throws(Problems) {
      watchdog = try board.watchdog(site.watchdog, "\(path): watchdog")
    } catch {
      problems.append(error.description)
    }
    var taken: [Int: Int] = [:]
    for connector in site.connectors {
      let key = "\(path): connectors[\(connector.id)]"
      guard board.outlets.indices.contains(connector.outlet - 1) else {
        problems.append(
          "\(key).outlet: board \(board.name) has outlets 1 to \(board.outlets.count), not \(connector.outlet)"
        )
        continue
      }
      if let other = taken.updateValue(connector.id, forKey: connector.outlet) {
        problems.append("\(key).outlet: outlet \(connector.outlet) belongs to connector \(other) already")
      }
      let outlet = board.outlets[connector.outlet - 1]
      if outlet.current.rawValue != connector.current.rawValue {
        problems.append(
          "\(key).current: outlet \(connector.outlet) of board \(board.name) is \(outlet.current.rawValue), "
            + "not \(connector.current.rawValue)")
      }
      problems += OutletBounds(outlet, "outlet \(connector.outlet) of board \(board.name)").check(
        connector.limits
      )
      .map { "\(key).limits.\($0)" }
      if connector.link != .none, connector.interface == nil, outlet.modem == nil {
        problems.append(
          "\(key).interface: outlet \(connector.outlet) of board \(board.name) tells no modem to look for; write "
            + "'interface: NAME' (ip link shows the names)"
            + (outlet.current == .ac ? ", or 'link: none'" : ""))
      }
      if connector.lock == .required, !outlet.hasLock {
        problems.append("\(key).lock: outlet \(connector.outlet) of board \(board.name) has no lock")
      }
      var plan = ConnectorPlan(connector, outlet)
      if let path = options.cablePath {
        plan.cablePath = connector.id == 1 ? path : "\(path).\(connector.id)"
      }
      connectors.append(plan)
    }
    guard problems.isEmpty else { throw Problems(description: problems.joined(separator: "\n")) }
  }

  static func board(_ name: String, _ place: String) throws(Problems) -> BoardDescription {
    guard let board = BoardCatalogue.board(named: name) else {
      let names = BoardCatalogue.boards.map(\.name)
      // Half a name is what people remember.
      let near = nearestWord(to: name, among: names) ?? names.first { $0.holds(name) || name.holds($0) }
      throw Problems(
        description: "\(place): no board '\(name.onOneLine)'; "
          + (near.map { "did you mean '\($0)'?" } ?? "coupler board list shows those there are"))
    }
    guard board.problems.isEmpty else {
      throw Problems(description: "board \(name): \(board.problems.joined(separator: "\nboard \(name): "))")
    }
    return board
  }

  /// The outlet of a connector as the site has it; `init` has seen that it is there.
  func outlet(_ plan: ConnectorPlan) -> Outlet {
    var outlet = board.outlets[plan.outlet]
    outlet.hasLock = plan.hasLock ?? outlet.hasLock
    outlet.isVentilated = plan.isVentilated ?? outlet.isVentilated
    return outlet
  }
}

extension ConnectorPlan {
  init(builtIn options: DaemonOptions, _ outlet: Outlet) {
    var settings = ConnectorSettings(
      id: 1, evseID: "DE*CPL*E00001", interface: options.builtInInterface(outlet.modem),
      current: outlet.current == .ac ? .ac : .dc)
    settings.authorization = .free
    self.init(settings, outlet)
    cablePath = options.cablePath
  }

  init(_ site: ConnectorSettings, _ outlet: Outlet) {
    self.init()
    number = site.id
    self.outlet = site.outlet - 1
    interface = site.interface
    evseID = site.evseID
    authorization = site.authorization == .free ? .free : .control
    link =
      switch site.link {
      case .slac: .slac
      case .assumed: .assumed
      case .none: .absent
      }
    digital =
      switch site.digital {
      case .first: .first
      case .beside: .beside
      case .only: .only
      }
    isConformant = site.slac == .conformant
    isRelaxed = site.timers == .relaxed
    isStageExternal = site.powerStage.source == .control
    stageSilenceMax = site.powerStage.silenceMax
    milliampsMax = site.limits.currentMax ?? outlet.milliampsMax
    milliampsMin = site.limits.currentMin ?? outlet.limits.milliampsMin
    switch outlet.limits.supply {
    case .ac(let boardPhases, _): phases = site.limits.phases ?? boardPhases
    case .dc(let lowest, let highest, let watts):
      millivoltsMin = site.limits.voltageMin ?? lowest
      millivoltsMax = min(site.limits.voltageMax ?? highest, highest)
      wattsMax = min(site.limits.powerMax ?? watts, watts)
    }
    if outlet.current == .ac {
      millivoltsMax = site.limits.voltageMax ?? 230_000
      wattsMax = site.limits.powerMax ?? .max
    }
    switch site.lock {
    case .board: break
    case .required: hasLock = true
    case .none: hasLock = false
    }
    switch site.ventilation {
    case .board: break
    case .present: isVentilated = true
    case .absent: isVentilated = false
    }
  }
}
