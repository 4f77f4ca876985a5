import HomePlug
import Wire

/// One modem of a `PowerLine`: its key, the hosts behind it, and its answers.
struct SimulatedModem {
  let address: MACAddress
  let role: PowerLineConfiguration.Port.Role
  private(set) var key: NetworkKey?
  private(set) var keySetAt = Instant.zero
  private(set) var silentUntil = Instant(nanoseconds: .min)
  /// Addresses seen behind the modem, the latest last; bounded.
  private(set) var hosts: [MACAddress] = []
  /// Runs whose first CM_START_ATTEN_CHAR.IND was handed over, the latest last; bounded.
  private var starts: [(ev: MACAddress, runID: UInt64, until: Instant)] = []

  init(address: MACAddress, role: PowerLineConfiguration.Port.Role) {
    self.address = address
    self.role = role
  }

  mutating func learn(_ host: MACAddress) {
    guard hosts.last != host, !host.isGroup else { return }
    hosts.removeAll { $0 == host }
    if hosts.count >= 16 { hosts.removeFirst() }
    hosts.append(host)
  }

  mutating func take(_ key: NetworkKey, at now: Instant, restart: Duration) {
    self.key = key
    keySetAt = now
    silentUntil = now + restart
  }

  mutating func restart(at now: Instant, for duration: Duration) { silentUntil = now + duration }

  /// True for the second and third CM_START_ATTEN_CHAR.IND of a run, which firmware keeps to itself.
  mutating func heardStart(_ octets: [UInt8], from ev: MACAddress, at now: Instant) -> Bool {
    guard octets.count >= 38 else { return false }
    let runID = octets[30..<38].reduce(0) { $0 << 8 | UInt64($1) }
    starts.removeAll { $0.until < now }
    if starts.contains(where: { $0.ev == ev && $0.runID == runID }) { return true }
    if starts.count >= 64 { starts.removeFirst() }
    starts.append((ev, runID, now + .milliseconds(500)))
    return false
  }
}

extension PowerLine {
  /// The modem of a port answers its host.
  mutating func serve(_ request: ManagementFrame, port: Int, at now: Instant) {
    let peers = modems.indices.filter { areJoined(port, $0, at: now) }
    let message: ManagementMessage
    switch request.message {
    case .setKeyReq(let request):
      modems[port].take(request.key, at: now, restart: configuration.modemRestart)
      message = .setKeyCnf(
        CM_SET_KEY_CNF(
          result: configuration.setKeyResult, myNonce: request.myNonce, yourNonce: request.yourNonce,
          protocolID: request.protocolID, protocolRun: request.protocolRun,
          protocolMessage: request.protocolMessage))
    case .getKeyReq(let request):
      let key = modems[port].key ?? NetworkKey(nmk: .zero, nid: NID(0))
      message = .getKeyCnf(CM_GET_KEY_CNF(yourNonce: request.myNonce, key: key))
    case .nwStatsReq:
      message = .nwStatsCnf(
        CM_NW_STATS_CNF(
          stations: peers.prefix(255).map {
            CM_NW_STATS_CNF.Station(
              address: modems[$0].address, transmitRate: rate(port, $0), receiveRate: rate($0, port))
          }))
    case .softwareVersionReq:
      message = .softwareVersionCnf(
        VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7005-1.1.0.730-04-SIMULATED".utf8)))
    case .linkStatusReq:
      message = .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: peers.isEmpty ? 0 : 1))
    case .networkInfoReq:
      message = .networkInfoCnf(networkInfo(port, peers: peers))
    case .qualcomm(.resetReq):
      modems[port].restart(at: now, for: configuration.modemRestart)
      message = .qualcomm(.resetCnf(status: 0))
    case .qualcomm(.attributesReq(let cookie)):
      message = .qualcomm(
        .attributesCnf(
          VS_OP_ATTRIBUTES_CNF(
            cookie: cookie,
            attributes: VS_OP_ATTRIBUTES_CNF.Attributes(
              family: Array("QCA7005".utf8), firmwareType: Array("SIMULATED".utf8), major: 1, minor: 1,
              build: 730, date: Array("20140815".utf8), release: Array("RELEASE".utf8)))))
    default: return
    }
    answer(
      ManagementFrame(
        destination: request.source, source: modems[port].address, message: message,
        version: request.version),
      port: port, at: now)
  }

  private func networkInfo(_ port: Int, peers: [Int]) -> VS_NW_INFO_CNF {
    guard let key = modems[port].key else { return VS_NW_INFO_CNF(networks: []) }
    // The EVSE's modem is the coordinator by its parameter block.
    let coordinator = ([port] + peers).first { modems[$0].role == .evse } ?? port
    return VS_NW_INFO_CNF(networks: [
      VS_NW_INFO_CNF.Network(
        nid: key.nid, shortID: 1, tei: UInt8(truncatingIfNeeded: port + 1),
        role: coordinator == port ? 2 : 0, coordinator: modems[coordinator].address,
        coordinatorTEI: UInt8(truncatingIfNeeded: coordinator + 1),
        stations: peers.prefix(60).map {
          VS_NW_INFO_CNF.Station(
            address: modems[$0].address, tei: UInt8(truncatingIfNeeded: $0 + 1),
            bridged: modems[$0].hosts.last ?? .zero, transmitRate: UInt16(rate(port, $0)),
            receiveRate: UInt16(rate($0, port)))
        })
    ])
  }

  /// A plausible PHY rate in Mbit/s: Green PHY's 10 up to 40 dB, then falling.
  private func rate(_ from: Int, _ to: Int) -> UInt8 {
    guard let attenuation = attenuation(from: from, to: to) else { return 0 }
    return UInt8(max(1, 10 - max(0, attenuation - 40) / 5))
  }
}
