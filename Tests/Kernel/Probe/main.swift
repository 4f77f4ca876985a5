// Drives what LinuxHardware drives, as told on standard input, for the scenarios of Tests/Kernel: the test stands on
// both sides of each line, this program inside, the simulated chip outside. One answer for each command.

import Boards
import CGPIOD
import Glibc
import HAL
import LinuxHardware

setvbuf(stdout, nil, Int32(_IOLBF), 0)

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "version":
  print(String(cString: cgpio_library_version()))
case "boards":
  print(BoardCatalogue.all.map(\.name).joined(separator: "\n"))
case "inventory" where arguments.count == 2:
  print(inventory(of: try board(named: arguments[1])))
case "run":
  var roots = DeviceRoots()
  if arguments.count == 2 { roots.sys = arguments[1] }
  try Bench(roots: roots).run()
default:
  fputs("usage: kernel-probe version | boards | inventory BOARD | run [SYS]\n", stderr)
  exit(2)
}

/// The board of that name.
func board(named name: String) throws(ProbeError) -> BoardDescription {
  guard let found = BoardCatalogue.all.first(where: { $0.name == name }) else {
    throw ProbeError("no board \(name)")
  }
  return found
}

/// What is wrong with a command.
struct ProbeError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
