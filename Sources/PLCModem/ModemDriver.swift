public import HomePlug
public import Wire

/// The driver of whatever modem was found.
public enum ModemDriver: PLCModemDriver {
  case qualcomm(QualcommModem)
  case lumissil(LumissilModem)
  case vertexcom(VertexcomModem)
  case generic(GenericModem)

  public init(_ vendor: ModemVendor) {
    switch vendor {
    case .qualcomm: self = .qualcomm(QualcommModem())
    case .lumissil: self = .lumissil(LumissilModem())
    case .vertexcom: self = .vertexcom(VertexcomModem())
    case .generic: self = .generic(GenericModem())
    }
  }

  public var vendor: ModemVendor {
    switch self {
    case .qualcomm(let driver): driver.vendor
    case .lumissil(let driver): driver.vendor
    case .vertexcom(let driver): driver.vendor
    case .generic(let driver): driver.vendor
    }
  }

  public var identityRequests: [ManagementMessage] {
    switch self {
    case .qualcomm(let driver): driver.identityRequests
    case .lumissil(let driver): driver.identityRequests
    case .vertexcom(let driver): driver.identityRequests
    case .generic(let driver): driver.identityRequests
    }
  }

  public func verdict(onKeyResult result: UInt8) -> KeyVerdict {
    switch self {
    case .qualcomm(let driver): driver.verdict(onKeyResult: result)
    case .lumissil(let driver): driver.verdict(onKeyResult: result)
    case .vertexcom(let driver): driver.verdict(onKeyResult: result)
    case .generic(let driver): driver.verdict(onKeyResult: result)
    }
  }

  public var restart: Duration {
    switch self {
    case .qualcomm(let driver): driver.restart
    case .lumissil(let driver): driver.restart
    case .vertexcom(let driver): driver.restart
    case .generic(let driver): driver.restart
    }
  }

  public func message(for request: ModemRequest) throws(ModemLimit) -> ManagementMessage {
    switch self {
    case .qualcomm(let driver): driver.message(for: request)
    case .lumissil(let driver): try driver.message(for: request)
    case .vertexcom(let driver): try driver.message(for: request)
    case .generic(let driver): try driver.message(for: request)
    }
  }

  public func answer(in message: ManagementMessage, from source: MACAddress) -> ModemAnswer? {
    switch self {
    case .qualcomm(let driver): driver.answer(in: message, from: source)
    case .lumissil(let driver): driver.answer(in: message, from: source)
    case .vertexcom(let driver): driver.answer(in: message, from: source)
    case .generic(let driver): driver.answer(in: message, from: source)
    }
  }
}
