"""The EVCC of the Python package iso15118 as a vehicle: iso15118_evcc.py ac|dc.

NETWORK_INTERFACE names the interface, TRANSCRIPT the file for the messages, CHARGE_LOOPS the number of
charge loop messages. Exit status 0 after SessionStopRes, 1 when the session ended otherwise.
"""

import asyncio
import os
import sys

from iso15118.evcc import Config, EVCCHandler
from iso15118.evcc.controller.simulator import SimEVController
from iso15118.evcc.evcc_config import EVCCConfig
from iso15118.shared.exceptions import SDPFailedError

from transcript import RecordingCodec


class Vehicle(EVCCHandler):
    """Ends the process when discovery or the session fails; the package would wait for ever."""

    async def restart_sdp(self, new_sdp_cycle):
        try:
            await super().restart_sdp(new_sdp_cycle)
        except SDPFailedError as error:
            sys.exit(f"session failed: {error}")

    async def start_comm_session(self, host, port, is_tls):
        await super().start_comm_session(host, port, is_tls)
        if self.comm_session[0] is None:
            sys.exit("session failed: no TCP connection")


async def main(current):
    config = Config()
    config.load_envs()
    evcc_config = EVCCConfig(**{
        "supportedProtocols": ["ISO_15118_2"],
        "supportedEnergyServices": [current.upper()],
        "energyTransferMode": {"ac": "AC_three_phase_core", "dc": "DC_extended"}[current],
        "useTls": False,
        "sdpRetryCycles": 1,
        "chargeLoopCycle": int(os.environ.get("CHARGE_LOOPS", "3")),
    })
    evcc_config.load_raw_values()
    await Vehicle(evcc_config=evcc_config, iface=config.iface, exi_codec=RecordingCodec(),
                  ev_controller=SimEVController(evcc_config)).start()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
