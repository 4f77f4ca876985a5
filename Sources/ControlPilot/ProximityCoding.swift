public import HAL

// The proximity contact: which resistor stands for what, for a station's socket (IEC 61851-1 Table B.2, IEC 62196 type 2)
// and for a vehicle's inlet (SAE J1772, type 1).

extension Proximity {
  /// What a socket of type 2 reads between proximity contact and earth: the rating of the cable.
  ///
  /// Between the bands stands nothing, and nothing is charged with it: a corroded contact must not turn 13 A into 20 A.
  /// - Parameter ohms: the resistor in the plug; `nil` for more than can be measured.
  public init(type2Ohms ohms: Int?) {
    switch ohms {
    case nil, (4_500...)?: self = .open
    case (1_100...2_460)?: self = .plugged(cableMilliamps: 13_000)
    case (400...936)?: self = .plugged(cableMilliamps: 20_000)
    case (164...308)?: self = .plugged(cableMilliamps: 32_000)
    // 70 A with one phase; nobody knows how many the cable has.
    case (80...140)?: self = .plugged(cableMilliamps: 63_000)
    default: self = .fault
    }
  }

  /// What an inlet of type 1 (and of CCS 1) reads: 330 ohm to the supply and 2700 ohm to earth of its own, in parallel
  /// 150 ohm of a latched plug, or 480 ohm of one whose button is pressed. At 5 V that is 4.46 V, 1.53 V and 2.77 V.
  /// - Parameters:
  ///   - millivolts: level of the contact.
  ///   - supplyMillivolts: what the 330 ohm hang on; the levels scale with it.
  public init(type1Millivolts millivolts: Int, supplyMillivolts: Int = 5_000) {
    guard supplyMillivolts > 0, millivolts >= 0 else {
      self = .fault
      return
    }
    // In 64 bits for targets with a 32-bit Int.
    switch Int64(millivolts) * 1000 / Int64(supplyMillivolts) {
    case 820...960: self = .open
    case 460...640: self = .buttonPressed
    case 220...390: self = .plugged(cableMilliamps: nil)
    default: self = .fault
    }
  }
}

/// How a board measures a resistor: from a supply through a pull-up, with or without a resistor to earth beside it.
public struct PullUpFrontEnd: Hashable, Sendable {
  public var supplyMillivolts: Int
  public var pullUpOhms: Int
  /// A resistor to earth on the board, in parallel to the one that is measured; `nil` for none.
  public var pullDownOhms: Int?

  public init(supplyMillivolts: Int, pullUpOhms: Int, pullDownOhms: Int? = nil) {
    self.supplyMillivolts = supplyMillivolts
    self.pullUpOhms = pullUpOhms
    self.pullDownOhms = pullDownOhms
  }

  /// The resistor behind a level, ohm; `nil` where it is too large to be told from nothing.
  public func ohms(millivolts: Int) -> Int? {
    // Beyond the supply is nothing a converter can mean.
    let level = Int64(min(max(0, millivolts), max(0, supplyMillivolts)))
    let rest = Int64(supplyMillivolts) - level
    // Within 1 % of the supply the error of any converter is larger than what it measures.
    guard rest * 100 > Int64(supplyMillivolts) else { return nil }
    let together = Int64(pullUpOhms) * level / rest
    guard let pullDownOhms, pullDownOhms > 0 else { return Int(clamping: together) }
    let beside = Int64(pullDownOhms) - together
    guard beside > 0 else { return nil }
    let ohms = together * Int64(pullDownOhms) / beside
    return ohms > 1_000_000 ? nil : Int(clamping: ohms)
  }
}

/// The proximity contact, debounced: a change counts after two equal readings in a row, at 100...500 ms apart. A cable
/// that two readings in a row do not show, or that comes and goes, is a fault: a contact that chatters holds none. So is one
/// that carries more than it did.
public struct ProximityReader: Hashable, Sendable {
  /// What counts; `nil` before two equal readings.
  public private(set) var proximity: Proximity?
  private var candidate: Proximity?
  /// Readings in a row that are not what counts, and that each differ from the one before.
  private var unseen = 0
  private var changes = 0
  /// The smallest rating that was read since the contact was open, mA.
  private var rating: Int?
  /// 13 A, open, 13 A, open: one reading that is wrong makes two changes.
  static let changesMax = 4

  public init() {}

  /// Takes in a reading, and returns what has changed by it.
  public mutating func read(_ reading: Proximity) -> Proximity? {
    defer { candidate = reading }
    if reading == candidate, reading != proximity { return change(to: reading) }
    // Any other is harmless as it is.
    guard case .plugged = proximity else { return nil }
    // What counted is not seen any more, in whatever order the others come.
    unseen = reading == proximity ? 0 : unseen + 1
    if let candidate, reading != candidate { changes += 1 } else { changes = 0 }
    return unseen >= 2 || changes >= Self.changesMax ? change(to: .fault) : nil
  }

  private mutating func change(to reading: Proximity) -> Proximity {
    let new = isBelievable(reading) ? reading : .fault
    (unseen, changes) = (0, 0)
    proximity = new
    return new
  }

  /// No cable turns into a thicker one while it is plugged in: water in the plug lies in parallel to its resistor.
  private mutating func isBelievable(_ reading: Proximity) -> Bool {
    switch reading {
    case .open: rating = nil
    case .plugged(let new?):
      if let rating, new > rating { return false }
      rating = new
    case .plugged(nil), .buttonPressed, .fault: break
    }
    return true
  }
}
