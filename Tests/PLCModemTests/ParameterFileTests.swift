import Cryptography
import HomePlug
import PLCModem
import Testing
import Wire

@Suite struct ParameterFileTests {
  @Test func a_chain_of_manifest_and_block_is_read_and_found_whole() throws {
    let file = try ParameterFile(ParameterFixture().file)
    #expect(file.isChain)
    #expect(file.headers.map(\.type) == [.manifest, .parameters])
    #expect(file.headers.map(\.offset) == [0, 0x360])
    #expect(file.headers.last?.imageOffset == 0x3C0)
    #expect(file.findings() == [])
    #expect(file.findings(for: .evse) == [])
    #expect(file.block.role == .evse)
    #expect(file.block.address == MACAddress(0x02_00_00_00_00_C1))
    #expect(file.octets == ParameterFixture().file)
  }

  @Test(arguments: [0x00, 0x08, 0x24, 0x5F, 0x5C, 0x60, 0x2FF, 0x360 + 0x10, 0x3C0 + 0x20, 0x3C0 + 0x1F8F])
  func a_changed_octet_is_found_by_a_checksum_or_makes_the_file_unreadable(at offset: Int) throws {
    var octets = ParameterFixture().file
    octets[offset] ^= 0x40
    do throws(ParameterFileError) {
      let findings = try ParameterFile(octets).findings()
      #expect(
        findings.contains {
          switch $0 {
          case .headerChecksum, .imageChecksum: true
          default: false
          }
        }, "octet 0x\(String(offset, radix: 16))")
      #expect(!findings.contains { !$0.isFault })
    } catch {
      #expect(offset < 0x60 || (0x360..<0x3C0).contains(offset))
    }
  }

  @Test func a_changed_block_gets_new_checksums_and_nothing_else_changes() throws {
    let before = ParameterFixture().file
    var file = try ParameterFile(before)
    try file.block.setRole(.ev)
    #expect(file.findings(for: .ev) == [])
    let read = try ParameterFile(file.octets)
    #expect(read.block.role == .ev)
    #expect(read.findings(for: .evse) == [.wrongRole(.ev, wanted: .evse)])
    let changed = before.indices.filter { before[$0] != file.octets[$0] }
    let allowed = Set(
      [0x3C0 + 0xF4, 0x3C0 + 0x1653] + (0x360 + 0x14..<0x360 + 0x18) + (0x360 + 0x5C..<0x3C0))
    #expect(!changed.isEmpty && Set(changed).isSubset(of: allowed))
  }

  @Test func a_bare_block_of_the_new_format_is_read_though_nothing_proves_it() throws {
    let file = try ParameterFile(ParameterFixture().block)
    #expect(!file.isChain)
    #expect(file.findings(for: .evse) == [.unchecked])
    #expect(!ParameterFinding.unchecked.isFault)
  }

  @Test func a_block_of_the_old_format_has_its_own_checksum_and_length() throws {
    let file = try ParameterFile(ParameterFixture().oldBlock)
    #expect(file.findings(for: .evse) == [])
    var changed = file
    try changed.block.set(.userHFID, to: "other")
    #expect(changed.findings() == [])
    #expect(changed.octets != file.octets)
    var damaged = ParameterFixture().oldBlock
    damaged[0x80] ^= 1
    #expect(try ParameterFile(damaged).findings() == [.blockChecksum])
    #expect(
      try ParameterFile(ParameterFixture().oldBlock + [0, 0, 0, 0]).findings()
        == [.blockLength(stated: 0x1F90, octets: 0x1F94)])
  }

  @Test func what_is_no_parameter_file_is_refused_with_its_reason() {
    func reason(_ octets: [UInt8]) -> ParameterFileError? {
      do {
        _ = try ParameterFile(octets)
        return nil
      } catch {
        return error
      }
    }
    #expect(reason([]) == .tooShort(octets: 0))
    #expect(reason([1, 0, 1, 0]) == .chain(.headerOutside(at: 0, octets: 4)))
    #expect(reason([UInt8](repeating: 0, count: 1 << 20)) == .tooLarge(octets: 1 << 20))
    #expect(reason([0, 0, 0, 0, 5] + [UInt8](repeating: 0, count: 0x200)) == .notABlock)
    #expect(reason(ParameterFixture.chain([(4, [UInt8](repeating: 7, count: 64))])) == .noParameters)
    let file = ParameterFixture().file
    #expect(
      reason(Array(file.dropLast()))
        == .chain(.imageOutside(at: 0x3C0, length: 0x1F90, octets: file.count - 1)))
    var loop = file
    ParameterFixture.put(0, &loop, at: 0x360 + 0x1C)
    #expect(reason(loop) == .chain(.loop(at: 0)))
    var astray = file
    ParameterFixture.put(0x70, &astray, at: 0x1C)
    #expect(reason(astray) == .chain(.noHeader(at: 0x70)))
    let many = ParameterFixture.chain([(type: UInt32, octets: [UInt8])](repeating: (1, []), count: 33))
    #expect(reason(many) == .chain(.tooManyHeaders))
  }

  /// Any octets: either they are read, and then every field can be asked for, or an error is thrown.
  @Test func random_and_damaged_octets_never_trap() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    var read = 0
    let originals = [ParameterFixture().file, ParameterFixture().block, ParameterFixture().oldBlock]
    for round in 0..<3000 {
      var octets = originals[round % 3]
      for _ in 0..<Int(generator.next() % 6) {
        // Mostly where the structure is.
        let limit = generator.next() % 2 == 0 ? 0x60 : octets.count
        let base = generator.next() % 2 == 0 ? 0 : 0x360
        let index = min(base + Int(generator.next() % UInt64(limit)), octets.count - 1)
        octets[index] = UInt8(truncatingIfNeeded: generator.next())
      }
      if generator.next() % 4 == 0 {
        octets = Array(octets.prefix(Int(generator.next() % UInt64(octets.count))))
      }
      if round % 7 == 0 {
        octets = (0..<Int(generator.next() % 1024)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      }
      guard var file = try? ParameterFile(octets) else { continue }
      read += 1
      #expect(file.octets == octets, "seed \(seed)")
      _ = file.findings(for: .ev)
      for field in ParameterField.allCases { _ = file.block.value(of: field) }
      try? file.block.setRole(.ev)
      try? file.block.setNetworkKey(.zero)
      #expect(file.octets.count == octets.count, "seed \(seed)")
      // What was written last is sealed, whatever the rest is.
      if file.isChain {
        let chain = try ImageChain(file.octets)
        let header = try #require(chain.header(of: .parameters))
        #expect(header.isIntact && chain.isIntact(header), "seed \(seed)")
      } else {
        #expect(try !ParameterFile(file.octets).findings().contains(.blockChecksum), "seed \(seed)")
      }
    }
    #expect(read > 300, "seed \(seed)")
  }
}

@Suite struct ParameterBlockTests {
  private static func block(_ change: (inout ParameterFixture) -> Void = { _ in }) throws -> ParameterBlock {
    var fixture = ParameterFixture()
    change(&fixture)
    return try ParameterBlock(fixture.block)
  }

  @Test func every_field_stands_where_the_sheet_says() throws {
    let block = try Self.block()
    let shown = ParameterField.allCases.map { "\($0.rawValue)=\(block.value(of: $0)?.description ?? "-")" }
    #expect(
      shown.joined(separator: " ")
        == "version=0 length=0 checksum=0 mac=02:00:00:00:00:c1 dak=set manufacturer-hfid=Coupler nmk=set "
        + "user-hfid=EVSE network-hfid= cco=2 coexistence=0 line-frequency=0 preferred-nid=b0f2e695666b03 "
        + "avln-membership=0 medium=0 slac-mode=2 background-har=0 fast-association=0 low-speed-limit=10240 "
        + "high-speed-limit=102400 dbc=0 simple-qos=-")
  }

  @Test func fields_do_not_overlap() {
    var taken: [Int: ParameterField] = [:]
    for field in ParameterField.allCases {
      for offset in field.offset..<field.offset + field.count {
        #expect(taken[offset] == nil, "\(field) and \(String(describing: taken[offset]))")
        taken[offset] = field
      }
    }
  }

  @Test(arguments: [
    ("cco", "1", true), ("cco", "0x3", true), ("cco", "4", false), ("cco", "", false), ("cco", "-1", false),
    ("slac-mode", "3", false), ("slac-mode", "0", true), ("mac", "02:00:00:00:00:e1", true),
    ("mac", "00:00:00:00:00:00", false), ("mac", "01:00:00:00:00:00", false), ("mac", "02:00", false),
    ("low-speed-limit", "4294967295", true), ("low-speed-limit", "4294967296", false),
    ("user-hfid", "PEV", true), ("user-hfid", "Grüße", false),
    ("user-hfid", String(repeating: "x", count: 63), true),
    ("user-hfid", String(repeating: "x", count: 64), false), ("preferred-nid", "026bcba5354e08", true),
    ("preferred-nid", "026bcba5354e", false), ("nmk", "00112233445566778899aabbccddeeff", false),
    ("checksum", "1", false), ("simple-qos", "0", false), ("medium", "256", false), ("medium", "255", true),
  ])
  func a_field_takes_what_it_can_hold(name: String, text: String, isTaken: Bool) throws {
    let field = try #require(ParameterField(rawValue: name))
    let before = try Self.block()
    var after = before
    do throws(ParameterError) {
      try after.set(field, to: text)
      #expect(isTaken)
    } catch {
      #expect(!isTaken, "\(error)")
      #expect(after == before)
      let repeatsKey = field.kind == .key && error.description.contains(text)
      #expect(!repeatsKey)
    }
    if isTaken {
      let wanted = text == "0x3" ? "3" : text
      #expect(after.value(of: field)?.description == wanted)
    }
  }

  @Test(arguments: [
    (2, 2, "", "evse"), (1, 1, "", "ev"), (1, 2, "rolesDisagree", "-"), (2, 1, "rolesDisagree", "-"),
    (0, 2, "undecidedCoordinator", "-"), (3, 1, "undecidedCoordinator", "-"), (2, 0, "slacOff", "-"),
    (0, 0, "slacOff undecidedCoordinator", "-"), (4, 2, "unknownCoordinator", "-"),
    (2, 7, "unknownSLACMode", "-"),
  ])
  func the_role_follows_from_both_fields(cco: Int, mode: Int, findings: String, role: String) throws {
    let block = try Self.block {
      $0.coordinator = UInt8(cco)
      $0.slacMode = UInt8(mode)
    }
    #expect(block.role?.rawValue ?? "-" == role)
    let names = block.findings().map { "\($0)".isEmpty ? "" : Self.name($0) }
    #expect(names.joined(separator: " ") == findings)
  }

  private static func name(_ finding: ParameterFinding) -> String {
    switch finding {
    case .rolesDisagree: "rolesDisagree"
    case .undecidedCoordinator: "undecidedCoordinator"
    case .slacOff: "slacOff"
    case .unknownCoordinator: "unknownCoordinator"
    case .unknownSLACMode: "unknownSLACMode"
    default: "other"
    }
  }

  @Test func addresses_and_keys_that_cannot_be_are_found() throws {
    func findings(_ change: (inout ParameterFixture) -> Void) throws -> [ParameterFinding] {
      try Self.block(change).findings()
    }
    let zero = try findings { $0.address = .zero }
    #expect(zero == [.unusableAddress(.zero)])
    let group = try findings { $0.address = .broadcast }
    #expect(group == [.unusableAddress(.broadcast)])
    let alias = try findings { $0.address = ManagementFrame.localModem }
    #expect(alias == [.sharedAddress])
    let keyless = try findings { $0.nmk = [UInt8](repeating: 0, count: 16) }
    #expect(keyless == [.noNetworkKey])
    let short = try findings { $0.length = 0x400 }
    #expect(short == [.noSLAC])
  }

  @Test func a_role_is_not_set_in_a_block_that_has_no_place_for_it() throws {
    var block = try Self.block { $0.length = 0x400 }
    let before = block
    #expect(throws: ParameterError.absent(.slacMode, octets: 0x400)) { try block.setRole(.evse) }
    #expect(block == before)
  }

  @Test func no_description_shows_a_key() throws {
    let file = try ParameterFile(ParameterFixture().file)
    let chain = try ImageChain(ParameterFixture().file)
    var shown = "\(file)\(file.block)\(chain)"
    for value in [file as Any, file.block as Any, chain as Any] {
      shown += String(reflecting: value)
      dump(value, to: &shown)
    }
    for key in [ParameterFixture().nmk, ParameterFixture().dak] {
      #expect(!shown.contains(hexadecimal(key)))
      // A run of the octets as dump() prints arrays.
      #expect(!shown.contains("- \(key[3])\n") || !shown.contains("- \(key[4])\n"))
    }
    #expect(!shown.contains("160"))
  }

  @Test func the_network_of_the_key_can_be_derived_and_is_not_secret() throws {
    let block = try Self.block { $0.nmk = [UInt8](repeating: 0, count: 16) }
    #expect(NID(of: block.networkKey).description == "16a817e934770b")
  }
}
