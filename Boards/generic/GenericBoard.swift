public import HAL

/// A PC or any other Linux machine with a power-line modem at an Ethernet port. It has no pilot of its own: pilot and
/// contactor are the simulated bench's, so that SLAC and sessions can be tried against a real vehicle stack.
public enum GenericBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "generic",
    summary: "any Linux machine with an Ethernet-attached modem; pilot and contactor are simulated",
    matches: [],
    outlets: [
      Outlet(
        current: .dc, hasLock: false, isVentilated: false, milliampsMax: 125_000, recloseIntervalMin: .zero,
        receiverLossDecibels: 0,
        modem: ModemDescription(vendor: .unknown, interface: .named("plc0")))
    ],
    crashSafety: .nothingToDrive,
    trial: .simulated
  )
}
