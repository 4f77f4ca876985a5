public import HAL

/// Pionix BelayBox: Yak (Raspberry Pi CM4) with the Yeti power board, which makes the pilot and switches the relays.
public enum BelayboxBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "pionix-belaybox",
    summary: "Pionix BelayBox: an AC outlet behind the Yeti power board, modem on the Yak board",
    // A Compute Module 4 is in many boxes: the site's file names the board.
    matches: [],
    outlets: [
      Outlet(
        current: .ac, hasLock: false, isVentilated: false, milliampsMax: 16_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        hardware: .link(LinkDrivenOutlet(link: "yeti")),
        monitoring: OutletMonitoring(residualCurrent: .link),
        modem: ModemDescription(
          vendor: .qualcomm, interface: .driver("qcaspi", parent: nil), role: .chargingStation),
        limits: OutletLimits(supply: .ac(phases: 3, canSwitch: true), canDriveE: true))
    ],
    links: [
      SafetyLinkDescription(
        name: "yeti", transport: .serial(device: "/dev/serial0", baud: 115_200, .yeti),
        reset: .init(
          OutputDescription(
            LineDescription(.offset(chip: "pinctrl-bcm2711", 27), isActiveLow: true),
            crash: .released(to: false)),
          pulse: .milliseconds(10)),
        heartbeat: .seconds(1), silenceMax: .seconds(5))
    ],
    powerOn: [.startLink("yeti")],
    crashSafety: .linkTimeout(
      .seconds(5),
      words: """
        The Yeti board makes the pilot and drives the relays, and opens them by itself when keep-alives stop. The 5 s stated \
        here are what the host side of the public driver waits; the controller's own time has to be measured. Linux drives \
        Yeti's reset line alone.
        """),
    trial: .neverOnMetal
  )
}
