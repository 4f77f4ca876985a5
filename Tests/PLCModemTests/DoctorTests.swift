import HomePlug
import PLCModem
import Testing
import Wire

/// Facts in, findings out.
@Suite struct DoctorTests {
  private static let modem = MACAddress(0x00B0_5200_00C1)

  /// An EVSE's modem that has nothing wrong with it.
  private static var healthy: ModemFacts {
    var facts = ModemFacts(name: "plc0", interface: .running)
    facts.kernelDriver = "qcaspi"
    facts.modem = .given(
      ModemIdentity(vendor: .qualcomm, chip: "QCA7005", firmware: "MAC-QCA7005-1.1.0", address: modem))
    facts.wantedRole = .evse
    facts.parameters = .given(ModemFacts.Parameters(role: .evse, address: modem, findings: []))
    facts.isLinkUp = .given(true)
    facts.networks = .given([NID(1)])
    facts.stations = .given([ModemFacts.Station(address: MACAddress(2), transmitRate: 9, receiveRate: 10)])
    facts.counters = [
      ModemFacts.Counter(name: "Triggered resets", before: 1, after: 1),
      ModemFacts.Counter(name: "Write buffer misses", before: 400, after: 500),
      ModemFacts.Counter(name: "SPI errors", before: 0, after: 0),
      ModemFacts.Counter(name: "rx_dropped", before: 3, after: 9),
    ]
    return facts
  }

  private static func found(_ change: (inout ModemFacts) -> Void) -> [String] {
    var facts = healthy
    change(&facts)
    return ModemDiagnosis(of: facts).complaints.map { "\($0.severity.rawValue) \($0.kind.rawValue)" }
  }

  @Test func a_healthy_modem_gives_no_finding() {
    #expect(Self.found { _ in } == [])
    #expect(ModemDiagnosis(of: Self.healthy).severity == nil)
  }

  private struct Row: Sendable {
    let name: String
    let change: @Sendable (inout ModemFacts) -> Void
    let findings: [String]

    init(_ name: String, _ findings: [String], _ change: @escaping @Sendable (inout ModemFacts) -> Void) {
      self.name = name
      self.findings = findings
      self.change = change
    }
  }

  private static let wrongEnd = ModemFacts.Parameters(
    role: .ev, address: modem, findings: [.wrongRole(.ev, wanted: .evse)])

  private static func parameters(_ findings: [ParameterFinding]) -> ModemFacts.Answer<ModemFacts.Parameters> {
    .given(ModemFacts.Parameters(role: nil, address: modem, findings: findings))
  }

  private static let rows: [Row] = [
    // The way to the modem. What follows from a cause is not told.
    Row("missing", ["fault interface-missing"]) { $0 = ModemFacts(name: "plc0", interface: .missing) },
    Row("down", ["fault interface-down"]) { $0 = ModemFacts(name: "plc0", interface: .down) },
    Row("no carrier", ["fault no-carrier", "fault no-modem"]) {
      $0.interface = .withoutCarrier
      $0.modem = .failed(.noModem)
    },
    Row("no rights", ["fault no-permission"]) {
      $0.obstacle = .permission
      $0.modem = .unasked
    },
    Row("kernel", ["fault cannot-send"]) {
      $0.obstacle = .other("cannot open a packet socket")
      $0.modem = .unasked
    },
    Row("random address", ["warning random-address"]) { $0.hasRandomAddress = true },
    Row("random address of a cable", []) {
      $0.hasRandomAddress = true
      $0.kernelDriver = "veth"
    },
    Row("old SPI errors", ["warning driver-errors"]) {
      $0.counters = [ModemFacts.Counter(name: "Read buffer errors", before: 7, after: 7)]
    },
    Row("SPI errors now", ["fault driver-errors"]) {
      $0.counters = [ModemFacts.Counter(name: "SPI errors", before: 7, after: 8)]
    },
    Row("bad signature", ["warning driver-errors"]) {
      $0.counters = [ModemFacts.Counter(name: "Bad signature", before: 1, after: 1)]
    },
    // The modem.
    Row("silence", ["fault no-modem"]) { $0.modem = .failed(.noModem) },
    Row("nonsense", ["fault no-modem"]) { $0.modem = .failed(.protocolViolation("x")) },
    Row("boot loader", ["fault no-firmware"]) {
      $0.modem = .given(ModemIdentity(vendor: .qualcomm, firmware: "BootLoader", address: modem))
      $0.parameters = .failed(.noAnswer(.VS_RD_MOD_REQ, attempts: 2))
    },
    Row("home plug at an EVSE", ["fault home-plug"]) {
      $0.modem = .given(ModemIdentity(vendor: .qualcomm, chip: "QCA7420", address: modem))
    },
    Row("home plug at an EV", []) {
      $0.modem = .given(ModemIdentity(vendor: .qualcomm, chip: "QCA7420", address: modem))
      $0.wantedRole = .ev
      $0.parameters = .given(ModemFacts.Parameters(role: .ev, address: modem, findings: []))
    },
    Row("home plug somewhere", ["warning home-plug"]) {
      $0.modem = .given(ModemIdentity(vendor: .qualcomm, chip: "QCA7420", address: modem))
      $0.wantedRole = nil
    },
    Row("generic", ["note no-vendor-messages"]) {
      $0.modem = .given(ModemIdentity(vendor: .generic, address: modem))
      $0.parameters = .failed(.cannotAsk(.parameters, .vendorUnknown))
      $0.networks = .unasked
    },
    // Role and parameter block.
    Row("wrong role", ["fault wrong-role"]) { $0.parameters = .given(wrongEnd) },
    Row("roles disagree", ["fault wrong-role"]) {
      $0.parameters = parameters([.rolesDisagree(coordinator: 1, slacMode: 2)])
    },
    Row("undecided", ["warning wrong-role"]) { $0.parameters = parameters([.undecidedCoordinator(0)]) },
    Row("undecided, no role wanted", ["note wrong-role"]) {
      $0.parameters = parameters([.undecidedCoordinator(0)])
      $0.wantedRole = nil
    },
    Row("no SLAC at an EVSE", ["fault firmware-without-slac"]) { $0.parameters = parameters([.noSLAC]) },
    Row("no SLAC at an EV", ["note firmware-without-slac"]) {
      $0.parameters = parameters([.noSLAC])
      $0.wantedRole = .ev
    },
    Row("SLAC off", ["fault slac-off"]) { $0.parameters = parameters([.slacOff]) },
    Row("damaged block", ["fault parameters"]) {
      $0.parameters = parameters([.imageChecksum(.parameters)])
    },
    Row("no address", ["fault parameters"]) { $0.parameters = parameters([.unusableAddress(.zero)]) },
    Row("harmless", []) { $0.parameters = parameters([.unchecked, .noNetworkKey]) },
    Row("unread block", ["warning parameters-unread"]) {
      $0.parameters = .failed(.noAnswer(.VS_RD_MOD_REQ, attempts: 2))
    },
    // Key and network.
    Row("key refused", ["fault key-not-taken"]) {
      $0.key = .failed(.refused(.CM_SET_KEY_REQ, status: 1))
    },
    Row("key elsewhere", ["fault key-not-taken"]) {
      $0.key = .failed(.keyNotTaken(wanted: NID(2), found: [NID(1)]))
    },
    Row("key proven", []) { $0.key = .given(.membership) },
    Row("key unproven", ["note key-unproven", "note no-link"]) {
      $0.key = .given(.unproven(.noPeer))
      $0.isLinkUp = .given(false)
    },
    Row("another network", ["fault other-network"]) { $0.wantedNetwork = NID(5) },
    Row("the network", []) { $0.wantedNetwork = NID(1) },
    Row("no network", ["warning no-network"]) { $0.networks = .given([]) },
    Row("no network is not told beside its cause", ["fault slac-off"]) {
      $0.parameters = parameters([.slacOff])
      $0.networks = .given([])
    },
    Row("an EV in no network", []) {
      $0.networks = .given([])
      $0.wantedRole = .ev
      $0.parameters = .given(ModemFacts.Parameters(role: .ev, address: modem, findings: []))
    },
    // Link.
    Row("no link", ["note no-link"]) { $0.isLinkUp = .given(false) },
    Row("silent about the link", ["warning link-unknown"]) {
      $0.isLinkUp = .failed(.noAnswer(.VS_PL_LNK_STATUS_REQ, attempts: 3))
    },
    Row("no way to ask for the link", []) { $0.isLinkUp = .failed(.cannotAsk(.linkStatus, .undisclosed)) },
    Row("slow link", ["warning slow-link"]) {
      $0.stations = .given([ModemFacts.Station(address: MACAddress(2), transmitRate: 9, receiveRate: 3)])
    },
    Row("no link is not told beside its cause", ["fault wrong-role"]) {
      $0.parameters = .given(wrongEnd)
      $0.isLinkUp = .given(false)
    },
  ]

  @Test func facts_give_these_findings() {
    for row in Self.rows { #expect(Self.found(row.change) == row.findings, "\(row.name)") }
  }

  @Test func every_kind_of_finding_occurs_in_the_table() {
    let occurring = Set(Self.rows.flatMap(\.findings).map { String($0.split(separator: " ")[1]) })
    for kind in ModemComplaint.Kind.allCases {
      #expect(occurring.contains(kind.rawValue), "\(kind.rawValue)")
    }
  }

  @Test func every_finding_says_what_was_seen_what_follows_and_what_to_do() {
    for row in Self.rows {
      var facts = Self.healthy
      row.change(&facts)
      for complaint in ModemDiagnosis(of: facts).complaints {
        for text in [complaint.what, complaint.meaning] {
          #expect(text.count > 8 && text.hasSuffix("."), "\(row.name): \(text)")
        }
        #expect(complaint.remedy.count > 8, "\(row.name)")
      }
    }
  }

  @Test func a_wrong_role_names_the_command_that_rights_it() {
    var facts = Self.healthy
    facts.parameters = .given(Self.wrongEnd)
    let complaint = ModemDiagnosis(of: facts).complaints.first
    #expect(complaint?.remedy.contains("coupler modem pib set --interface plc0 --role evse") == true)
  }
}

@Suite struct AttenuationTests {
  @Test func reports_are_averaged_by_vehicle_and_group() {
    var meter = AttenuationMeter()
    for (vehicle, decibels) in [(1, 20), (2, 60), (1, 21), (1, 24)] {
      meter.add(
        CM_ATTEN_PROFILE_IND(
          evMAC: MACAddress(UInt64(vehicle)),
          profile: AttenuationProfile(repeating: UInt8(decibels), count: 58)))
    }
    #expect(meter.profiles.map(\.sounds) == [3, 1])
    #expect(meter.profiles[0].groups.count == 58)
    #expect(meter.profiles[0].groups[57].meanTenths == 217)
    #expect(meter.profiles[0].meanTenths == 217)
    #expect((meter.profiles[0].groups[0].least, meter.profiles[0].groups[0].most) == (20, 24))
  }

  @Test func a_flood_of_vehicles_is_counted_and_takes_no_more_memory() {
    var meter = AttenuationMeter()
    for vehicle in 0..<1000 {
      meter.add(AttenuationProfile(repeating: 9), of: MACAddress(UInt64(vehicle)))
    }
    #expect(meter.profiles.count == AttenuationMeter.vehiclesMax)
    #expect(meter.ignored == 1000 - AttenuationMeter.vehiclesMax)
  }

  /// Plays a charger that answers a probe.
  private static func play(
    chargers: Int, sounds: UInt8 = 10, answers: Bool = true
  ) -> (reports: [AttenuationProbe.Report], sent: [(ManagementType, Instant)], end: Instant) {
    let vehicle = MACAddress(0xE1)
    var probe = AttenuationProbe(address: vehicle, runID: RunID(77), random: 1)
    var now = Instant.zero
    var sent: [(ManagementType, Instant)] = []
    var inbox: [ManagementFrame] = []
    var reports: [AttenuationProbe.Report]?
    func frame(_ charger: Int, _ message: ManagementMessage) -> ManagementFrame {
      ManagementFrame(destination: vehicle, source: MACAddress(UInt64(0xC0 + charger)), message: message)
    }
    func act(_ action: AttenuationProbe.Action) {
      switch action {
      case .send(let message, _):
        sent.append((message.type, now))
        guard answers else { return }
        for charger in 0..<chargers {
          switch message {
          case .slacParmReq:
            inbox.append(
              frame(
                charger,
                .slacParmCnf(
                  CM_SLAC_PARM_CNF(soundCount: sounds, forwardingStation: vehicle, runID: RunID(77)))))
          case .mnbcSoundInd(let sound) where sound.remaining == 0:
            inbox.append(
              frame(
                charger,
                .attenCharInd(
                  CM_ATTEN_CHAR_IND(
                    sourceAddress: vehicle, runID: RunID(77), soundCount: sounds,
                    profile: AttenuationProfile(repeating: UInt8(20 + charger))))))
          default: break
          }
        }
      case .ended(let list): reports = list
      }
    }
    probe.handle(.start, at: now, perform: act)
    while reports == nil, now < .zero + .seconds(60) {
      while !inbox.isEmpty { probe.handle(.received(inbox.removeFirst()), at: now, perform: act) }
      guard reports == nil, let deadline = probe.deadline else { break }
      now = deadline
      probe.handle(.timeout, at: now, perform: act)
    }
    return (reports ?? [], sent, now)
  }

  @Test func a_probe_sounds_as_a_vehicle_does_and_ends_with_every_report() {
    let (reports, sent, end) = Self.play(chargers: 3)
    #expect(reports.map(\.profile.groups[0]) == [20, 21, 22])
    let names = sent.map(\.0)
    #expect(names.filter { $0 == .CM_SLAC_PARM_REQ }.count == 1)
    #expect(names.filter { $0 == .CM_START_ATTEN_CHAR_IND }.count == 3)
    #expect(names.filter { $0 == .CM_MNBC_SOUND_IND }.count == 10)
    #expect(names.filter { $0 == .CM_ATTEN_CHAR_RSP }.count == 3)
    #expect(!names.contains(.CM_SLAC_MATCH_REQ) && !names.contains(.CM_SET_KEY_REQ))
    let batch = sent.filter { [.CM_START_ATTEN_CHAR_IND, .CM_MNBC_SOUND_IND].contains($0.0) }.map(\.1)
    for (a, b) in zip(batch, batch.dropFirst()) {
      #expect(b - a >= .milliseconds(20) && b - a <= .milliseconds(50))
    }
    #expect(end < .zero + .seconds(1))
  }

  @Test func a_probe_gives_up_where_nobody_answers() {
    let (reports, sent, end) = Self.play(chargers: 1, answers: false)
    #expect(reports.isEmpty)
    #expect(sent.map(\.0) == [.CM_SLAC_PARM_REQ, .CM_SLAC_PARM_REQ, .CM_SLAC_PARM_REQ])
    #expect(end == .zero + .milliseconds(600))
  }

  @Test(arguments: [UInt8(1), 255])
  func a_probe_makes_as_many_sounds_as_the_charger_asks_for(sounds: UInt8) {
    let (reports, sent, _) = Self.play(chargers: 1, sounds: sounds)
    #expect(reports.count == 1)
    #expect(sent.filter { $0.0 == .CM_MNBC_SOUND_IND }.count == Int(sounds))
  }
}
