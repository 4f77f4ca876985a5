import Wire

extension ManagementMessage {
  /// Appends the payload behind the MME header, in the form of that MMV.
  func write(to output: inout OutputBuffer, version: UInt8) {
    switch self {
    case .slacParmReq(let message): message.write(to: &output)
    case .slacParmCnf(let message): message.write(to: &output)
    case .startAttenCharInd(let message): message.write(to: &output)
    case .mnbcSoundInd(let message): message.write(to: &output)
    case .attenProfileInd(let message): message.write(to: &output)
    case .attenCharInd(let message): message.write(to: &output)
    case .attenCharRsp(let message): message.write(to: &output)
    case .validateReq(let message):
      output.append(contentsOf: [message.signalType, message.timer, message.result.rawValue])
    case .validateCnf(let message):
      output.append(contentsOf: [message.signalType, message.toggleCount, message.result.rawValue])
    case .slacMatchReq(let message): message.write(to: &output)
    case .slacMatchCnf(let message): message.write(to: &output)
    case .setKeyReq(let message): message.write(to: &output)
    case .setKeyCnf(let message): message.write(to: &output)
    case .getKeyReq(let message): message.write(to: &output)
    case .getKeyCnf(let message): message.write(to: &output)
    case .ampMapReq(let message):
      output.append(littleEndian: message.carriers)
      output.append(contentsOf: message.reductions)
    case .ampMapCnf(let message): output.append(message.result)
    case .nwStatsReq: break
    case .nwStatsCnf(let message): message.write(to: &output)
    case .mmeErrorInd(let message): message.write(to: &output)
    case .softwareVersionReq, .networkInfoReq, .linkStatusReq:
      output.append(bigEndian: UInt64(qualcommOUI), octets: 3)
    case .softwareVersionCnf(let message): message.write(to: &output)
    case .networkInfoCnf(let message):
      output.append(bigEndian: UInt64(qualcommOUI), octets: 3)
      if version == 0 { message.write(to: &output) } else { message.writeWide(to: &output) }
    case .linkStatusCnf(let message):
      output.append(bigEndian: UInt64(qualcommOUI), octets: 3)
      output.append(contentsOf: [message.status, message.linkStatus])
    case .qualcomm(let message): message.write(to: &output)
    case .lumissil(let message): message.write(to: &output)
    case .unknown(let message): output.append(contentsOf: message.payload)
    }
  }
}

extension CM_SLAC_PARM_REQ {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(runID)
  }
}

extension CM_SLAC_PARM_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(soundTarget)
    output.append(soundCount)
    output.append(timeOut)
    output.append(responseType)
    output.append(forwardingStation)
    output.append(applicationType)
    output.append(securityType)
    output.append(runID)
  }
}

extension CM_START_ATTEN_CHAR_IND {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(soundCount)
    output.append(timeOut)
    output.append(responseType)
    output.append(forwardingStation)
    output.append(runID)
  }
}

extension CM_MNBC_SOUND_IND {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(senderID)
    output.append(remaining)
    output.append(runID)
    output.append(zeros: 8)
    output.append(random)
  }
}

extension AttenuationProfile {
  fileprivate func write(to output: inout OutputBuffer) {
    for index in 0..<count { output.append(self[index]) }
  }
}

extension CM_ATTEN_PROFILE_IND {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(evMAC)
    output.append(UInt8(profile.count))
    output.append(0)
    profile.write(to: &output)
  }
}

extension CM_ATTEN_CHAR_IND {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(sourceAddress)
    output.append(runID)
    output.append(sourceID)
    output.append(responseID)
    output.append(soundCount)
    output.append(UInt8(profile.count))
    profile.write(to: &output)
  }
}

extension CM_ATTEN_CHAR_RSP {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(sourceAddress)
    output.append(runID)
    output.append(sourceID)
    output.append(responseID)
    output.append(result)
  }
}

extension CM_SLAC_MATCH_REQ {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(littleEndian: length)
    output.append(evID)
    output.append(evMAC)
    output.append(evseID)
    output.append(evseMAC)
    output.append(runID)
    output.append(zeros: 8)
  }
}

extension CM_SLAC_MATCH_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(applicationType)
    output.append(securityType)
    output.append(littleEndian: length)
    output.append(evID)
    output.append(evMAC)
    output.append(evseID)
    output.append(evseMAC)
    output.append(runID)
    output.append(zeros: 8)
    output.append(key.nid)
    output.append(0)
    output.append(key.nmk)
  }
}

extension CM_SET_KEY_REQ {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(keyType)
    output.append(bigEndian: UInt64(myNonce), octets: 4)
    output.append(bigEndian: UInt64(yourNonce), octets: 4)
    output.append(protocolID)
    output.append(littleEndian: protocolRun)
    output.append(protocolMessage)
    output.append(coordinatorCapability)
    output.append(key.nid)
    output.append(keySelect)
    output.append(key.nmk)
  }
}

extension CM_SET_KEY_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(result)
    output.append(bigEndian: UInt64(myNonce), octets: 4)
    output.append(bigEndian: UInt64(yourNonce), octets: 4)
    output.append(protocolID)
    output.append(littleEndian: protocolRun)
    output.append(protocolMessage)
    output.append(coordinatorCapability)
  }
}

extension CM_GET_KEY_REQ {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(requestType)
    output.append(keyType)
    output.append(nid)
    output.append(bigEndian: UInt64(myNonce), octets: 4)
    output.append(protocolID)
    output.append(littleEndian: protocolRun)
    output.append(protocolMessage)
  }
}

extension CM_GET_KEY_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(result)
    output.append(keyType)
    output.append(bigEndian: UInt64(myNonce), octets: 4)
    output.append(bigEndian: UInt64(yourNonce), octets: 4)
    output.append(key.nid)
    output.append(keySelect)
    output.append(protocolID)
    output.append(littleEndian: protocolRun)
    output.append(protocolMessage)
    output.append(key.nmk)
  }
}

extension CM_NW_STATS_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(UInt8(truncatingIfNeeded: min(stations.count, 255)))
    for station in stations.prefix(255) {
      output.append(station.address)
      output.append(station.transmitRate)
      output.append(station.receiveRate)
    }
  }
}

extension CM_MME_ERROR_IND {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(reason)
    output.append(version)
    output.append(littleEndian: type.rawValue)
    output.append(littleEndian: fieldOffset)
  }
}

extension VS_SW_VER_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(bigEndian: UInt64(qualcommOUI), octets: 3)
    output.append(status)
    output.append(deviceClass)
    output.append(UInt8(truncatingIfNeeded: min(version.count, 255)))
    output.append(contentsOf: version.prefix(255))
    // The firmware's text area is 64 octets, and an octet "upgradable" follows it; dissectors want both.
    output.append(zeros: 64 - version.count)
    output.append(0)
  }
}
