import HAL
import SafetyLinks
import Testing
import Wire

/// Messages of the protobuf controllers against octets that were made without this code: fields by hand, CRC-32 by zlib,
/// stuffing by another program.
@Suite struct MessageTests {
  /// The message of a packet, by way of the deframer.
  private func unpacked(_ packet: [UInt8]) -> [UInt8]? {
    var deframer = PacketDeframer()
    var found: [[UInt8]] = []
    deframer.receive(packet.span.bytes) { span in found.append(span.withUnsafeBytes { Array($0) }) }
    return found.count == 1 ? found[0] : nil
  }

  @Test(arguments: [
    (YetiCommand.keepAlive, "0d a2 06 05 32 03 6e 2f 61 6f af 1c e2 00"),
    (.duty(500), "09 b8 06 f4 03 27 4f 29 eb 00"),
    (.duty(0), "03 b8 06 05 c3 2e a9 9d 00"),
    (.allowPower(true), "08 c0 06 01 bd 27 4c b0 00"),
    (.lock(true), "08 b0 06 01 ed 4f bd e4 00"),
    (.lock(false), "03 b0 06 05 7b 7f ba 93 00"),
    (.reset, "08 c8 06 01 05 76 5f be 00"),
    (.threePhases(true), "08 d0 06 01 cd 84 6a ac 00"),
    (.firmwareUpdate(bootLoader: true), "0a 82 01 02 08 01 85 e2 1d f6 00"),
  ])
  func a_Yeti_is_told(command: YetiCommand, vector: String) throws {
    #expect(PacketFraming.octets(of: command.octets) == hex(vector))
    let message = try #require(unpacked(hex(vector)))
    #expect(try YetiCommand.read(message.span.bytes).get() == command)
  }

  @Test(arguments: [
    (
      YetiReport.keepAlive(
        ControllerKeepAlive(identity: ControllerIdentity(version: "2.2", hardware: 1, revision: 2))),
      "10 1a 09 10 01 18 02 32 03 32 2e 32 81 e5 cc 70 00"
    ),
    (.pilot(.C), "08 b0 06 02 57 1e b4 7d 00"),
    (.pilot(.A), "03 b0 06 05 7b 7f ba 93 00"),
    (.relay(isClosed: true), "08 b8 06 01 55 1e ae ea 00"),
    (.faults([.diode, .residualCurrent]), "0c c2 06 04 08 01 18 01 e9 01 a2 2b 00"),
    (.proximity(.plugged(cableMilliamps: 32_000)), "08 d0 06 03 e1 e5 64 42 00"),
    (.lock(.locked), "08 d8 06 02 cf 84 70 3b 00"),
    (.restarted(.watchdog), "08 a8 06 01 25 bd 88 f6 00"),
    (
      .levels(PilotLevels(highMillivolts: 9000, lowMillivolts: -12_000)),
      "11 ca 06 09 08 a8 46 10 a0 a2 ff ff 0f 87 6e 22 e6 00"
    ),
  ])
  func a_Yeti_tells(report: YetiReport, vector: String) throws {
    #expect(PacketFraming.octets(of: report.octets) == hex(vector))
    let message = try #require(unpacked(hex(vector)))
    #expect(try YetiReport.read(message.span.bytes).get() == report)
  }

  @Test(arguments: [
    (PhyVERSOCommand.duty(5330, connector: 2), "0a 20 d2 29 38 02 4c f6 4c ba 00"),
    (.coil(.ac, isOn: true, connector: 1), "0d 2a 04 08 01 10 01 38 01 03 60 54 e6 00"),
    (
      .configuration(twoSockets),
      """
      28 42 21 08 01 32 0c 08 01 10 01 18 01 22 02 08 01 28 01 32 0f 08 02 22 0b 08 ff ff ff ff ff ff ff ff ff 01 \
      23 54 e8 d8 00
      """
    ),
  ])
  func a_phyVERSO_is_told(command: PhyVERSOCommand, vector: String) throws {
    #expect(PacketFraming.octets(of: command.octets) == hex(vector))
    let message = try #require(unpacked(hex(vector)))
    #expect(try PhyVERSOCommand.read(message.span.bytes).get() == command)
  }

  @Test(arguments: [
    (
      PhyVERSOReport.keepAlive(
        ControllerKeepAlive(identity: ControllerIdentity(version: "1.0"), isConfigured: true)),
      "0e 0a 07 32 03 31 2e 30 38 01 c5 8e 2a a7 00"
    ),
    (.pilot(.B, connector: 2), "09 18 01 30 02 7b 62 9c 7b 00"),
    (.configurationRequest, "02 5a 05 de 58 72 fe 00"),
    (.lock(.moving, connector: 1), "09 30 01 50 03 9b be e0 0c 00"),
    (.coil(.ac, isOn: false, connector: 2), "0b 22 02 08 01 30 02 06 bc a7 8b 00"),
  ])
  func a_phyVERSO_tells(report: PhyVERSOReport, vector: String) throws {
    #expect(PacketFraming.octets(of: report.octets) == hex(vector))
    let message = try #require(unpacked(hex(vector)))
    #expect(try PhyVERSOReport.read(message.span.bytes).get() == report)
  }

  @Test func a_meter_survives_the_way_through_floats() throws {
    let meter = MeterReading(
      millivolts: [230_100, 229_900, 231_000], milliamps: [16_000, 15_900, 0, 12],
      milliwatts: [3_680_000, 0, 0],
      wattHours: 123_456)
    let octets = YetiReport.meter(meter).octets
    guard case .meter(let read) = try YetiReport.read(octets.span.bytes).get() else {
      Issue.record("no meter")
      return
    }
    #expect(read.wattHours == meter.wattHours)
    for (a, b) in zip(read.millivolts + read.milliamps, meter.millivolts + meter.milliamps) {
      #expect(abs(a - b) <= 1)
    }
  }

  @Test(arguments: [
    // Varints that do not end, or hold more than 64 bits.
    ("b8 06 80", LinkRefusal.encoding), ("b8 06 ff ff ff ff ff ff ff ff ff ff 01", .encoding),
    ("b8 06 ff ff ff ff ff ff ff ff ff 02", .encoding),
    // A field without a number; groups; a length beyond the end; a wrong form of a known field.
    ("00 01", .encoding), ("b3 06", .encoding), ("a2 06 05 32", .encoding), ("b2 06 01 00", .encoding),
    ("c5 06 01 02 03 04", .encoding),
    // Values that no state has.
    ("b0 06 06", .value), ("d0 06 07", .value), ("d8 06 03", .value), ("a8 06 02", .value),
    // Nothing this side knows.
    ("", .kind), ("08 01", .kind), ("f8 07 01", .kind),
    // A meter that shows no number.
    ("e2 06 05 15 00 00 c0 7f", .value),
  ])
  func what_a_Yeti_does_not_say_is_refused(message: String, reason: LinkRefusal) {
    let octets = hex(message)
    #expect(YetiReport.read(octets.span.bytes) == .failure(refused(reason)))
  }

  @Test(arguments: [
    ("18 01", LinkRefusal.value), ("18 01 30 03", .value), ("18 01 30 ff ff ff ff 0f", .value),
    ("50 05 30 01", .value), ("22 02 08 05 30 01", .value), ("18 06 30 01", .value),
  ])
  func what_a_phyVERSO_does_not_say_is_refused(message: String, reason: LinkRefusal) {
    let octets = hex(message)
    #expect(PhyVERSOReport.read(octets.span.bytes) == .failure(refused(reason)))
  }

  @Test func unknown_fields_are_passed_over_and_the_last_of_several_counts() throws {
    // Fields 200 (varint), 201 (octets), 202 (32 bits), 203 (64 bits), then state B, then state C.
    let octets = hex(
      "c0 0c 07 ca 0c 02 aa bb d5 0c 01 02 03 04 d9 0c 01 02 03 04 05 06 07 08 b0 06 01 b0 06 02")
    #expect(try YetiReport.read(octets.span.bytes).get() == .pilot(.C))
  }

  @Test func a_fault_that_nobody_knows_is_a_fault() throws {
    let octets = hex("c2 06 03 a0 01 01")
    #expect(try YetiReport.read(octets.span.bytes).get() == .faults(.other))
  }

  @Test func a_version_cannot_write_to_a_terminal() {
    #expect(ControllerIdentity(version: "1.0\u{1B}[2J\n").version == "1.0?[2J?")
    #expect(ControllerIdentity(version: String(repeating: "9", count: 500)).version.count == 64)
  }

  @Test func ChargeBridge_control() throws {
    var control = ChargeBridgeControl()
    control.isLocked = true
    control.duty = 5330
    control.allowsPower = true
    control.monitorsVoltage = true
    control.emergencyMillivolts = 500_000
    control.errorMillivolts = 450_000
    let vector = hex("01 d2 14 00 00 01 00 01 00 20 a1 07 00 d0 dd 06 00 00 00")
    #expect(control.octets == vector)
    #expect(ChargeBridgeControl(vector.span.bytes) == control)
  }

  @Test func ChargeBridge_status() throws {
    var status = ChargeBridgeStatus()
    status.pilot = .c
    status.isRelayClosed = true
    status.errors = 1 << 6 | 1 << 3 | 1
    status.proximityType2 = 3
    status.lock = .locked
    status.highVoltageMillivolts = 400_000
    status.isStopRequested = true
    status.duty = 533
    let vector = hex("00 02 01 49 00 00 00 00 00 00 00 00 03 02 80 1a 06 00 01 15 02")
    #expect(status.octets == vector)
    #expect(try ChargeBridgeStatus.read(vector.span.bytes).get() == status)
    #expect(status.faults == [.contactor, .overTemperature])
  }

  @Test func ChargeBridge_life_signs() throws {
    var settings = ChargeBridgeSettings()
    settings.proximity = .type2
    settings.relays[0] = .init(isPowerRelay: true, hasFeedback: true, isFeedbackInverted: true)
    settings.pins[2] = .init(mode: 8, value: 1000)
    settings.name = "plc"
    let octets = settings.lifeSign
    #expect(octets.count == 2 + ChargeBridgeSettings.size)
    #expect(Array(octets[..<18]) == hex("01 00 00 00 00 00 02 0a 00 01 c8 00 01 64 00 00 0a 00"))
    #expect(Array(octets[40..<55]) == hex("00 00 00 00 00 00 00 00 00 00 08 00 00 e8 03"))
    var sign = ChargeBridgeLifeSign()
    sign.levels = PilotLevels(highMillivolts: 6000, lowMillivolts: -11_900)
    sign.plugDegrees = [41, -3]
    sign.uptimeMilliseconds = 123_456
    #expect(sign.octets.count == ChargeBridgeLifeSign.size)
    #expect(try ChargeBridgeLifeSign.read(sign.octets.span.bytes).get() == sign)
  }

  @Test func datagrams_of_another_length_are_refused() {
    let status = ChargeBridgeStatus().octets
    for count in 0..<status.count {
      let short = Array(status[..<count])
      #expect(ChargeBridgeStatus.read(short.span.bytes) == .failure(refused(.tooShort)))
    }
    let long = status + [0]
    #expect(ChargeBridgeStatus.read(long.span.bytes) == .failure(refused(.tooLong)))
    for (index, wrong) in [(0, UInt8(2)), (1, 8), (2, 2), (11, 4), (12, 6), (13, 3)] {
      var octets = status
      octets[index] = wrong
      #expect(ChargeBridgeStatus.read(octets.span.bytes) == .failure(refused(.value)), "octet \(index)")
    }
  }

  private func refused(_ reason: LinkRefusal) -> LinkRefused { LinkRefused(reason: reason) }
}
