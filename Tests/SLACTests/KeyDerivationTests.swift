import Cryptography
import HomePlug
import SLAC
import Testing
import Wire

/// Computed with open-plc-utils' hpavkey and an independent SHA-256.
@Suite struct KeyDerivationTests {
  @Test(arguments: [
    ("HomePlugAV", "50d3e4933f855b7040784df815aa8db7", "b0f2e695666b03", "689f074b8b0275a2710b0b5779ad1630"),
    (
      "HomePlugAV0123", "b59319d7e8157ba001b018669ccee30d", "026bcba5354e08",
      "f084b4e8f6069ff1300c9bdb812367ff"
    ),
    (
      "Coupler-test-01", "a81ce16e47b0d38d0342aaa872750788", "905ded02a17a0f",
      "b3ad91e8340e2e6121152723dd4dfeff"
    ),
    ("", "4b0d731472cd353312d8301338b8a80d", "5a39a07cfa8100", "e3865d6cc52c0ce0f51d94aa522b8105"),
  ])
  func a_pass_phrase_gives_its_keys(_ phrase: String, _ nmk: String, _ nid: String, _ dak: String) {
    let key = NMK(passPhrase: phrase)
    #expect(hexadecimal(key.key.octets) == nmk)
    #expect(NID(of: key).description == nid)
    #expect(hexadecimal(deviceAccessKey(passPhrase: phrase).octets) == dak)
  }

  @Test(arguments: [
    ("00000000000000000000000000000000", "16a817e934770b", "16a817e934771b"),
    ("ffffffffffffffffffffffffffffffff", "b6964cba659c0b", "b6964cba659c1b"),
    ("000102030405060708090a0b0c0d0e0f", "4d30a0f8455d0b", "4d30a0f8455d1b"),
    ("50d3e4933f855b7040784df815aa8db7", "b0f2e695666b03", "b0f2e695666b13"),
  ])
  func a_key_gives_its_network_identifier(_ nmk: String, _ simple: String, _ secure: String) {
    let key = NMK(Octets16(octets(hexadecimal: nmk) ?? []))
    #expect(NID(of: key).description == simple)
    #expect(NID(of: key, level: .secure).description == secure)
  }

  @Test func keys_differ_and_fit_their_identifiers() {
    var source = SecureNetworkKeys()
    var seen: Set<NMK> = []
    for _ in 0..<200 {
      let key = source.networkKey()
      #expect(key.nid == NID(of: key.nmk))
      #expect(seen.insert(key.nmk).inserted)
    }
  }

  @Test func the_same_seed_gives_the_same_keys() {
    var one = SeededNetworkKeys(seed: 7)
    var other = SeededNetworkKeys(seed: 7)
    #expect(one.networkKey() == other.networkKey())
    #expect(one.runID() == other.runID())
  }
}
