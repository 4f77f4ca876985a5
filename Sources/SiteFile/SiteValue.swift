import Wire

/// A scalar of the file, judged by its kind.
enum SiteValue {
  case text(String)
  case number(Int)

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: Int? { if case .number(let number) = self { number } else { nil } }
}

/// Why a scalar is not taken.
struct SiteRefusal: Error {
  var text: String
  init(_ text: String) { self.text = text }
}

extension SiteSchema.Kind {
  /// Reads a scalar that is not empty; quotes make no difference.
  func read(_ text: String) throws(SiteRefusal) -> SiteValue {
    switch self {
    case .mapping, .list: throw SiteRefusal("must be \(allowed), is '\(shown(text))'")
    case .words(let words):
      guard words.contains(text) else {
        let isWord = text.utf8.contains { $0 >= 0x41 }
        let meant = isWord ? nearestWord(to: text, among: words).map { "; did you mean '\($0)'?" } ?? "" : ""
        throw SiteRefusal("must be \(allowed), is '\(shown(text))'\(meant)")
      }
      return .text(text)
    case .integer(let range):
      guard let value = wholeNumber(text), range.contains(value) else {
        throw SiteRefusal("must be \(allowed), is '\(shown(text))'")
      }
      return .number(value)
    case .quantity(let quantity, let range):
      let value = try Self.amount(text, quantity.units, example: quantity.example)
      guard range.contains(value) else { throw SiteRefusal("must be \(allowed), is \(shown(text))") }
      return .number(value)
    case .seconds(let range):
      let value = try Self.amount(text, [("s", 1), ("min", 60)], example: "10 s")
      guard range.contains(value) else { throw SiteRefusal("must be \(allowed), is \(shown(text))") }
      return .number(value)
    case .mode: return .number(try Self.mode(text))
    case .path(let max): return .text(try Self.path(text, max))
    case .boardName:
      guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw SiteRefusal("must be \(allowed), without spaces, is '\(shown(text))'; see coupler board list")
      }
      return .text(text)
    case .interface: return .text(try Self.interface(text))
    case .evseID: return .text(try EVSEID.check(text))
    case .evccID:
      guard let address = MACAddress(text), !address.isGroup, address != MACAddress(0) else {
        throw SiteRefusal(
          "must be \(allowed), is '\(shown(text))'; see those of the interfaces with: ip link")
      }
      return .text(text)
    }
  }

  // MARK: numbers with a unit

  /// "32 A" as 32000 of the smallest unit.
  private static func amount(
    _ text: String, _ units: [(name: String, factor: Int)], example: String
  ) throws(SiteRefusal) -> Int {
    let known = units.map(\.name).joined(separator: ", ")
    let isNumeric = { (octet: UInt8) in (0x30...0x39).contains(octet) || octet == UInt8(ascii: ".") }
    let digits = text.utf8.prefix(while: isNumeric)
    guard !digits.isEmpty else {
      throw SiteRefusal(
        text.utf8.first == UInt8(ascii: "-")
          ? "must not be negative, is '\(shown(text))'"
          : "must be a number with its unit, like '\(example)', is '\(shown(text))'")
    }
    let rest = text.utf8.dropFirst(digits.count)
    if rest.first == UInt8(ascii: ",") {
      throw SiteRefusal("has a comma; write a decimal point, and nothing between thousands: '\(shown(text))'")
    }
    let unitText = String(rest.drop { $0 == 0x20 }) ?? ""
    guard !unitText.isEmpty else {
      throw SiteRefusal("has no unit; write '\(shown(text)) \(units[0].name)' (units: \(known))")
    }
    guard let unit = units.first(where: { $0.name == unitText }) else {
      let meant = units.first { $0.name.lowercased() == unitText.lowercased() }
      throw SiteRefusal(
        "'\(shown(unitText))' is no unit here; the units are \(known)"
          + (meant.map { "; did you mean '\($0.name)'?" } ?? ""))
    }
    let parts = String(digits)?.split(separator: ".", omittingEmptySubsequences: false) ?? []
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
      throw SiteRefusal("must be a number with its unit, like '\(example)', is '\(shown(text))'")
    }
    guard let whole = wholeNumber(String(parts[0])) else {
      throw SiteRefusal("is far too large: '\(shown(text))'")
    }
    var value = whole.multipliedReportingOverflow(by: unit.factor)
    var factor = unit.factor
    for digit in parts.count == 2 ? Array(parts[1].utf8) : [] {
      let number = Int(digit - 0x30)
      guard factor % 10 == 0 || number == 0 else {
        throw SiteRefusal("is finer than 1 \(units.first { $0.factor == 1 }?.name ?? ""): '\(shown(text))'")
      }
      factor /= 10
      let sum = value.partialValue.addingReportingOverflow(number * factor)
      value = (sum.partialValue, value.overflow || sum.overflow)
    }
    guard !value.overflow else { throw SiteRefusal("is far too large: '\(shown(text))'") }
    return value.partialValue
  }

  // MARK: texts with a form

  private static func mode(_ text: String) throws(SiteRefusal) -> Int {
    let digits = Array(text.utf8)
    guard (3...4).contains(digits.count), digits.allSatisfy({ (0x30...0x37).contains($0) }),
      let mode = Int(text, radix: 8), mode <= 0o777
    else {
      throw SiteRefusal("must be 3 octal digits with or without a leading 0, like 0660, is '\(shown(text))'")
    }
    guard mode & 0o007 == 0 else {
      throw SiteRefusal(
        "is \(text), so that everybody on this machine could steer the station; the last digit must be 0")
    }
    guard mode & 0o600 == 0o600 else {
      throw SiteRefusal(
        "is \(text), so that not even the daemon's own user could connect; the first digit must be 6 or 7")
    }
    return mode
  }

  private static func path(_ text: String, _ max: Int) throws(SiteRefusal) -> String {
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw SiteRefusal("must be an absolute path, is '\(shown(text))'; begin it with /")
    }
    guard text.utf8.count <= max else {
      throw SiteRefusal("must have at most \(max) octets, has \(text.utf8.count)")
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw SiteRefusal("must not have control characters: '\(shown(text))'")
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    guard !parts.contains(".."), !parts.contains("."), !parts.contains("") else {
      throw SiteRefusal(
        "must name every folder once, without '.', '..', '//' and a '/' at its end: '\(shown(text))'")
    }
    return text
  }

  /// As the kernel's dev_valid_name.
  private static func interface(_ text: String) throws(SiteRefusal) -> String {
    guard text.utf8.count <= 15 else {
      throw SiteRefusal(
        "must have at most 15 characters, '\(shown(text))' has \(text.utf8.count); see the names with: ip link"
      )
    }
    let isFine = text.utf8.allSatisfy {
      $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":")
    }
    guard isFine, text != ".", text != ".." else {
      throw SiteRefusal("cannot be the name of a network interface: '\(shown(text))'; see them with: ip link")
    }
    return text
  }
}

/// Digits alone, so many as fit.
private func wholeNumber(_ text: String) -> Int? {
  guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return Int(text)
}
