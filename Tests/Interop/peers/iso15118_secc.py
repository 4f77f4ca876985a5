"""The SECC of the Python package iso15118 as a charger: iso15118_secc.py.

NETWORK_INTERFACE names the interface, TRANSCRIPT the file for the messages. Serves sessions, AC and DC,
until SIGTERM; ready when the log says "UDP server started".
"""

import asyncio
import sys

from iso15118.secc import SECCHandler
from iso15118.secc.controller.interface import ServiceStatus
from iso15118.secc.controller.simulator import SimEVSEController
from iso15118.secc.secc_settings import Config
from iso15118.shared.messages.datatypes import (
    PVEVSEMaxCurrentLimit,
    PVEVSEMaxPowerLimit,
    PVEVSEMaxVoltageLimit,
    PVEVSEMinCurrentLimit,
    PVEVSEMinVoltageLimit,
    PVEVSEPresentCurrent,
    PVEVSEPresentVoltage,
)

from transcript import RecordingCodec


class Charger(SimEVSEController):
    """The package's simulated charger offers 40 V and stays at 1 V. This one offers 150 to 500 V and
    delivers what the vehicle asks for, since a vehicle that checks its limits would refuse the other."""

    target = (0.0, 0.0)

    async def get_dc_charge_parameters(self):
        parameters = await super().get_dc_charge_parameters()
        parameters.evse_maximum_voltage_limit = PVEVSEMaxVoltageLimit(multiplier=0, value=500, unit="V")
        parameters.evse_maximum_current_limit = PVEVSEMaxCurrentLimit(multiplier=0, value=125, unit="A")
        parameters.evse_maximum_power_limit = PVEVSEMaxPowerLimit(multiplier=1, value=5000, unit="W")
        parameters.evse_minimum_voltage_limit = PVEVSEMinVoltageLimit(multiplier=0, value=150, unit="V")
        parameters.evse_minimum_current_limit = PVEVSEMinCurrentLimit(multiplier=0, value=0, unit="A")
        return parameters

    async def send_charging_command(self, ev_target_voltage, ev_target_current,
                                    is_precharge=False, is_session_bpt=False):
        self.target = (ev_target_voltage, 0.0 if is_precharge else ev_target_current)

    async def stop_charger(self):
        self.target = (0.0, 0.0)

    async def get_evse_present_voltage(self, protocol):
        return PVEVSEPresentVoltage(multiplier=-1, value=round(self.target[0] * 10), unit="V")

    async def get_evse_present_current(self, protocol):
        return PVEVSEPresentCurrent(multiplier=-1, value=round(self.target[1] * 10), unit="A")


async def main():
    config = Config()
    config.load_envs()
    charger = Charger()
    await charger.set_status(ServiceStatus.STARTING)
    await SECCHandler(exi_codec=RecordingCodec(), evse_controller=charger, config=config).start(config.iface)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
