/// One thing that is wrong with a site file, in words a person can act on.
public struct SiteProblem: Error, Hashable, Sendable {
  /// Line and column in the file, both from 1; 0 where the problem is about the file as a whole.
  public var line: Int
  public var column: Int
  /// Which setting: "connectors[1].limits.current-max". Empty for the file as a whole.
  public var key: String
  /// What was found, what is allowed, what helps.
  public var text: String

  public init(line: Int, column: Int, key: String, text: String) {
    self.line = line
    self.column = column
    self.key = key
    self.text = text
  }
}

extension SiteProblem: CustomStringConvertible {
  public var description: String {
    let place = line > 0 ? "\(line):\(column): " : ""
    return place + (key.isEmpty ? "" : "\(key): ") + text
  }
}

/// A site file that cannot be used, with all that is wrong with it.
public struct SiteFileError: Error, Hashable, Sendable {
  public var path: String
  /// At least one, in the order of the file.
  public var problems: [SiteProblem]

  public init(path: String, problems: [SiteProblem]) {
    self.path = path
    self.problems = problems
  }
}

extension SiteFileError: CustomStringConvertible {
  /// One line for each problem, as compilers print them: "site.yaml:3:5: key: text".
  public var description: String {
    problems.map { "\(path):\($0.line > 0 ? "" : " ")\($0)" }.joined(separator: "\n")
  }
}
