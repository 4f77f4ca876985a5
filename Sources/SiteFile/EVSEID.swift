/// The syntax of an EVSEID, ISO 15118-2 Annex H:
///
///     country code, [*], operator id, [*], E, power outlet id
///     2 letters          3 letters/digits    1...31 letters, digits or *
///
/// Case makes no difference. In messages it has 7...37 characters (evseIDType).
enum EVSEID {
  static func check(_ text: String) throws(SiteRefusal) -> String {
    let form = "an EVSEID is like DE*CPL*E00001"
    let octets = Array(text.utf8)
    guard (7...37).contains(octets.count) else {
      throw SiteRefusal(
        "must have 7 to 37 characters, '\(shown(text))' has \(text.unicodeScalars.count); \(form)")
    }
    if let stranger = text.unicodeScalars.first(where: { !isAlphanumeric($0) && $0 != "*" }) {
      throw SiteRefusal(
        "has the character '\(shown(String(stranger)))'; there are letters, digits and * alone; \(form)")
    }
    var rest = octets[...]
    let country = rest.prefix(2)
    guard country.allSatisfy({ isLetter($0) }) else {
      throw SiteRefusal("must begin with the country's two letters, is '\(text)'; \(form)")
    }
    rest = rest.dropFirst(2)
    if rest.first == star { rest = rest.dropFirst() }
    let party = rest.prefix(3)
    guard party.count == 3, !party.contains(star) else {
      throw SiteRefusal("must have the operator's three characters after the country, is '\(text)'; \(form)")
    }
    rest = rest.dropFirst(3)
    if rest.first == star { rest = rest.dropFirst() }
    guard let type = rest.first, type | 0x20 == UInt8(ascii: "e") else {
      throw SiteRefusal("must have an E after the operator, is '\(text)'; \(form)")
    }
    let outlet = rest.dropFirst()
    guard (1...31).contains(outlet.count), outlet.first != star else {
      throw SiteRefusal("must have 1 to 31 characters after the E, and no * first, is '\(text)'; \(form)")
    }
    return text
  }

  private static let star = UInt8(ascii: "*")

  private static func isLetter(_ octet: UInt8) -> Bool { (0x61...0x7A).contains(octet | 0x20) }

  private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.isASCII, let octet = UInt8(exactly: scalar.value) else { return false }
    return isLetter(octet) || (0x30...0x39).contains(octet)
  }
}
