import HomePlug
import Testing
import Wire

@Suite struct FrameTests {
  private func bytes(_ text: String) -> [UInt8] { octets(hexadecimal: text) ?? [] }

  private func parse(_ octets: [UInt8]) throws(HomePlugError) -> ManagementFrame {
    try ManagementFrame(parsing: octets.span.bytes)
  }

  @Test(arguments: Literal.all)
  func a_literal_reads_as_its_message(_ literal: Literal) throws {
    let octets = bytes(literal.hexadecimalText)
    let frame = try parse(octets)
    #expect(frame.destination == literal.destination)
    #expect(frame.source == literal.source)
    #expect(frame.message == literal.message)
  }

  @Test(arguments: Literal.all)
  func a_message_writes_as_its_literal(_ literal: Literal) throws {
    let frame = ManagementFrame(
      destination: literal.destination, source: literal.source, message: literal.message,
      version: literal.version)
    var output = OutputBuffer()
    output.append(contentsOf: [0xA5, 0xA5])  // A frame is appended, wherever the buffer stands.
    frame.encode(into: &output)
    #expect(hexadecimal(output.octets.dropFirst(2)) == literal.hexadecimalText)
  }

  @Test(arguments: Literal.all)
  func every_shorter_prefix_is_refused(_ literal: Literal) throws {
    let octets = bytes(literal.hexadecimalText)
    for length in 0..<literal.fieldsEnd {
      #expect(throws: HomePlugError.self, "\(length) octets") { try parse(Array(octets.prefix(length))) }
    }
    #expect(try parse(Array(octets.prefix(literal.fieldsEnd))).message == literal.message)
  }

  @Test(arguments: Literal.all)
  func octets_behind_the_last_field_are_padding(_ literal: Literal) throws {
    let octets = bytes(literal.hexadecimalText)
    #expect(try parse(octets + [UInt8](repeating: 0xA5, count: 197)).message == literal.message)
  }

  @Test func an_error_says_what_came_instead() {
    let good = bytes(slacParmReqOctets)
    func error(_ change: (inout [UInt8]) -> Void) -> HomePlugError? {
      var octets = good
      change(&octets)
      do throws(HomePlugError) {
        _ = try parse(octets)
        return nil
      } catch { return error }
    }
    #expect(error { $0.removeLast(50) } == .frameTooShort(octets: 10))
    #expect(error { $0[13] = 0xE0 } == .notHomePlug(etherType: 0x88E0))
    #expect(error { $0[14] = 3 } == .unknownVersion(3))
    #expect(error { $0[17] = 1 } == .fragmented(type: 0x6064))
    #expect(error { $0.removeLast(32) } == .truncated(type: 0x6064, octets: 28))
    #expect(error { $0[18] = 9 } == nil, "a fragment sequence number alone is harmless")
    var refused = RefusedFrames()
    refused.count(.unknownVersion(3))
    refused.count(.unknownVersion(9))
    #expect(refused[.unknownVersion] == 2)
    #expect(refused.total == 2)
  }

  @Test func more_carrier_groups_than_green_phy_has_are_refused() throws {
    var report = bytes(attenCharIndOctets)
    report[70] = 59
    report += [UInt8](repeating: 0, count: 300)
    #expect(throws: HomePlugError.tooManyGroups(type: 0x606E, groups: 59)) { try parse(report) }
  }

  @Test func the_number_of_groups_comes_from_its_field_not_from_the_frame() throws {
    // open-plc-utils' evse sends 326 octets: an array of 255 of which NumGroups are meant.
    var report = bytes(attenCharIndOctets)
    report += [UInt8](repeating: 0xEE, count: 197)
    guard case .attenCharInd(let message) = try parse(report).message else {
      Issue.record("not a CM_ATTEN_CHAR.IND")
      return
    }
    #expect(message.profile == ramp)
  }

  @Test func an_unknown_message_survives_a_round_trip() throws {
    let reading = "00b0520000010200000000e188e10008a000b052" + String(repeating: "00", count: 40)
    // A set-key request, and two operations in one request.
    let vendorKey = "00b0520000010200000000e188e10050a000b05201" + String(repeating: "b5", count: 39)
    let operations = "00b0520000010200000000e188e100b0a000b0520000000002" + String(repeating: "00", count: 35)
    let networks = "0200000000c10200000000e188e1023860003195031111" + String(repeating: "22", count: 40)
    for text in [reading, vendorKey, operations, networks] {
      let octets = bytes(text)
      let frame = try parse(octets)
      guard case .unknown = frame.message else {
        Issue.record("\(frame.message) is known")
        continue
      }
      #expect(frame.octets == octets)
    }
  }

  @Test func a_vendor_message_of_another_vendor_is_unknown() throws {
    var status = bytes(linkStatusCnfOctets)
    status[19] = 0x53
    guard case .unknown(let message) = try parse(status).message else {
      Issue.record("taken for Qualcomm's")
      return
    }
    #expect(message.payload.prefix(5) == [0x00, 0xB0, 0x53, 0, 1])
  }

  @Test func a_key_never_shows_in_text() throws {
    let secret = "b59319d7e8157ba001b018669ccee30d"
    let numbers = [String(key.nmk.key.high), String(key.nmk.key.low), "b59319d7"]
    for literal in Literal.all {
      var dumped = ""
      dump(literal.message, to: &dumped)
      for text in ["\(literal.message)", String(reflecting: literal.message), dumped] {
        #expect(!text.contains(secret))
        for number in numbers { #expect(!text.contains(number), "\(literal.name)") }
      }
    }
    let vendorKey = UnknownMessage(type: .VS_SET_KEY_REQ, payload: key.nmk.key.octets)
    var dumped = ""
    dump(vendorKey, to: &dumped)
    #expect(!dumped.contains("181"), "0xb5 is the key's first octet")
    #expect(!"\(vendorKey)".contains("181"))
    for literal in Literal.modules {
      dumped = ""
      dump(literal.message, to: &dumped)
      for text in ["\(literal.message)", String(reflecting: literal.message), dumped] {
        #expect(!text.contains("181"), "\(literal.name)")
      }
    }
  }

  // MARK: properties

  /// A known message reads back the same; an unknown one is padded at most.
  private func expectRoundTrip(_ frame: ManagementFrame, _ octets: [UInt8]) {
    if case .unknown = frame.message {
      #expect(frame.octets.starts(with: octets))
    } else {
      #expect((try? parse(frame.octets)) == frame)
    }
  }

  @Test func random_octets_never_trap_and_what_is_read_is_written_alike() {
    var random = SeededGenerator(seed: 1)
    var accepted = 0
    for _ in 0..<30_000 {
      var octets = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      // Most of them get a header, or the parser would stop at the EtherType.
      if octets.count > 18, random.chance(perMille: 900) {
        octets.replaceSubrange(12..<15, with: [0x88, 0xE1, UInt8(random.next() % 3)])
        let types = Literal.all.map { $0.message.type.rawValue }
        let type = types[Int(random.next() % UInt64(types.count))]
        octets.replaceSubrange(15..<17, with: [UInt8(type & 0xFF), UInt8(type >> 8)])
        if octets[14] > 0 { octets[17] = 0 }
        // Vendors' messages get an OUI.
        let oui: [UInt8] = type >= 0xAC00 ? [0x00, 0x16, 0xE8] : [0x00, 0xB0, 0x52]
        let at = octets[14] > 0 ? 19 : 17
        if type >= 0xA000, octets.count >= at + 3 { octets.replaceSubrange(at..<at + 3, with: oui) }
      }
      guard let frame = try? parse(octets) else { continue }
      accepted += 1
      expectRoundTrip(frame, octets)
    }
    #expect(accepted > 5_000)
  }

  @Test func mutated_literals_never_trap() {
    var random = SeededGenerator(seed: 2)
    for literal in Literal.all {
      let good = bytes(literal.hexadecimalText)
      for _ in 0..<500 {
        var octets = good
        for _ in 0...(random.next() % 4) {
          octets[Int(random.next() % UInt64(octets.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        if random.chance(perMille: 200) { octets.removeLast(Int(random.next() % UInt64(octets.count))) }
        guard let frame = try? parse(octets) else { continue }
        expectRoundTrip(frame, octets)
      }
    }
  }
}
