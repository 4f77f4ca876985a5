public import HAL

/// The board that is none: every outlet is simulated. The default, and the first thing to copy from.
public enum SimulationBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "simulation",
    summary: "simulated outlets, no hardware: a DC cable and an AC socket",
    matches: [],
    outlets: [
      Outlet(
        current: .dc, hasLock: false, isVentilated: false, milliampsMax: 200_000, recloseIntervalMin: .zero,
        receiverLossDecibels: 0),
      Outlet(
        current: .ac, hasLock: true, isVentilated: false, milliampsMax: 32_000, recloseIntervalMin: .zero,
        receiverLossDecibels: 0),
    ],
    crashSafety: .nothingToDrive,
    trial: .simulated
  )
}
