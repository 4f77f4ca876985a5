/// What differs between two site files, for a reload by SIGHUP.
public struct SiteChanges: Hashable, Sendable {
  /// One setting that differs.
  public struct Change: Hashable, Sendable {
    /// "connectors[1].limits.current-max"
    public var key: String
    /// As a site file says it; `nil` where the setting is not given.
    public var old: String?
    public var new: String?

    public init(key: String, old: String?, new: String?) {
      self.key = key
      self.old = old
      self.new = new
    }
  }

  /// Taken while the daemon runs.
  public var live: [Change] = []
  /// Taken by the next start only. Where there is one, a reload takes nothing of the file: half of it would be a
  /// station that neither file describes.
  public var needRestart: [Change] = []

  public init() {}

  public var isEmpty: Bool { live.isEmpty && needRestart.isEmpty }
}

extension SiteChanges.Change: CustomStringConvertible {
  public var description: String { "\(key): \(old ?? "(none)") -> \(new ?? "(none)")" }
}

extension SiteConfiguration {
  /// What differs from this configuration to `new`. The order in the file, comments and defaults that are written out
  /// make no difference.
  public func changes(to new: SiteConfiguration) -> SiteChanges {
    var changes = SiteChanges()
    guard connectors.count == new.connectors.count else {
      changes.needRestart.append(
        SiteChanges.Change(key: "connectors", old: "\(connectors.count)", new: "\(new.connectors.count)"))
      return changes
    }
    guard inlets.count == new.inlets.count else {
      changes.needRestart.append(
        SiteChanges.Change(key: "inlets", old: "\(inlets.count)", new: "\(new.inlets.count)"))
      return changes
    }
    for (old, new) in zip(settings, new.settings) where old.value != new.value {
      let change = SiteChanges.Change(key: old.path, old: old.value, new: new.value)
      let isLive = SiteSchema.keys.first { $0.path == old.schema }?.isLive ?? false
      if isLive { changes.live.append(change) } else { changes.needRestart.append(change) }
    }
    return changes
  }

  /// Every setting by its key, as a file says it, in the order of the schema. Two configurations with equally many
  /// connectors have the same keys.
  var settings: [(path: String, schema: String, value: String?)] {
    var list: [(path: String, schema: String, value: String?)] = []
    func add(_ key: String, _ value: String?) { list.append((key, key, value)) }
    add("board", board)
    add("log.level", log.level.rawValue)
    add("log.target", log.target.rawValue)
    add("control.socket", control.socket)
    add("control.mode", "0" + String(control.mode, radix: 8))
    add("control.clients-max", "\(control.clientsMax)")
    add("journal.folder", journal.folder)
    add("watchdog.device", watchdog?.device)
    add("watchdog.timeout", watchdog.map { "\($0.timeout.components.seconds) s" })
    for (index, connector) in connectors.enumerated() {
      for (key, value) in connector.settings {
        list.append(("connectors[\(index + 1)].\(key)", "connectors[].\(key)", value))
      }
    }
    for (index, inlet) in inlets.enumerated() {
      for (key, value) in inlet.settings {
        list.append(("inlets[\(index + 1)].\(key)", "inlets[].\(key)", value))
      }
    }
    return list
  }
}

extension ConnectorSettings {
  fileprivate var settings: [(key: String, value: String?)] {
    [
      ("id", "\(id)"), ("outlet", "\(outlet)"), ("evse-id", evseID), ("interface", interface),
      ("current", current.rawValue),
      ("limits.current-max", limits.currentMax.map(Quantity.current.text)),
      ("limits.current-min", limits.currentMin.map(Quantity.current.text)),
      ("limits.voltage-max", limits.voltageMax.map(Quantity.voltage.text)),
      ("limits.voltage-min", limits.voltageMin.map(Quantity.voltage.text)),
      ("limits.power-max", limits.powerMax.map(Quantity.power.text)),
      ("limits.phases", limits.phases.map { "\($0)" }),
      ("authorization", authorization.rawValue), ("slac", slac.rawValue), ("link", link.rawValue),
      ("digital", digital.rawValue),
      ("lock", lock.rawValue), ("ventilation", ventilation.rawValue), ("timers", timers.rawValue),
      ("power-stage.source", powerStage.source.rawValue),
      ("power-stage.silence-max", "\(powerStage.silenceMax.components.seconds) s"),
    ]
  }
}
