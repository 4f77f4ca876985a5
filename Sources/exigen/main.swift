import ArgumentParser
import EXIGenerator
import Foundation

/// Writes the EXI codecs from the message schemas.
struct Exigen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exigen", abstract: "Write the EXI codecs from the message schemas.")

  @Option(help: "The folder with the schema files, one folder per set.")
  var schemas = "../shared/schemas"

  @Option(help: "The sources folder to write into.")
  var out = "Sources"

  func run() throws {
    let files = try Generator.files { path in
      guard let data = FileManager.default.contents(atPath: "\(schemas)/\(path)") else {
        throw ValidationError("\(schemas)/\(path) cannot be read")
      }
      return Array(data)
    }
    for folder in Set(files.map { $0.path.split(separator: "/").dropLast().joined(separator: "/") }) {
      try? FileManager.default.removeItem(atPath: "\(out)/\(folder)")
      try FileManager.default.createDirectory(atPath: "\(out)/\(folder)", withIntermediateDirectories: true)
    }
    for file in files {
      try Data(file.text.utf8).write(to: URL(fileURLWithPath: "\(out)/\(file.path)"))
      print("\(out)/\(file.path)")
    }
  }
}

Exigen.main()
