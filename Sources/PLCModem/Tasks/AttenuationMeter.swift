public import HomePlug
public import Wire

/// Averages attenuation profiles by the vehicle that sounded.
public struct AttenuationMeter: Hashable, Sendable {
  /// Vehicles at the most; who comes later is counted only.
  public static let vehiclesMax = 64

  /// What was heard of one vehicle.
  public struct Profile: Hashable, Sendable {
    public let vehicle: MACAddress
    /// Reports in the average.
    public private(set) var sounds = 0
    /// Attenuation of each group in dB, over all sounds.
    public private(set) var groups: [Group] = []

    public struct Group: Hashable, Sendable {
      var sum = 0
      var count = 0
      public private(set) var least = UInt8.max
      public private(set) var most = UInt8.min

      /// In tenths of a dB, rounded.
      public var meanTenths: Int { count == 0 ? 0 : (sum * 10 + count / 2) / count }

      mutating func add(_ decibels: UInt8) {
        sum += Int(decibels)
        count += 1
        least = min(least, decibels)
        most = max(most, decibels)
      }
    }

    init(_ vehicle: MACAddress) { self.vehicle = vehicle }

    mutating func add(_ profile: AttenuationProfile) {
      sounds += 1
      while groups.count < profile.count { groups.append(Group()) }
      for index in 0..<profile.count { groups[index].add(profile[index]) }
    }

    /// Mean over all groups, in tenths of a dB.
    public var meanTenths: Int {
      groups.isEmpty ? 0 : (groups.reduce(0) { $0 + $1.meanTenths } + groups.count / 2) / groups.count
    }
  }

  /// In the order in which they were first heard.
  public private(set) var profiles: [Profile] = []
  /// Reports of vehicles beyond `vehiclesMax`.
  public private(set) var ignored = 0

  public init() {}

  public mutating func add(_ report: CM_ATTEN_PROFILE_IND) { add(report.profile, of: report.evMAC) }

  public mutating func add(_ profile: AttenuationProfile, of vehicle: MACAddress) {
    if let index = profiles.firstIndex(where: { $0.vehicle == vehicle }) {
      profiles[index].add(profile)
    } else if profiles.count < Self.vehiclesMax {
      var new = Profile(vehicle)
      new.add(profile)
      profiles.append(new)
    } else {
      ignored += 1
    }
  }
}
