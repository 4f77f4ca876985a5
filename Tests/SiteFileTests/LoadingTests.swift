import Foundation
import Testing

@testable import SiteFile

@Suite struct LoadingTests {
  private func problem(_ path: String) -> String? {
    do throws(SiteFileError) {
      _ = try SiteConfiguration.load(path: path)
      return nil
    } catch { return error.problems.first?.description }
  }

  private func withFile(_ octets: [UInt8], _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "coupler-site-\(UUID().uuidString).yaml"
    try Data(octets).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test func a_file_is_read() throws {
    try withFile(Array(minimal.utf8)) { path in
      let loaded = try SiteConfiguration.load(path: path)
      let expected = try readSite(minimal)
      #expect(loaded == expected)
      #expect(problem(path) == nil)
    }
  }

  @Test func what_is_no_readable_file_is_refused_with_cause_and_remedy() throws {
    #expect(
      problem("/nonexistent/site.yaml") == "there is no such file; docs/site-file.md has one to begin with")
    #expect(problem("/") == "is no file but a folder or a device; name the site file itself")
    #expect(problem("/dev/zero") == "is no file but a folder or a device; name the site file itself")
    try withFile([]) { path in
      try FileManager.default.removeItem(atPath: path)
      #expect(mkfifo(path, 0o600) == 0)
      #expect(problem(path) == "is no file but a folder or a device; name the site file itself")
    }
  }

  @Test func a_file_that_is_too_long_is_refused_unread() throws {
    let comment = Array(repeating: UInt8(ascii: "#"), count: YAMLReader.octetsMax - minimal.utf8.count)
    try withFile(Array(minimal.utf8) + comment) { path in #expect(problem(path) == nil)
    }
    try withFile(Array(minimal.utf8) + comment + comment) { path in
      #expect(problem(path)?.contains("a site file has at most 65536. Is it the right file?") == true)
    }
  }

  @Test(.enabled(if: getuid() != 0, "root may read everything"))
  func a_file_of_somebody_else_is_refused() throws {
    try withFile([]) { path in
      chmod(path, 0)
      #expect(problem(path)?.contains("chmod 644") == true)
    }
    let folder = NSTemporaryDirectory() + "coupler-folder-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    chmod(folder, 0)
    #expect(problem(folder + "/site.yaml")?.contains("may not look into its folder") == true)
    chmod(folder, 0o700)
  }
}
