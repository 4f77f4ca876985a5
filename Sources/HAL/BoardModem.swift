/// The power-line modem of an outlet or inlet.
public struct ModemDescription: Hashable, Sendable {
  /// Whose it is: a hint that saves asking; what it answers decides.
  public enum Vendor: String, Hashable, Sendable, CaseIterable {
    case unknown, qualcomm, lumissil, vertexcom
  }
  /// The role it has after boot. For people and tools; `coupler modem doctor` asks the modem.
  public enum Role: String, Hashable, Sendable, CaseIterable {
    /// Told by its parameter block, which is the board maker's.
    case chargingStation, vehicle
    /// Not known; `coupler modem doctor` tells.
    case unknown
  }
  /// Where its firmware is.
  public enum Firmware: Hashable, Sendable {
    /// In flash of its own.
    case ownFlash
    /// The host loads these files after each reset: names below the firmware directory. Refused: nothing here loads them.
    case hostLoaded(files: [String])
    /// Pushed by the box that has the modem.
    case box
  }
  public var vendor: Vendor
  public var interface: InterfaceMatch
  public var reset: Reset?
  /// Holds the modem in its boot loader through a reset; `nil` where the board has no such strap.
  public var bootStrap: OutputDescription?
  public var role: Role
  public var firmware: Firmware

  /// The reset line.
  public struct Reset: Hashable, Sendable {
    /// True holds the modem in reset.
    public var output: OutputDescription
    /// 1 ms...1 s.
    public var pulse: Duration
    /// From its end to the first answer that may be waited for; 0...30 s. A start that resets it waits so long.
    public var recovery: Duration

    public init(
      _ output: OutputDescription, pulse: Duration = .milliseconds(100), recovery: Duration = .seconds(3)
    ) {
      self.output = output
      self.pulse = pulse
      self.recovery = recovery
    }
  }

  public init(
    vendor: Vendor, interface: InterfaceMatch, reset: Reset? = nil, bootStrap: OutputDescription? = nil,
    role: Role = .unknown, firmware: Firmware = .ownFlash
  ) {
    self.vendor = vendor
    self.interface = interface
    self.reset = reset
    self.bootStrap = bootStrap
    self.role = role
    self.firmware = firmware
  }
}

/// How the modem's network interface is found. Not by its address alone: a modem can come up with a fallback address.
public enum InterfaceMatch: Hashable, Sendable {
  /// By the kernel's driver (`qcaspi`, `qcauart`, `mse102x`) and, where there may be two, the device above it (`spi0.0`).
  case driver(String, parent: String?)
  /// By the first three octets of its address, 0...0xFFFFFF, in the order they are written.
  case addressPrefix(UInt32)
  /// By its name, as udev or the site's administrator gave it.
  case named(String)
  /// A TAP interface that another program makes; `mtu` 576...1500 bounds what may be sent.
  case tap(name: String, mtu: Int)
}
