import HomePlug
import SLAC
import Wire

/// SECC_CMN and EVCC_CMN CmAmpMap_001...008: the same on both sides.
enum AmplitudeMapCases {
  static let all = Role.allCases.flatMap { role in
    answering(role) + asking(role) + [usable(role)]
  }.sorted { $0.id < $1.id }

  enum Role: String, CaseIterable, Sendable { case secc, evcc }

  /// Either side with its link up.
  enum Linked: UnderTest {
    case secc(Probe<TestEVSE>)
    case evcc(Probe<TestEV>)

    init(_ role: Role, _ map: CM_AMP_MAP_REQ? = nil) {
      switch role {
      case .secc: self = .secc(.linked { $0.settings.amplitudeMap = map })
      case .evcc: self = .evcc(.linked { $0.settings.amplitudeMap = map })
      }
    }

    /// Just before the modem sees its peer; the link is there from now on.
    init(joining role: Role, _ map: CM_AMP_MAP_REQ?) {
      switch role {
      case .secc:
        var probe = Probe.plugged { $0.settings.amplitudeMap = map }
        probe.attenuationDone()
        _ = probe.requestMatch()
        probe.linkUp = true
        self = .secc(probe)
      case .evcc:
        var probe = Probe.joining { $0.settings.amplitudeMap = map }
        probe.linkUp = true
        self = .evcc(probe)
      }
    }

    var now: Instant {
      switch self {
      case .secc(let probe): probe.now
      case .evcc(let probe): probe.now
      }
    }

    var own: MACAddress {
      switch self {
      case .secc(let probe): probe.own
      case .evcc(let probe): probe.own
      }
    }

    var peer: MACAddress {
      switch self {
      case .secc: evMAC
      case .evcc: evseMAC
      }
    }

    var isMatched: Bool {
      switch self {
      case .secc(let probe): probe.machine.phase == .matched
      case .evcc(let probe): probe.machine.phase == .matched
      }
    }

    var actions: [(at: Instant, action: MatchAction)] {
      switch self {
      case .secc(let probe): probe.actions
      case .evcc(let probe): probe.actions
      }
    }

    mutating func deliver(_ frame: ManagementFrame) {
      change {
        $0.deliver(frame)
      } ev: {
        $0.deliver(frame)
      }
    }

    mutating func advance(_ duration: Duration) {
      change {
        $0.advance(duration)
      } ev: {
        $0.advance(duration)
      }
    }

    mutating func takeFrames() -> [Sent] {
      var sent: [Sent] = []
      change {
        sent = $0.takeFrames()
      } ev: {
        sent = $0.takeFrames()
      }
      return sent
    }

    private mutating func change(
      _ evse: (inout Probe<TestEVSE>) -> Void, ev: (inout Probe<TestEV>) -> Void
    ) {
      switch self {
      case .secc(var probe):
        evse(&probe)
        self = .secc(probe)
      case .evcc(var probe):
        ev(&probe)
        self = .evcc(probe)
      }
    }

    /// When the modem said that the link is up.
    var linkUpAt: Instant? { actions.first { $0.action == .trace(.linkUp(assumed: false)) }?.at }

    /// CM_AMP_MAP.REQ from the peer, and what comes in TT_match_response: answers, and maps for the own modem.
    mutating func request(_ map: CM_AMP_MAP_REQ) -> (answers: [Sent], toModem: [CM_AMP_MAP_REQ]) {
      forget()
      deliver(.ampMapReq(map), from: peer)
      advance(Tester.matchResponse)
      return sorted()
    }

    mutating func sorted() -> (answers: [Sent], toModem: [CM_AMP_MAP_REQ]) {
      var answers: [Sent] = []
      var maps: [CM_AMP_MAP_REQ] = []
      for sent in takeFrames() {
        if case .ampMapReq(let map) = sent.message, sent.frame.destination.isLocalModem {
          maps.append(map)
        } else if !sent.frame.destination.isLocalModem {
          answers.append(sent)
        }
      }
      return (answers, maps)
    }
  }

  /// 6 dB less on every carrier, and one that differs.
  static let map = CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0x33, count: 459))
  static let otherMap = CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0x55, count: 459))

  private static func id(_ role: Role, _ number: Int) -> String {
    "\(role.rawValue.uppercased())_CMN CmAmpMap_00\(number)"
  }

  private static let success = ManagementMessage.ampMapCnf(CM_AMP_MAP_CNF(result: 0))

  private static func answering(_ role: Role) -> [ConformanceCase] {
    [
      ConformanceCase(
        id(role, 1), start: "link up", steps: "CM_AMP_MAP.REQ of the peer",
        expects:
          "CM_AMP_MAP.CNF with success within 200 ms; the map goes to the own modem, which limits the power"
      ) { check in
        var device = Linked(role)
        check.expect(device.isMatched, "not matched")
        let (answers, maps) = device.request(map)
        check.expect(answers.map(\.message), is: [success], "answers")
        check.expect(answers.first?.frame.destination, is: device.peer, "destination")
        check.expect(maps, is: [map], "maps for the own modem")
      },
      ConformanceCase(
        id(role, 5), start: "link up", steps: "CM_AMP_MAP.REQ with AMLEN 0, 916 and 918",
        expects: "each is ignored, the modem is not touched"
      ) { check in
        var device = Linked(role)
        check.expect(device.isMatched, "not matched")
        for carriers in [0, 916, 918] as [UInt16] {
          let octets = [UInt8](repeating: 0x33, count: (Int(carriers) + 1) / 2)
          let (answers, maps) = device.request(CM_AMP_MAP_REQ(carriers: carriers, reductions: octets))
          check.expect(answers.isEmpty, "AMLEN \(carriers): \(answers.names)")
          check.expect(maps.isEmpty, "AMLEN \(carriers) went to the modem")
        }
        check.expect(device.isMatched, "no longer matched")
      },
      ConformanceCase(
        id(role, 6), start: "link up", steps: "CM_AMP_MAP.REQ, and another one after the first exchange",
        expects: "both are answered with success, the modem has the second map"
      ) { check in
        var device = Linked(role)
        check.expect(device.request(map).answers.map(\.message), is: [success], "first")
        device.advance(.seconds(1))
        let (answers, maps) = device.request(otherMap)
        check.expect(answers.map(\.message), is: [success], "second")
        check.expect(maps, is: [otherMap], "maps for the own modem")
      },
      ConformanceCase(
        id(role, 7), start: "link up", steps: "three CM_AMP_MAP.REQ back to back",
        expects: "each is answered with success"
      ) { check in
        var device = Linked(role)
        device.forget()
        for _ in 0..<3 { device.deliver(.ampMapReq(map), from: device.peer) }
        device.advance(Tester.matchResponse)
        check.expect(device.sorted().answers.map(\.message), is: [success, success, success], "answers")
      },
    ]
  }

  /// What comes in two seconds from the moment at which the modem has its link, each request answered so.
  private static func requests(_ device: inout Linked, answer: CM_AMP_MAP_CNF?) -> [Sent] {
    var sent: [Sent] = []
    for _ in 0..<250 {
      for one in device.line(for: .milliseconds(10)) {
        sent.append(one)
        if let answer, case .ampMapReq = one.message { device.deliver(.ampMapCnf(answer), from: device.peer) }
      }
    }
    return sent
  }

  private static func asking(_ role: Role) -> [ConformanceCase] {
    [
      ConformanceCase(
        id(role, 2), start: "joining, declared to limit the power (`amplitudeMap`)",
        steps: "the link comes up",
        expects:
          "CM_AMP_MAP.REQ within TT_amp_map_exchange, once where it is confirmed; the own modem has the map too"
      ) { check in
        var device = Linked(joining: role, map)
        device.forget()
        // The modem is polled every 250 ms; what it says is noted with the time.
        var up: Instant?
        var peers: [Sent] = []
        var maps: [CM_AMP_MAP_REQ] = []
        for _ in 0..<250 {
          device.advance(.milliseconds(10))
          up = up ?? device.linkUpAt
          let (sent, toModem) = device.sorted()
          maps += toModem
          for one in sent {
            peers.append(one)
            if case .ampMapReq = one.message { device.deliver(success, from: device.peer) }
          }
        }
        guard let up = check.require(up, "link") else { return }
        check.expect(peers.map(\.message), is: [.ampMapReq(map)], "requests")
        check.expect(peers.first.map { $0.at - up }, in: .zero...Tester.ampMapExchange, "request")
        check.expect(peers.first?.frame.destination, is: device.peer, "destination")
        check.expect(maps, is: [map], "maps for the own modem")
        check.expect(device.isMatched, "not matched")
      },
      ConformanceCase(
        id(role, 3), start: "joining, declared to limit the power (`amplitudeMap`)",
        steps: "CM_AMP_MAP.REQ is never answered", expects: "it is repeated twice at the most; the link stays"
      ) { check in
        var device = Linked(joining: role, map)
        device.forget()
        let sent = requests(&device, answer: nil)
        let expected = [ManagementMessage](repeating: .ampMapReq(map), count: 3)
        check.expect(sent.map(\.message), is: expected, "requests")
        for (one, next) in zip(sent, sent.dropFirst()) {
          check.expect(next.at - one.at, in: Tester.matchResponse ... .milliseconds(300), "repetition")
        }
        check.expect(device.isMatched, "not matched")
      },
      ConformanceCase(
        id(role, 4), start: "joining, declared to limit the power (`amplitudeMap`)",
        steps: "each CM_AMP_MAP.REQ is answered with failure",
        expects: "it is repeated twice at the most; the link stays"
      ) { check in
        var device = Linked(joining: role, map)
        device.forget()
        let sent = requests(&device, answer: CM_AMP_MAP_CNF(result: 1))
        let expected = [ManagementMessage](repeating: .ampMapReq(map), count: 3)
        check.expect(sent.map(\.message), is: expected, "requests")
        check.expect(device.isMatched, "not matched")
      },
    ]
  }

  private static func usable(_ role: Role) -> ConformanceCase {
    ConformanceCase(
      id(role, 8), start: "amplitude maps exchanged",
      steps: "a session of charger and vehicle over that link",
      expects: "SDP and session work: the link was not disturbed"
    ) { check in
      var rig = SiteRig {
        if role == .secc { $0.chargerSLAC.amplitudeMap = map } else { $0.vehicleSLAC.amplitudeMap = map }
      }
      rig.site.plugIn(at: rig.site.now)
      rig.run(for: .seconds(120)) { !$0.notes.outcomes.isEmpty }
      let asked = rig.notes.frames.filter { $0.outgoing && $0.type == .CM_AMP_MAP_REQ }
      check.expect(!asked.isEmpty, "no CM_AMP_MAP.REQ")
      let answered = rig.notes.frames.filter { $0.outgoing && $0.type == .CM_AMP_MAP_CNF }
      check.expect(answered.count, is: 1, "CM_AMP_MAP.CNF")
      check.expect(rig.hasCompleted, "the charger's session: \(rig.outcome)")
    }
  }
}
