import HAL
import SafetyLinks
import Testing
import Wire

/// Octets as they stand in data sheets and captures.
func hex(_ text: String) -> [UInt8] { octets(hexadecimal: text.filter { $0 != " " }) ?? [] }

@Suite struct VectorTests {
  @Test func checksums_have_their_check_values() {
    var crc8 = CRC8()
    crc8.update("123456789".utf8)
    #expect(crc8.value == 0x4B)
    var crc32 = CRC32()
    crc32.update("123456789".utf8)
    #expect(crc32.value == 0x340B_C6D9)
  }

  @Test(arguments: [
    ("a5 06 80 32 00 00 00 00 00 00 ef 03", true, 50, UInt8(0)),
    ("a5 06 82 15 01 00 00 00 00 00 f6 03", true, 533, UInt8(1)),
  ])
  func a_control_frame(vector: String, isPilotOn: Bool, permille: Int, contactors: UInt8) throws {
    let control = ChargeControl(isPilotOn: isPilotOn, permille: permille, contactors: contactors)
    #expect(control.frame.octets == hex(vector))
    let frame = try #require(decoded(hex(vector)))
    #expect(ChargeControl(frame) == control)
  }

  @Test func an_inquiry_for_the_version() throws {
    let vector = hex("a5 ff 0a 00 00 00 00 00 00 00 83 03")
    let inquiry = ControllerFrame.inquiry(ControllerFrame.Kind.firmwareVersion)
    #expect(inquiry.octets == vector)
    #expect(decoded(vector) == inquiry)
  }

  @Test(arguments: [ChargeStateLayout.singleBits, .pairs])
  func a_state_frame(layout: ChargeStateLayout) throws {
    let vector = hex("a5 07 80 32 02 00 00 00 00 00 06 03")
    let frame = try #require(decoded(vector))
    let state = try #require(ChargeState(frame, layout: layout))
    #expect(state.isPilotOn && state.permille == 50 && state.pilot == 2 && state.proximity == 0)
    #expect(!state.hasDiodeFault && !state.isPilotShort && !state.hasContactorFault)
    if layout == .singleBits {
      #expect(state.contactors == [.open, .open])
      #expect(state.frame(layout).octets == vector)
    }
  }

  /// In step only: the vector follows another valid frame.
  private func decoded(_ octets: [UInt8]) -> ControllerFrame? {
    var deframer = ControllerDeframer()
    var frames: [ControllerFrame] = []
    let lead = ControllerFrame(kind: 0x0B, word: 7).octets
    deframer.receive((lead + octets).span.bytes) { frames.append($0) }
    return frames.count == 2 ? frames.last : nil
  }
}
