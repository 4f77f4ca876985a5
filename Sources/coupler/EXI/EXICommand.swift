import ArgumentParser

/// `coupler exi`: messages between EXI and text, and what their signatures cover.
struct EXICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exi",
    abstract: "Read and make messages: EXI to XML or JSON and back, fragments, digests.",
    discussion: """
      HELP
      """,
    subcommands: [EXIDecode.self, EXIEncode.self, EXIFragment.self, EXIDigest.self])
}
