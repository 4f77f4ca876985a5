/// What a ChargeBridge is to be, as it hears it with every life sign: 119 octets, packed, little endian.
public struct ChargeBridgeSettings: Hashable, Sendable {
  public static let size = 119

  public enum ProximityMode: UInt8, Hashable, Sendable { case disabled, type1, type2 }

  public struct Relay: Hashable, Sendable {
    /// Switched by the box's own safety logic, not by the host.
    public var isPowerRelay: Bool
    public var hasFeedback: Bool
    /// After switching, before the feedback is looked at.
    public var feedbackDelayMilliseconds: UInt16
    /// Low when the relay is off; a mirror contact is high then.
    public var isFeedbackInverted: Bool
    public var switchOffDelayMilliseconds: UInt16

    public init(
      isPowerRelay: Bool = false, hasFeedback: Bool = false, feedbackDelayMilliseconds: UInt16 = 200,
      isFeedbackInverted: Bool = false, switchOffDelayMilliseconds: UInt16 = 10
    ) {
      self.isPowerRelay = isPowerRelay
      self.hasFeedback = hasFeedback
      self.feedbackDelayMilliseconds = feedbackDelayMilliseconds
      self.isFeedbackInverted = isFeedbackInverted
      self.switchOffDelayMilliseconds = switchOffDelayMilliseconds
    }
  }

  /// One of ten pins: 0 input, 1 output, 2 and 3 PWM, 4 direction of RS-485, 5...7 residual current device, 8 and 9
  /// motor of a lock.
  public struct Pin: Hashable, Sendable {
    public var mode: UInt8
    /// 0 none, 1 up, 2 down.
    public var pull: UInt8
    /// A number that the mode needs, such as the time of a lock's motor in ms.
    public var value: UInt16

    public init(mode: UInt8 = 0, pull: UInt8 = 0, value: UInt16 = 0) {
      self.mode = mode
      self.pull = pull
      self.value = value
    }
  }

  public var proximity = ProximityMode.disabled
  /// Over how long the pilot is averaged.
  public var pilotAverageMilliseconds: UInt8 = 10
  public var relays = [Relay](repeating: Relay(), count: 3)
  public var isEmergencyInputInverted = false
  /// degC; 0 for none.
  public var temperatureLimit: UInt8 = 0
  public var pins = [Pin](repeating: Pin(), count: 10)
  /// Codes of the three serial ports' speeds; 4 is 115,200.
  public var serialSpeeds: [UInt8] = [4, 4, 4]
  /// Code of the CAN bus's speed; 1 is 250,000.
  public var canSpeed: UInt8 = 1
  /// A name for mDNS, 20 octets at most; empty for the box's own.
  public var name = ""
  public var powerSaving: UInt8 = 0

  public init() {}

  /// The whole life sign: type 1 and the settings.
  public var lifeSign: [UInt8] {
    var octets: [UInt8] = [1, 0]
    func pair(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
    octets += [0, 0, 0, 0]
    octets += [proximity.rawValue, pilotAverageMilliseconds]
    for index in 0..<3 {
      let relay = index < relays.count ? relays[index] : Relay()
      octets += [relay.isPowerRelay ? 0 : 1, relay.hasFeedback ? 1 : 0]
      // The economiser is not used: 100 % without delay.
      octets += pair(relay.feedbackDelayMilliseconds) + [relay.isFeedbackInverted ? 1 : 0, 100, 0, 0]
      octets += pair(relay.switchOffDelayMilliseconds)
    }
    octets += [isEmergencyInputInverted ? 1 : 0, temperatureLimit]
    for index in 0..<10 {
      let pin = index < pins.count ? pins[index] : Pin()
      octets += [pin.mode, pin.pull, 0] + pair(pin.value)
    }
    // One stop bit, no parity.
    for index in 0..<3 { octets += [index < serialSpeeds.count ? serialSpeeds[index] : 4, 0, 0] }
    octets.append(canSpeed)
    let text = Array(name.utf8.prefix(20))
    octets += text + [UInt8](repeating: 0, count: 20 - text.count)
    octets.append(powerSaving)
    return octets
  }
}
