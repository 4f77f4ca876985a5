import Wire

/// Attenuation of each carrier group in dB (AAG), as a modem measures it on one M-sound.
///
/// Green PHY has 917 carriers in groups of 16, so at most 58 groups (57 x 16 + 5).
public struct AttenuationProfile: Sendable {
  /// The largest number of groups.
  public static let groupsMax = 58

  private var values: InlineArray<58, UInt8>
  /// Number of groups present, 0...58.
  public private(set) var count: Int

  /// A profile without groups.
  public init() {
    values = .init(repeating: 0)
    count = 0
  }

  /// `count` groups (at most 58) of the same attenuation in dB.
  public init(repeating decibels: UInt8, count: Int = AttenuationProfile.groupsMax) {
    values = .init(repeating: decibels)
    self.count = min(max(count, 0), Self.groupsMax)
    for index in self.count..<Self.groupsMax { values[index] = 0 }
  }

  /// The first 58 values of a sequence.
  public init(_ decibels: some Sequence<UInt8>) {
    self.init()
    for value in decibels.prefix(Self.groupsMax) { append(value) }
  }

  /// Adds one group; a 59th is dropped.
  public mutating func append(_ decibels: UInt8) {
    guard count < Self.groupsMax else { return }
    values[count] = decibels
    count += 1
  }

  /// Attenuation of group `index` in dB; 0 for groups that are not present.
  public subscript(index: Int) -> UInt8 {
    get { (0..<count).contains(index) ? values[index] : 0 }
    set { if (0..<count).contains(index) { values[index] = newValue } }
  }

  /// Sum over all groups in dB.
  public var sum: Int {
    var result = 0
    for index in 0..<count { result += Int(values[index]) }
    return result
  }

  /// The groups as an array.
  public var groups: [UInt8] { (0..<count).map { values[$0] } }
}

extension AttenuationProfile: Hashable {
  public static func == (a: Self, b: Self) -> Bool {
    guard a.count == b.count else { return false }
    for index in 0..<groupsMax where a.values[index] != b.values[index] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for index in 0..<count { hasher.combine(values[index]) }
  }
}

extension AttenuationProfile: CustomStringConvertible {
  public var description: String { "\(count) groups, sum \(sum) dB" }
}
