import HomePlug
import Wire

/// One modem of a `PowerLine`: its parameters, its key, and the hosts behind it.
struct SimulatedModem {
  let model: ModemModel
  let faults: Set<ModemFault>
  /// Its own, from the parameter block.
  private(set) var address: MACAddress
  var memory: SimulatedMemory
  private(set) var key: NetworkKey?
  private(set) var keySetAt = Instant.zero
  /// It answers nothing before.
  private(set) var silentUntil = Instant(nanoseconds: .min)
  /// It carries nothing before.
  private(set) var offUntil = Instant(nanoseconds: .min)
  /// A match that passed, or a key that was taken.
  private(set) var lastChange: Instant?
  /// CM_AMP_MAP.REQ of its host.
  private(set) var amplitudeMap: CM_AMP_MAP_REQ?
  /// Frames to and from each port.
  private(set) var counters: [Int: LinkCounters] = [:]
  /// Addresses seen behind the modem, the latest last; bounded.
  private(set) var hosts: [MACAddress] = []
  /// Runs whose first CM_START_ATTEN_CHAR.IND was handed over, the latest last; bounded.
  private var starts: [(ev: MACAddress, runID: UInt64, until: Instant)] = []

  init(_ port: PowerLineConfiguration.Port) {
    model = port.model
    faults = port.faults
    address = port.modem
    memory = SimulatedMemory(port)
  }

  // MARK: what it is set up for

  /// Reports the attenuation of each sound to its host.
  var reportsAttenuation: Bool { hasSLAC && memory.slacMode == 2 }
  var hasSLAC: Bool { model.hasSLAC && !faults.contains(.withoutSLAC) }
  /// Forms a network by itself: CCo selection is not "never".
  var coordinates: Bool { memory.coordinatorSelection != 1 }

  func isOff(at now: Instant) -> Bool { now < offUntil || faults.contains(.bootLoader) }
  func isSilent(at now: Instant) -> Bool { now < silentUntil || faults.contains(.silent) }

  // MARK: hosts

  mutating func learn(_ host: MACAddress) {
    guard hosts.last != host, !host.isGroup else { return }
    hosts.removeAll { $0 == host }
    if hosts.count >= 16 { hosts.removeFirst() }
    hosts.append(host)
  }

  // MARK: keys and restarts

  /// Takes a key, or not, and gives the result of CM_SET_KEY.CNF; `accepted` is the firmware's word for success.
  mutating func take(_ key: NetworkKey, at now: Instant, restart: Duration, accepted: UInt8) -> UInt8 {
    if faults.contains(.refusesKey), let lastChange, now - lastChange < .milliseconds(400) { return 0 }
    let belongs = !faults.contains(.checksNID) || NID(derivedFrom: key.nmk) == key.nid
    if belongs, !faults.contains(.ignoresKey) {
      self.key = key
      keySetAt = now
      lastChange = now
    }
    // The firmware restarts its MAC layer, whatever it made of the key.
    silentUntil = now + restart
    return faults.contains(.invertedResult) ? accepted ^ 1 : accepted
  }

  /// A CM_SLAC_MATCH.CNF passed.
  mutating func noteMatch(at now: Instant) { lastChange = now }

  /// From the beginning, with what flash has.
  mutating func restart(at now: Instant, for duration: Duration) {
    silentUntil = now + duration
    offUntil = now + duration
    amplitudeMap = nil
    let before = memory.storedKey
    memory.restart()
    address = memory.address
    // The key its host gave it last survives, unless the parameter block brings a new one.
    if memory.storedKey != before, memory.storedKey != .zero {
      key = NetworkKey(nmk: memory.storedKey, nid: NID(derivedFrom: memory.storedKey))
      keySetAt = now
    }
  }

  // MARK: power

  /// Takes a map for all carriers; false for any other.
  mutating func take(_ map: CM_AMP_MAP_REQ) -> Bool {
    guard map.isComplete else { return false }
    amplitudeMap = map
    return true
  }

  /// Mean reduction of what it sends in dB: two a step. A carrier that is off counts with its 15 steps.
  var reduction: Int {
    guard let map = amplitudeMap, map.carriers > 0 else { return 0 }
    var steps = 0
    for carrier in 0..<Int(map.carriers) {
      let octet = map.reductions[carrier / 2]
      steps += Int(carrier % 2 == 0 ? octet & 0x0F : octet >> 4)
    }
    return 2 * steps / Int(map.carriers)
  }

  // MARK: counting

  /// Frames and the 512-octet blocks in them, to one port and from it.
  struct LinkCounters {
    var sent: UInt64 = 0, lost: UInt64 = 0, received: UInt64 = 0
    var blocksSent: UInt64 = 0, blocksLost: UInt64 = 0, blocksReceived: UInt64 = 0

    private func blocks(_ octets: Int) -> UInt64 { UInt64((octets + 511) / 512) }

    mutating func countSent(_ octets: Int, arrived: Bool) {
      if arrived {
        sent += 1
        blocksSent += blocks(octets)
      } else {
        lost += 1
        blocksLost += blocks(octets)
      }
    }

    mutating func countReceived(_ octets: Int) {
      received += 1
      blocksReceived += blocks(octets)
    }
  }

  mutating func countSent(_ octets: Int, to port: Int, arrived: Bool) {
    counters[port, default: LinkCounters()].countSent(octets, arrived: arrived)
  }

  mutating func countReceived(_ octets: Int, from port: Int) {
    counters[port, default: LinkCounters()].countReceived(octets)
  }

  mutating func clearCounters(of port: Int) { counters[port] = nil }

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
