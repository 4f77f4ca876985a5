import Foundation
import Testing
import Wire

@testable import SiteFile

/// Files nobody means: they are taken or refused with problems, in bounded time, and nothing traps.
@Suite struct FuzzTests {
  private func judge(_ octets: [UInt8], _ hint: @autoclosure () -> String) {
    do throws(SiteFileError) {
      let site = try SiteConfiguration.read(octets, path: "fuzz")
      #expect(!site.board.isEmpty && site.connectors.isEmpty != site.inlets.isEmpty, "\(hint())")
      #expect(site.connectors.map(\.id) == (0..<site.connectors.count).map { $0 + 1 }, "\(hint())")
      #expect(site.changes(to: site).isEmpty)
    } catch {
      #expect(!error.problems.isEmpty && error.problems.count <= SiteReader.problemsMax + 1, "\(hint())")
      for problem in error.problems {
        #expect(!problem.text.isEmpty && problem.line >= 0 && problem.column >= 0, "\(hint())")
      }
    }
  }

  @Test func random_octets_are_survived() {
    let seed = UInt64.random(in: 0..<1 << 32)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let letters = Array("-:{}[],&*!|>'\"%@`#?~ \n\t<=abcd012.".utf8)
    for round in 0..<4000 {
      let octets = (0..<Int.random(in: 0...120, using: &random)).map { _ in
        random.chance(perMille: 100)
          ? UInt8.random(in: 0...255, using: &random) : letters.randomElement(using: &random) ?? 0
      }
      judge(octets, "seed \(seed), round \(round)")
    }
  }

  @Test func mutated_files_are_survived() throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(contentsOf: folder.appending(path: "docs/site-file.md"), encoding: .utf8)
    let full = document.components(separatedBy: "```yaml\n")[1].components(separatedBy: "```")[0]
    let sources = [Array(minimal.utf8), Array(full.utf8), Array(minimalVehicle.utf8)]
    var taken = 0
    for round in 0..<4000 {
      var octets = sources.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 0...4, using: &random) where !octets.isEmpty {
        let place = Int.random(in: 0..<octets.count, using: &random)
        let length = Int.random(in: 0...min(30, octets.count - place), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: octets[place] = UInt8.random(in: 0...255, using: &random)
        case 1: octets[place] = Array("-:{}[],&*!'\"# \n\t0".utf8).randomElement(using: &random) ?? 0
        case 2: octets.removeSubrange(place..<place + length)
        case 3: octets.insert(contentsOf: octets[place..<place + length], at: place)
        default: octets.removeSubrange(place...)
        }
      }
      if (try? SiteConfiguration.read(octets, path: "fuzz")) != nil { taken += 1 }
      judge(octets, "seed \(seed), round \(round)")
    }
    #expect(taken > 100)
  }

  /// Files made to cost much: each is judged in well under a second.
  @Test(arguments: [
    String(repeating: "[", count: 60_000), String(repeating: "{a: ", count: 15_000),
    String(repeating: "- ", count: 30_000), String(repeating: "? ", count: 30_000),
    String(repeating: "a:\n", count: 20_000), "connectors: [" + String(repeating: "{},", count: 20_000) + "]",
    (0..<6000).map { "k\($0): 1\n" }.joined(), String(repeating: "\"", count: 60_001),
    "a: " + String(repeating: "x", count: 60_000), String(repeating: "x", count: 60_000) + ": 1",
    "a: &a [x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n",
    String(repeating: "#", count: 60_000), String(repeating: "\n", count: 60_000),
  ])
  func a_file_made_to_cost_much_does_not(text: String) {
    let start = Date()
    judge(Array(text.utf8), String(text.prefix(20)))
    #expect(Date().timeIntervalSince(start) < 2, "\(text.prefix(20))")
  }
}
