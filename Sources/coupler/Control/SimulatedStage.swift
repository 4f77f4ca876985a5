import ControlAPI
import HAL
import SimulatedHardware
import Wire

/// A power stage with meter and insulation monitor, played: what the program of an integrator does with real ones.
///
/// It follows what it is told with ramps. There is no battery behind it, so one is assumed: at the voltage that stood at the
/// output when more current was wanted than a pre-charge takes.
struct SimulatedStage {
  /// What goes wrong, so long after it was first enabled.
  enum Trouble: String, CaseIterable {
    /// It reports a fault, and delivers nothing.
    case fault
    /// It says nothing any more, and delivers on.
    case silent
    /// Its monitor finds a fault.
    case insulation
    /// It cannot deliver any more, and asks for an end in order.
    case notReady = "not-ready"
    /// It gives half as much again as it was told.
    case tooMuch = "too-much"
  }

  static let insulationTest = Duration.milliseconds(1500)
  /// IEC 61851-23 CC.5.2: more than a pre-charge takes.
  static let preChargeMilliamps = 2000

  var limits = ControlLimits()
  var trouble: (kind: Trouble, after: Duration)?
  private(set) var command = PowerCommand()
  private var stage = SimulatedPowerStage()
  private var batteryVolts: Double?
  private var testDue: Instant?
  private var insulation = PowerReport.Insulation.invalid
  private var enabledAt: Instant?
  private var energy = 0.0
  private var now: Instant

  init(at now: Instant) {
    self.now = now
    stage.advance(to: now, load: .open)
  }

  /// It goes wrong now.
  private func has(_ kind: Trouble) -> Bool {
    guard let trouble, trouble.kind == kind, let enabledAt else { return false }
    return now >= enabledAt + trouble.after
  }

  /// Nothing is reported any more.
  var isSilent: Bool { has(.silent) }

  /// Does what it is told.
  mutating func obey(_ new: PowerCommand, at instant: Instant) {
    advance(to: instant)
    if new.wantsInsulationTest, !command.wantsInsulationTest {
      insulation = .testing
      testDue = instant + Self.insulationTest
    }
    if !new.wantsInsulationTest { testDue = nil }
    if new.isEnabled, enabledAt == nil { enabledAt = instant }
    command = new
    let factor = has(.tooMuch) ? 1.5 : 1
    stage.set(
      PowerReading(volts: Double(new.millivolts) / 1000, amps: Double(new.milliamps) / 1000 * factor))
    stage.enable(new.isEnabled && !has(.fault))
    if !new.isEnabled || new.milliamps <= Self.preChargeMilliamps {
      batteryVolts = nil
    } else if batteryVolts == nil {
      batteryVolts = max(stage.volts, 1)
    }
  }

  mutating func advance(to instant: Instant) {
    let before = now
    now = max(now, instant)
    let load: DCLoad = batteryVolts.map { .battery(volts: $0, ohms: 0.05) } ?? .open
    _ = stage.advance(to: now, load: load)
    energy += stage.volts * stage.amps * Double((now - before).nanoseconds) / 3.6e12
    if let due = testDue, now >= due {
      testDue = nil
      insulation = .valid
    }
    if has(.insulation), insulation != .testing { insulation = .fault }
  }

  /// What it tells.
  mutating func report(at instant: Instant) -> PowerReport {
    obey(command, at: instant)
    let output = stage.output()
    var report = PowerReport(millivolts: output.millivolts, milliamps: output.milliamps)
    report.wattHours = Int(energy)
    report.insulation = insulation
    if has(.fault) { report.fault = "simulated fault" }
    report.isReady = !has(.notReady)
    (report.millivoltsMax, report.milliampsMax) = (limits.millivolts, limits.milliamps)
    report.wattsMax = limits.watts
    return report
  }
}
