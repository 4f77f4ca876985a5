import Cryptography
import SLAC
import Testing

@testable import BoardRuntime
@testable import HomePlug

@Suite struct FirmwareKeysTests {
  @Test func a_network_identifier_is_what_OpenSSL_makes_of_the_key() {
    var keys = FirmwareKeys()
    for _ in 0..<200 {
      let key = keys.networkKey()
      #expect(key == SecureNetworkKeys().networkKey(of: key.nmk))
    }
  }

  /// All lengths it is for: a key has 16 octets, a digest 32.
  @Test(arguments: 0...55)
  func digests_are_those_of_OpenSSL(length: Int) {
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    #expect(SmallHash.sha256(message) == sha256(message))
  }
}
