public import Wire

/// VS_OP_ATTRIBUTES.CNF: what the modem is and which firmware runs on it.
public struct VS_OP_ATTRIBUTES_CNF: Hashable, Sendable {
  public struct Attributes: Hashable, Sendable {
    /// Such as `QCA7000`; at most 16 octets of ASCII.
    public var family: [UInt8]
    /// Such as `MAC`; at most 16 octets of ASCII.
    public var firmwareType: [UInt8]
    public var major: UInt32
    public var minor: UInt32
    /// Of the parameter block the firmware wants.
    public var parameters: UInt32
    public var build: UInt32
    /// A further number of the build; 0 where the firmware has none.
    public var buildNumber: UInt32
    /// Eight digits, year first.
    public var date: [UInt8]
    /// Such as `CS` or `RELEASE`; at most 12 octets of ASCII.
    public var release: [UInt8]
    public var memoryType: UInt8
    public var lineFrequency: LineFrequency
    /// Octets of SDRAM.
    public var memorySize: UInt32
    public var authorizationMode: UInt8

    public init(
      family: [UInt8], firmwareType: [UInt8], major: UInt32, minor: UInt32, parameters: UInt32 = 0,
      build: UInt32, buildNumber: UInt32 = 0, date: [UInt8], release: [UInt8], memoryType: UInt8 = 0,
      lineFrequency: LineFrequency = LineFrequency(rawValue: 0), memorySize: UInt32 = 0,
      authorizationMode: UInt8 = 0
    ) {
      self.family = family
      self.firmwareType = firmwareType
      self.major = major
      self.minor = minor
      self.parameters = parameters
      self.build = build
      self.buildNumber = buildNumber
      self.date = date
      self.release = release
      self.memoryType = memoryType
      self.lineFrequency = lineFrequency
      self.memorySize = memorySize
      self.authorizationMode = authorizationMode
    }
  }

  /// What the modem sees of the mains.
  public struct LineFrequency: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// In Hz; `nil` when the modem does not know.
    public var frequency: Int? {
      switch rawValue & 3 {
      case 1: 50
      case 2: 60
      default: nil
      }
    }

    /// Does it see the mains cross zero? `nil` when the modem does not say.
    public var seesZeroCrossings: Bool? {
      switch rawValue >> 2 & 3 {
      case 1: true
      case 2: false
      default: nil
      }
    }
  }

  /// MSTATUS: 0 success.
  public var status: UInt16
  /// The request's.
  public var cookie: UInt32
  /// RTYPE: 0 is the binary report, the only one read here.
  public var reportType: UInt8
  /// `nil` in a report that is not binary or too short to be one.
  public var attributes: Attributes?

  public init(status: UInt16 = 0, cookie: UInt32, reportType: UInt8 = 0, attributes: Attributes?) {
    self.status = status
    self.cookie = cookie
    self.reportType = reportType
    self.attributes = attributes
  }
}

/// VS_LNK_STATS.REQ.
public struct VS_LNK_STATS_REQ: Hashable, Sendable {
  /// LID that stands for all links with carrier sense (CSMA).
  public static let allLinks: UInt8 = 0xF8

  /// 0 reads. That 1 clears stands in one public source only.
  public var control: UInt8
  public var direction: LinkDirection
  public var link: UInt8
  /// The station at the other end.
  public var peer: MACAddress

  public init(
    control: UInt8 = 0, direction: LinkDirection = .both, link: UInt8 = allLinks, peer: MACAddress
  ) {
    self.control = control
    self.direction = direction
    self.link = link
    self.peer = peer
  }
}

/// Which way statistics are for.
public struct LinkDirection: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let transmit = LinkDirection(rawValue: 0)
  public static let receive = LinkDirection(rawValue: 1)
  public static let both = LinkDirection(rawValue: 2)
}

/// VS_LNK_STATS.CNF: how frames (MPDU) and the blocks in them (PB) fared.
public struct VS_LNK_STATS_CNF: Hashable, Sendable {
  public struct Transmit: Hashable, Sendable {
    public var acknowledged: UInt64, collided: UInt64, failed: UInt64
    public var blocksPassed: UInt64, blocksFailed: UInt64

    public init(
      acknowledged: UInt64 = 0, collided: UInt64 = 0, failed: UInt64 = 0, blocksPassed: UInt64 = 0,
      blocksFailed: UInt64 = 0
    ) {
      self.acknowledged = acknowledged
      self.collided = collided
      self.failed = failed
      self.blocksPassed = blocksPassed
      self.blocksFailed = blocksFailed
    }
  }

  public struct Receive: Hashable, Sendable {
    public var acknowledged: UInt64, failed: UInt64
    public var blocksPassed: UInt64, blocksFailed: UInt64
    /// Bit errors the turbo decoder corrected, summed over the blocks that passed and that failed.
    public var bitErrorsPassed: UInt64, bitErrorsFailed: UInt64
    public var intervals: [Interval]

    public init(
      acknowledged: UInt64 = 0, failed: UInt64 = 0, blocksPassed: UInt64 = 0, blocksFailed: UInt64 = 0,
      bitErrorsPassed: UInt64 = 0, bitErrorsFailed: UInt64 = 0, intervals: [Interval] = []
    ) {
      self.acknowledged = acknowledged
      self.failed = failed
      self.blocksPassed = blocksPassed
      self.blocksFailed = blocksFailed
      self.bitErrorsPassed = bitErrorsPassed
      self.bitErrorsFailed = bitErrorsFailed
      self.intervals = intervals
    }
  }

  /// A part of the mains' cycle, which has a tone map of its own.
  public struct Interval: Hashable, Sendable {
    /// In Mbit/s.
    public var rate: UInt8
    public var blocksPassed: UInt64, blocksFailed: UInt64
    public var bitErrorsPassed: UInt64, bitErrorsFailed: UInt64

    public init(
      rate: UInt8, blocksPassed: UInt64 = 0, blocksFailed: UInt64 = 0, bitErrorsPassed: UInt64 = 0,
      bitErrorsFailed: UInt64 = 0
    ) {
      self.rate = rate
      self.blocksPassed = blocksPassed
      self.blocksFailed = blocksFailed
      self.bitErrorsPassed = bitErrorsPassed
      self.bitErrorsFailed = bitErrorsFailed
    }
  }

  /// MSTATUS: 0 success.
  public var status: UInt8
  public var direction: LinkDirection
  public var link: UInt8
  public var tei: UInt8
  /// As the direction says; both `nil` without success.
  public var transmit: Transmit?
  public var receive: Receive?

  public init(
    status: UInt8 = 0, direction: LinkDirection, link: UInt8 = VS_LNK_STATS_REQ.allLinks, tei: UInt8,
    transmit: Transmit? = nil, receive: Receive? = nil
  ) {
    self.status = status
    self.direction = direction
    self.link = link
    self.tei = tei
    self.transmit = transmit
    self.receive = receive
  }
}

/// VS_HOST_ACTION.IND: a modem without flash, or in its boot loader, asks its host.
public struct VS_HOST_ACTION_IND: Hashable, Sendable {
  /// MACTION.
  public struct Action: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The host must boot the modem.
    public static let startDevice = Action(rawValue: 0)
    public static let storeFirmware = Action(rawValue: 1)
    public static let storeParameters = Action(rawValue: 2)
    public static let updateHost = Action(rawValue: 3)
    public static let configureMemory = Action(rawValue: 4)
    public static let restoreDefaults = Action(rawValue: 5)
  }

  public var action: Action
  public var majorVersion: UInt8
  public var minorSession: UInt8

  public init(action: Action, majorVersion: UInt8 = 1, minorSession: UInt8 = 0) {
    self.action = action
    self.majorVersion = majorVersion
    self.minorSession = minorSession
  }
}

/// VS_RX_TONE_MAP_CHAR.REQ: how finely does the modem modulate what comes from a peer?
public struct VS_RX_TONE_MAP_CHAR_REQ: Hashable, Sendable {
  public var peer: MACAddress
  public var slot: UInt8

  public init(peer: MACAddress, slot: UInt8 = 0) {
    self.peer = peer
    self.slot = slot
  }
}

/// VS_RX_TONE_MAP_CHAR.CNF.
///
/// Public sources disagree on where guard interval and gain stand: right behind the nibbles of the active carriers, as
/// here, or behind an array for all carriers of the chip.
public struct VS_RX_TONE_MAP_CHAR_CNF: Hashable, Sendable {
  /// MSTATUS: 0 success.
  public var status: UInt8
  public var slot: UInt8
  /// Tone maps the modem has for this peer.
  public var maps: UInt8
  /// Carriers the map speaks of.
  public var carriers: UInt16
  /// Modulation, four bits a carrier as the firmware numbers it, the first carrier in the low nibble.
  public var modulation: [UInt8]
  /// GIL: guard interval.
  public var guardInterval: UInt8
  /// AGC: automatic gain control.
  public var gain: UInt8

  public init(
    status: UInt8 = 0, slot: UInt8 = 0, maps: UInt8, carriers: UInt16, modulation: [UInt8],
    guardInterval: UInt8 = 0, gain: UInt8 = 0
  ) {
    self.status = status
    self.slot = slot
    self.maps = maps
    self.carriers = carriers
    self.modulation = modulation
    self.guardInterval = guardInterval
    self.gain = gain
  }

  /// The modulation of a carrier; `nil` where the map has none.
  public func modulation(ofCarrier index: Int) -> UInt8? {
    guard index >= 0, index < Int(carriers), index / 2 < modulation.count else { return nil }
    return index % 2 == 0 ? modulation[index / 2] & 0x0F : modulation[index / 2] >> 4
  }
}

/// VS_GET_PROPERTY.REQ. Numbers and formats of properties are the firmware's.
public struct VS_GET_PROPERTY_REQ: Hashable, Sendable {
  public var cookie: UInt32
  public var dataFormat: UInt8
  public var propertyFormat: UInt8
  public var version: UInt32
  public var length: UInt32
  public var number: UInt32

  public init(
    cookie: UInt32, dataFormat: UInt8 = 0, propertyFormat: UInt8 = 0, version: UInt32 = 0, length: UInt32 = 0,
    number: UInt32
  ) {
    self.cookie = cookie
    self.dataFormat = dataFormat
    self.propertyFormat = propertyFormat
    self.version = version
    self.length = length
    self.number = number
  }
}

/// VS_GET_PROPERTY.CNF.
public struct VS_GET_PROPERTY_CNF: Hashable, Sendable {
  /// MSTATUS: 0 success.
  public var status: UInt32
  public var cookie: UInt32
  public var format: UInt8
  /// Empty without success.
  public var data: ModuleData

  public init(status: UInt32 = 0, cookie: UInt32, format: UInt8 = 0, data: ModuleData) {
    self.status = status
    self.cookie = cookie
    self.format = format
    self.data = data
  }
}
