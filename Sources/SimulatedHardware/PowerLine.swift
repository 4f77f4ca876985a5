public import HomePlug
public import Wire

/// What happens to a `PowerLine`.
public enum PowerLineEvent: Sendable {
  /// A host hands a frame, from the destination address on, to the modem of a port.
  case frame([UInt8], port: Int)
  case timeout
}

/// What a `PowerLine` wants done.
public enum PowerLineAction: Sendable, Equatable {
  /// The modem of a port hands a frame to its host.
  case deliver([UInt8], port: Int)
}

/// A power line in virtual time: modems at its ends, attenuation between each pair, and faults on the way.
///
/// Modems behave as their hosts see them, each like its model: QCA700x unless the configuration says otherwise. They
/// answer frames sent to the local alias 00:B0:52:00:00:01, to their own address, and broadcast key and vendor
/// requests; report the attenuation of each sound in role EVSE; and carry data only between ports that hold the same
/// key, one of which may coordinate a network. Other management messages pass between all ports, joined or not, as
/// SLAC needs.
///
/// Not modelled: association, the meaning of the security level, collisions.
public struct PowerLine: Machine {
  struct Queued {
    let due: Instant
    let octets: [UInt8]
    let port: Int
  }

  public let configuration: PowerLineConfiguration
  /// What goes wrong from now on; starts as configured.
  public var faults: LineFaults
  var modems: [SimulatedModem]
  /// Attenuation in dB from one port to another; `nil` where no coupling exists.
  private var coupling: [[Int?]]
  private var queue: [Queued] = []
  var generator: SeededGenerator

  /// Frames dropped because so many were under way already.
  public private(set) var overflowed = 0
  /// Frames under way at the most.
  public static let queuedMax = 4096
  /// Octets of a frame at the most: Ethernet with one VLAN tag.
  public static let frameMax = 1518

  public init(configuration: PowerLineConfiguration, seed: UInt64) {
    self.configuration = configuration
    faults = configuration.faults
    modems = configuration.ports.map { SimulatedModem($0) }
    let row = [Int?](repeating: configuration.attenuation, count: configuration.ports.count)
    coupling = [[Int?]](repeating: row, count: configuration.ports.count)
    generator = SeededGenerator(seed: seed)
  }

  /// Sets the attenuation between two ports, both ways, in dB; `nil` separates them.
  public mutating func setAttenuation(_ decibels: Int?, between a: Int, and b: Int) {
    guard modems.indices.contains(a), modems.indices.contains(b) else { return }
    coupling[a][b] = decibels
    coupling[b][a] = decibels
  }

  /// Attenuation from one port to another; `nil` without coupling.
  public func attenuation(from a: Int, to b: Int) -> Int? {
    guard a != b, modems.indices.contains(a), modems.indices.contains(b) else { return nil }
    return coupling[a][b]
  }

  /// The network a port's modem was put into; `nil` before the first key.
  public func network(ofPort port: Int) -> NID? {
    modems.indices.contains(port) ? modems[port].key?.nid : nil
  }

  /// The map a port's host last limited its modem's power with; `nil` before the first.
  public func amplitudeMap(ofPort port: Int) -> CM_AMP_MAP_REQ? {
    modems.indices.contains(port) ? modems[port].amplitudeMap : nil
  }

  /// The parameter block a port's modem runs with; empty for a port that does not exist.
  public func parameters(ofPort port: Int) -> [UInt8] {
    guard modems.indices.contains(port) else { return [] }
    return modems[port].memory.runningParameters
  }

  /// Octets a port's modem keeps of modules that were written to it.
  public func octetsWritten(toPort port: Int) -> Int {
    modems.indices.contains(port) ? modems[port].memory.octets : 0
  }

  /// Do two ports form a network now?
  public func areJoined(_ a: Int, _ b: Int, at now: Instant) -> Bool {
    guard attenuation(from: a, to: b) != nil, let key = modems[a].key, key == modems[b].key,
      key.nmk != .zero, !modems[a].isOff(at: now), !modems[b].isOff(at: now),
      hasCoordinator(a, b, key, at: now)
    else { return false }
    return now >= max(modems[a].keySetAt, modems[b].keySetAt) + configuration.joinDelay
  }

  /// One of the two, or a third that both hear, coordinates their network.
  private func hasCoordinator(_ a: Int, _ b: Int, _ key: NetworkKey, at now: Instant) -> Bool {
    modems.indices.contains { port in
      guard modems[port].coordinates, modems[port].key == key, !modems[port].isOff(at: now) else {
        return false
      }
      return [a, b].allSatisfy { $0 == port || attenuation(from: $0, to: port) != nil }
    }
  }

  public var deadline: Instant? {
    var first: Instant?
    for queued in queue { first = earliest(first, queued.due) }
    return first
  }

  public mutating func handle(
    _ event: PowerLineEvent, at now: Instant, perform: (PowerLineAction) -> Void
  ) {
    if case .frame(let octets, let port) = event, modems.indices.contains(port) {
      take(octets, port: port, at: now)
    }
    deliverDue(at: now, perform: perform)
  }

  private mutating func deliverDue(at now: Instant, perform: (PowerLineAction) -> Void) {
    guard queue.contains(where: { $0.due <= now }) else { return }
    // Stable: frames due at the same instant keep their order.
    let due = queue.filter { $0.due <= now }.enumerated().sorted {
      ($0.element.due, $0.offset) < ($1.element.due, $1.offset)
    }
    queue.removeAll { $0.due <= now }
    for (_, queued) in due { perform(.deliver(queued.octets, port: queued.port)) }
  }

  /// A modem's own message to its host: no line in between, no faults.
  mutating func answer(_ frame: ManagementFrame, port: Int, at now: Instant) {
    push(frame.octets, port: port, at: now)
  }

  mutating func push(_ octets: [UInt8], port: Int, at due: Instant) {
    guard queue.count < Self.queuedMax else {
      overflowed += 1
      return
    }
    queue.append(Queued(due: due, octets: octets, port: port))
  }
}

// MARK: from host to line

extension PowerLine {
  private mutating func take(_ octets: [UInt8], port: Int, at now: Instant) {
    guard octets.count >= 14, octets.count <= Self.frameMax else { return }
    let header = FrameHeader(octets)
    modems[port].learn(header.source)
    guard header.etherType == ManagementFrame.etherType else {
      let joined = modems.indices.filter { areJoined(port, $0, at: now) }
      return carry(octets, header, from: port, to: joined, at: now)
    }
    guard octets.count >= 17 else { return }
    let isLocal =
      header.destination == ManagementFrame.localModem || header.destination == modems[port].address
    let isForModems = isLocal || (header.destination == .broadcast && header.type.isRequestToModems)
    if isForModems {
      if !modems[port].isSilent(at: now), let frame = try? ManagementFrame(parsing: octets.span.bytes) {
        serve(frame, port: port, at: now)
      }
      return
    }
    // Requests to another modem, and vendor messages, do not leave the port.
    if header.type.isVendor || modems.contains(where: { $0.address == header.destination }) { return }
    if header.type == .CM_SLAC_MATCH_CNF { modems[port].noteMatch(at: now) }
    carry(octets, header, from: port, to: Array(modems.indices), at: now)
  }

  /// Over the line, to each of the ports that is coupled and whose host it may concern.
  private mutating func carry(
    _ octets: [UInt8], _ header: FrameHeader, from sender: Int, to ports: [Int], at now: Instant
  ) {
    // As a bridge does: to the port where the address was seen, else to all.
    let known = modems.indices.filter { modems[$0].hosts.contains(header.destination) }
    guard !modems[sender].isOff(at: now) else { return }
    for port in ports {
      guard attenuation(from: sender, to: port) != nil, !modems[port].isOff(at: now) else { continue }
      guard header.destination.isGroup || known.isEmpty || known.contains(port) else { continue }
      let copies = generator.chance(perMille: faults.duplicationPerMille) ? 2 : 1
      for _ in 0..<copies { traverse(octets, header, from: sender, to: port, at: now) }
    }
  }

  private mutating func traverse(
    _ octets: [UInt8], _ header: FrameHeader, from sender: Int, to port: Int, at now: Instant
  ) {
    let isLost = generator.chance(perMille: faults.lossPerMille)
    modems[sender].countSent(octets.count, to: port, arrived: !isLost)
    if isLost { return }
    modems[port].countReceived(octets.count, from: sender)
    var octets = octets
    if octets.count > 14, generator.chance(perMille: faults.corruptionPerMille) {
      let index = 14 + Int(generator.next() % UInt64(octets.count - 14))
      octets[index] ^= UInt8(truncatingIfNeeded: 1 + generator.next() % 255)
    }
    var due = now + configuration.latency
    let delayMax = UInt64(max(faults.delayMax.nanoseconds, 0))
    if delayMax > 0 { due += .nanoseconds(Int64(generator.next() % (delayMax + 1))) }
    if generator.chance(perMille: faults.reorderingPerMille) { due += faults.delayMax }

    if header.etherType == ManagementFrame.etherType {
      if configuration.handsOverOneStart, header.type == .CM_START_ATTEN_CHAR_IND,
        modems[port].heardStart(octets, from: header.source, at: due)
      {
        return
      }
      push(octets, port: port, at: due)
      if header.type == .CM_SLAC_MATCH_CNF { modems[port].noteMatch(at: due) }
      if header.type == .CM_MNBC_SOUND_IND {
        report(soundFrom: header.source, sender: sender, port: port, at: due)
      }
    } else {
      push(octets, port: port, at: due)
    }
  }

  /// What a modem says of a sound it heard: nothing in role EV.
  private mutating func report(soundFrom ev: MACAddress, sender: Int, port: Int, at due: Instant) {
    let isHomePlug = modems[port].model.isQualcomm && !modems[port].hasSLAC
    guard modems[port].reportsAttenuation || isHomePlug else { return }
    guard let loss = attenuation(from: sender, to: port) else { return }
    let level = loss + modems[sender].reduction
    var profile = AttenuationProfile()
    let spread = UInt64(2 * max(configuration.ripple, 0) + 1)
    for _ in 0..<AttenuationProfile.groupsMax {
      let deviation = Int(generator.next() % spread) - max(configuration.ripple, 0)
      profile.append(UInt8(min(max(level + deviation, 0), 255)))
    }
    guard isHomePlug else {
      return answer(
        ManagementFrame(
          destination: modems[port].hosts.last ?? .broadcast, source: modems[port].address,
          message: .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: ev, profile: profile))),
        port: port, at: due)
    }
    // Broadcast, from an address beside the modem's own. What stands behind the OUI is not public.
    let payload = [0x00, 0xB0, 0x52] + ev.octets + [UInt8(profile.count), 0] + profile.groups
    answer(
      ManagementFrame(
        destination: .broadcast, source: MACAddress(modems[port].address.value ^ 1),
        message: .unknown(UnknownMessage(type: .VS_ATTENUATION_CHARACTERISTICS, payload: payload))),
      port: port, at: due)
  }
}

/// The first fields of a frame of at least 14 octets.
struct FrameHeader {
  let destination: MACAddress
  let source: MACAddress
  let etherType: UInt16
  /// MMTYPE; 0 where the frame is too short to have one.
  let type: ManagementType

  init(_ octets: [UInt8]) {
    func address(_ at: Int) -> MACAddress {
      MACAddress(octets[at..<at + 6].reduce(0) { $0 << 8 | UInt64($1) })
    }
    destination = address(0)
    source = address(6)
    etherType = UInt16(octets[12]) << 8 | UInt16(octets[13])
    type = ManagementType(octets.count >= 17 ? UInt16(octets[15]) | UInt16(octets[16]) << 8 : 0)
  }
}

extension ManagementType {
  /// Requests a modem takes for itself when they are broadcast by its host.
  fileprivate var isRequestToModems: Bool {
    switch self {
    case .CM_SET_KEY_REQ, .CM_GET_KEY_REQ, .CM_NW_STATS_REQ: true
    default: isVendor
    }
  }
}
