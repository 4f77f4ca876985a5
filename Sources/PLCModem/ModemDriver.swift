public import HomePlug
public import Wire

/// The driver of whatever modem was found.
public enum ModemDriver: PLCModemDriver {
  case qualcomm(QualcommModem)
  case generic(GenericModem)

  public init(_ vendor: ModemVendor) {
    switch vendor {
    case .qualcomm: self = .qualcomm(QualcommModem())
    case .lumissil, .vertexcom, .generic: self = .generic(GenericModem())
    }
  }

  public var vendor: ModemVendor {
    switch self {
    case .qualcomm(let driver): driver.vendor
    case .generic(let driver): driver.vendor
    }
  }

  public var identityRequests: [ManagementMessage] {
    switch self {
    case .qualcomm(let driver): driver.identityRequests
    case .generic(let driver): driver.identityRequests
    }
  }

  public func identity(in message: ManagementMessage, from source: MACAddress) -> ModemIdentity? {
    switch self {
    case .qualcomm(let driver): driver.identity(in: message, from: source)
    case .generic(let driver): driver.identity(in: message, from: source)
    }
  }

  public func verdict(onKeyResult result: UInt8) -> KeyVerdict {
    switch self {
    case .qualcomm(let driver): driver.verdict(onKeyResult: result)
    case .generic(let driver): driver.verdict(onKeyResult: result)
    }
  }

  public var restart: Duration {
    switch self {
    case .qualcomm(let driver): driver.restart
    case .generic(let driver): driver.restart
    }
  }

  public var linkRequest: ManagementMessage? {
    switch self {
    case .qualcomm(let driver): driver.linkRequest
    case .generic(let driver): driver.linkRequest
    }
  }

  public func isLinkUp(in message: ManagementMessage) -> Bool? {
    switch self {
    case .qualcomm(let driver): driver.isLinkUp(in: message)
    case .generic(let driver): driver.isLinkUp(in: message)
    }
  }

  public var membershipRequest: ManagementMessage? {
    switch self {
    case .qualcomm(let driver): driver.membershipRequest
    case .generic(let driver): driver.membershipRequest
    }
  }

  public func membership(in message: ManagementMessage) -> [NID]? {
    switch self {
    case .qualcomm(let driver): driver.membership(in: message)
    case .generic(let driver): driver.membership(in: message)
    }
  }

  public var resetRequest: ManagementMessage? {
    switch self {
    case .qualcomm(let driver): driver.resetRequest
    case .generic(let driver): driver.resetRequest
    }
  }

  public func isResetAccepted(in message: ManagementMessage) -> Bool? {
    switch self {
    case .qualcomm(let driver): driver.isResetAccepted(in: message)
    case .generic(let driver): driver.isResetAccepted(in: message)
    }
  }
}
