import Wire

// The section `inlets`: a vehicle's site file.

extension SiteReader {
  /// The inlets, and that there are not connectors as well, or neither.
  mutating func inlets(_ top: SiteMapping, _ root: YAMLNode) -> [InletSettings] {
    switch (top.member("connectors"), top.member("inlets")) {
    case (nil, nil):
      note(
        root.line, root.column, "connectors",
        "is missing; write a list of 1 to 16 items, or 'inlets' where the board is a vehicle's")
    case (_?, let inlets?):
      note(
        inlets.line, inlets.column, "inlets",
        "stands beside connectors: a board is a charging station's or a vehicle's; take one of them out")
    default: break
    }
    let items = items("inlets", in: top)
    checkUnique("interface", in: items) { $0 }
    checkUnique("inlet", in: items) { $0 }
    var list: [InletSettings] = []
    for (index, item) in items.enumerated() {
      if let item, let inlet = inlet(item, number: index + 1) { list.append(inlet) }
    }
    return list
  }

  private mutating func inlet(_ item: SiteMapping, number index: Int) -> InletSettings? {
    let id = number("id", in: item)
    if let id, id != index {
      note(item, "id", "is \(id), but this is inlet \(index) of the file; number them 1, 2, 3 in their order")
    }
    let current = word("current", in: item, ConnectorSettings.Current.self)
    var settings = InletSettings(
      id: index, inlet: number("inlet", in: item), interface: text("interface", in: item),
      current: current ?? .dc)
    settings.evccID = text("evcc-id", in: item).flatMap { MACAddress($0) }
    settings.battery = word("battery", in: item, InletSettings.Battery.self) ?? settings.battery
    if let silence = number("battery-silence", in: item) { settings.batterySilence = .seconds(silence) }
    settings.basic = word("basic", in: item, InletSettings.Basic.self) ?? settings.basic
    settings.protocols = word("protocols", in: item, InletSettings.Protocols.self) ?? settings.protocols
    settings.slac = word("slac", in: item, ConnectorSettings.SLACMode.self) ?? settings.slac
    settings.link = word("link", in: item, InletSettings.Link.self) ?? settings.link
    settings.lock = word("lock", in: item, ConnectorSettings.Lock.self) ?? settings.lock
    settings.timers = word("timers", in: item, ConnectorSettings.Timers.self) ?? settings.timers
    if settings.link == .assumed, item.member("slac") != nil {
      note(item, "slac", "has no meaning with 'link: assumed'; take one of them out")
    }
    if current == .dc, item.member("basic") != nil {
      note(item, "basic", "is for AC; with 'current: dc' nothing charges by a duty alone, so take it out")
    }
    if let limits = mapping("limits", in: item) { settings.limits = inletLimits(limits, current) }
    // What is missing or wrong is noted by now.
    return id == index && current != nil ? settings : nil
  }

  private mutating func inletLimits(
    _ mapping: SiteMapping, _ current: ConnectorSettings.Current?
  ) -> InletLimits {
    var limits = InletLimits()
    limits.currentMax = number("current-max", in: mapping)
    limits.voltageMax = number("voltage-max", in: mapping)
    limits.powerMax = number("power-max", in: mapping)
    limits.energyMax = number("energy-max", in: mapping)
    limits.socMax = number("soc-max", in: mapping)
    guard current == .ac else { return limits }
    if mapping.member("voltage-max") != nil {
      note(
        mapping, "voltage-max", "is for DC; with 'current: ac' the mains have their voltage, so take it out")
    }
    if let milliamps = limits.currentMax, milliamps < 6000 {
      // IEC 61851-1 Table A.8: a duty stands for 6 A at least.
      note(
        mapping, "current-max",
        "must be 6 A or more (AC: no duty offers less), is \(Quantity.current.text(milliamps))")
    }
    return limits
  }
}

extension InletSettings {
  /// Every setting by its key, as a file says it, in the order of the schema.
  var settings: [(key: String, value: String?)] {
    [
      ("id", "\(id)"), ("inlet", "\(inlet)"), ("interface", interface), ("current", current.rawValue),
      ("evcc-id", evccID.map { "\($0)" }),
      ("limits.current-max", limits.currentMax.map(Quantity.current.text)),
      ("limits.voltage-max", limits.voltageMax.map(Quantity.voltage.text)),
      ("limits.power-max", limits.powerMax.map(Quantity.power.text)),
      ("limits.energy-max", limits.energyMax.map(Quantity.energy.text)),
      ("limits.soc-max", limits.socMax.map { "\($0)" }),
      ("battery", battery.rawValue), ("battery-silence", "\(batterySilence.components.seconds) s"),
      ("basic", basic.rawValue), ("protocols", protocols.rawValue), ("slac", slac.rawValue),
      ("link", link.rawValue), ("lock", lock.rawValue), ("timers", timers.rawValue),
    ]
  }
}
