import QCA7000SPI
import Testing

@Suite struct RegisterTests {
  @Test func addresses_fit_the_fourteen_bits_of_a_command() {
    for register in QCA7000Register.allCases { #expect(register.rawValue < 0x4000) }
  }
}
