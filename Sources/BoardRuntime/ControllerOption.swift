import HAL

/// Where a safety controller is, in place of what its board says: for rigs whose controller is played.
public struct ControllerOption: Hashable, Sendable {
  /// Name of the board's link.
  public var link: String
  /// Path of a serial port, or `host:port`.
  public var place: String

  /// From `name=place`; `nil` where one of them is empty.
  public init?(_ text: String) {
    guard let sign = text.firstIndex(of: "=") else { return nil }
    link = String(text[..<sign])
    place = String(text[text.index(after: sign)...])
    guard !link.isEmpty, !place.isEmpty else { return nil }
  }
}

extension BoardDescription {
  /// The board with this controller elsewhere. Reset and boot lines lead to the one that is not used, and are not the
  /// board's any more. Throws what is wrong, in words.
  mutating func move(_ option: ControllerOption) throws(BoardFailure) {
    guard let index = links.firstIndex(where: { $0.name == option.link }) else {
      let names = links.map(\.name)
      throw BoardFailure(
        "--controller \(option.link): board \(name) has "
          + (names.isEmpty ? "no safety controller" : "only \(names.joined(separator: ", "))"))
    }
    switch links[index].transport {
    case .serial(_, let baud, let spoken):
      guard option.place.hasPrefix("/") else {
        throw BoardFailure(
          "--controller \(option.link): needs the path of a serial port, is '\(option.place)'")
      }
      links[index].transport = .serial(device: option.place, baud: baud, spoken)
    case .chargeBridge(_, let usual):
      var (host, port) = (option.place, usual)
      if let colon = option.place.lastIndex(of: ":") {
        guard let number = UInt16(option.place[option.place.index(after: colon)...]), number > 0 else {
          throw BoardFailure("--controller \(option.link): '\(option.place)' is no HOST:PORT")
        }
        (host, port) = (String(option.place[..<colon]), number)
      }
      links[index].transport = .chargeBridge(host: host, port: port)
    }
    (links[index].reset, links[index].boot) = (nil, nil)
  }
}
