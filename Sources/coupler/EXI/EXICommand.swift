import ArgumentParser

/// `coupler exi`: messages between EXI and text, and what their signatures cover.
struct EXICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exi",
    abstract: "Read and make messages: EXI to XML or JSON and back, fragments, digests.",
    discussion: """
      Charging messages travel as EXI, a binary form of XML. Each line of standard input is one message and becomes \
      one line of standard output. A line that cannot be converted becomes `error: ...` there, the others are still \
      done, and the exit status is 1. Notes, such as octets behind a message, go to standard error.

      What did the vehicle send? The V2GTP header tells the set:
        $ echo 01fe80010000000e8098004011d018004488cd12a800 |
            coupler exi decode --set auto --json | jq -c .V2G_Message.Body
        {"SessionSetupReq":{"EVCCID":"0011223344AA"}}

      There and back again:
        $ coupler exi decode --set iso2 < messages.hex |
            coupler exi encode --set iso2 | diff - messages.hex

      Does what was signed agree with the signature?
        $ coupler exi digest --set iso2 < authorization.hex | cut -d' ' -f1-4
        OK AuthorizationReq #id1 sha256
        COMPUTED SignedInfo - sha256

      With --set auto, payload types 0x8002 to 0x8006 tell the sets of ISO 15118-20. Handshake, DIN SPEC 70121 and \
      ISO 15118-2 share 0x8001 and are told apart by the second octet of the stream; what a handshake chose is \
      followed, and a message of another protocol is noted.
      """,
    subcommands: [EXIDecode.self, EXIEncode.self, EXIFragment.self, EXIDigest.self])
}
