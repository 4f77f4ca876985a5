import HomePlug
import Wire

/// What facts about a modem mean: the causes first, and nothing that only follows from a cause.
public struct ModemDiagnosis: Hashable, Sendable {
  public let complaints: [ModemComplaint]

  public init(of facts: ModemFacts) { complaints = Self.wayComplaints(facts) + Self.modemComplaints(facts) }

  /// The worst that was found.
  public var severity: ModemComplaint.Severity? { complaints.map(\.severity).max() }
  public var hasFault: Bool { severity == .fault }

  // MARK: the way to the modem

  private static func wayComplaints(_ facts: ModemFacts) -> [ModemComplaint] {
    var result: [ModemComplaint] = []
    let name = facts.name
    switch facts.interface {
    case .missing:
      return [
        ModemComplaint(
          .interfaceMissing, .fault, what: "There is no interface \(name).",
          meaning: "The kernel has no driver for the modem, or did not find it, or it has another name.",
          remedy: "Look for it with: ip link; coupler modem list. With SPI look for the driver's words: "
            + "dmesg | grep -i -e qca -e mse102x; check the device tree, interrupt line and power of the modem."
        )
      ]
    case .down:
      result.append(
        ModemComplaint(
          .interfaceDown, .fault, what: "\(name) is down.",
          meaning: "No frame goes to the modem or comes from it.",
          remedy: "Bring it up: sudo ip link set \(name) up"))
    case .withoutCarrier:
      result.append(noCarrier(facts))
    case .running: break
    }
    switch facts.obstacle {
    case .permission:
      result.append(
        ModemComplaint(
          .noPermission, .fault, what: "This program may not send raw frames (CAP_NET_RAW).",
          meaning: "The modem cannot be asked anything; SLAC will not work either.",
          remedy:
            "Run it with sudo, or once: sudo setcap cap_net_raw,cap_net_admin+ep FILE, with FILE the path of coupler"
        ))
    case .other(let cause):
      result.append(
        ModemComplaint(
          .cannotSend, .fault, what: "\(cause).", meaning: "The modem cannot be asked anything.",
          remedy: "Look at: ip link show \(name); dmesg"))
    case nil: break
    }
    if facts.hasRandomAddress, knownDrivers[facts.kernelDriver] != nil {
      result.append(
        ModemComplaint(
          .randomAddress, .warning, what: "The kernel made up the address of \(name).",
          meaning:
            "It is another after each start. The other side of SLAC knows this station by it, and a modem "
            + "learns it; logs cannot be compared.",
          remedy:
            "Give it one: local-mac-address in the device tree, or a systemd .link file with MACAddress="))
    }
    return result + counterComplaints(facts)
  }

  /// Drivers of the kernel that have a PLC modem behind them, with what that is.
  public static let knownDrivers = [
    "qcaspi": "QCA7000 on SPI", "qca_spi": "QCA7000 on SPI", "qcauart": "QCA7000 on a serial line",
    "mse102x": "MSE1021 or MSE1022 on SPI",
  ]

  private static func noCarrier(_ facts: ModemFacts) -> ModemComplaint {
    let isSPI = ["qcaspi", "qca_spi"].contains(facts.kernelDriver)
    return ModemComplaint(
      .noCarrier, .fault, what: "\(facts.name) is up, but has no carrier.",
      meaning: isSPI
        ? "The driver is not in step with the chip: it does not read the signature 0xAA55 or 3163 free octets."
        : "Nothing is connected at the other end, or the modem is off or in reset.",
      remedy: isSPI
        ? "Check the modem's power and reset line, SPI mode 3, chip select, the clock (lower it with "
          + "qcaspi_clkspeed=1000000), legacy mode (qca,legacy-mode), the interrupt's rising edge; see dmesg. "
          + "A modem whose flash is empty never starts."
        : "Check cable and power of the modem; then: ip link show \(facts.name)")
  }

  // MARK: counters

  /// Counters that stand for damage on the bus or in the driver, without blanks and case. Resets and a full write
  /// buffer are part of normal life.
  private static let errorCounters: Set<String> = [
    "resettimeouts", "readerrors", "writeerrors", "readbuffererrors", "writebuffererrors", "outofmemory",
    "spierrors", "writeverifyerrors", "bufferavailableerrors", "badsignature", "rxerrors", "txerrors",
    "rxcrcerrors", "rxframeerrors", "rxfifoerrors", "txfifoerrors", "txcarriererrors", "invalidlen",
    "xfererror", "invalidcmd", "invalidctr", "invaliddft", "invalidrts", "txring", "invalidcrc",
  ]

  /// Does a counter of this name stand for damage?
  public static func isError(_ name: String) -> Bool {
    errorCounters.contains(String(name.lowercased().filter { $0.isLetter }))
  }

  private static func counterComplaints(_ facts: ModemFacts) -> [ModemComplaint] {
    let errors = facts.counters.filter { isError($0.name) && $0.after > 0 }
    guard !errors.isEmpty else { return [] }
    let growing = errors.filter { $0.after > $0.before }
    let shown = (growing.isEmpty ? errors : growing).map { counter in
      "\(counter.name) \(counter.after)"
        + (counter.after > counter.before ? " (+\(counter.after - counter.before) just now)" : "")
    }
    let isSPI = knownDrivers[facts.kernelDriver]?.hasSuffix("SPI") ?? false
    return [
      ModemComplaint(
        .driverErrors, growing.isEmpty ? .warning : .fault,
        what: "\(facts.name) counts errors: \(shown.joined(separator: ", ")).",
        meaning: growing.isEmpty
          ? "Some happened since the interface exists, none while looking."
          : "They happen now: frames are lost between host and modem"
            + (isSPI ? ", and each loss of step costs a second or more." : "."),
        remedy: isSPI
          ? "Lower the SPI clock (qcaspi_clkspeed), check ground, line length and the interrupt line, and the modem's "
            + "supply while it sends. Watch with: ethtool -S \(facts.name)"
          : "Watch with: ethtool -S \(facts.name); ip -s link show \(facts.name)")
    ]
  }
}
