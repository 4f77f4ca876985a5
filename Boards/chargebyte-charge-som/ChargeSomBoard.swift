public import HAL

/// chargebyte Charge SOM: i.MX93 with a safety controller that makes the pilot and drives the contactors.
public enum ChargeSomBoard: BoardSupport {
  public static let board = BoardDescription(
    name: "chargebyte-charge-som",
    summary: "chargebyte Charge SOM on its DC carrier board: safety controller, MSE1021 on the pilot",
    matches: [
      .compatible("chargebyte,imx93-charge-som"), .compatible("chargebyte,imx93-charge-som-dc-evb"),
      .model("Charge SOM"),
    ],
    outlets: [
      Outlet(
        current: .dc, hasLock: false, isVentilated: false, milliampsMax: 200_000,
        recloseIntervalMin: .seconds(10), receiverLossDecibels: 0,
        hardware: .link(LinkDrivenOutlet(link: "safety")),
        monitoring: OutletMonitoring(
          insulation: .link,
          // PT1000 at both DC contacts; where derating begins is ours.
          temperatures: [
            TemperatureSensor("dc-plus", .link(channel: 1), derating: derating),
            TemperatureSensor("dc-minus", .link(channel: 2), derating: derating),
          ]),
        modem: ModemDescription(
          vendor: .vertexcom,
          interface: .driver("mse102x", parent: nil),
          reset: .init(
            OutputDescription(
              LineDescription(.named("nPLC_RESET_INT"), isActiveLow: true), crash: .held)),
          role: .chargingStation))
    ],
    links: [
      SafetyLinkDescription(
        name: "safety", transport: .serial(device: "/dev/ttyLP2", baud: 115_200, .chargebyte),
        reset: .init(
          OutputDescription(
            LineDescription(.named("nSAFETY_RESET_INT"), isActiveLow: true), crash: .held),
          pulse: .milliseconds(500)),
        boot: OutputDescription(LineDescription(.named("SAFETY_BOOTMODE_SET")), crash: .held),
        heartbeat: .milliseconds(100), silenceMax: .milliseconds(280))
    ],
    auxiliaries: [
      AuxiliaryLine("modem-download-request", .input(LineDescription(.named("DL_REQ_INTR_SPI"))))
    ],
    powerOn: [.startLink("safety"), .resetModem(outlet: 0)],
    crashSafety: .linkTimeout(
      .seconds(1),
      words: """
        The safety controller makes the pilot and drives the contactors; it expects a control frame each 100 ms and goes to \
        its safe state by itself when they stop. The 1 s stated here is not published and has to be measured. Linux drives \
        reset and boot lines alone, which keep their idle level.
        """),
    trial: .neverOnMetal
  )

  private static let derating = [
    DeratingPoint(from: 800, percent: 75), DeratingPoint(from: 850, percent: 50),
    DeratingPoint(from: 900, percent: 0),
  ]
}
