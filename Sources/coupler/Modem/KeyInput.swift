import ArgumentParser
import Cryptography
import Glibc
import HomePlug
import Wire

/// Where a network key comes from. Never from an argument: those stand in the shell's history and in the list of
/// processes.
struct KeyInput: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read the network key from this file: 32 hexadecimal digits, or 16 octets. - is standard input.",
      valueName: "file"))
  var nmkFile: String?

  @Flag(help: "Derive the network key from a pass phrase: the first line of standard input.")
  var passPhrase = false

  static let octetsMax = 4096

  /// The key; `nil` where none was asked for.
  func key(json: Bool) throws -> NMK? {
    if let nmkFile { return try Self.key(file: nmkFile, json: json) }
    return passPhrase ? try Self.phrase(json: json) : nil
  }

  static func key(file path: String, json: Bool) throws -> NMK {
    let octets: [UInt8]
    do throws(PrivateFile.Failure) {
      octets = try PrivateFile.read(path == "-" ? "/dev/stdin" : path, atMost: octetsMax)
    } catch {
      throw giveUp("\(error)", json: json, status: 2)
    }
    guard let key = key(in: octets) else {
      throw giveUp(
        "\(path) holds no network key: 32 hexadecimal digits, or 16 octets that are no text", json: json,
        status: 2)
    }
    return key
  }

  /// Digits with blanks, colons and line ends between them, or the octets themselves.
  static func key(in octets: [UInt8]) -> NMK? {
    // Text of 16 characters is a pass phrase or a mistake, not a key.
    if octets.count == 16 {
      let isText = octets.allSatisfy { (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }
      return isText ? nil : NMK(Octets16(octets))
    }
    let separators = Array(" :-\t\r\n".utf8)
    let digits = octets.filter { !separators.contains($0) }
    guard digits.count == 32, let key = Wire.octets(hexadecimal: String(decoding: digits, as: UTF8.self))
    else {
      return nil
    }
    return NMK(Octets16(key))
  }

  private static func phrase(json: Bool) throws -> NMK {
    var terminal = termios()
    // A person types it unseen.
    let isTerminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &terminal) == 0
    if isTerminal {
      complain("Pass phrase:")
      var silent = terminal
      // Without signals nothing can end it before the terminal is as it was.
      silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
      tcsetattr(STDIN_FILENO, TCSANOW, &silent)
    }
    let line = readLine()
    if isTerminal { tcsetattr(STDIN_FILENO, TCSANOW, &terminal) }
    // HomePlug AV asks for 8 to 64 characters of ASCII.
    guard let line, (8...64).contains(line.utf8.count), line.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw giveUp("a pass phrase has 8 to 64 printable ASCII characters", json: json, status: 64)
    }
    return NMK(passPhrase: line)
  }
}
