// Drives what LinuxHardware drives, as told on standard input, for the scenarios of Tests/Kernel: the test stands on
// both sides of each line, this program inside, the simulated chip outside. One answer for each command.

import CGPIOD
@preconcurrency import Glibc
import HAL
import LinuxHardware

setvbuf(stdout, nil, Int32(_IOLBF), 0)

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "version":
  print(String(cString: cgpio_library_version()))
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
