public import ArgumentParser
public import EXITools
import Foundation
import Wire

/// `coupler exi encode`.
struct EXIEncode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Read XML or JSON, one message per line or file, and write EXI in hexadecimal.",
    discussion: """
      HELP
      """)

  @OptionGroup var input: EXIInput

  @Option(help: "What to read; else a line that begins with a brace is JSON.")
  var format: MessageWriter.Format?

  @Argument(help: "Files of one message each, in place of standard input.")
  var files: [String] = []

  func run() throws {
    var writer = MessageWriter(input.choice)
    guard !files.isEmpty else {
      return try input.eachLine(asJSON: false) { line, _ throws(ConversionError) in
        (hexadecimal(try writer.write(line, format: format, fragment: input.fragment).message), true)
      }
    }
    var failures = 0
    for file in files {
      let text: String
      do {
        text = try String(contentsOfFile: file, encoding: .utf8)
      } catch {
        complain("cannot read \(file) as text: \(error.localizedDescription)")
        throw ExitCode(2)
      }
      do throws(ConversionError) {
        print(hexadecimal(try writer.write(text, format: format, fragment: input.fragment).message))
      } catch {
        failures += 1
        print(oneLine("error: \(file)\(error.line.map { ":\($0)" } ?? ""): \(error)"))
      }
    }
    if failures > 0 { throw ExitCode(1) }
  }
}

extension MessageWriter.Format: ExpressibleByArgument {}
