import Wire

extension QualcommMessage {
  /// Appends OUI and payload, in the form with MMV 0.
  func write(to output: inout OutputBuffer) {
    output.append(bigEndian: UInt64(qualcommOUI), octets: 3)
    switch self {
    case .resetReq, .factoryDefaultsReq: break
    case .resetCnf(let status), .hostActionRsp(let status), .factoryDefaultsCnf(let status):
      output.append(status)
    case .writeModuleReq(let request): request.write(to: &output)
    case .writeModuleCnf(let confirmation):
      output.append(contentsOf: [confirmation.status, confirmation.module.rawValue, 0])
      output.append(littleEndian: confirmation.length)
      output.append(littleEndian: confirmation.offset)
    case .readModuleReq(let request):
      output.append(contentsOf: [request.module.rawValue, request.access])
      output.append(littleEndian: request.length)
      output.append(littleEndian: request.offset)
      output.append(zeros: 16)
    case .readModuleCnf(let confirmation): confirmation.write(to: &output)
    case .commitModuleReq(let module): output.append(module.rawValue)
    case .commitModuleCnf(let status, let module): output.append(contentsOf: [status, module.rawValue])
    case .linkStatisticsReq(let request):
      output.append(contentsOf: [request.control, request.direction.rawValue, request.link])
      output.append(request.peer)
    case .linkStatisticsCnf(let confirmation): confirmation.write(to: &output)
    case .hostActionInd(let indication):
      output.append(contentsOf: [
        indication.action.rawValue, indication.majorVersion, indication.minorSession,
      ])
    case .attributesReq(let cookie):
      output.append(littleEndian: cookie)
      output.append(0)
    case .attributesCnf(let confirmation): confirmation.write(to: &output)
    case .toneMapReq(let request):
      output.append(request.peer)
      output.append(request.slot)
    case .toneMapCnf(let confirmation): confirmation.write(to: &output)
    case .moduleOperationReq(let request): request.write(to: &output)
    case .moduleOperationCnf(let confirmation): confirmation.write(to: &output)
    case .getPropertyReq(let request):
      output.append(littleEndian: request.cookie)
      output.append(contentsOf: [request.dataFormat, request.propertyFormat, 0, 0])
      output.append(littleEndian: request.version)
      output.append(littleEndian: request.length)
      output.append(littleEndian: request.number)
    case .getPropertyCnf(let confirmation):
      output.append(littleEndian: confirmation.status)
      output.append(littleEndian: confirmation.cookie)
      output.append(contentsOf: [confirmation.format, 0, 0, 0])
      output.append(littleEndian: UInt32(truncatingIfNeeded: confirmation.data.count))
      output.append(contentsOf: confirmation.data.octets)
    }
  }
}

extension VS_WR_MOD_REQ {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(contentsOf: [module.rawValue, 0])
    output.append(littleEndian: UInt16(truncatingIfNeeded: data.count))
    output.append(littleEndian: offset)
    output.append(littleEndian: checksum)
    output.append(contentsOf: data.octets)
  }
}

extension VS_RD_MOD_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(contentsOf: [status, 0, 0, 0, module.rawValue, 0])
    output.append(littleEndian: UInt16(truncatingIfNeeded: data.count))
    output.append(littleEndian: offset)
    output.append(littleEndian: checksum)
    output.append(contentsOf: data.octets)
  }
}

extension VS_LNK_STATS_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(contentsOf: [status, direction.rawValue, link, tei])
    guard status == 0 else { return }
    if direction == .transmit || direction == .both {
      let counts = transmit ?? Transmit()
      for count in [
        counts.acknowledged, counts.collided, counts.failed, counts.blocksPassed, counts.blocksFailed,
      ] { output.append(littleEndian: count) }
    }
    if direction == .receive || direction == .both {
      let counts = receive ?? Receive()
      for count in [
        counts.acknowledged, counts.failed, counts.blocksPassed, counts.blocksFailed, counts.bitErrorsPassed,
        counts.bitErrorsFailed,
      ] { output.append(littleEndian: count) }
      output.append(UInt8(truncatingIfNeeded: min(counts.intervals.count, 255)))
      for interval in counts.intervals.prefix(255) {
        output.append(interval.rate)
        for count in [
          interval.blocksPassed, interval.blocksFailed, interval.bitErrorsPassed, interval.bitErrorsFailed,
        ] { output.append(littleEndian: count) }
      }
    }
  }
}

extension VS_OP_ATTRIBUTES_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(littleEndian: status)
    output.append(littleEndian: cookie)
    output.append(reportType)
    guard reportType == 0, let attributes else { return output.append(littleEndian: UInt16(0)) }
    // Firmware sends 118 octets, of which the last 38 have no public name.
    let length: UInt16 = 118
    output.append(littleEndian: length)
    output.append(text: attributes.family, octets: 16)
    output.append(text: attributes.firmwareType, octets: 16)
    for number in [
      attributes.major, attributes.minor, attributes.parameters, attributes.build, attributes.buildNumber,
    ] { output.append(littleEndian: number) }
    output.append(text: attributes.date, octets: 8)
    output.append(text: attributes.release, octets: 12)
    output.append(contentsOf: [attributes.memoryType, 0, attributes.lineFrequency.rawValue])
    output.append(littleEndian: attributes.memorySize)
    output.append(attributes.authorizationMode)
    output.append(zeros: Int(length - Self.attributeOctets))
  }
}

extension VS_RX_TONE_MAP_CHAR_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(contentsOf: [status, slot, maps])
    output.append(littleEndian: carriers)
    guard status == 0 else { return }
    let octets = (Int(carriers) + 1) / 2
    output.append(contentsOf: modulation.prefix(octets))
    output.append(zeros: octets - modulation.count)
    output.append(guardInterval)
    output.append(gain)
  }
}

extension VS_MODULE_OPERATION_REQ {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(zeros: 4)
    switch self {
    case .read(let range, let fromFlash):
      output.append(fromFlash ? .readFlash : .readMemory, octets: 10)
      output.append(range, length: range.length)
    case .start(let session, let modules):
      output.append(.start, octets: 5 + 12 * min(modules.count, 255))
      output.append(littleEndian: session)
      output.append(UInt8(truncatingIfNeeded: min(modules.count, 255)))
      for module in modules.prefix(255) {
        output.append(module.module)
        output.append(littleEndian: module.length)
        output.append(littleEndian: module.checksum)
      }
    case .write(let session, let index, let range, let data):
      output.append(.write, octets: 15 + data.count)
      output.append(littleEndian: session)
      output.append(index)
      output.append(range, length: UInt16(truncatingIfNeeded: data.count))
      output.append(contentsOf: data.octets)
    case .close(let session, let code):
      output.append(.close, octets: 28)
      output.append(littleEndian: session)
      output.append(littleEndian: code.rawValue)
      output.append(zeros: 20)
    }
  }
}

extension VS_MODULE_OPERATION_CNF {
  fileprivate func write(to output: inout OutputBuffer) {
    output.append(littleEndian: status)
    output.append(littleEndian: error)
    output.append(zeros: 4)
    switch operation {
    case .read(let range, let fromFlash, let data):
      let sent = status == 0 ? data.octets : []
      output.append(fromFlash ? .readFlash : .readMemory, octets: 10 + sent.count)
      output.append(range, length: status == 0 ? UInt16(truncatingIfNeeded: sent.count) : range.length)
      output.append(contentsOf: sent)
    case .start(let session, let modules):
      output.append(.start, octets: 5 + 4 * min(modules.count, 255))
      output.append(littleEndian: session)
      output.append(modules)
    case .write(let session, let index, let range):
      output.append(.write, octets: 15)
      output.append(littleEndian: session)
      output.append(index)
      output.append(range, length: range.length)
    case .close(let session, let code, let modules):
      output.append(.close, octets: 9 + 4 * min(modules.count, 255))
      output.append(littleEndian: session)
      output.append(littleEndian: code.rawValue)
      output.append(modules)
    }
  }
}

extension OutputBuffer {
  fileprivate mutating func append(text: [UInt8], octets count: Int) {
    append(contentsOf: text.prefix(count))
    append(zeros: count - text.count)
  }

  /// The head of an operation; its length counts the head's own eight octets too.
  fileprivate mutating func append(_ operation: ModuleOperation, octets: Int) {
    append(1)
    append(littleEndian: operation.rawValue)
    append(littleEndian: UInt16(truncatingIfNeeded: 8 + octets))
    append(zeros: 4)
  }

  fileprivate mutating func append(_ module: ModuleIdentifier) {
    append(littleEndian: module.module)
    append(littleEndian: module.part)
  }

  fileprivate mutating func append(_ range: ModuleRange, length: UInt16) {
    append(range.module)
    append(littleEndian: length)
    append(littleEndian: range.offset)
  }

  fileprivate mutating func append(_ statuses: [VS_MODULE_OPERATION_CNF.ModuleStatus]) {
    append(UInt8(truncatingIfNeeded: min(statuses.count, 255)))
    for status in statuses.prefix(255) {
      append(littleEndian: status.status)
      append(littleEndian: status.error)
    }
  }
}
