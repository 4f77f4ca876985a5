public import HomePlug
public import Wire

/// Asks whether the modem has a link to a peer.
public struct AskLink: ModemDialogue {
  private let driver: ModemDriver
  private let patience: ModemPatience

  public init(driver: ModemDriver, patience: ModemPatience = .usual) {
    self.driver = driver
    self.patience = patience
  }

  public mutating func begin(at now: Instant) -> ModemStep<Bool> {
    driver.ask(.link, for: .linkStatus, patience)
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<Bool>? {
    driver.isLinkUp(in: message).map { .end($0) }
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<Bool> {
    .fail(pause.failure)
  }
}

/// Asks for the modem's networks with their stations and rates; where the modem does not tell networks, for the
/// stations alone.
///
/// Qualcomm's VS_NW_INFO has two forms, told by MMV. Public tools ask the QCA7000 in the wide one and home plugs in the
/// other; which firmware answers which is not sure, so both are tried.
public struct AskNetworks: ModemDialogue {
  private let driver: ModemDriver
  private let patience: ModemPatience
  private var isAskingForStations = false
  private var isAskingNarrow = false

  public init(driver: ModemDriver, patience: ModemPatience = .usual) {
    self.driver = driver
    self.patience = patience
  }

  public mutating func begin(at now: Instant) -> ModemStep<ModemNetworks> {
    if let request = driver.membershipRequest {
      return .ask(request, ModemPatience(.milliseconds(500), attempts: 2))
    }
    return askForStations()
  }

  private mutating func askForStations() -> ModemStep<ModemNetworks> {
    isAskingForStations = true
    return driver.ask(.stations, for: .networks, patience)
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<ModemNetworks>? {
    if isAskingForStations {
      guard case .nwStatsCnf(let statistics) = message else { return nil }
      return .end(ModemNetworks(networks: nil, stations: statistics.stations.map { ModemStation($0) }))
    }
    guard let networks = ModemNetwork.networks(in: message) else { return nil }
    return .end(ModemNetworks(networks: networks, stations: networks.flatMap(\.stations)))
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<ModemNetworks> {
    if isAskingForStations { return .fail(pause.failure) }
    guard !isAskingNarrow, let request = driver.membershipRequest, request == .networkInfoReq else {
      return askForStations()
    }
    isAskingNarrow = true
    return .ask(request, patience, version: 0)
  }
}

/// Where a modem is, and with whom.
public struct ModemNetworks: Hashable, Sendable {
  /// `nil` where the modem does not tell.
  public var networks: [ModemNetwork]?
  public var stations: [ModemStation]

  public init(networks: [ModemNetwork]?, stations: [ModemStation]) {
    self.networks = networks
    self.stations = stations
  }
}

/// A network (AVLN) a modem is in.
public struct ModemNetwork: Hashable, Sendable {
  public enum Part: Hashable, Sendable {
    case station, proxyCoordinator, coordinator
    case other(UInt8)

    init(_ value: UInt8) {
      switch value {
      case 0: self = .station
      case 1: self = .proxyCoordinator
      case 2: self = .coordinator
      default: self = .other(value)
      }
    }
  }

  public var nid: NID
  /// The modem's own part in it.
  public var part: Part
  public var coordinator: MACAddress
  public var stations: [ModemStation]

  /// The networks in an answer to a driver's `membershipRequest`; `nil` for anything else.
  static func networks(in message: ManagementMessage) -> [ModemNetwork]? {
    guard case .networkInfoCnf(let info) = message else { return nil }
    return info.networks.map { network in
      ModemNetwork(
        nid: network.nid, part: Part(network.role), coordinator: network.coordinator,
        stations: network.stations.map { ModemStation($0) })
    }
  }
}

extension ModemNetwork.Part: CustomStringConvertible {
  public var description: String {
    switch self {
    case .station: "station"
    case .proxyCoordinator: "proxy coordinator"
    case .coordinator: "coordinator"
    case .other(let value): "part \(value)"
    }
  }
}

/// Another modem in the network.
public struct ModemStation: Hashable, Sendable {
  public var address: MACAddress
  /// The host behind it; `nil` where that is not told.
  public var bridged: MACAddress?
  /// Average PHY rates to and from it in Mbit/s.
  public var transmitRate: Int
  public var receiveRate: Int

  init(_ station: CM_NW_STATS_CNF.Station) {
    address = station.address
    bridged = nil
    transmitRate = Int(station.transmitRate)
    receiveRate = Int(station.receiveRate)
  }

  init(_ station: VS_NW_INFO_CNF.Station) {
    address = station.address
    bridged = station.bridged == .zero ? nil : station.bridged
    transmitRate = Int(station.transmitRate)
    receiveRate = Int(station.receiveRate)
  }
}
