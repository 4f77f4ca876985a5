import Glibc
import HAL
import LinuxHardware

/// Which board `--safe-state` works on. It must not need a site file without faults: a closed contactor does not wait until
/// somebody has mended a typing error.
enum SafeStateBoard {
  /// The daemon that runs leaves the name of its board in this file of its folder for run-time data.
  static let fileName = "board"

  /// systemd names the folder (`RuntimeDirectory=`), to the daemon and to what follows it alike.
  static var folder: String? {
    environment("RUNTIME_DIRECTORY")?.split(separator: ":").first.map(String.init)
  }

  static func remember(_ board: BoardDescription, folder: String? = folder) {
    guard let folder else { return }
    writeSmallFile("\(folder)/\(fileName)", board.name)
  }

  /// What the command line says; else what the last daemon ran on, whatever became of the file since; else the site
  /// file's `board:` line, whatever else is wrong with it.
  static func name(_ options: DaemonOptions, folder: String? = folder) -> String? {
    if let name = options.board { return name }
    if let folder, let name = smallFile("\(folder)/\(fileName)"), !name.isEmpty { return name }
    return nameInSiteFile(options.sitePath ?? options.usualSitePath)
  }

  /// The value behind `board:` at the beginning of a line, without quotes and comment. The file's first 64 KiB.
  private static func nameInSiteFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var octets = [UInt8](repeating: 0, count: 64 * 1024)
    var count = 0
    while count < octets.count {
      let got = octets.withUnsafeMutableBytes {
        read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      guard got > 0 else { break }
      count += got
    }
    let key = Array("board:".utf8)
    for line in octets[..<count].split(separator: 10) where line.starts(with: key) {
      let value = line.dropFirst(key.count).filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
      let word = value.drop { $0 == 32 || $0 == 9 }.prefix { $0 > 32 && $0 != UInt8(ascii: "#") }
      if !word.isEmpty { return String(decoding: word, as: UTF8.self) }
    }
    return nil
  }
}

extension SitePlan {
  /// A board without connectors, for `--safe-state`.
  init(safeState options: DaemonOptions) throws(Problems) {
    // A name that was left by another version may mean nothing to this one.
    for folder in [SafeStateBoard.folder, nil] {
      guard let name = SafeStateBoard.name(options, folder: folder), Self.knows(name) else { continue }
      try self.init(boardAlone: name)
      // A rig's controller is at another port: the board's own may be somebody else's.
      try move(options.controllers)
      return
    }
    // None can be made out: let the reader say why.
    self = try SitePlan(options)
  }
}
