/// Units that element names imply. The schemas state none: a -2 `PhysicalValue` carries its own, and
/// ISO 15118-20 fixes them in the text, by what the element is about.
enum Units {
  /// Words in the names of `RationalNumber` elements of ISO 15118-20, with the unit of the quantity. The first that
  /// occurs counts.
  private static let quantities = [
    ("ReactivePower", "var"), ("PowerRamp", nil), ("EnergyFee", nil), ("Voltage", "V"), ("Current", "A"),
    ("Power", "W"), ("Energy", "Wh"), ("Frequency", "Hz"),
  ]

  /// The unit of an element's value, where its name and type leave no doubt.
  static func unit(of element: ElementDeclaration) -> String? {
    let name = element.name.local
    switch element.type {
    case .simple(let type):
      guard case .integer(let base, _, _) = type.kind else { return nil }
      if type.name.local == "percentValueType" { return "%" }
      if name == "TimeStamp" && base == "unsignedLong" { return "seconds since 1970, UTC" }
      return nil
    case .complex(let type):
      guard type.name.local == "RationalNumberType" else { return nil }
      return quantities.first { name.contains($0.0) }?.1
    }
  }
}
