import SiteFile

/// A site file is taken whole, or refused with problems that a person can find and a terminal can show.
func withstand(_ octets: [UInt8]) {
  do throws(SiteFileError) {
    let site = try SiteConfiguration.read(octets, path: "fuzz")
    if site.board.isEmpty || site.connectors.isEmpty { fail("taken without a board or connectors", octets) }
    if site.connectors.map(\.id) != Array(1...site.connectors.count) {
      fail("connectors without order", octets)
    }
    if !site.changes(to: site).isEmpty { fail("it differs from itself", octets) }
    for connector in site.connectors where connector.current == .dc {
      if connector.link == .none { fail("DC without a link", octets) }
      let limits = connector.limits
      if let low = limits.voltageMin, let high = limits.voltageMax, low > high {
        fail("voltages crossed", octets)
      }
    }
  } catch {
    if error.problems.isEmpty || error.problems.count > 51 {
      fail("\(error.problems.count) problems", octets)
    }
    for problem in error.problems {
      let text = problem.description
      if problem.text.isEmpty || problem.line < 0 || problem.column < 0 {
        fail("nothing is told: \(text)", octets)
      }
      // A message quotes the file, and goes to a terminal.
      if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) || text.utf8.count > 2000 {
        fail("a message that no terminal should get", octets)
      }
    }
  }
}
