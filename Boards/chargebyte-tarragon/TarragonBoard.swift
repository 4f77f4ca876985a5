public import HAL

/// chargebyte Charge Control C, in device trees `Tarragon`: i.MX6ULL, everything on Linux' own lines.
public enum TarragonBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "chargebyte-tarragon",
    summary: "chargebyte Charge Control C (Tarragon): an AC socket, QCA7000 on the pilot",
    matches: [
      .compatible("chargebyte,imx6ull-tarragon-master"), .compatible("chargebyte,imx6ull-tarragon-slave"),
      .compatible("chargebyte,imx6ull-tarragon-slavext"), .compatible("chargebyte,imx6ull-tarragon-micro"),
      .model("Tarragon"),
    ],
    outlets: [
      Outlet(
        current: .ac, hasLock: true, isVentilated: false, milliampsMax: 32_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        hardware: .lines(
          LineDrivenOutlet(
            generator: generator, levels: levels, proximity: proximity, contactor: contactor, lock: lock)),
        monitoring: OutletMonitoring(
          // The maker's default input and polarity; open without a residual current monitor, which reads as none.
          residualCurrent: .line(LineDescription(.named("DIGITAL_IN_2")), test: nil)),
        modem: modem)
    ],
    auxiliaries: auxiliaries,
    // The inputs compare with this voltage: 6 V of 12 V.
    steadyPWMs: [
      SteadyPWM(
        "digital-input-reference",
        PWMDescription(device: "2084000.pwm", channel: 0, periodNanoseconds: 100_000), permille: 500)
    ],
    crashSafety: .hardwareWatchdog(
      device: "/dev/watchdog0", timeout: .seconds(10),
      words: """
        The i.MX6ULL keeps driving lines and PWM when the program is gone: a closed contactor stays closed until the \
        service manager has run couplerd --safe-state, and at the latest until the watchdog (wdog2) resets the board, \
        10 s later. A reset makes inputs of all lines, and the relays drop.
        """),
    trial: .neverOnMetal
  )

  private static func output(_ name: String, isActiveLow: Bool = false) -> OutputDescription {
    OutputDescription(
      LineDescription(.named(name), isActiveLow: isActiveLow), crash: .heldUntilReset(to: false))
  }

  /// An output that stays at its idle level throughout.
  private static func idle(_ name: String, isActiveLow: Bool = false) -> OutputDescription {
    OutputDescription(LineDescription(.named(name), isActiveLow: isActiveLow), crash: .held)
  }

  private static func adc(_ channel: UInt32) -> ADCDescription {
    ADCDescription(device: "2198000.adc", channel: channel, numerator: 3300, denominator: 4096)
  }

  /// mV on the wire, by a straight line through the maker's four published points; they lie within 35 mV of it.
  private static func pilot(_ channel: UInt32) -> ADCDescription {
    ADCDescription(
      device: "2198000.adc", channel: channel, numerator: 7713, denominator: 1000, offsetMillivolts: -16_013)
  }

  private static let generator = PilotGeneratorDescription(
    pwm: PWMDescription(device: "20fc000.pwm", channel: 0),
    // Left on at the end, as the stage drives +12 V without it, and the end is -12 V.
    enable: .init(
      OutputDescription(
        LineDescription(.named("CP_INVERT")), stop: true, crash: .heldUntilReset(to: false)),
      settle: .milliseconds(2)),
    crash: .heldUntilReset(to: .steadyHigh))

  private static let levels = PilotLevelSource.peakDetectors(
    high: pilot(2), low: pilot(3),
    reset: PeakReset(
      high: OutputDescription(LineDescription(.named("CP_POSITIVE_PEAK_RST")), crash: .held),
      low: OutputDescription(LineDescription(.named("CP_NEGATIVE_PEAK_RST")), crash: .held),
      hold: .microseconds(1500), settle: .milliseconds(2)))

  private static let proximity = ProximitySource.thresholds(
    adc(5), .iec,
    [
      ProximityThreshold(from: 2459, .open),
      ProximityThreshold(from: 1813, .plugged(cableMilliamps: 13_000)),
      ProximityThreshold(from: 1170, .plugged(cableMilliamps: 20_000)),
      ProximityThreshold(from: 891, .plugged(cableMilliamps: 32_000)),
      ProximityThreshold(from: 751, .plugged(cableMilliamps: 63_000)),
    ])

  /// One contactor for all phases on relay 1. Its mirror contact is normally closed, as IEC 60947-4-1 Annex F has it.
  private static let contactor = ContactorDescription(
    poles: [
      ContactorPole(
        .mains, coil: output("RELAY_1_ENABLE"),
        feedback: .normallyClosed(LineDescription(.named("RELAY_1_SENSE"))))
    ])

  /// Motor connector X9, the one that opens on loss of supply, with the windows of a Kuester 02S.
  private static let lock = LockDescription.positioned(
    LockMotor(
      lock: output("MOTOR_1_DRIVER_IN1_N", isActiveLow: true), unlock: output("MOTOR_1_DRIVER_IN2"),
      fault: LineDescription(.named("MOTOR_1_FAULT_N"), isActiveLow: true), pulse: .milliseconds(600)),
    LockPosition(adc(0), locked: 0...700, unlocked: 2900...3300))

  private static let modem = ModemDescription(
    vendor: .qualcomm,
    // ECSPI2, first chip select.
    interface: .driver("qcaspi", parent: "spi1.0"),
    reset: .init(
      OutputDescription(LineDescription(.named("QCA700X_CP_RST_N"), isActiveLow: true), crash: .held)),
    bootStrap: OutputDescription(
      LineDescription(.named("QCA700X_CP_BOOTLOADER_N"), isActiveLow: true), crash: .held),
    role: .chargingStation)

  private static let auxiliaries: [AuxiliaryLine] =
    [
      // The second relay and motor stay off: this description has one contactor and one lock.
      AuxiliaryLine("relay-2", .output(output("RELAY_2_ENABLE"))),
      AuxiliaryLine("relay-2-sense", .input(LineDescription(.named("RELAY_2_SENSE")))),
      AuxiliaryLine("motor-2-in1", .output(output("MOTOR_2_DRIVER_IN1"))),
      AuxiliaryLine("motor-2-in2", .output(output("MOTOR_2_DRIVER_IN2"))),
      AuxiliaryLine("motor-2-fault", .input(LineDescription(.named("MOTOR_2_FAULT_N"), isActiveLow: true))),
      AuxiliaryLine("mains-modem-reset", .output(idle("QCA700X_MAINS_RST_N", isActiveLow: true))),
      AuxiliaryLine("mains-modem-boot", .output(idle("QCA700X_MAINS_BOOTLOADER_N", isActiveLow: true))),
      AuxiliaryLine("stm32-boot", .output(idle("STM32_BOOT0"))),
      AuxiliaryLine("stm32-reset", .output(idle("STM32_RST_N", isActiveLow: true))),
    ]
    + (1...6).map { AuxiliaryLine("digital-out-\($0)", .output(output("DIGITAL_OUT_\($0)"))) }
    + [1, 3, 4, 5, 6].map {
      AuxiliaryLine("digital-in-\($0)", .input(LineDescription(.named("DIGITAL_IN_\($0)"))))
    }
    + [1, 2].flatMap { rotary in
      [1, 2, 4, 8].map {
        AuxiliaryLine(
          "rotary-\(rotary)-\($0)",
          .input(LineDescription(.named("ROTARY_SWITCH_\(rotary)_\($0)_N"), isActiveLow: true)))
      }
    }
    + (0...3).map { AuxiliaryLine("variant-\($0)", .input(LineDescription(.named("BOARD_VARIANT_\($0)")))) }
}
