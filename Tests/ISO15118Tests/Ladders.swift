enum Ladders {
  static let ac = ""
  static let dc = ""
}
