import HomePlug
import PLCModem
import Testing
import Wire

@Suite struct DriverTests {
  @Test func a_home_plug_is_refused_for_an_EVSE_and_taken_for_an_EV() {
    let identity = QualcommModem().identity(
      in: .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x20, version: Array("MAC-QCA7420-1.3.0".utf8))),
      from: MACAddress(1))
    #expect(identity?.unfitness(for: .evse) == .reportsNoAttenuation)
    #expect(identity?.unfitness(for: .ev) == nil)
  }
}
