public import Wire

/// VS_NW_INFO.CNF (Qualcomm): networks the modem is in.
///
/// One value for both forms: firmware of home plugs answers with MMV 0 and rates of one octet, that of QCA7000 to a
/// request with MMV 1 in the wide form. Written with MMV 0, rates above 255 become 255 and the coupling is lost.
public struct VS_NW_INFO_CNF: Hashable, Sendable {
  public struct Station: Hashable, Sendable {
    public var address: MACAddress
    /// Terminal equipment identifier.
    public var tei: UInt8
    /// The host behind it.
    public var bridged: MACAddress
    /// Average PHY rates in Mbit/s.
    public var transmitRate: UInt16, receiveRate: UInt16
    /// How it is coupled to the line, in the firmware's numbers; 0 in the form with MMV 0.
    public var coupling: UInt8

    public init(
      address: MACAddress, tei: UInt8, bridged: MACAddress, transmitRate: UInt16, receiveRate: UInt16,
      coupling: UInt8 = 0
    ) {
      self.address = address
      self.tei = tei
      self.bridged = bridged
      self.transmitRate = transmitRate
      self.receiveRate = receiveRate
      self.coupling = coupling
    }
  }

  public struct Network: Hashable, Sendable {
    public var nid: NID
    public var shortID: UInt8
    public var tei: UInt8
    /// 0 station, 1 proxy coordinator, 2 coordinator.
    public var role: UInt8
    public var coordinator: MACAddress
    public var coordinatorTEI: UInt8
    public var stations: [Station]

    public init(
      nid: NID, shortID: UInt8, tei: UInt8, role: UInt8, coordinator: MACAddress, coordinatorTEI: UInt8,
      stations: [Station]
    ) {
      self.nid = nid
      self.shortID = shortID
      self.tei = tei
      self.role = role
      self.coordinator = coordinator
      self.coordinatorTEI = coordinatorTEI
      self.stations = stations
    }
  }

  public var networks: [Network]

  public init(networks: [Network]) { self.networks = networks }
}

// MARK: MMV 0

extension VS_NW_INFO_CNF {
  init(_ reader: inout ByteReader) {
    networks = []
    for _ in 0..<reader.uint8() where !reader.failed {
      var network = Network(
        nid: reader.nid(), shortID: reader.uint8(), tei: reader.uint8(), role: reader.uint8(),
        coordinator: reader.macAddress(), coordinatorTEI: reader.uint8(), stations: [])
      for _ in 0..<reader.uint8() where !reader.failed {
        network.stations.append(
          Station(
            address: reader.macAddress(), tei: reader.uint8(), bridged: reader.macAddress(),
            transmitRate: UInt16(reader.uint8()), receiveRate: UInt16(reader.uint8())))
      }
      networks.append(network)
    }
  }

  func write(to output: inout OutputBuffer) {
    output.append(UInt8(truncatingIfNeeded: min(networks.count, 255)))
    for network in networks.prefix(255) {
      output.append(network.nid)
      output.append(contentsOf: [network.shortID, network.tei, network.role])
      output.append(network.coordinator)
      output.append(network.coordinatorTEI)
      output.append(UInt8(truncatingIfNeeded: min(network.stations.count, 255)))
      for station in network.stations.prefix(255) {
        output.append(station.address)
        output.append(station.tei)
        output.append(station.bridged)
        output.append(UInt8(truncatingIfNeeded: min(station.transmitRate, 255)))
        output.append(UInt8(truncatingIfNeeded: min(station.receiveRate, 255)))
      }
    }
  }
}

// MARK: MMV 1

extension VS_NW_INFO_CNF {
  init(wide reader: inout ByteReader) {
    networks = []
    // Subversion, reserved, length of the data, reserved.
    reader.skip(5)
    for _ in 0..<reader.uint8() where !reader.failed {
      let nid = reader.nid()
      reader.skip(2)
      var network = Network(
        nid: nid, shortID: reader.uint8(), tei: reader.uint8(), role: 0, coordinator: .zero,
        coordinatorTEI: 0, stations: [])
      reader.skip(4)
      network.role = reader.uint8()
      network.coordinator = reader.macAddress()
      network.coordinatorTEI = reader.uint8()
      reader.skip(3)
      let stations = reader.uint8()
      reader.skip(5)
      for _ in 0..<stations where !reader.failed { network.stations.append(reader.wideStation()) }
      networks.append(network)
    }
  }

  func writeWide(to output: inout OutputBuffer) {
    let networks = networks.prefix(255)
    let octets = networks.reduce(2) { $0 + 32 + 24 * min($1.stations.count, 255) }
    output.append(zeros: 2)
    output.append(littleEndian: UInt16(truncatingIfNeeded: octets))
    output.append(0)
    output.append(UInt8(truncatingIfNeeded: networks.count))
    for network in networks {
      output.append(network.nid)
      output.append(zeros: 2)
      output.append(contentsOf: [network.shortID, network.tei])
      output.append(zeros: 4)
      output.append(network.role)
      output.append(network.coordinator)
      output.append(network.coordinatorTEI)
      output.append(zeros: 3)
      output.append(UInt8(truncatingIfNeeded: min(network.stations.count, 255)))
      output.append(zeros: 5)
      for station in network.stations.prefix(255) {
        output.append(station.address)
        output.append(station.tei)
        output.append(zeros: 3)
        output.append(station.bridged)
        output.append(littleEndian: station.transmitRate)
        output.append(contentsOf: [station.coupling, 0])
        output.append(littleEndian: station.receiveRate)
        output.append(zeros: 2)
      }
    }
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  fileprivate mutating func wideStation() -> VS_NW_INFO_CNF.Station {
    let address = macAddress()
    let tei = uint8()
    skip(3)
    var station = VS_NW_INFO_CNF.Station(
      address: address, tei: tei, bridged: macAddress(), transmitRate: uint16LittleEndian(), receiveRate: 0,
      coupling: uint8())
    skip(1)
    station.receiveRate = uint16LittleEndian()
    skip(2)
    return station
  }
}
