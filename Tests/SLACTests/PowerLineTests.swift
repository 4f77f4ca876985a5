import Cryptography
import HomePlug
import SLAC
import SimulatedHardware
import Testing
import Wire

@Suite struct PowerLineTests {
  let host0 = MACAddress(0x0200_0000_00E1)
  let host1 = MACAddress(0x0200_0000_00C1)
  let modem0 = MACAddress(0x00B0_5200_00E1)
  let modem1 = MACAddress(0x00B0_5200_00C1)

  /// What came out of a line, by port.
  struct Delivered: Equatable {
    let port: Int
    let frame: ManagementFrame
  }

  private func send(
    _ message: ManagementMessage, from source: MACAddress, to destination: MACAddress, port: Int,
    _ line: inout PowerLine, at now: Instant = .zero, version: UInt8? = nil
  ) -> [Delivered] {
    let frame = ManagementFrame(destination: destination, source: source, message: message, version: version)
    var delivered: [Delivered] = []
    line.handle(.frame(frame.octets, port: port), at: now) { action in
      guard case .deliver(let octets, let port) = action,
        let frame = try? ManagementFrame(parsing: octets.span.bytes)
      else { return }
      delivered.append(Delivered(port: port, frame: frame))
    }
    return delivered
  }

  private func setKeys(_ line: inout PowerLine, _ key: NetworkKey, at now: Instant = .zero) {
    let request = ManagementMessage.setKeyReq(CM_SET_KEY_REQ(key: key))
    for (host, port) in [(host0, 0), (host1, 1)] {
      let answers = send(request, from: host, to: ManagementFrame.localModem, port: port, &line, at: now)
      #expect(answers.count == 1)
    }
  }

  let key = NetworkKey(derivingFrom: NMK(Octets16(high: 3, low: 4)))

  @Test func a_modem_confirms_a_key_like_a_QCA700x() {
    var line = PowerLine(configuration: .pair, seed: 1)
    for destination in [ManagementFrame.localModem, modem0, .broadcast] {
      let request = CM_SET_KEY_REQ(myNonce: 0xAAAA_AAAA, key: key)
      let answers = send(.setKeyReq(request), from: host0, to: destination, port: 0, &line)
      #expect(
        answers == [
          Delivered(
            port: 0,
            frame: ManagementFrame(
              destination: host0, source: modem0,
              message: .setKeyCnf(CM_SET_KEY_CNF(result: 1, myNonce: 0xAAAA_AAAA))))
        ], "nothing crosses the line")
    }
  }

  @Test func the_link_is_up_after_the_join_delay_and_down_with_another_key() {
    var line = PowerLine(configuration: .pair, seed: 1)
    func isUp(at milliseconds: Int, port: Int) -> Bool? {
      let answers = send(
        .linkStatusReq, from: port == 0 ? host0 : host1, to: ManagementFrame.localModem, port: port, &line,
        at: .zero + .milliseconds(milliseconds))
      guard case .linkStatusCnf(let status)? = answers.first?.frame.message else { return nil }
      return status.isUp
    }
    #expect(isUp(at: 0, port: 0) == false)
    setKeys(&line, key)
    #expect(isUp(at: 999, port: 0) == false)
    #expect(isUp(at: 1000, port: 0) == true)
    #expect(isUp(at: 1000, port: 1) == true)
    let other = NetworkKey(derivingFrom: NMK(Octets16(high: 5, low: 6)))
    _ = send(
      .setKeyReq(CM_SET_KEY_REQ(key: other)), from: host0, to: ManagementFrame.localModem, port: 0, &line,
      at: .zero + .seconds(2))
    #expect(isUp(at: 5000, port: 0) == false)
    #expect(isUp(at: 5000, port: 1) == false)
  }

  @Test func data_passes_only_between_modems_with_one_key() {
    var line = PowerLine(configuration: .pair, seed: 1)
    var ipv6 = host1.octets + host0.octets + [0x86, 0xDD]
    ipv6 += [UInt8](repeating: 0x60, count: 60)
    func passes(at now: Instant) -> Bool {
      var ports: [Int] = []
      line.handle(.frame(ipv6, port: 0), at: now) { action in
        if case .deliver(let octets, let port) = action, octets == ipv6 { ports.append(port) }
      }
      return ports == [1]
    }
    #expect(!passes(at: .zero))
    setKeys(&line, key)
    #expect(!passes(at: .zero))
    #expect(passes(at: .zero + .seconds(1)))
    setKeys(&line, NetworkKey(nmk: .zero, nid: NID(0)), at: .zero + .seconds(2))
    #expect(!passes(at: .zero + .seconds(9)), "no key is no network")
  }

  @Test func each_sound_heard_is_reported_to_the_host_of_an_EVSE() {
    var line = PowerLine(configuration: .pair, seed: 1)
    _ = send(.linkStatusReq, from: host1, to: ManagementFrame.localModem, port: 1, &line)
    let sound = ManagementMessage.mnbcSoundInd(
      CM_MNBC_SOUND_IND(remaining: 9, runID: RunID(1), random: .zero))
    let heard = send(sound, from: host0, to: .broadcast, port: 0, &line)
    #expect(heard.map(\.port) == [1, 1])
    #expect(heard.first?.frame.message == sound)
    guard case .attenProfileInd(let report)? = heard.last?.frame.message else {
      Issue.record("no CM_ATTEN_PROFILE.IND")
      return
    }
    #expect(heard.last?.frame.source == modem1 && heard.last?.frame.destination == host1)
    #expect(report.evMAC == host0)
    #expect(report.profile.groups.allSatisfy { (18...22).contains($0) } && report.profile.count == 58)
    #expect(Set(report.profile.groups).count > 1, "it ripples")
  }

  @Test func one_of_three_starts_is_handed_over_per_run() {
    var line = PowerLine(configuration: .pair, seed: 1)
    func heard(_ runID: UInt64, at milliseconds: Int) -> Int {
      send(
        .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: host0, runID: RunID(runID))),
        from: host0, to: .broadcast, port: 0, &line, at: .zero + .milliseconds(milliseconds)
      ).count
    }
    #expect([heard(1, at: 0), heard(1, at: 20), heard(1, at: 40), heard(2, at: 60)] == [1, 0, 0, 1])
    #expect(heard(1, at: 2000) == 1)
  }

  @Test func modems_answer_what_foreign_stacks_ask() {
    var line = PowerLine(configuration: .pair, seed: 1)
    setKeys(&line, key)
    let later = Instant.zero + .seconds(2)
    func types(_ message: ManagementMessage, to destination: MACAddress) -> [ManagementType] {
      let answers = send(message, from: host0, to: destination, port: 0, &line, at: later)
      #expect(answers.allSatisfy { $0.port == 0 && $0.frame.source == modem0 })
      return answers.map(\.frame.message.type)
    }
    let oui: [UInt8] = [0, 0xB0, 0x52]
    for destination in [ManagementFrame.localModem, MACAddress.broadcast] {
      #expect(types(.softwareVersionReq, to: destination) == [.VS_SW_VER_CNF])
      #expect(types(.networkInfoReq, to: destination) == [.VS_NW_INFO_CNF])
      #expect(types(.getKeyReq(CM_GET_KEY_REQ(nid: key.nid)), to: destination) == [.CM_GET_KEY_CNF])
      #expect(types(.nwStatsReq, to: destination) == [.CM_NW_STATS_CNF])
      let reset = ManagementMessage.unknown(UnknownMessage(type: .VS_RS_DEV_REQ, payload: oui))
      #expect(types(reset, to: destination) == [.VS_RS_DEV_CNF])
      let attributes = ManagementMessage.unknown(
        UnknownMessage(type: .VS_OP_ATTRIBUTES_REQ, payload: oui + [1, 2, 3, 4, 0]))
      #expect(types(attributes, to: destination) == [.VS_OP_ATTRIBUTES_CNF])
    }
    let stations = send(.nwStatsReq, from: host0, to: ManagementFrame.localModem, port: 0, &line, at: later)
    guard case .nwStatsCnf(let stats)? = stations.first?.frame.message else { return }
    #expect(stats.stations.map(\.address) == [modem1])
  }

  @Test func a_frame_goes_to_the_port_where_its_address_was_seen() {
    let ports = (0..<3).map {
      PowerLineConfiguration.Port(modem: MACAddress(0x00B0_5200_0100 + UInt64($0)), role: .evse)
    }
    var line = PowerLine(configuration: PowerLineConfiguration(ports: ports), seed: 1)
    let message = ManagementMessage.validateReq(CM_VALIDATE_REQ(timer: 0))
    #expect(send(message, from: host0, to: host1, port: 0, &line).map(\.port) == [1, 2], "unknown: to all")
    _ = send(.linkStatusReq, from: host1, to: ManagementFrame.localModem, port: 2, &line)
    #expect(send(message, from: host0, to: host1, port: 0, &line).map(\.port) == [2])
    line.setAttenuation(nil, between: 0, and: 2)
    #expect(send(message, from: host0, to: host1, port: 0, &line).isEmpty)
  }

  @Test func a_restarting_modem_is_silent() {
    var configuration = PowerLineConfiguration.pair
    configuration.modemRestart = .seconds(2)
    var line = PowerLine(configuration: configuration, seed: 1)
    setKeys(&line, key)
    func answers(at seconds: Int) -> Int {
      send(
        .linkStatusReq, from: host0, to: ManagementFrame.localModem, port: 0, &line,
        at: .zero + .seconds(seconds)
      ).count
    }
    #expect(answers(at: 1) == 0)
    #expect(answers(at: 2) == 1)
  }

  @Test func a_match_survives_modems_that_restart() {
    var bench = Bench { $0.modemRestart = .seconds(3) }
    bench.run(.seconds(5))
    bench.plug()
    bench.run(.seconds(12)) { $0.isMatched() }
    #expect(bench.isMatched())
  }

  @Test func the_same_seed_gives_the_same_line() {
    func run(_ seed: UInt64) -> [String] {
      var bench = Bench(seed: seed) {
        $0.faults.lossPerMille = 100
        $0.faults.delayMax = .milliseconds(30)
      }
      bench.plug()
      bench.run(.seconds(20))
      return bench.ladder()
    }
    #expect(run(5) == run(5))
    #expect(run(5) != run(6))
  }

  @Test func frames_of_any_shape_never_trap_and_the_queue_is_bounded() {
    var random = SeededGenerator(seed: 9)
    var configuration = PowerLineConfiguration.pair
    configuration.latency = .seconds(10)
    var line = PowerLine(configuration: configuration, seed: 1)
    for _ in 0..<12_000 {
      var octets = (0..<Int(random.next() % 120)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if octets.count > 20 {
        octets.replaceSubrange(12..<15, with: [0x88, 0xE1, UInt8(random.next() % 2)])
        if random.chance(perMille: 300) { octets.replaceSubrange(0..<6, with: [0, 0xB0, 0x52, 0, 0, 1]) }
      }
      line.handle(.frame(octets, port: Int(random.next() % 3)), at: .zero) { _ in }
    }
    #expect(line.overflowed > 0)
  }
}
