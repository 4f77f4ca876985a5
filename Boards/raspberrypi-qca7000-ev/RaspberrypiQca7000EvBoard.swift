public import HAL

/// The vehicle's side on a Raspberry Pi 4: the duty from edges of a comparator, S2 and contactors on lines, a QCA7000. The
/// pins are this project's own; README.md draws the circuit they need.
public enum RaspberrypiQca7000EvBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "raspberrypi-qca7000-ev",
    summary: "Raspberry Pi 4 with QCA7000 on SPI and an inlet's front end on the header: a vehicle",
    matches: [.compatible("coupler,raspberrypi-qca7000-ev")],
    outlets: [],
    inlets: [
      Inlet(
        current: .dc, milliampsMax: 200_000, hasLock: true,
        hardware: .lines(
          LineDrivenInlet(
            duty: .edges(LineDescription(gpio(12))),
            stateC: output(17), stateD: output(27),
            proximity: .pullUp(
              contact, .sae,
              ProximityPullUp(supplyMillivolts: 5000, pullUpOhms: 330, parallelOhms: 2700)),
            contactor: ContactorDescription(
              poles: [
                ContactorPole(.dcMinus, coil: output(13), feedback: feedback(19)),
                ContactorPole(.preCharge, coil: output(6), feedback: .none),
                ContactorPole(.dcPlus, coil: output(5), feedback: feedback(16)),
              ],
              order: .serial(delay: .milliseconds(100)),
              economiser: Economiser(
                pwm: PWMDescription(device: "fe20c000.pwm", channel: 0, periodNanoseconds: 50_000),
                pullIn: .milliseconds(200), holdPermille: 400)),
            lock: .timed(LockMotor(lock: output(20), unlock: output(21), pulse: .milliseconds(600))))),
        temperatures: [
          TemperatureSensor(
            "inlet", .voltage(voltage(4), ntc),
            derating: [DeratingPoint(from: 800, percent: 50), DeratingPoint(from: 900, percent: 0)])
        ],
        modem: ModemDescription(
          vendor: .qualcomm, interface: .driver("qcaspi", parent: "spi0.0"),
          reset: .init(
            OutputDescription(
              LineDescription(gpio(24), isActiveLow: true, drive: .openDrain), crash: .released(to: false))),
          role: .vehicle))
    ],
    crashSafety: .hardwareDefault(
      words: """
        Lines fall back to inputs when the program is gone; the overlay's pull-downs open S2 and the contactors at once. That \
        needs dtparam=strict_gpiod in config.txt, as Raspberry Pi's kernels keep outputs otherwise. The economiser's PWM \
        runs on, but drives coils only together with their lines.
        """),
    trial: .neverOnMetal
  )

  private static func gpio(_ offset: UInt32) -> LineDescription.Place {
    .offset(chip: "pinctrl-bcm2711", offset)
  }

  private static func output(_ offset: UInt32) -> OutputDescription {
    OutputDescription(LineDescription(gpio(offset)), crash: .released(to: false))
  }

  private static func feedback(_ offset: UInt32) -> ContactorFeedback {
    .normallyClosed(LineDescription(gpio(offset), isActiveLow: true, bias: .pullUp))
  }

  private static func voltage(_ channel: UInt32) -> ADCDescription {
    ADCDescription(device: "mcp3208", channel: channel, numerator: 3300, denominator: 4096)
  }

  /// mV at the contact, before the divider of two thirds that 5 V need.
  private static let contact = ADCDescription(
    device: "mcp3208", channel: 2, numerator: 4950, denominator: 4096)

  /// 10 kohm at 25 degC, B = 3950 K, below 10 kohm to 3.3 V.
  private static let ntc = [
    TemperaturePoint(millivolts: 3014, decidegrees: -200), TemperaturePoint(millivolts: 2543, decidegrees: 0),
    TemperaturePoint(millivolts: 1650, decidegrees: 250), TemperaturePoint(millivolts: 871, decidegrees: 500),
    TemperaturePoint(millivolts: 428, decidegrees: 750), TemperaturePoint(millivolts: 215, decidegrees: 1000),
  ]
}
