public import HAL

/// The vehicle's board that is none: every inlet is simulated, and its battery with it.
public enum SimulationEvBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "simulation-ev",
    summary: "simulated inlets, no hardware: DC and AC, both with a lock: a vehicle",
    matches: [],
    outlets: [],
    inlets: [
      Inlet(current: .dc, milliampsMax: 200_000, hasLock: true),
      Inlet(current: .ac, milliampsMax: 32_000, hasLock: true),
    ],
    crashSafety: .nothingToDrive,
    trial: .simulated
  )
}
