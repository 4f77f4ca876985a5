public import HAL

/// A Raspberry Pi 4 or Compute Module 4 with a QCA7000 and a front end on its header: an AC socket. The pins are this
/// project's own; README.md draws the circuit they need.
public enum RaspberrypiQca7000Board: BoardSupport {
  public static let board = BoardDescription(
    name: "raspberrypi-qca7000",
    summary: "Raspberry Pi 4 with QCA7000 on SPI and a pilot front end on the header: an AC socket",
    // The overlay adds it; a Raspberry Pi alone says nothing about what is on its header.
    matches: [.compatible("coupler,raspberrypi-qca7000")],
    outlets: [
      Outlet(
        current: .ac, hasLock: true, isVentilated: false, milliampsMax: 32_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        hardware: .lines(
          LineDrivenOutlet(
            generator: PilotGeneratorDescription(
              pwm: PWMDescription(device: "fe20c000.pwm", channel: 0),
              // A reset makes an input of the pin; its pull-down is -12 V on the wire.
              crash: .heldUntilReset(to: .steadyLow)),
            levels: .peakDetectors(
              high: pilot(0), low: pilot(1),
              reset: PeakReset(
                high: output(5), low: output(6), hold: .milliseconds(1), settle: .milliseconds(2))),
            proximity: .pullUp(
              voltage(2), .iec, ProximityPullUp(supplyMillivolts: 3300, pullUpOhms: 1000)),
            contactor: ContactorDescription(
              poles: [
                ContactorPole(
                  .mains, coil: output(17),
                  feedback: .normallyClosed(
                    LineDescription(gpio(27), isActiveLow: true, bias: .pullUp)))
              ]),
            lock: .positioned(
              LockMotor(lock: output(20), unlock: output(21), pulse: .milliseconds(600)),
              LockPosition(voltage(3), locked: 0...700, unlocked: 2900...3300)))),
        monitoring: OutletMonitoring(
          // A broken wire reads as a fault: both contacts are closed while all is well.
          residualCurrent: .line(LineDescription(gpio(22), bias: .pullUp), test: output(25)),
          temperatures: [
            TemperatureSensor(
              "socket", .voltage(voltage(4), ntc),
              derating: [
                DeratingPoint(from: 700, percent: 75), DeratingPoint(from: 800, percent: 50),
                DeratingPoint(from: 900, percent: 0),
              ])
          ]),
        modem: ModemDescription(
          vendor: .qualcomm, interface: .driver("qcaspi", parent: "spi0.0"),
          reset: .init(
            OutputDescription(
              LineDescription(gpio(24), isActiveLow: true, drive: .openDrain), crash: .released(to: false))),
          role: .chargingStation))
    ],
    stopButtons: [LineDescription(gpio(26), bias: .pullUp, debounce: .milliseconds(20))],
    crashSafety: .hardwareWatchdog(
      device: "/dev/watchdog0", timeout: .seconds(10),
      words: """
        Lines fall back to inputs when the program is gone and the overlay's pull-downs open the contactor at once; that \
        needs dtparam=strict_gpiod in config.txt, as Raspberry Pi's kernels keep outputs otherwise. The PWM runs on until \
        the service manager has run couplerd --safe-state, and at the latest until the watchdog resets the board, 10 s later.
        """),
    trial: .neverOnMetal
  )

  private static func gpio(_ offset: UInt32) -> LineDescription.Place {
    .offset(chip: "pinctrl-bcm2711", offset)
  }

  private static func output(_ offset: UInt32) -> OutputDescription {
    OutputDescription(LineDescription(gpio(offset)), crash: .released(to: false))
  }

  private static func voltage(_ channel: UInt32) -> ADCDescription {
    ADCDescription(device: "mcp3208", channel: channel, numerator: 3300, denominator: 4096)
  }

  /// -15 V...+15 V on the wire are 0...3.3 V at the converter.
  private static func pilot(_ channel: UInt32) -> ADCDescription {
    ADCDescription(
      device: "mcp3208", channel: channel, numerator: 30_000, denominator: 4096, offsetMillivolts: -15_000)
  }

  /// 10 kohm at 25 degC, B = 3950 K, below 10 kohm to 3.3 V.
  private static let ntc = [
    TemperaturePoint(millivolts: 3014, decidegrees: -200), TemperaturePoint(millivolts: 2543, decidegrees: 0),
    TemperaturePoint(millivolts: 1650, decidegrees: 250), TemperaturePoint(millivolts: 871, decidegrees: 500),
    TemperaturePoint(millivolts: 428, decidegrees: 750), TemperaturePoint(millivolts: 215, decidegrees: 1000),
  ]
}
