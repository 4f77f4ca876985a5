import Cryptography
import HomePlug
import SLAC
import Testing

@testable import BoardRuntime

@Suite struct FirmwareKeysTests {
  @Test func a_network_identifier_is_what_OpenSSL_makes_of_the_key() {
    var keys = FirmwareKeys()
    for _ in 0..<200 {
      let key = keys.networkKey()
      #expect(key == SecureNetworkKeys().networkKey(of: key.nmk))
    }
  }

  /// Lengths around each border of the padding.
  @Test(arguments: [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1000])
  func digests_are_those_of_OpenSSL(length: Int) {
    let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    #expect(SHA256.digest(message) == sha256(message))
  }
}
