import CAllocationCounter
import ISO15118
import Wire

/// What the SECC takes for one kind of request.
private struct Sample {
  var nanoseconds: [Int64] = []
  var allocations: UInt = 0

  /// The value that `permille` of all are not above.
  func quantile(_ permille: Int) -> Int64 {
    let sorted = nanoseconds.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count * permille / 1000, sorted.count - 1)]
  }
}

/// Computing time and allocations from a request to its response, over many equal sessions.
///
/// Where the SECC has to wait for something (a contactor, the pilot) before it may answer, the time of the request
/// and of the event that brought the answer are added; the wait itself is the charger's.
func measureSECC() {
  for (name, dc) in [("DC", true), ("AC", false)] {
    let script = SessionScript(dc: dc, energyFor: .seconds(2))
    guard script.completed else {
      report("secc", "\(name): the session to replay", "completed", 0, "%")
      continue
    }
    var samples = [Sample](repeating: Sample(), count: SessionMessage.allCases.count)
    for _ in 0..<100 { replay(script, into: &samples) }
    // Counted after the warm-up, in which every buffer grew to its size.
    samples = samples.map { _ in Sample() }
    for _ in 0..<5000 { replay(script, into: &samples) }
    for (message, sample) in zip(SessionMessage.allCases, samples) where !sample.nanoseconds.isEmpty {
      let allocations = Double(sample.allocations) / Double(sample.nanoseconds.count)
      report("secc", "\(name) \(message)", "median", sample.quantile(500), "ns")
      report("secc", "\(name) \(message)", "p99", sample.quantile(990), "ns")
      if allocation_counting_works() == 1 {
        report("secc", "\(name) \(message)", "allocations", rounded(allocations), "")
      }
    }
  }
  report("secc", "of each the clock's own", "median", clockOverhead(), "ns")
}

private func replay(_ script: SessionScript, into samples: inout [Sample]) {
  let clock = ContinuousClock()
  var secc = script.secc
  var output = OutputBuffer()
  var pending: (message: SessionMessage, nanoseconds: Int64, allocations: UInt)?
  for line in script.lines {
    let before = allocation_count()
    let start = clock.now
    switch line.input {
    case .event(let event): secc.handle(event, at: line.at, output: &output) { _ in }
    case .request(let payload, let type, _):
      secc.receive(payload.span.bytes, type: type, at: line.at, output: &output) { _ in }
    }
    let elapsed = start.duration(to: clock.now).nanoseconds
    let allocations = allocation_count() - before
    if case .request(_, _, let message) = line.input { pending = (message, 0, 0) }
    guard !output.isEmpty, let request = pending,
      let index = SessionMessage.allCases.firstIndex(of: request.message)
    else {
      pending?.nanoseconds += elapsed
      pending?.allocations += allocations
      continue
    }
    samples[index].nanoseconds.append(request.nanoseconds + elapsed)
    samples[index].allocations += request.allocations + allocations
    pending = nil
    output.removeAll()
  }
}

/// Median time between two looks at the clock.
private func clockOverhead() -> Int64 {
  let clock = ContinuousClock()
  var sample = Sample()
  for _ in 0..<10_000 {
    let start = clock.now
    sample.nanoseconds.append(start.duration(to: clock.now).nanoseconds)
  }
  return sample.quantile(500)
}
