import Testing

/// One case of the ISO 15118-5 style suite, named by its id.
///
/// The suite's own text is not here: purpose, steps and expectation are in our words.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
  /// How much of a case its public source gives away.
  enum Source: Sendable {
    /// The case has a body there.
    case body
    /// Only behaviour functions are there; what the case wants follows from them.
    case behaviour
    /// The case has a body there; what is known here is what its group is about, numbered in the order in which it is
    /// named.
    case group
    /// The body is missing, and the id stands in a range with others: behaviours are numbered in the order in which
    /// they are named.
    case missing
  }

  enum Body: Sendable {
    case run(@Sendable (inout Check) -> Void)
    /// Why there is nothing to run on our product.
    case notApplicable(String)
  }

  /// Without the prefix `TC_` and the infix `_VTB_`: `SECC_CMN CmSlacParm_001`.
  let id: String
  let start: String
  let steps: String
  let expectation: String
  let source: Source
  let remark: String
  let body: Body

  init(
    _ id: String, start: String, steps: String, expects expectation: String, source: Source = .body,
    remark: String = "", _ run: @escaping @Sendable (inout Check) -> Void
  ) {
    self.id = id
    self.start = start
    self.steps = steps
    self.expectation = expectation
    self.source = source
    self.remark = remark
    body = .run(run)
  }

  init(
    _ id: String, start: String, steps: String, expects expectation: String, source: Source = .body,
    notApplicable reason: String
  ) {
    self.id = id
    self.start = start
    self.steps = steps
    self.expectation = expectation
    self.source = source
    remark = ""
    body = .notApplicable(reason)
  }

  /// `TC_SECC_CMN_VTB_CmSlacParm_001`
  var fullID: String { "TC_" + id.split(separator: " ").joined(separator: "_VTB_") }

  var testDescription: String { "\(id): \(expectation)" }

  enum Verdict: Equatable {
    case pass
    case fail([String])
    case notApplicable(String)
  }

  func verdict() -> Verdict {
    switch body {
    case .notApplicable(let reason): return .notApplicable(reason)
    case .run(let run):
      var check = Check()
      run(&check)
      if check.count == 0 { return .fail(["nothing was looked at"]) }
      return check.problems.isEmpty ? .pass : .fail(check.problems)
    }
  }
}

/// What a case has looked at, and what was wrong.
struct Check {
  private(set) var count = 0
  private(set) var problems: [String] = []

  mutating func expect(_ holds: Bool, _ problem: @autoclosure () -> String) {
    count += 1
    if !holds { problems.append(problem()) }
  }

  mutating func expect<Value: Equatable>(_ got: Value, is expected: Value, _ what: String) {
    expect(got == expected, "\(what): \(got), expected \(expected)")
  }

  /// `nil` counts as a problem.
  mutating func require<Value>(_ value: Value?, _ what: String) -> Value? {
    expect(value != nil, "no \(what)")
    return value
  }

  mutating func expect(_ duration: Duration?, in range: ClosedRange<Duration>, _ what: String) {
    guard let duration = require(duration, what) else { return }
    expect(range.contains(duration), "\(what) after \(duration)")
  }
}
