import HomePlug
import Wire

// What a QCA700x or QCA7420 answers beside HomePlug's own messages.

extension PowerLine {
  mutating func qualcommAnswer(
    to request: ManagementMessage, port: Int, at now: Instant
  ) -> ManagementMessage? {
    switch request {
    case .softwareVersionReq: return softwareVersion(port, modems[port].memory.firmwareVersion)
    case .linkStatusReq:
      guard !modems[port].faults.contains(.noLinkStatus) else { return nil }
      return .linkStatusCnf(
        VS_PL_LNK_STATUS_CNF(linkStatus: peers(of: port, at: now).isEmpty ? 0 : 1))
    case .networkInfoReq: return .networkInfoCnf(networkInfo(port, at: now))
    case .qualcomm(let message):
      return moduleAnswer(to: message, port: port, at: now)
        ?? diagnosis(of: message, port: port, at: now)
    default: return nil
    }
  }

  /// A boot loader tells that it is one, and lets itself be given modules and be restarted.
  mutating func bootLoaderAnswer(
    to request: ManagementMessage, port: Int, at now: Instant
  ) -> ManagementMessage? {
    switch request {
    case .softwareVersionReq:
      // It asks for help when it is spoken to; the real one does so all the time.
      answer(
        ManagementFrame(
          destination: modems[port].hosts.last ?? .broadcast, source: modems[port].address,
          message: .qualcomm(.hostActionInd(VS_HOST_ACTION_IND(action: .startDevice)))),
        port: port, at: now)
      return softwareVersion(port, "BootLoader")
    case .qualcomm(let message): return moduleAnswer(to: message, port: port, at: now)
    default: return nil
    }
  }

  private func softwareVersion(_ port: Int, _ text: String) -> ManagementMessage {
    .softwareVersionCnf(
      VS_SW_VER_CNF(deviceClass: modems[port].model.deviceClass, version: Array(text.utf8)))
  }

  // MARK: modules

  private mutating func moduleAnswer(
    to request: QualcommMessage, port: Int, at now: Instant
  ) -> ManagementMessage? {
    switch request {
    case .resetReq:
      modems[port].restart(at: now, for: configuration.modemRestart)
      return .qualcomm(.resetCnf(status: 0))
    case .factoryDefaultsReq:
      modems[port].memory.restoreFactoryDefaults()
      modems[port].restart(at: now, for: configuration.modemRestart)
      return .qualcomm(.factoryDefaultsCnf(status: 0))
    case .moduleOperationReq(let operation):
      guard !modems[port].faults.contains(.noOperations) else { return nil }
      var restarts = false
      let confirmation = modems[port].memory.answer(operation, restarts: &restarts)
      if restarts { modems[port].restart(at: now, for: configuration.modemRestart) }
      return .qualcomm(.moduleOperationCnf(confirmation))
    case .readModuleReq, .writeModuleReq, .commitModuleReq:
      guard !modems[port].faults.contains(.noPieces) else { return nil }
      return .qualcomm(pieceAnswer(to: request, port: port, at: now))
    default: return nil
    }
  }

  private mutating func pieceAnswer(
    to request: QualcommMessage, port: Int, at now: Instant
  ) -> QualcommMessage {
    switch request {
    case .writeModuleReq(let request):
      let refusal: SimulatedMemory.Refusal?
      if ModuleChecksum.of(request.data.octets) != request.checksum {
        refusal = .checksum
      } else {
        refusal = modems[port].memory.write(
          request.data.octets, to: request.module, at: Int(clamping: request.offset))
      }
      return .writeModuleCnf(
        VS_WR_MOD_CNF(
          status: refusal?.rawValue ?? 0, module: request.module,
          length: UInt16(truncatingIfNeeded: request.data.count), offset: request.offset))
    case .commitModuleReq(let module):
      let refusal = modems[port].memory.commit(module)
      if refusal == nil { modems[port].restart(at: now, for: configuration.modemRestart) }
      return .commitModuleCnf(status: refusal?.rawValue ?? 0, module: module)
    case .readModuleReq(let request): return .readModuleCnf(read(request, port: port))
    default: return request
    }
  }

  private func read(_ request: VS_RD_MOD_REQ, port: Int) -> VS_RD_MOD_CNF {
    func refused(_ refusal: SimulatedMemory.Refusal) -> VS_RD_MOD_CNF {
      VS_RD_MOD_CNF(
        status: refusal.rawValue, module: request.module, offset: request.offset, checksum: 0,
        data: ModuleData())
    }
    guard let octets = modems[port].memory.octets(of: request.module) else { return refused(.unknownModule) }
    guard Int(clamping: request.offset) <= octets.count, request.length <= VS_RD_MOD_REQ.lengthMax else {
      return refused(.outOfRange)
    }
    let data = Array(octets[Int(clamping: request.offset)...].prefix(Int(request.length)))
    return VS_RD_MOD_CNF(
      module: request.module, offset: request.offset, checksum: ModuleChecksum.of(data),
      data: ModuleData(data))
  }

  // MARK: diagnosis

  private mutating func diagnosis(
    of request: QualcommMessage, port: Int, at now: Instant
  ) -> ManagementMessage? {
    switch request {
    case .attributesReq(let cookie):
      return .qualcomm(
        .attributesCnf(
          VS_OP_ATTRIBUTES_CNF(cookie: cookie, attributes: attributes(modems[port].memory.firmwareVersion))))
    case .linkStatisticsReq(let request):
      return .qualcomm(.linkStatisticsCnf(statistics(request, port: port)))
    case .toneMapReq(let request): return .qualcomm(.toneMapCnf(toneMap(request, port: port, at: now)))
    case .getPropertyReq(let request):
      return .qualcomm(
        .getPropertyCnf(VS_GET_PROPERTY_CNF(status: 1, cookie: request.cookie, data: ModuleData())))
    default: return nil
    }
  }

  /// The parts of a version such as `MAC-QCA7005-1.1.0.730-04-20140815-CS`.
  private func attributes(_ version: String) -> VS_OP_ATTRIBUTES_CNF.Attributes {
    let parts = version.split(separator: "-")
    func part(_ index: Int) -> [UInt8] { parts.indices.contains(index) ? Array(parts[index].utf8) : [] }
    let numbers = String(decoding: part(2), as: UTF8.self).split(separator: ".").map { UInt32($0) ?? 0 }
    func number(_ index: Int) -> UInt32 { numbers.indices.contains(index) ? numbers[index] : 0 }
    return VS_OP_ATTRIBUTES_CNF.Attributes(
      family: part(1), firmwareType: part(0), major: number(0), minor: number(1), parameters: number(2),
      build: number(3), buildNumber: UInt32(String(decoding: part(3), as: UTF8.self)) ?? 0,
      date: parts.count > 5 ? part(4) : [], release: parts.count > 5 ? part(5) : part(4),
      lineFrequency: VS_OP_ATTRIBUTES_CNF.LineFrequency(rawValue: 0b0101), memorySize: 1 << 23)
  }

  /// A station by its modem's address or by that of a host behind it.
  private func port(ofStation address: MACAddress) -> Int? {
    modems.firstIndex { $0.address == address || $0.hosts.contains(address) }
  }

  private mutating func statistics(_ request: VS_LNK_STATS_REQ, port: Int) -> VS_LNK_STATS_CNF {
    guard let peer = self.port(ofStation: request.peer), peer != port, request.direction.rawValue <= 2 else {
      return VS_LNK_STATS_CNF(status: 1, direction: request.direction, link: request.link, tei: 0)
    }
    let counts = modems[port].counters[peer] ?? SimulatedModem.LinkCounters()
    if request.control == 1 { modems[port].clearCounters(of: peer) }
    let transmit = VS_LNK_STATS_CNF.Transmit(
      acknowledged: counts.sent, failed: counts.lost, blocksPassed: counts.blocksSent,
      blocksFailed: counts.blocksLost)
    let receive = VS_LNK_STATS_CNF.Receive(
      acknowledged: counts.received, blocksPassed: counts.blocksReceived,
      intervals: [
        VS_LNK_STATS_CNF.Interval(rate: rate(peer, port), blocksPassed: counts.blocksReceived)
      ])
    return VS_LNK_STATS_CNF(
      direction: request.direction, link: request.link, tei: UInt8(truncatingIfNeeded: peer + 1),
      transmit: request.direction == .receive ? nil : transmit,
      receive: request.direction == .transmit ? nil : receive)
  }

  /// One map for all carriers of Green PHY, coarser the more is lost.
  private func toneMap(
    _ request: VS_RX_TONE_MAP_CHAR_REQ, port: Int, at now: Instant
  ) -> VS_RX_TONE_MAP_CHAR_CNF {
    let carriers = CM_AMP_MAP_REQ.carriersOfGreenPHY
    guard request.slot == 0, let peer = self.port(ofStation: request.peer), areJoined(port, peer, at: now),
      let loss = attenuation(from: peer, to: port)
    else {
      return VS_RX_TONE_MAP_CHAR_CNF(status: 1, slot: request.slot, maps: 0, carriers: 0, modulation: [])
    }
    let modulation = UInt8(min(max((70 - loss) / 8, 1), 7))
    return VS_RX_TONE_MAP_CHAR_CNF(
      maps: 1, carriers: carriers,
      modulation: [UInt8](repeating: modulation << 4 | modulation, count: (Int(carriers) + 1) / 2))
  }

  private func networkInfo(_ port: Int, at now: Instant) -> VS_NW_INFO_CNF {
    guard let key = modems[port].key else { return VS_NW_INFO_CNF(networks: []) }
    let peers = peers(of: port, at: now)
    // An EVSE's modem is the coordinator by its parameter block. One that may never be one and waits for it names the
    // network of its key all the same; no public source says what firmware does there.
    let coordinator =
      ([port] + peers).first { modems[$0].memory.coordinatorSelection == 2 }
      ?? ([port] + peers).first { modems[$0].coordinates }
    let nid = modems[port].faults.contains(.reversedNID) ? NID(key.nid.octets.reversed()) : key.nid
    return VS_NW_INFO_CNF(networks: [
      VS_NW_INFO_CNF.Network(
        nid: nid, shortID: 1, tei: UInt8(truncatingIfNeeded: port + 1),
        role: coordinator == port ? 2 : 0, coordinator: coordinator.map { modems[$0].address } ?? .zero,
        coordinatorTEI: UInt8(truncatingIfNeeded: (coordinator ?? -1) + 1),
        stations: peers.prefix(60).map {
          VS_NW_INFO_CNF.Station(
            address: modems[$0].address, tei: UInt8(truncatingIfNeeded: $0 + 1),
            bridged: modems[$0].hosts.last ?? .zero, transmitRate: UInt16(rate(port, $0)),
            receiveRate: UInt16(rate($0, port)))
        })
    ])
  }
}
