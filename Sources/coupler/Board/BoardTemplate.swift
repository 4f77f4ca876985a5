/// The files `coupler board new` writes.
struct BoardTemplate {
  /// `acme-wallbox`
  let name: String

  /// `AcmeWallbox`
  var camel: String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  var files: [(name: String, text: String)] {
    [("\(camel)Board.swift", source), ("README.md", readme), ("60-coupler-\(name).rules", rules)]
  }

  func nextSteps(folder: String) -> String {
    """
    \(folder) is written. It compiles and is sound, and describes a board that is not yours yet. Next:

      1. Package.swift, under "boards":      board("\(name)"),
         and "Board\(camel)" in the dependencies of target "Boards".
      2. Sources/Boards/BoardCatalogue.swift: import Board\(camel), and \(camel)Board.board in the list.
      3. docs/architecture.md: `Board\(camel)` in the row of boards.
         Tests/Kernel/boards.py: "\(name)" in BOARDS.
      4. Put your lines into \(folder)/\(camel)Board.swift; coupler board check \(name) names each contradiction.
      5. Fill in \(folder)/README.md.
    """
  }

  private var source: String {
    """
    public import HAL

    /// TODO: what board this is, in one sentence.
    public enum \(camel)Board: BoardSupport {
      public static let board = BoardDescription(
        name: "\(name)",
        summary: "\(name): an AC socket",
        // How it is recognised: cat /proc/device-tree/compatible | tr '\\0' '\\n'
        matches: [.compatible("\(name.split(separator: "-")[0]),\(name.split(separator: "-").dropFirst().joined(separator: "-"))")],
        outlets: [
          Outlet(
            current: .ac, hasLock: true, isVentilated: false, milliampsMax: 32_000,
            recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
            hardware: .lines(
              LineDrivenOutlet(
                generator: PilotGeneratorDescription(
                  // ls -l /sys/class/pwm/*/device
                  pwm: PWMDescription(device: "20fc000.pwm", channel: 0),
                  crash: .heldUntilReset(to: .steadyLow)),
                levels: .peakDetectors(high: pilot(0), low: pilot(1), reset: nil),
                proximity: .pullUp(
                  voltage(2), .iec, ProximityPullUp(supplyMillivolts: 3300, pullUpOhms: 1000)),
                contactor: ContactorDescription(
                  poles: [
                    ContactorPole(
                      .mains, coil: output("CONTACTOR"),
                      feedback: .normallyClosed(LineDescription(.named("CONTACTOR_MIRROR"))))
                  ]),
                lock: .timed(LockMotor(lock: output("LOCK_CLOSE"), unlock: output("LOCK_OPEN"))))),
            monitoring: OutletMonitoring(
              residualCurrent: .line(LineDescription(.named("RESIDUAL_CURRENT_FAULT")), test: nil)),
            modem: ModemDescription(vendor: .qualcomm, interface: .driver("qcaspi", parent: nil)))
        ],
        crashSafety: .hardwareWatchdog(
          device: "/dev/watchdog0", timeout: .seconds(10),
          words: "TODO: what each output does when the program is killed."),
        trial: .neverOnMetal
      )

      /// An output that keeps its value when the program dies, until the watchdog resets the board.
      private static func output(_ name: String) -> OutputDescription {
        OutputDescription(LineDescription(.named(name)), crash: .heldUntilReset(to: false))
      }

      /// cat /sys/bus/iio/devices/*/name
      private static func voltage(_ channel: UInt32) -> ADCDescription {
        ADCDescription(device: "2198000.adc", channel: channel, numerator: 3300, denominator: 4096)
      }

      /// mV on the wire, not at the converter.
      private static func pilot(_ channel: UInt32) -> ADCDescription {
        ADCDescription(
          device: "2198000.adc", channel: channel, numerator: 30_000, denominator: 4096, offsetMillivolts: -15_000)
      }
    }

    """
  }

  private var readme: String {
    """
    # \(name)

    TODO: what board this is, its maker, the revision that was tried.

    | function | where |
    |---|---|
    | pilot PWM | |
    | pilot levels | |
    | proximity | |
    | contactor, mirror contact | |
    | lock | |
    | residual current fault | |
    | modem, its reset | |

    ## Sources

    TODO: which public document or file each fact was taken from.

    ## Not certain

    TODO: what was never tried on the board.

    ## SIGKILL

    TODO: what each output does when the program is killed, and how that was tried.

    """
  }

  private var rules: String {
    """
    # TODO: the parent of the modem, where the board has two.
    SUBSYSTEM=="net", ACTION=="add", DRIVERS=="qcaspi", NAME="plc0"

    """
  }
}
