extension BatteryReport {
  /// Above anything that is built: 10 kA, 10 kV, 10 GWh.
  private static let range = 0...10_000_000
  private static let wattHoursRange = 0...10_000_000_000

  /// Of the parameters of `battery`.
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    self.init(
      isReady: try fields.required("ready", fields.bool("ready")),
      socPercent: try fields.required("socPercent", fields.integer("socPercent", 0...100)),
      millivolts: try fields.required("millivolts", fields.integer("millivolts", Self.range)),
      inletMillivolts: try fields.required("inletMillivolts", fields.integer("inletMillivolts", Self.range)),
      targetMillivolts: try fields.integer("targetMillivolts", Self.range) ?? 0,
      targetMilliamps: try fields.integer("targetMilliamps", Self.range) ?? 0)
    wish = try fields.word("wish", Wish.self) ?? .charge
    isFull = try fields.bool("full") ?? false
    millivoltsMax = try fields.integer("millivoltsMax", Self.range)
    milliampsMax = try fields.integer("milliampsMax", Self.range)
    requestWattHours = try fields.integer("requestWattHours", Self.wattHoursRange)
    departureSeconds = try fields.integer("departureSeconds", 0...4_294_967_295)
    contactorClosed = try fields.bool("contactorClosed")
  }

  func write(_ members: inout JSONMembers) {
    members.add("ready", isReady)
    members.add("wish", wish.rawValue)
    members.add("full", isFull)
    members.add("socPercent", socPercent)
    members.add("millivolts", millivolts)
    members.add("inletMillivolts", inletMillivolts)
    members.add("targetMillivolts", targetMillivolts)
    members.add("targetMilliamps", targetMilliamps)
    members.add("millivoltsMax", millivoltsMax)
    members.add("milliampsMax", milliampsMax)
    members.add("requestWattHours", requestWattHours)
    members.add("departureSeconds", departureSeconds)
    members.add("contactorClosed", contactorClosed)
  }
}

extension InletStatus: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    closeContactor = try fields.required("closeContactor", fields.bool("closeContactor"))
    chargerMilliamps = try fields.required("chargerMilliamps", fields.integer("chargerMilliamps"))
    millivolts = try fields.required("millivolts", fields.integer("millivolts"))
    milliamps = try fields.required("milliamps", fields.integer("milliamps"))
    milliampsMax = try fields.integer("milliampsMax")
    phase = try fields.required("phase", fields.string("phase"))
    isBatteryHeard = try fields.required("batteryHeard", fields.bool("batteryHeard"))
    socPercent = try fields.integer("socPercent")
    outcome = try fields.string("outcome")
  }

  func write(_ members: inout JSONMembers) {
    members.add("closeContactor", closeContactor)
    members.add("chargerMilliamps", chargerMilliamps)
    members.add("millivolts", millivolts)
    members.add("milliamps", milliamps)
    members.add("milliampsMax", milliampsMax)
    members.add("phase", phase)
    members.add("batteryHeard", isBatteryHeard)
    members.add("socPercent", socPercent)
    members.add("outcome", outcome)
  }
}
