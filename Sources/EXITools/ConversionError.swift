/// Why a document could not be converted.
public struct ConversionError: Error, Equatable, CustomStringConvertible {
  /// What is wrong, and what was expected.
  public let problem: String
  /// The elements around it, outermost first.
  public var path: [String]
  /// Where in the stream, counted from its first bit; for EXI only.
  public let bit: Int?
  /// The line of the text, from 1; for XML only.
  public var line: Int?

  init(_ problem: String, path: [String] = [], bit: Int? = nil, line: Int? = nil) {
    self.problem = problem
    self.path = path
    self.bit = bit
    self.line = line
  }

  /// `value 9 is above 6 at bit 77 (in V2G_Message/Body/CurrentDemandReq)`
  public var description: String {
    let place = bit.map { " at bit \($0)" } ?? ""
    return problem + place + (path.isEmpty ? "" : " (in \(path.joined(separator: "/")))")
  }

  func inside(_ element: String, line: Int? = nil) -> ConversionError {
    ConversionError(problem, path: [element] + path, bit: bit, line: self.line ?? line)
  }
}

/// `A, B or C`, shortened when there are many.
func listed(_ names: [String]) -> String {
  let shown = names.count > 8 ? Array(names.prefix(7)) + ["one of \(names.count - 7) more"] : names
  guard let last = shown.last, shown.count > 1 else { return shown.first ?? "nothing" }
  return shown.dropLast().joined(separator: ", ") + " or " + last
}
