"""Plays one side of recorded matches: replay.py INTERFACE CABLE ROLE MODE PCAP ...

ROLE is vehicle or charger, CABLE the pilot of the program at the other end. The recorded side's frames go out as they were, at
their own pace, each after the frames of the other side that came before it in the recording. Adapted are only: the key in
the vehicle's CM_SET_KEY.REQ, which is the one just handed out, and the RunID in the charger's answers. A replay has held
when the own modem sees its peer. One JSON object a file.
"""

import json
import pathlib
import struct
import sys
import time

from pilot import ChargerPilot, VehiclePilot, Wrong
from slac_frames import (
    CHAR_IND, CHAR_RSP, MATCH_CNF, MATCH_REQ, PARM_CNF, PARM_REQ, SET_KEY_CNF, SET_KEY_REQ, SOUND_IND, START_IND, Heard,
    Port)

EV, EVSE = "02:00:00:00:00:e1", "02:00:00:00:00:c1"
RUN_OFFSET = {PARM_CNF: 36, CHAR_IND: 27, MATCH_CNF: 69}
# What is said to or by the other host, and the key to the own modem; polls and questions to the modem stay out.
KINDS = (PARM_REQ, PARM_CNF, START_IND, SOUND_IND, CHAR_IND, CHAR_RSP, MATCH_REQ, MATCH_CNF, SET_KEY_REQ, SET_KEY_CNF)


def records(path):
    """The frames of a pcap, with their times."""
    octets = path.read_bytes()
    order, scale = {b"\xd4\xc3\xb2\xa1": ("<", 1e6), b"\x4d\x3c\xb2\xa1": ("<", 1e9)}[octets[:4]]
    at = 24
    while at < len(octets):
        seconds, fraction, length = struct.unpack_from(order + "3I", octets, at)
        yield Heard(octets[at + 16:at + 16 + length], seconds + fraction / scale)
        at += 16 + length


def play(port, path, own):
    """Own frames out, the others awaited; how many of each."""
    sent = awaited = 0
    key = run = None
    before = None
    for record in records(path):
        if record.kind not in KINDS:
            continue
        if record.src == own:
            octets = bytearray(record.octets)
            if before is not None:
                time.sleep(min(max(record.at - before, 0), 1))
            if own == EVSE and record.kind in RUN_OFFSET:
                octets[RUN_OFFSET[record.kind]:RUN_OFFSET[record.kind] + 8] = run
            if own == EV and record.kind == SET_KEY_REQ and key:
                octets[33:40], octets[41:57] = key
            port.send(bytes(octets))
            sent += 1
        else:
            # Of the STARTs a modem may hand over one; a REQ may have been repeated while nobody listened.
            heard = port.next(record.kind, 3 if record.kind == PARM_REQ else 1.5)
            if not heard and record.kind != START_IND:
                raise Wrong(f"no {record.kind:04X} after {sent} frames")
            if heard and heard.kind == MATCH_CNF:
                key = heard.octets[85:92], heard.octets[93:109]
            if heard and heard.kind == PARM_REQ:
                run = heard.octets[21:29]
            awaited += 1
        before = record.at
    if own == EV and not key:
        raise Wrong("the recording ends before CM_SLAC_MATCH.CNF")
    port.await_link(4)
    return f"{sent} frames played, {awaited} awaited, link up"


def main(interface, cable, role, mode, *paths):
    vehicle = role == "vehicle"
    pilot = VehiclePilot(cable) if vehicle else ChargerPilot(cable)
    held = []
    try:
        if vehicle:
            pilot.plug(False)
        else:
            print("waiting for the vehicle", flush=True)
            pilot.await_plug()
        port = Port(interface)
        for path in map(pathlib.Path, paths):
            entry = {"case": path.name, "mode": mode, "expected": "the same end", "afterwards": ""}
            try:
                port.forget()
                if vehicle:
                    pilot.plug()
                    pilot.await_five_percent()
                    time.sleep(0.05)
                else:
                    pilot.five_percent()
                entry["seen"] = play(port, path, EV if vehicle else EVSE)
                entry["holds"] = True
                time.sleep(0.6)  # the program at the other end sees the link as well
            except Wrong as error:
                entry["seen"], entry["holds"] = f"wrong: {error}", False
            print(json.dumps(entry), flush=True)
            held.append(entry["holds"])
            if vehicle:
                pilot.plug(False)
                pilot.await_no_pwm()
            else:
                pilot.signal(2)  # state F: the vehicle leaves the network; with X1 it might come back to it
            time.sleep(0.4)
    finally:
        pilot.close()
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
