import HAL
import SiteFile

/// What an outlet of a board can do, against what a site wants of it. A site may narrow, never widen: what would be lowered
/// without a word is refused with one.
struct OutletBounds {
  private let outlet: Outlet
  /// "outlet 1 of board generic"
  private let name: String

  init(_ outlet: Outlet, _ name: String) {
    self.outlet = outlet
    self.name = name
  }

  /// Each contradiction as "current-max: ..."; empty where the outlet can do all of it.
  func check(_ limits: SiteLimits) -> [String] {
    var found: [String] = []
    func most(_ key: String, _ value: Int?, _ bound: Int, _ verb: String, _ unit: Quantity) {
      guard let value, value > bound else { return }
      found.append("\(key): is \(unit.text(value)), but \(name) \(verb) \(unit.text(bound)) at most")
    }
    func least(_ key: String, _ value: Int?, _ bound: Int, _ verb: String, _ unit: Quantity) {
      guard let value, value < bound else { return }
      found.append("\(key): is \(unit.text(value)), but \(name) \(verb) \(unit.text(bound)) at least")
    }
    most("current-max", limits.currentMax, outlet.milliampsMax, "carries", .current)
    switch outlet.limits.supply {
    case .ac(let phases, _):
      least("current-max", limits.currentMax, outlet.limits.milliampsMin, "offers", .current)
      if let wanted = limits.phases, wanted > phases {
        found.append("phases: is \(wanted), but \(name) has \(phases) wired")
      }
      // mA * mV / 10^6 = W, in 64 bits for targets with a 32-bit Int.
      let milliamps = Int64(min(limits.currentMax ?? outlet.milliampsMax, outlet.milliampsMax))
      let millivolts = Int64(limits.voltageMax ?? 230_000)
      let square = millivolts * Int64(min(limits.phases ?? phases, phases))
      let watts = milliamps * square / 1_000_000
      most("power-max", limits.powerMax, Int(clamping: watts), "gives", .power)
      // Below its smallest current it would never offer anything.
      let smallest = Int(clamping: Int64(outlet.limits.milliampsMin) * square / 1_000_000)
      least("power-max", limits.powerMax, smallest, "offers", .power)
    case .dc(let lowest, let highest, let watts):
      most("current-min", limits.currentMin, outlet.milliampsMax, "carries", .current)
      least("current-min", limits.currentMin, outlet.limits.milliampsMin, "gives", .current)
      most("voltage-max", limits.voltageMax, highest, "gives", .voltage)
      least("voltage-max", limits.voltageMax, lowest, "gives", .voltage)
      least("voltage-min", limits.voltageMin, lowest, "gives", .voltage)
      most("voltage-min", limits.voltageMin, highest, "gives", .voltage)
      most("power-max", limits.powerMax, watts, "gives", .power)
    }
    return found
  }
}
