public import HAL

/// chargebyte (formerly I2SE) EVAcharge SE: i.MX28 with a QCA7000. The pilot is made by a KL02 controller whose protocol is
/// not public, so it is simulated here, and the board serves as a modem with Linux.
public enum EvachargeSeBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "chargebyte-evacharge-se",
    summary: "chargebyte (I2SE) EVAcharge SE: QCA7000 on i.MX28; its pilot controller is not supported",
    matches: [.model("EVAcharge SE")],
    outlets: [
      Outlet(
        current: .dc, hasLock: false, isVentilated: false, milliampsMax: 200_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        modem: ModemDescription(
          vendor: .qualcomm,
          interface: .driver("qcaspi", parent: nil),
          reset: .init(
            OutputDescription(LineDescription(gpio1(13), isActiveLow: true), crash: .held)),
          role: .chargingStation))
    ],
    // Lines of the modem, and those that go to the daughter board. What they mean depends on it: none is driven.
    auxiliaries: [14, 15, 18, 21].map {
      AuxiliaryLine("modem-gpio-\($0)", .input(LineDescription(gpio1($0))))
    }
      + [7, 10, 25, 28, 29, 30].map { AuxiliaryLine("daughter-\($0)", .input(LineDescription(gpio1($0)))) },
    crashSafety: .hardwareDefault(
      words: """
        Linux drives the modem's reset line alone, which keeps its idle level. What the pilot controller does when its host \
        falls silent is not known: do not switch power with this board.
        """),
    trial: .neverOnMetal
  )

  /// A line of the second bank. Lines have no names here; the label is the bank's node.
  private static func gpio1(_ offset: UInt32) -> LineDescription.Place {
    .offset(chip: "80018000.pinctrl:gpio@1", offset)
  }
}
