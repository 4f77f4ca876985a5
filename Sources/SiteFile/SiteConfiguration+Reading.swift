extension SiteConfiguration {
  /// Reads and checks a site file's octets; `path` is for the messages. All that is wrong is told at once, except that
  /// nothing is known of what follows a mistake in the YAML itself.
  public static func read(_ octets: [UInt8], path: String) throws(SiteFileError) -> SiteConfiguration {
    switch YAMLReader.read(octets) {
    case .failure(let problem): throw SiteFileError(path: path, problems: [problem])
    case .success(let root):
      var reader = SiteReader()
      let configuration = reader.site(root)
      guard reader.problems.isEmpty, let configuration else {
        var problems = reader.problems
        problems.sort { ($0.line, $0.column) < ($1.line, $1.column) }
        if problems.count > SiteReader.problemsMax {
          let more = problems.count - SiteReader.problemsMax
          problems.removeLast(more)
          problems.append(SiteProblem(line: 0, column: 0, key: "", text: "and \(more) more problems"))
        }
        throw SiteFileError(path: path, problems: problems)
      }
      return configuration
    }
  }
}

extension SiteReader {
  fileprivate mutating func site(_ root: YAMLNode) -> SiteConfiguration? {
    guard let top = mapping(root, path: "", schema: "") else { return nil }
    let board = text("board", in: top)
    var site = SiteConfiguration(board: board ?? "", connectors: [])
    if let log = mapping("log", in: top) {
      site.log.level = word("level", in: log, SiteConfiguration.LogSettings.Level.self) ?? site.log.level
      site.log.target = word("target", in: log, SiteConfiguration.LogSettings.Target.self) ?? site.log.target
    }
    if let control = mapping("control", in: top) {
      site.control.socket = text("socket", in: control) ?? site.control.socket
      site.control.mode =
        number("mode", in: control).map { UInt32(truncatingIfNeeded: $0) } ?? site.control.mode
      site.control.clientsMax = number("clients-max", in: control) ?? site.control.clientsMax
    }
    if let journal = mapping("journal", in: top) {
      site.journal.folder = text("folder", in: journal) ?? site.journal.folder
    }
    if let watchdog = mapping("watchdog", in: top) {
      var settings = SiteConfiguration.WatchdogSettings()
      settings.device = text("device", in: watchdog) ?? settings.device
      settings.timeout = number("timeout", in: watchdog).map { .seconds($0) } ?? settings.timeout
      site.watchdog = settings
    }
    let items = items("connectors", in: top)
    for (index, item) in items.enumerated() {
      if let item, let connector = connector(item, number: index + 1) { site.connectors.append(connector) }
    }
    checkUnique("evse-id", in: items) { $0.uppercased().filter { $0 != "*" } }
    checkUnique("interface", in: items) { $0 }
    checkUnique("outlet", in: items) { $0 }
    site.inlets = inlets(top, root)
    return site
  }

  /// What two connectors cannot share.
  mutating func checkUnique(
    _ name: String, in items: [SiteMapping?], _ form: (String) -> String
  ) {
    var seen: [(text: String, index: Int)] = []
    for (index, item) in items.enumerated() {
      guard let item else { continue }
      var text: String?
      if case .scalar(let given)? = item.member(name)?.value.content { text = form(given) }
      // Without one it has the outlet of its number.
      if name == "outlet" || name == "inlet", text == nil { text = "\(index + 1)" }
      guard let text, !text.isEmpty else { continue }
      if let first = seen.first(where: { $0.text == text }) {
        note(
          item, name,
          "is that of \(Self.list(item))[\(first.index + 1)] as well (line \(items[first.index]?.line ?? 0)); each has its own"
        )
      } else {
        seen.append((text, index))
      }
    }
  }

  private static func list(_ item: SiteMapping) -> Substring { item.schema.prefix { $0 != "[" } }

  private mutating func connector(_ item: SiteMapping, number index: Int) -> ConnectorSettings? {
    let id = number("id", in: item)
    if let id, id != index {
      note(
        item, "id", "is \(id), but this is connector \(index) of the file; number them 1, 2, 3 in their order"
      )
    }
    let outlet = number("outlet", in: item)
    let evseID = text("evse-id", in: item)
    let interface = text("interface", in: item)
    let current = word("current", in: item, ConnectorSettings.Current.self)
    var settings = ConnectorSettings(
      id: index, outlet: outlet, evseID: evseID ?? "", interface: interface, current: current ?? .ac)
    settings.authorization =
      word("authorization", in: item, ConnectorSettings.Authorization.self) ?? settings.authorization
    settings.slac = word("slac", in: item, ConnectorSettings.SLACMode.self) ?? settings.slac
    settings.link = word("link", in: item, ConnectorSettings.Link.self) ?? settings.link
    settings.digital = word("digital", in: item, ConnectorSettings.Digital.self) ?? settings.digital
    settings.lock = word("lock", in: item, ConnectorSettings.Lock.self) ?? settings.lock
    settings.ventilation =
      word("ventilation", in: item, ConnectorSettings.Ventilation.self) ?? settings.ventilation
    settings.timers = word("timers", in: item, ConnectorSettings.Timers.self) ?? settings.timers
    checkLink(item, settings.link, current)
    if let stage = mapping("power-stage", in: item) {
      settings.powerStage = powerStage(stage)
      if current == .ac {
        note(
          item, "power-stage", "is for DC; with 'current: ac' a meter may report without it, so take it out")
      }
    }
    if let limits = mapping("limits", in: item) { settings.limits = self.limits(limits, current) }
    // What is missing or wrong is noted by now.
    return id == index && evseID != nil && current != nil ? settings : nil
  }

  /// What goes with the way the data link comes about, and with the current.
  private mutating func checkLink(
    _ item: SiteMapping, _ link: ConnectorSettings.Link, _ current: ConnectorSettings.Current?
  ) {
    let idle: [String] =
      switch link {
      case .slac: []
      case .assumed: ["slac"]
      case .none: ["interface", "slac", "digital"]
      }
    for name in idle where item.member(name) != nil {
      note(item, name, "has no meaning with 'link: \(link.rawValue)'; take one of them out")
    }
    guard current == .dc else { return }
    if link == .none {
      note(item, "link", "is for AC; with 'current: dc' nothing charges without digital communication")
    }
    if item.member("digital") != nil {
      note(
        item, "digital", "is for AC; with 'current: dc' there is digital communication alone, so take it out")
    }
  }

  private mutating func powerStage(_ mapping: SiteMapping) -> PowerStageSettings {
    var stage = PowerStageSettings()
    stage.source = word("source", in: mapping, PowerStageSettings.Source.self) ?? stage.source
    stage.silenceMax = number("silence-max", in: mapping).map { .seconds($0) } ?? stage.silenceMax
    return stage
  }

  private mutating func limits(_ mapping: SiteMapping, _ current: ConnectorSettings.Current?) -> SiteLimits {
    var limits = SiteLimits()
    limits.currentMax = number("current-max", in: mapping)
    limits.currentMin = number("current-min", in: mapping)
    limits.voltageMax = number("voltage-max", in: mapping)
    limits.voltageMin = number("voltage-min", in: mapping)
    limits.powerMax = number("power-max", in: mapping)
    limits.phases = text("phases", in: mapping).flatMap { Int($0) }
    switch current {
    case .ac:
      for name in ["current-min", "voltage-min"] where mapping.member(name) != nil {
        note(mapping, name, "is for DC; with 'current: ac' the vehicle chooses, so take it out")
      }
      // IEC 61851-1 Table A.8: the pilot cannot say less than 6 A or more than 80 A.
      check(mapping, "current-max", limits.currentMax, within: 6000...80_000, .current, "AC")
      check(
        mapping, "voltage-max", limits.voltageMax, within: 100_000...300_000, .voltage, "AC, phase to neutral"
      )
    case .dc:
      if mapping.member("phases") != nil {
        note(mapping, "phases", "is for AC; with 'current: dc' take it out")
      }
      check(mapping, "current-max", limits.currentMax, within: 1000...1_000_000, .current, "DC")
      checkOrder(mapping, "current-min", limits.currentMin, "current-max", limits.currentMax, .current)
      checkOrder(mapping, "voltage-min", limits.voltageMin, "voltage-max", limits.voltageMax, .voltage)
    case nil: break
    }
    return limits
  }

  private mutating func check(
    _ mapping: SiteMapping, _ name: String, _ value: Int?, within range: ClosedRange<Int>,
    _ quantity: Quantity,
    _ reason: String
  ) {
    guard let value, !range.contains(value) else { return }
    note(
      mapping, name,
      "must be \(quantity.text(range.lowerBound)) to \(quantity.text(range.upperBound)) (\(reason)), is \(quantity.text(value))"
    )
  }

  private mutating func checkOrder(
    _ mapping: SiteMapping, _ low: String, _ lower: Int?, _ high: String, _ upper: Int?, _ quantity: Quantity
  ) {
    guard let lower, let upper, lower > upper else { return }
    note(mapping, low, "is \(quantity.text(lower)), above \(high) (\(quantity.text(upper)))")
  }
}
