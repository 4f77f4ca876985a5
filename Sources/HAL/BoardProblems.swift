extension BoardDescription {
  /// What is wrong with the description, each beginning with the field; empty for a usable one.
  public var problems: [String] {
    var found: [String] = []
    if name.isEmpty || !name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) {
      found.append("name: must be printable ASCII without spaces, is '\(name)'")
    }
    if roles.isEmpty { found.append("outlets: a board without an outlet or inlet cannot charge anything") }
    for (index, outlet) in outlets.enumerated() {
      for problem in outlet.problems { found.append("outlets[\(index)].\(problem)") }
    }
    return found
  }
}

extension Outlet {
  var problems: [String] {
    var found: [String] = []
    if milliampsMax < 6000 { found.append("milliampsMax: must be 6000 or more, is \(milliampsMax)") }
    if recloseIntervalMin < .zero { found.append("recloseIntervalMin: must not be negative") }
    if !(0...255).contains(receiverLossDecibels) {
      found.append("receiverLossDecibels: must be 0...255, is \(receiverLossDecibels)")
    }
    return found
  }
}
