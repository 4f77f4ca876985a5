import ArgumentParser
@preconcurrency import Glibc

/// `coupler board new`
struct BoardNew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Begin the description of a board.",
    discussion: """
      Writes a folder with a description that compiles and that coupler board check finds sound, a README.md to fill in, and a \
      udev snippet. It describes an AC socket on lines; Boards/README.md says what else can be said. Run it in the sources:

        coupler board new acme-wallbox

      Exit status: 0 written; 2 the folder is there already or cannot be written; 64 wrong arguments.
      """)

  @Argument(help: ArgumentHelp("Maker and board: small letters and digits, with '-' between.", valueName: "vendor-name"))
  var name: String

  @Option(help: ArgumentHelp("Where the boards are.", valueName: "path"))
  var folder = "Boards"

  func validate() throws {
    let words = name.split(separator: "-", omittingEmptySubsequences: false)
    let isSound = words.allSatisfy { word in
      !word.isEmpty && word.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
    }
    guard words.count >= 2, isSound, name.utf8.first.map({ $0 >= 97 }) == true else {
      throw ValidationError(
        "'\(name)' is no vendor-name: small letters and digits, begun by a letter, with '-' between, as in acme-wallbox.")
    }
  }

  func run() throws {
    let template = BoardTemplate(name: name)
    let path = "\(folder)/\(name)"
    guard mkdir(path, 0o755) == 0 else {
      let advice =
        switch errno {
        case EEXIST: "it is there already; choose another name, or change what is there"
        case ENOENT: "there is no folder \(folder); run this in the sources of Coupler, or use --folder"
        default: String(cString: strerror(errno))
        }
      fputs("error: cannot make \(path): \(advice)\n", stderr)
      throw ExitCode(2)
    }
    for (file, text) in template.files {
      guard let stream = fopen("\(path)/\(file)", "wx") else {
        fputs("error: cannot write \(path)/\(file): \(String(cString: strerror(errno)))\n", stderr)
        throw ExitCode(2)
      }
      let written = fputs(text, stream)
      guard fclose(stream) == 0, written >= 0 else {
        fputs("error: cannot write \(path)/\(file): \(String(cString: strerror(errno)))\n", stderr)
        throw ExitCode(2)
      }
    }
    print(template.nextSteps(folder: path))
  }
}
