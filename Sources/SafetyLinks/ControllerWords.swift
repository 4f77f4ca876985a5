internal import HAL

/// What the host wants of a chargebyte safety controller (COM 06).
public struct ChargeControl: Hashable, Sendable {
  /// The oscillator's output is driven. Off, the controller rests in its safe state.
  public var isPilotOn: Bool
  /// 0...1000; 0 is -12 V, 1000 is +12 V.
  public var permille: Int
  /// Bit 0 for contactor 1.
  public var contactors: UInt8

  public init(isPilotOn: Bool, permille: Int, contactors: UInt8) {
    self.isPilotOn = isPilotOn
    self.permille = min(max(permille, 0), 1000)
    self.contactors = contactors & 0b111
  }

  public init?(_ frame: ControllerFrame) {
    guard frame.kind == ControllerFrame.Kind.chargeControl, frame.bits(48, 10) <= 1000 else { return nil }
    self.init(
      isPilotOn: frame.bit(63), permille: Int(frame.bits(48, 10)), contactors: UInt8(frame.bits(40, 3)))
  }

  public var frame: ControllerFrame {
    let word = (isPilotOn ? 1 << 63 : 0) | UInt64(permille) << 48 | UInt64(contactors) << 40
    return ControllerFrame(kind: ControllerFrame.Kind.chargeControl, word: word)
  }
}

/// Where contactors and emergency stops stand in COM 07. Firmware changed that.
public enum ChargeStateLayout: String, Hashable, Sendable {
  /// One bit each: contactors closed 24, 25; their errors 26, 27; emergency stops 18, 17, 16; failed test 19; abort 20.
  case singleBits
  /// Two bits each, from firmware 0.2.6 on: contactors from 24, emergency stops from 16; reason of the safe state 15...8.
  case pairs

  /// The one that firmware of this version has.
  public init(major: UInt8, minor: UInt8, build: UInt8) {
    self = (major, minor, build) >= (0, 2, 6) ? .pairs : .singleBits
  }
}

/// What a chargebyte safety controller says (COM 07).
public struct ChargeState: Hashable, Sendable {
  public var isPilotOn: Bool
  /// 0...1000.
  public var permille: Int
  /// 0 unknown, 1...6 A...F, 7 invalid.
  public var pilot: UInt8
  public var isPilotShort: Bool
  public var hasDiodeFault: Bool
  /// 0 none, 1...4 13, 20, 32, 63 A, 5 type 1 connected, 6 its button pressed, 7 invalid.
  public var proximity: UInt8
  /// Contactors 1...3.
  public var contactors: [ContactorReading]
  public var hasContactorFault: Bool
  /// Emergency stops 1...3.
  public var emergencyStops: [Bool]
  public var hasTestFailed: Bool
  public var isAborted: Bool
  /// Reason of the safe state; 0 for none. Always 0 in `singleBits`.
  public var reason: UInt8

  /// `nil` where it is another frame, or a duty above 100 %.
  public init?(_ frame: ControllerFrame, layout: ChargeStateLayout) {
    guard frame.kind == ControllerFrame.Kind.chargeState, frame.bits(48, 10) <= 1000 else { return nil }
    isPilotOn = frame.bit(63)
    permille = Int(frame.bits(48, 10))
    pilot = UInt8(frame.bits(40, 3))
    isPilotShort = frame.bit(43)
    hasDiodeFault = frame.bit(44)
    proximity = UInt8(frame.bits(32, 3))
    switch layout {
    case .singleBits:
      contactors = [frame.bit(24) ? .closed : .open, frame.bit(25) ? .closed : .open]
      hasContactorFault = frame.bits(26, 2) != 0
      emergencyStops = [frame.bit(18), frame.bit(17), frame.bit(16)]
      hasTestFailed = frame.bit(19)
      isAborted = frame.bit(20)
      reason = 0
    case .pairs:
      contactors = [24, 26, 28].map { lowest in
        switch frame.bits(lowest, 2) {
        case 1: .open
        case 2: .closed
        default: .unknown
        }
      }
      emergencyStops = [16, 18, 20].map { frame.bits($0, 2) == 1 }
      reason = UInt8(frame.bits(8, 8))
      hasContactorFault = reason == Self.switchMalfunction
      hasTestFailed = frame.bits(22, 2) == 3
      isAborted = frame.bits(58, 2) == 1
    }
  }

  static let (communicationTimeout, switchMalfunction): (UInt8, UInt8) = (2, 15)

  /// As a frame; contactors and stops beyond those of the layout are left out.
  public func frame(_ layout: ChargeStateLayout) -> ControllerFrame {
    var word = (isPilotOn ? 1 << 63 : 0) | UInt64(min(max(permille, 0), 1000)) << 48
    word |= UInt64(pilot & 7) << 40 | UInt64(proximity & 7) << 32
    word |= (isPilotShort ? 1 << 43 : 0) | (hasDiodeFault ? 1 << 44 : 0)
    switch layout {
    case .singleBits:
      for (index, contactor) in contactors.prefix(2).enumerated() where contactor == .closed {
        word |= 1 << UInt64(24 + index)
      }
      for (index, isTripped) in emergencyStops.prefix(3).enumerated() where isTripped {
        word |= 1 << UInt64(18 - index)
      }
      word |= (hasContactorFault ? 1 << 26 : 0) | (hasTestFailed ? 1 << 19 : 0) | (isAborted ? 1 << 20 : 0)
    case .pairs:
      for index in 0..<3 {
        let contactor = index < contactors.count ? contactors[index] : .unknown
        word |= (contactor == .closed ? 2 : contactor == .open ? 1 : 3) << UInt64(24 + 2 * index)
      }
      for (index, isTripped) in emergencyStops.prefix(3).enumerated() where isTripped {
        word |= 1 << UInt64(16 + 2 * index)
      }
      let shown = hasContactorFault ? Self.switchMalfunction : reason
      word |= UInt64(shown) << 8 | (hasTestFailed ? 3 << 22 : 0) | (isAborted ? 1 << 58 : 0)
    }
    return ControllerFrame(kind: ControllerFrame.Kind.chargeState, word: word)
  }
}

/// Temperatures of four sensors (COM 08), channel 1 in the highest 16 bits.
public struct ControllerTemperatures: Hashable, Sendable {
  public struct Channel: Hashable, Sendable {
    /// 0.1 degC, -819.2...819.0 degC; `nil` where no sensor is used.
    public var tenths: Int?
    public var hasTestFailed: Bool
    /// Charging was stopped because of it.
    public var hasStopped: Bool

    public init(tenths: Int?, hasTestFailed: Bool = false, hasStopped: Bool = false) {
      self.tenths = tenths
      self.hasTestFailed = hasTestFailed
      self.hasStopped = hasStopped
    }
  }

  public var channels: [Channel]

  public init(_ channels: [Channel]) { self.channels = channels }

  public init?(_ frame: ControllerFrame) {
    guard frame.kind == ControllerFrame.Kind.temperatures else { return nil }
    channels = [48, 32, 16, 0].map { lowest in
      let raw = frame.bits(lowest + 2, 14)
      let signed = Int(raw) - (raw & 0x2000 != 0 ? 0x4000 : 0)
      return Channel(
        tenths: raw == Self.unused ? nil : signed, hasTestFailed: frame.bit(lowest + 1),
        hasStopped: frame.bit(lowest))
    }
  }

  private static let unused: UInt64 = 0x1FFF

  public var frame: ControllerFrame {
    var word: UInt64 = 0
    for index in 0..<4 {
      let channel = index < channels.count ? channels[index] : Channel(tenths: nil)
      let raw = channel.tenths.map { UInt64(truncatingIfNeeded: min(max($0, -0x2000), 0x1FFE)) & 0x3FFF }
      word =
        word << 16 | (raw ?? Self.unused) << 2 | (channel.hasTestFailed ? 2 : 0)
        | (channel.hasStopped ? 1 : 0)
    }
    return ControllerFrame(kind: ControllerFrame.Kind.temperatures, word: word)
  }
}

/// Version of the controller's firmware (COM 0A).
public struct ControllerFirmware: Hashable, Sendable {
  public var major: UInt8
  public var minor: UInt8
  public var build: UInt8
  /// 81 Charge SOM, 82 Charge Control Y.
  public var platform: UInt8
  /// 3 firmware; 4 and 5 are programs of the factory, which drive no outlet.
  public var application: UInt8

  public static let firmware: UInt8 = 3

  public init(major: UInt8, minor: UInt8, build: UInt8, platform: UInt8, application: UInt8 = firmware) {
    (self.major, self.minor, self.build) = (major, minor, build)
    (self.platform, self.application) = (platform, application)
  }

  public init?(_ frame: ControllerFrame) {
    guard frame.kind == ControllerFrame.Kind.firmwareVersion else { return nil }
    self.init(
      major: UInt8(frame.bits(56, 8)), minor: UInt8(frame.bits(48, 8)), build: UInt8(frame.bits(40, 8)),
      platform: UInt8(frame.bits(32, 8)), application: UInt8(frame.bits(24, 8)))
  }

  public var frame: ControllerFrame {
    let octets = [major, minor, build, platform, application]
    let word = octets.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } << 24
    return ControllerFrame(kind: ControllerFrame.Kind.firmwareVersion, word: word)
  }
}

// What the numbers mean.

extension ChargeState {
  var pilotState: PilotState? {
    switch pilot {
    case 1: .A
    case 2: .B
    case 3: .C
    case 4: .D
    case 5: .E
    case 6: .F
    case 7: .fault
    default: nil
    }
  }

  var proximityContact: Proximity {
    switch proximity {
    case 0...4: Proximity(controllerValue: UInt32(proximity)) ?? .fault
    case 5: .plugged(cableMilliamps: nil)
    case 6: .buttonPressed
    default: .fault
    }
  }

  /// The first contactors as one.
  func contactor(of count: Int) -> ContactorReading {
    let used = contactors.prefix(max(count, 1))
    guard let first = used.first, used.count >= min(count, 3), !used.contains(.unknown) else {
      return .unknown
    }
    return used.allSatisfy { $0 == first } ? first : .divided
  }

  var faults: SafetyFaults {
    var faults: SafetyFaults = []
    if isPilotShort { faults.insert(.pilotShort) }
    if hasDiodeFault { faults.insert(.diode) }
    if hasContactorFault { faults.insert(.contactor) }
    if hasTestFailed { faults.insert(.residualCurrentTest) }
    if emergencyStops.contains(true) { faults.insert(.emergencyStop) }
    if isAborted, reason == 0 { faults.insert(.other) }
    switch reason {
    case 0: break
    case Self.communicationTimeout: faults.insert(.hostSilent)
    case 3...6: faults.insert(.temperatureSensor)
    case 7...10: faults.insert(.overTemperature)
    case 11: faults.insert(.proximity)
    case 12: faults.insert(.pilotSignal)
    case 13: faults.insert(.pilotShort)
    case 14: faults.insert(.diode)
    case Self.switchMalfunction: faults.insert(.contactor)
    case 16...18: faults.insert(.emergencyStop)
    case 20: faults.insert(.residualCurrent)
    case 21: faults.insert(.residualCurrentTest)
    default: faults.insert(.other)
    }
    return faults
  }
}
