import ArgumentParser
import EXITools

/// A message set on the command line, or `auto`.
enum EXISet: Equatable, ExpressibleByArgument, CaseIterable {
  case automatic
  case named(MessageSet)

  static var allCases: [EXISet] { [.automatic] + MessageSet.allCases.map { .named($0) } }

  static var allValueStrings: [String] { ["auto"] + MessageSet.allCases.map(\.rawValue) }

  init?(argument: String) {
    if argument == "auto" {
      self = .automatic
    } else {
      guard let set = MessageSet(rawValue: argument) else { return nil }
      self = .named(set)
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .automatic: "auto"
    case .named(let set): set.rawValue
    }
  }
}

/// What all of `coupler exi` asks: which grammar, and how the lines are.
struct EXIInput: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The messages' set, or auto.",
      discussion: """
        appprotocol is the handshake, din DIN SPEC 70121, iso2 ISO 15118-2, iso20-* ISO 15118-20, and xmldsig XML \
        signature alone, in whose grammar a SignedInfo is signed. auto tells the set by V2GTP header and handshake.
        """, valueName: "set"))
  var set: EXISet

  @Flag(
    help: "Expect and write the V2GTP header of 8 octets. With --set auto it may be there, and is written.")
  var header = false

  @Flag(help: "The documents are fragments: a single element, as a signature covers it.")
  var fragment = false

  func validate() throws {
    if fragment && set == .automatic {
      throw ValidationError("A fragment does not tell its set: say which with --set.")
    }
    if header && set == .named(.xmldsig) {
      throw ValidationError("XML signature alone never travels behind a V2GTP header.")
    }
  }

  var choice: SetChoice {
    switch set {
    case .automatic: .automatic
    case .named(let set): .fixed(set, hasHeader: header)
    }
  }

  /// Hands every line of standard input to `convert`, and prints what it gives. Empty lines stay empty.
  ///
  /// `convert` tells notes on the line, which go to standard error, and whether all was well. Exits with 1 when a
  /// line was not.
  func eachLine(
    asJSON: Bool,
    _ convert: (String, (String) -> Void) throws(ConversionError) -> (text: String, isWell: Bool)
  ) throws {
    var failures = 0
    var number = 0
    while let line = readLine() {
      number += 1
      if line.allSatisfy({ $0.isWhitespace }) {
        print("")
        continue
      }
      do throws(ConversionError) {
        let result = try convert(line) { complain("line \(number): \($0)") }
        if !result.isWell { failures += 1 }
        print(result.text)
      } catch {
        failures += 1
        print(asJSON ? error.json : oneLine("error: \(error)"))
      }
    }
    if failures > 0 { throw ExitCode(1) }
  }
}

/// Without line breaks, which values in an error's text may have.
func oneLine(_ text: String) -> String { text.map { $0.isNewline ? " " : String($0) }.joined() }
