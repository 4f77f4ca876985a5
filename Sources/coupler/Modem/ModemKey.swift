import ArgumentParser
import Cryptography
import HomePlug
import PLCModem
import Wire

/// `coupler modem key`
struct ModemKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Give the modem a network key, and prove that it took it.",
    discussion: """
      The modem leaves its network and joins the key's. That it took the key is proven by the network it then says it is \
      in, or by a link to a peer; where it tells neither, that is said. A refusal is tried three times, 500 ms apart, as a \
      QCA7005 refuses for a moment after a match.

      The key itself is never shown. Its network (NID) is, and follows from it.

        coupler modem key -i plc0 --random                  leave the network: nobody else has this key
        coupler modem key -i plc0 --nmk-file lab.nmk        32 hexadecimal digits
        echo "$PHRASE" | coupler modem key -i plc0 --pass-phrase

      Some firmware stores each key in flash, which wears: not for a loop.

      Exit status: 0 the modem confirmed the key, and proof is told; 1 it refused, did not answer, or is in another \
      network; 2 interface or file could not be used; 64 wrong arguments.
      """)

  @OptionGroup var options: ModemOptions
  @OptionGroup var input: KeyInput

  @Flag(help: "Take a key from the system's generator.")
  var random = false

  func validate() throws {
    let sources = [input.nmkFile != nil, input.passPhrase, random].filter { $0 }.count
    guard sources == 1 else {
      throw ValidationError("Say one of --random, --nmk-file and --pass-phrase.")
    }
  }

  func run() throws {
    var generator = SecureNetworkKeys()
    let key = try input.key(json: options.json).map { NetworkKey(derivingFrom: $0) } ?? generator.networkKey()
    guard key.nmk != .zero else {
      throw giveUp("a key of zeros only is none", json: options.json, status: 2)
    }
    let session = try ModemSession(options)
    // Silence about it costs two seconds and is no obstacle.
    let formsNetwork = try session.readParameters().block?.role == .evse
    let outcome = try session.run(SetKey(driver: session.driver, key: key, formsNetwork: formsNetwork))
    session.port.reportRefused()
    guard options.json else {
      say(
        "network \(outcome.nid): \(outcome.proof)"
          + (outcome.tries > 1 ? " (after \(outcome.tries) tries)" : ""))
      return
    }
    var line = JSONLine()
    line.add("nid", outcome.nid.description)
    line.add("proof", outcome.proof.name)
    line.add("result", Int(outcome.result))
    line.add("tries", outcome.tries)
    say(line.text)
  }
}

extension KeyProof {
  /// For scripts.
  var name: String {
    switch self {
    case .membership: "membership"
    case .link: "link"
    case .unproven(.notTold): "not-told"
    case .unproven(.noPeer): "no-peer"
    case .unproven(.silent): "silent"
    }
  }
}
