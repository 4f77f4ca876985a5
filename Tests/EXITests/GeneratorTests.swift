import EXIGenerator
import Foundation
import Testing

/// The package's root folder.
private let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The schemas, which the project does not carry.
private let schemas =
  ProcessInfo.processInfo.environment["COUPLER_SCHEMAS"]
  ?? package.appendingPathComponent("../shared/schemas").standardizedFileURL.path
private let hasSchemas = FileManager.default.fileExists(atPath: "\(schemas)/iso15118-2/V2G_CI_MsgDef.xsd")
/// The PyPI package iso15118 or what it contains, which carries them too.
private let archive = ProcessInfo.processInfo.environment["COUPLER_CODEC_ARCHIVE"]

@Suite struct GeneratorTests {
  @Test(.enabled(if: hasSchemas, "no schemas: set COUPLER_SCHEMAS to their folder"))
  func the_generated_sources_are_what_the_generator_writes() throws {
    try compare(SchemaFiles(folder: schemas))
  }

  @Test(.enabled(if: archive != nil, "no codec archive: set COUPLER_CODEC_ARCHIVE to the package iso15118"))
  func the_codec_archive_gives_the_same_sources() throws {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("exigen-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    try compare(SchemaFiles(codecArchive: archive ?? "", scratch: scratch))
  }

  private func compare(_ source: SchemaFiles) throws {
    let files = try Generator.files(source: source.read)
    #expect(files.count > 20)
    for file in files {
      let url = package.appendingPathComponent("Sources/\(file.path)")
      let text = try? String(contentsOf: url, encoding: .utf8)
      #expect(text == file.text, "\(file.path) differs: run exigen")
    }
    for folder in Set(files.map { ($0.path as NSString).deletingLastPathComponent }) {
      let names = try FileManager.default.contentsOfDirectory(
        atPath: package.appendingPathComponent("Sources/\(folder)").path)
      for name in names where name.hasSuffix(".swift") {
        #expect(files.contains { $0.path == "\(folder)/\(name)" }, "\(folder)/\(name) is stale")
      }
    }
  }
}
