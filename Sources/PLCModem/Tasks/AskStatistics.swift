public import HomePlug
public import Wire

/// Asks how frames and blocks to and from each station fared.
public struct AskStatistics: ModemDialogue {
  public typealias Outcome = [LinkStatistics]

  private let driver: ModemDriver
  private var peers: [MACAddress]
  private var result: [LinkStatistics] = []

  /// Peers as the modem names them in its networks; more than 64 are not asked about.
  public init(driver: ModemDriver, peers: [MACAddress]) {
    self.driver = driver
    self.peers = Array(peers.prefix(64))
  }

  public mutating func begin(at now: Instant) -> ModemStep<[LinkStatistics]> {
    // Asked even without a peer: whether it could be is worth knowing.
    do { _ = try driver.message(for: .statistics(of: .zero)) } catch {
      return .fail(.cannotAsk(.statistics, error))
    }
    return next()
  }

  private func next() -> ModemStep<[LinkStatistics]> {
    guard let peer = peers.first else { return .end(result) }
    return driver.ask(.statistics(of: peer), for: .statistics, .usual)
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<[LinkStatistics]>? {
    guard case .statistics(let answer) = driver.answer(in: message, from: source), let peer = peers.first
    else { return nil }
    guard answer.status == 0 else { return .fail(.refused(.VS_LNK_STATS_REQ, status: UInt32(answer.status))) }
    result.append(LinkStatistics(peer: peer, transmit: answer.transmit, receive: answer.receive))
    peers.removeFirst()
    return next()
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<[LinkStatistics]> {
    .fail(pause.failure)
  }
}

/// Counters of the link to one station.
public struct LinkStatistics: Hashable, Sendable {
  public var peer: MACAddress
  public var transmit: VS_LNK_STATS_CNF.Transmit?
  public var receive: VS_LNK_STATS_CNF.Receive?
}
