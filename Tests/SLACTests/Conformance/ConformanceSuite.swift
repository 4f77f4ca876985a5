/// All cases, in the order of the suite.
enum ConformanceSuite {
  /// A group of ids that differ in their number alone.
  struct Group: Sendable {
    let name: String
    let count: Int

    init(_ name: String, _ count: Int) {
      self.name = name
      self.count = count
    }

    var ids: [String] {
      (1...count).map { number in
        let digits = String(number)
        return name + "_" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }
  }

  /// Every id of the suite. A range of the source, such as `PLCLinkStatus_001..012`, stands for each of its numbers.
  static let groups: [Group] = [
    Group("SECC_CMN CmSlacParm", 9), Group("SECC_AC CmSlacParm", 4),
    Group("SECC_CMN AttenuationCharacterization", 20), Group("SECC_CMN CmValidate", 13),
    Group("SECC_CMN CmSlacMatch", 24), Group("SECC_CMN CmAmpMap", 8), Group("SECC_CMN PLCLinkStatus", 5),
    Group("SECC_AC PLCLinkStatus", 12), Group("SECC_DC PLCLinkStatus", 7), Group("EVCC_CMN CmSlacParm", 14),
    Group("EVCC_AC CmSlacParm", 2), Group("EVCC_CMN AttenuationCharacterization", 13),
    Group("EVCC_AC AttenuationCharacterization", 2), Group("EVCC_CMN CmValidate", 21),
    Group("EVCC_CMN CmValidateOrCmSlacMatch", 1), Group("EVCC_CMN CmSlacMatch", 12),
    Group("EVCC_CMN CmAmpMap", 8), Group("EVCC_CMN PLCLinkStatus", 8), Group("EVCC_AC PLCLinkStatus", 10),
    Group("EVCC_DC PLCLinkStatus", 5),
  ]

  static let ids = groups.flatMap(\.ids)

  static let cases: [ConformanceCase] = {
    let charger = [
      SECCParmCases.all, SECCAttenuationCases.all, SECCValidateCases.all, SECCMatchCases.all,
      ChargerCases.all, ChargerLinkCases.all,
    ]
    let vehicle = [
      EVCCParmCases.all, EVCCAttenuationCases.all, EVCCValidateCases.all, EVCCMatchCases.all,
      VehicleCases.all, VehicleLinkCases.all,
    ]
    let all = (charger + vehicle + [AmplitudeMapCases.all, LinkCases.all]).flatMap { $0 }
    let order = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($0.element, $0.offset) })
    return all.sorted { order[$0.id, default: .max] < order[$1.id, default: .max] }
  }()
}
