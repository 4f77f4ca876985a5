import PLCModem

/// Attenuation over carrier groups as a picture of letters, which a serial console shows too.
enum AttenuationPlot {
  static let heightMax = 12

  /// Group 0 begins at 1.8 MHz, group 57 ends below 30 MHz. Carriers in the bands of radio amateurs are left out, so the
  /// scale is not quite even.
  static func text(_ profile: AttenuationMeter.Profile) -> String {
    let means = profile.groups.map { ($0.meanTenths + 5) / 10 }
    guard let highest = means.max() else { return "" }
    // A dB a line where it fits, else several.
    let lowest = means.min() ?? 0
    let step = max(1, (highest - lowest + heightMax - 1) / heightMax)
    let base = max(0, (lowest / step) * step - step)
    var lines: [String] = []
    var level = ((highest + step - 1) / step) * step
    while level > base {
      let bar = means.map { $0 > level - step ? "#" : " " }.joined()
      lines.append(padded("\(level)") + " |" + bar)
      level -= step
    }
    lines.append(padded("\(base) dB") + " +" + String(repeating: "-", count: means.count))
    lines.append(padded("") + "  0" + scale(means.count))
    return lines.joined(separator: "\n")
  }

  /// The numbers of the groups under every tenth.
  private static func scale(_ count: Int) -> String {
    stride(from: 10, to: max(count, 11), by: 10).map {
      String(repeating: " ", count: $0 == 10 ? 9 : 8) + "\($0)"
    }
    .joined()
  }

  private static func padded(_ text: String) -> String {
    String(repeating: " ", count: max(0, 7 - text.count)) + text
  }
}
