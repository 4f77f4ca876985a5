// Drives what LinuxHardware drives, as told on standard input, for the scenarios of Tests/Kernel: the test stands on
// both sides of each line, this program inside, the simulated chip outside. One answer for each command.

import Boards
import CGPIOD
@preconcurrency import Glibc
import HAL
import LinuxHardware

setvbuf(stdout, nil, Int32(_IOLBF), 0)

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "version":
  print(String(cString: cgpio_library_version()))
case "boards":
  for board in BoardCatalogue.boards { print(board.name) }
case "inventory" where arguments.count == 2:
  guard let board = BoardCatalogue.board(named: arguments[1]) else {
    fputs("no board \(arguments[1])\n", stderr)
    exit(2)
  }
  print(inventory(of: board))
case "run":
  var roots = DeviceRoots()
  if arguments.count == 2 { roots.sys = arguments[1] }
  try Bench(roots: roots).run()
default:
  fputs("usage: kernel-probe version | boards | inventory BOARD | run [SYS]\n", stderr)
  exit(2)
}

/// What is wrong with a command.
struct ProbeError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
