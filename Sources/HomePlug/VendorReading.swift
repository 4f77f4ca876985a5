import Wire

/// Qualcomm's OUI, first in the payload of every vendor message with MMV 0.
let qualcommOUI: UInt32 = 0x00B052

extension ManagementMessage {
  /// Reads a Qualcomm vendor message we know; `nil`, with the reader where it was, for any other OUI or type.
  static func vendor(_ type: ManagementType, _ reader: inout ByteReader) -> ManagementMessage? {
    switch type {
    case .VS_SW_VER_REQ, .VS_SW_VER_CNF, .VS_NW_INFO_REQ, .VS_NW_INFO_CNF, .VS_PL_LNK_STATUS_REQ,
      .VS_PL_LNK_STATUS_CNF:
      break
    default:
      return nil
    }
    var ahead = reader
    let high = UInt32(ahead.uint8()) << 16
    let oui = high | UInt32(ahead.uint16BigEndian())
    guard ahead.failed || oui == qualcommOUI else { return nil }
    reader = ahead
    switch type {
    case .VS_SW_VER_REQ: return .softwareVersionReq
    case .VS_SW_VER_CNF:
      let status = reader.uint8()
      let deviceClass = reader.uint8()
      let version = reader.octets(Int(reader.uint8()))
      return .softwareVersionCnf(VS_SW_VER_CNF(status: status, deviceClass: deviceClass, version: version))
    case .VS_NW_INFO_REQ: return .networkInfoReq
    case .VS_NW_INFO_CNF: return .networkInfoCnf(networkInfo(&reader))
    case .VS_PL_LNK_STATUS_REQ: return .linkStatusReq
    default:
      return .linkStatusCnf(VS_PL_LNK_STATUS_CNF(status: reader.uint8(), linkStatus: reader.uint8()))
    }
  }

  private static func networkInfo(_ reader: inout ByteReader) -> VS_NW_INFO_CNF {
    var networks: [VS_NW_INFO_CNF.Network] = []
    for _ in 0..<reader.uint8() where !reader.failed {
      var network = VS_NW_INFO_CNF.Network(
        nid: reader.nid(), shortID: reader.uint8(), tei: reader.uint8(), role: reader.uint8(),
        coordinator: reader.macAddress(), coordinatorTEI: reader.uint8(), stations: [])
      for _ in 0..<reader.uint8() where !reader.failed {
        network.stations.append(
          VS_NW_INFO_CNF.Station(
            address: reader.macAddress(), tei: reader.uint8(), bridged: reader.macAddress(),
            transmitRate: reader.uint8(), receiveRate: reader.uint8()))
      }
      networks.append(network)
    }
    return VS_NW_INFO_CNF(networks: networks)
  }
}
