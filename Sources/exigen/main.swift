import ArgumentParser
import EXIGenerator
import Foundation

/// Writes the EXI codecs from the message schemas.
struct Exigen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exigen",
    abstract: "Write the EXI codecs from the message schemas.",
    discussion: """
      Reads the XSDs of every message set and writes the Swift under Sources/*/Generated. The output is committed, the \
      schemas are not: they are ISO's. Which sets there are stands in EXIGenerator/Configuration.swift.

        $ exigen --schemas ../shared/schemas
        $ exigen --codec-archive venv/lib/python3.11/site-packages/iso15118
      """)

  @Option(help: "The folder with the schema files, one folder per set.")
  var schemas = "../shared/schemas"

  @Option(help: "Take the schemas out of the PyPI package iso15118: its folder, EXICodec.jar or wheel.")
  var codecArchive: String?

  @Option(help: "The sources folder to write into.")
  var out = "Sources"

  @Flag(help: "Write nothing; list the files that would change, and exit with 1 if there are any.")
  var check = false

  func run() throws {
    let manager = FileManager.default
    let scratch = manager.temporaryDirectory.appendingPathComponent("exigen-\(UUID().uuidString)").path
    defer { try? manager.removeItem(atPath: scratch) }
    let source = try codecArchive.map { try SchemaFiles(codecArchive: $0, scratch: scratch) }
    let files = try Generator.files(source: (source ?? SchemaFiles(folder: schemas)).read)
    let changed = files.filter { manager.contents(atPath: "\(out)/\($0.path)") != Data($0.text.utf8) }
    let written = Set(files.map(\.path))
    var stale: [String] = []
    for folder in Set(files.map { ($0.path as NSString).deletingLastPathComponent }) {
      for name in (try? manager.contentsOfDirectory(atPath: "\(out)/\(folder)")) ?? []
      where name.hasSuffix(".swift") {
        if !written.contains("\(folder)/\(name)") { stale.append("\(folder)/\(name)") }
      }
    }
    for path in changed.map(\.path) + stale { print("\(out)/\(path)") }
    if check {
      if !changed.isEmpty || !stale.isEmpty { throw ExitCode(1) }
      return
    }
    for path in stale { try manager.removeItem(atPath: "\(out)/\(path)") }
    for file in changed {
      let url = URL(fileURLWithPath: "\(out)/\(file.path)")
      try manager.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.text.utf8).write(to: url)
    }
  }
}

Exigen.main()
