"""pyslac as a charger: pyslac_evse.py INTERFACE.

Sets a key in its modem (and waits the package's fixed 10 s), then behaves as if a vehicle were plugged in.
Prints "CP B: waiting for a vehicle", "matched" with the vehicle's address and the network, and "link up"
if its own modem reports a peer in that network. Then it stays matched until SIGTERM.
"""

import asyncio
import sys
import time

from pyslac.environment import Config
from pyslac.enums import STATE_MATCHED
from pyslac.session import SlacEvseSession, SlacSessionController
from pyslac.sockets.async_linux_socket import readeth

VS_PL_LNK_STATUS_CNF = (0xA0B9).to_bytes(2, "little")


async def link_status(session):
    """LinkStatus of VS_PL_LNK_STATUS.CNF (0xA0B9, MMV 0). The package only looks whether a CNF comes."""
    request = session.evse_plc_mac + session.evse_mac + bytes.fromhex("88e100b8a000b052")
    await session.send_frame(request)
    try:
        frame = await asyncio.wait_for(readeth(session.socket, session.iface), timeout=1)
    except asyncio.TimeoutError:
        return None
    return frame[21] if frame[15:17] == VS_PL_LNK_STATUS_CNF and frame[20] == 0 else None


async def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            sys.exit(f"failed: no {what} in {seconds} s")
        await asyncio.sleep(0.2)
    print(what, flush=True)


async def main(interface):
    config = Config()
    config.load_envs()
    session = SlacEvseSession("DE*CPL*E1", interface, config)
    await session.evse_set_key()
    controller = SlacSessionController()
    await controller.process_cp_state(session, "B")
    print("CP B: waiting for a vehicle", flush=True)

    async def matched():
        return session.state == STATE_MATCHED

    async def joined():
        return await link_status(session) == 1

    await until(matched, 60, "matched")
    print(f"vehicle {session.pev_mac.hex(':')} run {session.run_id.hex()} nid {session.nid.hex()}", flush=True)
    await until(joined, 3600, "link up")
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
