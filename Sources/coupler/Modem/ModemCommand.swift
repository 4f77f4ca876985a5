import ArgumentParser

/// `coupler modem`
struct ModemCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modem",
    abstract: "Look after the PLC modem: who it is, what is wrong, key, link, parameters, firmware.",
    discussion: """
      Speaks to the modem behind a network interface (QCA700x, CG5317, MSE102x, and `coupler line`), with the
      messages its vendor is publicly known to understand. Needs CAP_NET_RAW: sudo, or setcap cap_net_raw+ep.

        coupler modem list                            where modems are
        coupler modem doctor -i plc0 --role evse      what is wrong, and what to do
        coupler modem info -i plc0                    firmware, address, role, network
        coupler modem pib set -i plc0 --role evse     make it a charger's modem

      Stop a running charger first: two programs that set keys at one modem undo each other's work.

      Exit status: 0 done, nothing wrong; 1 the modem did not answer, refused, or is not as it should be; 2 an
      interface or a file could not be used; 64 wrong arguments.
      """,
    subcommands: [
      ModemList.self, ModemInfo.self, ModemDoctor.self, ModemLink.self, ModemStats.self, ModemAtten.self,
      ModemKey.self, ModemReset.self, ModemPIB.self, ModemFirmware.self,
    ])
}
