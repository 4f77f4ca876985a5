import HomePlug
import Wire

/// CM_AMP_MAP after the link is up: who wants less power on the line tells its peer and its own modem.
///
/// ISO 15118-3 A.9.6. Both directions are independent; neither holds the session up.
struct AmplitudeExchange: Hashable, Sendable {
  private var repetitions = 0
  /// TT_match_response of our own request; `nil` while none is awaited.
  private(set) var until: Instant?
  /// What the peer asked us to keep to.
  private var demanded: CM_AMP_MAP_REQ?

  /// The link is up: asks for less power where that is wanted.
  mutating func begin(
    with peer: MACAddress, _ configuration: SLACConfiguration, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard let map = configuration.settings.amplitudeMap, until == nil else { return }
    until = now + configuration.timers.matchResponse
    repetitions = 0
    perform(configuration.ask(.ampMapReq(combined(with: map))))
    send(map, to: peer, configuration, perform)
  }

  /// A pause begins: nobody is asked any more.
  mutating func cancel() { until = nil }

  /// A request of the peer: answers it, and has the own modem keep to it.
  mutating func requested(
    _ request: CM_AMP_MAP_REQ, by peer: MACAddress, _ configuration: SLACConfiguration,
    perform: (MatchAction) -> Void
  ) {
    guard request.isComplete else { return }
    demanded = request
    perform(
      .send(
        ManagementFrame(
          destination: peer, source: configuration.address, message: .ampMapCnf(CM_AMP_MAP_CNF()))))
    let map = configuration.settings.amplitudeMap
    perform(configuration.ask(.ampMapReq(map.map { combined(with: $0) } ?? request)))
    perform(.trace(.amplitudeMap(peer: peer, byPeer: true)))
  }

  mutating func confirmed(
    _ confirmation: CM_AMP_MAP_CNF, by peer: MACAddress, perform: (MatchAction) -> Void
  ) {
    // A failure is asked again when the time for an answer is over.
    guard until != nil, confirmation.isSuccess else { return }
    until = nil
    perform(.trace(.amplitudeMap(peer: peer, byPeer: false)))
  }

  mutating func timeout(
    _ peer: MACAddress, _ configuration: SLACConfiguration, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard let due = until, now >= due, let map = configuration.settings.amplitudeMap else { return }
    guard repetitions < configuration.timers.retriesMax else {
      until = nil
      return perform(.trace(.amplitudeMapUnanswered(peer: peer)))
    }
    repetitions += 1
    until = now + configuration.timers.matchResponse
    send(map, to: peer, configuration, perform)
  }

  private func send(
    _ map: CM_AMP_MAP_REQ, to peer: MACAddress, _ configuration: SLACConfiguration,
    _ perform: (MatchAction) -> Void
  ) {
    perform(
      .send(
        ManagementFrame(
          destination: peer, source: configuration.address, message: .ampMapReq(map),
          version: configuration.settings.amplitudeMapVersion)))
  }

  /// The lower power of both maps on every carrier.
  private func combined(with map: CM_AMP_MAP_REQ) -> CM_AMP_MAP_REQ {
    guard let demanded, map.isComplete else { return map }
    var result = map
    for index in map.reductions.indices where index < demanded.reductions.count {
      let (a, b) = (map.reductions[index], demanded.reductions[index])
      result.reductions[index] = max(a & 0xF0, b & 0xF0) | max(a & 0x0F, b & 0x0F)
    }
    return result
  }
}
