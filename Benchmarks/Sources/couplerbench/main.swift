// couplerbench              everything below
// couplerbench match        SLAC match in virtual time
// couplerbench secc         the SECC from request to response
// couplerbench sessions     whole sessions in virtual time
// couplerbench machine ev|evse N     N matches of one side's machine and nothing else, for a profiler
// couplerbench charge dc|ac N [Wh]   N charges and nothing else, for a profiler
//
// One figure per line: section, what was measured, figure, value and unit, with tabs between. run.sh makes a table of
// them.

import Simulation

/// Prints one figure.
func report(
  _ section: String, _ subject: String, _ figure: String, _ value: some CustomStringConvertible,
  _ unit: String
) {
  print("\(section)\t\(subject)\t\(figure)\t\(value)\t\(unit)")
}

/// Two digits behind the point.
func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case nil:
  measureMatch()
  measureMachines()
  measureSECC()
  measureSessions()
case "match":
  measureMatch()
  measureMachines()
case "machine" where arguments.count == 3:
  print(replayMatch(arguments[1], times: Int(arguments[2]) ?? 1, script: MatchScript()))
case "secc": measureSECC()
case "sessions": measureSessions()
case "charge" where arguments.count >= 3:
  charge(
    SiteDescription.Current(rawValue: arguments[1]) ?? .dc, times: Int(arguments[2]) ?? 1,
    wattHours: arguments.count > 3 ? Int(arguments[3]) : nil)
default: print("couplerbench [match | secc | sessions | machine ev|evse N | charge dc|ac N [Wh]]")
}
