public import HAL

/// PHYTEC phyVERSO-EVCS: two connectors behind one safety controller.
public enum PhyversoBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "phytec-phyverso",
    summary: "PHYTEC phyVERSO-EVCS: a DC cable and an AC socket behind one safety controller",
    matches: [.model("phyVERSO")],
    outlets: [
      Outlet(
        current: .dc, hasLock: false, isVentilated: false, milliampsMax: 200_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        hardware: .link(LinkDrivenOutlet(link: "safety", connector: 1)),
        monitoring: OutletMonitoring(insulation: .link, stopButtons: [button(36)]),
        modem: ModemDescription(
          vendor: .unknown, interface: .named("plc0"), role: .chargingStation)),
      Outlet(
        current: .ac, hasLock: true, isVentilated: false, milliampsMax: 32_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        hardware: .link(LinkDrivenOutlet(link: "safety", connector: 2, proximity: .iec, lock: .link)),
        monitoring: OutletMonitoring(residualCurrent: .link, stopButtons: [button(37)])),
    ],
    links: [
      SafetyLinkDescription(
        name: "safety", transport: .serial(device: "/dev/coupler-mcu", baud: 115_200, .phyverso),
        reset: .init(
          OutputDescription(LineDescription(.offset(chip: "600000.gpio", 23)), crash: .held),
          pulse: .milliseconds(25)),
        heartbeat: .seconds(1), silenceMax: .seconds(5))
    ],
    powerOn: [.startLink("safety")],
    crashSafety: .linkTimeout(
      .seconds(5),
      words: """
        The safety controller makes both pilots and drives the contactors, and opens them by itself when keep-alives stop. \
        After what time is not published and has to be measured. Linux drives the controller's reset line alone, which \
        keeps its idle level.
        """),
    trial: .neverOnMetal
  )

  /// Between two contacts of a stop button that open when it is pressed; 20 ms for their bouncing.
  private static func button(_ offset: UInt32) -> LineDescription {
    LineDescription(
      .offset(chip: "600000.gpio", offset), bias: .pullUp, debounce: .milliseconds(20))
  }
}
