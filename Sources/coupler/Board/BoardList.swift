import ArgumentParser
import Boards
import HAL
import LinuxHardware

/// `coupler board list`
struct BoardList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the boards, and mark the one this machine is.",
    discussion: """
      A machine is recognised by its device tree or its DMI tables, the surest match first. A board without such a mark is \
      named in the site's file.
      """)

  @OptionGroup var roots: RootOptions

  @Flag(help: "Print JSON, one object per board.")
  var json = false

  func run() throws {
    let here = roots.detected.first
    let boards = BoardCatalogue.boards
    let width = boards.map(\.name.count).max() ?? 0
    for board in boards {
      let isHere = board == here
      if json {
        var line = board.jsonIdentity
        line.add("isThisMachine", isHere)
        print(line.text)
      } else {
        let name = board.name + String(repeating: " ", count: width - board.name.count)
        print("\(isHere ? "*" : " ") \(name)  \(board.summary)\(board.trial == .neverOnMetal ? "; not tried yet" : "")")
      }
    }
  }
}

/// Where the kernel's files are.
struct RootOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Directory that stands for /sys.", valueName: "path"))
  var sys = "/sys"

  @Option(help: ArgumentHelp("Directory that stands for /dev.", valueName: "path"))
  var dev = "/dev"

  var roots: DeviceRoots { DeviceRoots(sys: sys, dev: dev) }

  /// Boards this machine may be, the surest first.
  var detected: [BoardDescription] {
    let machine = MachineIdentity(roots: roots)
    return BoardCatalogue.detect(compatible: machine.compatible, model: machine.model, dmi: machine.dmi)
  }

  /// The directories were given: whoever does wants them looked at.
  var areGiven: Bool { sys != "/sys" || dev != "/dev" }
}
