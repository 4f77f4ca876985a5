import ArgumentParser
import HomePlug
import Node
import PLCModem
import SLAC

/// Options of matching that charger and vehicle share.
struct SLACOptions: ParsableArguments {
  /// What is overlooked in peers to begin with.
  enum Mode: String, ExpressibleByArgument, CaseIterable { case conformant, lenient }

  @Option(
    help: ArgumentHelp(
      "Matching by the letter of ISO 15118-3, for a test laboratory, or with every tolerance below, for the field.",
      valueName: "conformant|lenient"))
  var slacMode = Mode.lenient

  @Option(
    help: ArgumentHelp(
      "Overlook this in peers, on top of the mode; may be given more than once.",
      discussion: ToleranceName.list, valueName: "name"))
  var tolerate: [ToleranceName] = []

  @Option(
    help: ArgumentHelp(
      "Do not overlook this in peers; may be given more than once.", valueName: "name"))
  var noTolerate: [ToleranceName] = []

  @Option(
    help: ArgumentHelp(
      "Whose modem it is; auto asks it.", valueName: "vendor|auto"))
  var modemVendor = VendorName.auto

  @Option(
    help: ArgumentHelp(
      "Ask the peer by CM_AMP_MAP to send with so much less power, as this side then does: 2 to 28 dB in steps of 2.",
      valueName: "dB"))
  var reducePower: Int?

  func validate() throws {
    if let reducePower, !(2...28).contains(reducePower) || reducePower % 2 != 0 {
      throw ValidationError(
        "--reduce-power is 2, 4 ... 28 dB: the map of CM_AMP_MAP has four bits for steps of 2 dB")
    }
    if let name = tolerate.first(where: noTolerate.contains) {
      throw ValidationError("--tolerate and --no-tolerate both name \(name.tolerance); leave one of them out")
    }
  }

  func apply(to settings: inout SLACSettings) {
    settings.tolerances = slacMode == .lenient ? .lenient : .conformant
    for name in tolerate { settings.tolerances.insert(name.tolerance) }
    for name in noTolerate { settings.tolerances.remove(name.tolerance) }
    settings.modem = modemVendor.vendor
    settings.amplitudeMap = reducePower.map { decibels in
      let step = UInt8(clamping: decibels / 2)
      let octets = (Int(CM_AMP_MAP_REQ.carriersOfGreenPHY) + 1) / 2
      return CM_AMP_MAP_REQ(reductions: [UInt8](repeating: step << 4 | step, count: octets))
    }
  }
}

/// A tolerance by its name.
struct ToleranceName: ExpressibleByArgument, Hashable {
  let tolerance: SLACTolerance

  init?(argument: String) {
    guard let found = SLACTolerance.allCases.first(where: { "\($0)" == argument }) else { return nil }
    tolerance = found
  }

  static var allValueStrings: [String] { SLACTolerance.allCases.map { "\($0)" } }

  /// All of them with what they mean, for the help.
  static var list: String {
    SLACTolerance.allCases.map { "\($0): \($0.explanation)" }.joined(separator: "\n")
  }
}

extension SLACTolerance {
  /// What is overlooked and why one would.
  fileprivate var explanation: String {
    switch self {
    case .responseTypeZero: "EV: CM_SLAC_PARM.CNF may have RESP_TYPE 0 (open-plc-utils' evse)."
    case .matchWithoutValidation:
      "EV: where no charger that is only potentially found validates, the nearest of those that cannot is matched."
    case .foreignNID:
      "EV: where the confirmed NID does not belong to the NMK and no link comes, the derived one is tried."
    case .repeatedSessions:
      "EVSE: TT_EVSE_SLAC_init starts over when every session failed; vehicles heard through cross-talk always do."
    case .lateProfiles: "EVSE: the modem's first report may come after 600 ms, up to 1050 ms."
    case .missingResponse: "EVSE: CM_SLAC_MATCH.REQ is answered although CM_ATTEN_CHAR.RSP was lost."
    case .stationIdentifiers: "EVSE: PEV_ID, EVSE_ID, SOURCE_ID and RESP_ID need not be zero."
    case .lateStart: "EVSE: CM_START_ATTEN_CHAR.IND may come up to 2 s late, not 400 ms (TT_match_sequence)."
    case .newRunWhileJoining: "EVSE: the EV just matched may begin a new run while its link is awaited."
    }
  }
}

/// A vendor, or none.
struct VendorName: ExpressibleByArgument, CustomStringConvertible {
  static let auto = VendorName(vendor: nil)

  let vendor: ModemVendor?

  private init(vendor: ModemVendor?) { self.vendor = vendor }

  init?(argument: String) {
    vendor = ModemVendor(rawValue: argument)
    if vendor == nil, argument != "auto" { return nil }
  }

  static var allValueStrings: [String] { ["auto"] + ModemVendor.allCases.map(\.rawValue) }

  var description: String { vendor?.rawValue ?? "auto" }
  var defaultValueDescription: String { description }
}

/// Options of a charger's matching, and of how it goes together with the control pilot.
struct ChargerMatchOptions: ParsableArguments {
  enum Validation: String, ExpressibleByArgument, CaseIterable {
    case ready, failure
    case notRequired = "not-required"

    var result: ValidateResult {
      switch self {
      case .ready: .ready
      case .failure: .failure
      case .notRequired: .notRequired
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "AttnRxEVSE: loss of this board's own receive path, taken off every report; one value, or 58 for the carrier groups, with commas. By default as the board's description has it; 0, not measured, makes vehicles hear of more attenuation than the cable has.",
      valueName: "dB"))
  var calibration: String?

  @Option(
    help: ArgumentHelp(
      "Answer to CM_VALIDATE: ready counts the vehicle's B-C-B toggles, not-required counts them if it insists, failure refuses. By default ready with a pilot, not-required where the vehicle is played here.",
      valueName: "ready|failure|not-required"))
  var validation: Validation?

  @Option(
    help: ArgumentHelp(
      "TT_EVSE_SLAC_init: wait so long for a vehicle's request before state E/F and another try. ISO 15118-3 has 20...50 s.",
      valueName: "s"))
  var slacInit = 40.0

  @Option(
    help: ArgumentHelp(
      "After a lost link: error-step leaves and goes through state E/F (option A), rematch leaves and waits with the oscillator on (option B).",
      valueName: "error-step|rematch"))
  var connectionLoss = Loss.errorStep

  @Option(
    help: ArgumentHelp(
      "AC: what a vehicle finds that is plugged in: 5 %, or 100 % (X1) until it has matched.",
      valueName: "5|100"))
  var initialDuty = 5

  @Option(
    help: ArgumentHelp(
      "AC: a customer is identified by other means (EIM) so long after the start: the vehicle is offered a nominal duty, and may still match.",
      valueName: "s"))
  var identifyAfter: Double?

  @Option(
    help: ArgumentHelp(
      "The modem may sleep so long after the plug is out; by default it stays awake.", valueName: "s"))
  var sleepAfter: Double?

  enum Loss: String, ExpressibleByArgument, CaseIterable {
    case errorStep = "error-step"
    case rematch
  }

  func validate() throws {
    if let calibration, Self.profile(calibration) == nil {
      throw ValidationError(
        "--calibration is one number of 0...255 dB, or 58 of them with commas; not '\(calibration)'")
    }
    guard (1...120).contains(slacInit) else { throw ValidationError("--slac-init is 1 to 120 s") }
    guard initialDuty == 5 || initialDuty == 100 else {
      throw ValidationError("--initial-duty is 5 (digital communication) or 100 (X1)")
    }
    try checkSeconds(identifyAfter ?? 0, of: "--identify-after")
    if let sleepAfter, !(1...86_400).contains(sleepAfter) {
      throw ValidationError(
        "--sleep-after is 1 to 86400 s: the network has to be left first (TP_match_leave, 1 s)")
    }
  }

  private static func profile(_ calibration: String) -> AttenuationProfile? {
    let values = calibration.split(separator: ",", omittingEmptySubsequences: false).map { UInt8($0) }
    if values.count == 1, let value = values[0] { return AttenuationProfile(repeating: value) }
    let known = values.compactMap { $0 }
    guard known.count == AttenuationProfile.groupsMax, values.count == known.count else { return nil }
    return AttenuationProfile(known)
  }

  /// `hasPilot`: the vehicle that matches is the one on the pilot wire. `boardLoss`: AttnRxEVSE as the board has it, dB.
  func apply(to slac: inout SLACConfiguration, hasPilot: Bool, boardLoss: Int) {
    slac.settings.receiverLoss =
      calibration.flatMap { Self.profile($0) } ?? AttenuationProfile(repeating: UInt8(clamping: boardLoss))
    slac.settings.validation = (validation ?? (hasPilot ? .ready : .notRequired)).result
    slac.timers.evseSlacInit = .seconds(slacInit)
  }

  func apply(to coupling: inout ChargerCoupling) {
    coupling.connectionLoss = connectionLoss == .rematch ? .rematch : .errorStep
    coupling.initialDuty = initialDuty == 100 ? .steadyHigh : .digital
    coupling.sleepsAfter = sleepAfter.map { .seconds($0) }
  }
}

/// Options of a vehicle's matching, and of how it goes together with the control pilot.
struct VehicleMatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "C_EV_match_signalattn_direct: a charger up to this mean attenuation is found. The standard has no figure for every cable; public vehicles use 40 dB, a modem maker's kit 10 dB.",
      valueName: "dB"))
  var attenuationDirect = 40.0

  @Option(
    help: ArgumentHelp(
      "C_EV_match_signalattn_indirect: up to this it is potentially found, and has to validate by B-C-B toggles.",
      valueName: "dB"))
  var attenuationIndirect = 60.0

  @Option(
    help: ArgumentHelp(
      "AttnTxEV: the vehicle's calibrated transmit level, taken off every report.", valueName: "dB"))
  var calibration = 0.0

  @Flag(help: "Validate also with a charger that answers 'not required'.")
  var insistOnValidation = false

  @Option(
    help: ArgumentHelp(
      "After a lost link match again so much later (T_conn_resetup, at most 15 s); by default the charger has to begin anew.",
      valueName: "s"))
  var rematchAfter: Double?

  @Flag(help: "AC: match only with 5 % on the pilot, not at a nominal duty or without one.")
  var digitalOnly = false

  func validate() throws {
    for (value, option) in [
      (attenuationDirect, "--attenuation-direct"), (attenuationIndirect, "--attenuation-indirect"),
    ] where !(0...255).contains(value) {
      throw ValidationError("\(option) is 0 to 255 dB")
    }
    guard attenuationDirect <= attenuationIndirect else {
      throw ValidationError(
        "--attenuation-direct must not be above --attenuation-indirect; set both, or lower the first")
    }
    guard (-127...127).contains(calibration) else { throw ValidationError("--calibration is -127 to 127 dB") }
    if let rematchAfter, !(0...15).contains(rematchAfter) {
      throw ValidationError("--rematch-after is 0 to 15 s (T_conn_resetup)")
    }
  }

  func apply(to slac: inout SLACConfiguration) {
    slac.settings.attenuationDirectMax = Attenuation(decibels: attenuationDirect)
    slac.settings.attenuationIndirectMax = Attenuation(decibels: attenuationIndirect)
    slac.settings.transmitCalibration = Attenuation(decibels: calibration)
    slac.settings.insistsOnValidation = insistOnValidation
    slac.settings.rematchAfterLoss = rematchAfter.map { .seconds($0) }
  }

  func apply(to coupling: inout VehicleCoupling) {
    guard digitalOnly else { return }
    coupling.matchesAtNominalDuty = false
    coupling.matchesWithoutDuty = nil
  }
}

extension Attenuation {
  fileprivate init(decibels: Double) { self.init(millidecibels: Int((decibels * 1000).rounded())) }
}
