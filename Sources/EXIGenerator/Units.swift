/// Units that element names imply. The schemas state none: a `PhysicalValue` of ISO 15118-2 carries its own, and
/// the texts of the standards fix the others by what the element is about.
enum Units {
  /// Words in the names of `RationalNumber` elements, with the unit of the quantity; the first that occurs
  /// counts.
  private static let quantities: [(word: String, unit: String?)] = [
    ("ReactivePower", "var"), ("PowerRamp", nil), ("EnergyFee", nil), ("Voltage", "V"), ("Current", "A"),
    ("Power", "W"), ("Energy", "Wh"), ("Frequency", "Hz"), ("TaxRate", "%"),
  ]
  private static let seconds: Set<String> = [
    "start", "duration", "Duration", "StartTime", "DepartureTime", "ChargingProfileEntryStart",
    "NotificationMaxDelay", "ParkingFeePeriod", "OverstayFeePeriod", "OverstayTimeThreshold",
  ]
  private static let instants: Set<String> = [
    "TimeStamp", "MeterTimestamp", "TimeAnchor", "CheckOutTime", "EVSETimeStamp", "DateTimeNow", "TMeter",
  ]

  /// The unit of an element's value, where its name and type leave no doubt.
  static func unit(of element: ElementDeclaration) -> String? {
    let name = element.name.local
    switch element.type {
    case .simple(let type):
      guard case .integer = type.kind else { return nil }
      if type.name.local == "percentValueType" || name.hasSuffix("Percentage") { return "%" }
      if instants.contains(name) { return "seconds since 1970, UTC" }
      if seconds.contains(name) || name.hasPrefix("RemainingTime") { return "s" }
      if name.hasSuffix("ReadingWh") || name == "MeterReading" { return "Wh" }
      return name.hasSuffix("ReadingVARh") ? "varh" : nil
    case .complex(let type):
      // Wireless power has kilohertz, micrometres and more of which the names say nothing.
      guard type.name.local == "RationalNumberType", !element.name.namespace.hasSuffix(":WPT") else {
        return nil
      }
      return quantities.first { name.contains($0.word) }?.unit
    }
  }
}
