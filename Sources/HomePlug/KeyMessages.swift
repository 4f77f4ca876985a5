/// CM_SET_KEY.REQ: host to its own modem, joins or leaves a network.
public struct CM_SET_KEY_REQ: Hashable, Sendable {
  /// 1: NMK.
  public var keyType: UInt8
  public var myNonce: UInt32
  public var yourNonce: UInt32
  /// 4: higher-layer entity protocol.
  public var protocolID: UInt8
  public var protocolRun: UInt16
  public var protocolMessage: UInt8
  /// 0 for both roles: the CCo role comes from the modem's own configuration.
  public var coordinatorCapability: UInt8
  /// New encryption key select; 1: NMK known to the station.
  public var keySelect: UInt8
  public var key: NetworkKey

  public init(
    keyType: UInt8 = 1, myNonce: UInt32 = 0, yourNonce: UInt32 = 0, protocolID: UInt8 = 4,
    protocolRun: UInt16 = 0, protocolMessage: UInt8 = 0, coordinatorCapability: UInt8 = 0,
    keySelect: UInt8 = 1, key: NetworkKey
  ) {
    self.keyType = keyType
    self.myNonce = myNonce
    self.yourNonce = yourNonce
    self.protocolID = protocolID
    self.protocolRun = protocolRun
    self.protocolMessage = protocolMessage
    self.coordinatorCapability = coordinatorCapability
    self.keySelect = keySelect
    self.key = key
  }
}

/// CM_SET_KEY.CNF.
///
/// HomePlug says result 0 is success; QCA700x firmware answers 1 when it accepted the key of its local host.
public struct CM_SET_KEY_CNF: Hashable, Sendable {
  public var result: UInt8
  public var myNonce: UInt32
  public var yourNonce: UInt32
  public var protocolID: UInt8
  public var protocolRun: UInt16
  public var protocolMessage: UInt8
  public var coordinatorCapability: UInt8

  public init(
    result: UInt8, myNonce: UInt32 = 0, yourNonce: UInt32 = 0, protocolID: UInt8 = 4, protocolRun: UInt16 = 0,
    protocolMessage: UInt8 = 0, coordinatorCapability: UInt8 = 0
  ) {
    self.result = result
    self.myNonce = myNonce
    self.yourNonce = yourNonce
    self.protocolID = protocolID
    self.protocolRun = protocolRun
    self.protocolMessage = protocolMessage
    self.coordinatorCapability = coordinatorCapability
  }
}

/// CM_GET_KEY.REQ: diagnosis only.
public struct CM_GET_KEY_REQ: Hashable, Sendable {
  /// 0: direct.
  public var requestType: UInt8
  /// 1: NMK.
  public var keyType: UInt8
  public var nid: NID
  public var myNonce: UInt32
  public var protocolID: UInt8
  public var protocolRun: UInt16
  public var protocolMessage: UInt8

  public init(
    requestType: UInt8 = 0, keyType: UInt8 = 1, nid: NID, myNonce: UInt32 = 0, protocolID: UInt8 = 4,
    protocolRun: UInt16 = 0, protocolMessage: UInt8 = 0
  ) {
    self.requestType = requestType
    self.keyType = keyType
    self.nid = nid
    self.myNonce = myNonce
    self.protocolID = protocolID
    self.protocolRun = protocolRun
    self.protocolMessage = protocolMessage
  }
}

/// CM_GET_KEY.CNF: the key a modem holds.
public struct CM_GET_KEY_CNF: Hashable, Sendable {
  /// 0 granted, 1 refused.
  public var result: UInt8
  public var keyType: UInt8
  public var myNonce: UInt32
  public var yourNonce: UInt32
  public var keySelect: UInt8
  public var protocolID: UInt8
  public var protocolRun: UInt16
  public var protocolMessage: UInt8
  public var key: NetworkKey

  public init(
    result: UInt8 = 0, keyType: UInt8 = 1, myNonce: UInt32 = 0, yourNonce: UInt32 = 0, keySelect: UInt8 = 1,
    protocolID: UInt8 = 4, protocolRun: UInt16 = 0, protocolMessage: UInt8 = 0, key: NetworkKey
  ) {
    self.result = result
    self.keyType = keyType
    self.myNonce = myNonce
    self.yourNonce = yourNonce
    self.keySelect = keySelect
    self.protocolID = protocolID
    self.protocolRun = protocolRun
    self.protocolMessage = protocolMessage
    self.key = key
  }
}
