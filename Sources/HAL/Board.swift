/// A board the firmware runs on: one type per target under `Boards/`.
///
/// The description is data. Drivers are chosen from it by the module that knows the operating system, so that a
/// board file needs none of them to be compiled and checked.
public protocol BoardSupport {
  static var board: BoardDescription { get }
}

/// What a board is and what hangs on it.
public struct BoardDescription: Hashable, Sendable {
  /// `vendor-name`, as given to `--board`.
  public var name: String
  /// One line for people.
  public var summary: String
  /// How to recognise it; empty where it must be named.
  public var matches: [BoardMatch]
  /// Outlets a charging station on this board has, in the order of the housing.
  public var outlets: [Outlet]

  public init(name: String, summary: String, matches: [BoardMatch], outlets: [Outlet]) {
    self.name = name
    self.summary = summary
    self.matches = matches
    self.outlets = outlets
  }

  /// What is wrong with the description, in words; empty for a usable one.
  public var problems: [String] {
    var found: [String] = []
    if name.isEmpty || !name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) {
      found.append("name: must be printable ASCII without spaces, is '\(name)'")
    }
    if outlets.isEmpty { found.append("outlets: a board without an outlet cannot charge anything") }
    for (index, outlet) in outlets.enumerated() {
      for problem in outlet.problems { found.append("outlets[\(index)].\(problem)") }
    }
    return found
  }
}

/// One way to recognise a board.
public enum BoardMatch: Hashable, Sendable {
  /// An entry of `/proc/device-tree/compatible`.
  case compatible(String)
  /// A part of `/proc/device-tree/model`.
  case model(String)
  /// A board name of the firmware's tables (DMI), for x86.
  case dmi(String)
}

/// One outlet: a socket or a cable with its plug.
public struct Outlet: Hashable, Sendable {
  public var current: OutletCurrent
  /// True for a socket with a lock of its own; false for a tethered cable, whose plug the vehicle locks.
  public var hasLock: Bool
  /// True where the place is ventilated, so that state D may be served.
  public var isVentilated: Bool
  /// Current the outlet may carry per phase or pole, mA; 6000 or more.
  public var milliampsMax: Int
  /// Shortest time between two closings, relay wear. 0 where nothing wears.
  public var recloseIntervalMin: Duration
  /// AttnRxEVSE (ISO 15118-3 A.9.2): what the power-line signal loses between the plug and the modem's receiver, dB, 0...255.
  /// Measured with a known signal at the plug. 0 where it was not: vehicles then hear of more attenuation than the cable has.
  public var receiverLossDecibels: Int

  public init(
    current: OutletCurrent, hasLock: Bool, isVentilated: Bool, milliampsMax: Int,
    recloseIntervalMin: Duration, receiverLossDecibels: Int
  ) {
    self.current = current
    self.hasLock = hasLock
    self.isVentilated = isVentilated
    self.milliampsMax = milliampsMax
    self.recloseIntervalMin = recloseIntervalMin
    self.receiverLossDecibels = receiverLossDecibels
  }

  var problems: [String] {
    var found: [String] = []
    if milliampsMax < 6000 { found.append("milliampsMax: must be 6000 or more, is \(milliampsMax)") }
    if recloseIntervalMin < .zero { found.append("recloseIntervalMin: must not be negative") }
    if !(0...255).contains(receiverLossDecibels) {
      found.append("receiverLossDecibels: must be 0...255, is \(receiverLossDecibels)")
    }
    return found
  }
}
