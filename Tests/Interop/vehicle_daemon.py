"""couplerd in a vehicle: against itself as a charger, against `coupler evse`, and against a stranger."""

import os
import re
import signal
import threading
import time

from bench import ScenarioFailed
from daemon import Control, check_safe_end, daemon, find
from rig import PEERS, check_summary, scenario

BUILT_IN = ("--board", "simulation-ev", "--interface", "ev0", "--pilot")


def check_unlocked(vehicle):
    """What was closed is open and what was locked is free, in this order."""
    text = vehicle.text()
    for wish in ("contactor commanded closed", "contactor commanded open"):
        if wish not in text:
            raise ScenarioFailed(f"the vehicle's daemon told no {wish!r}")


@scenario(120)
def a_vehicle_daemon_charges_from_a_charger_daemon(rig):
    """Two daemons, both the built-in site, SLAC over the line: the vehicle charges until it is told to stop."""
    vehicle, charger, _ = rig.line()
    cable = os.path.join(rig.folder.name, "cable")
    couplerd = daemon(rig, charger, "--interface", "se0", "--pilot", cable)
    ev = daemon(rig, vehicle, *BUILT_IN, cable)
    couplerd.expect(r"energy energy: \d", 60)
    ev.expect(r"energy energy: \d", 10)
    time.sleep(2)
    check_safe_end(ev)
    couplerd.expect("end completed: session", 10)
    check_unlocked(ev)
    check_safe_end(couplerd)


@scenario(120)
def a_vehicle_daemon_charges_from_coupler_evse(rig):
    """The command line's charger, a cable of sockets, SLAC over the line."""
    vehicle, charger, _ = rig.line()
    cable = os.path.join(rig.folder.name, "cable")
    evse = rig.coupler("evse", charger, "evse", "--interface", "se0", "--dc", "--once", "--json", "--pilot", cable)
    evse.expect_event("ready", 20)
    ev = daemon(rig, vehicle, *BUILT_IN, cable)
    ev.expect(r"energy energy: \d", 60)
    time.sleep(1)
    check_safe_end(ev)
    evse.wait(20)
    check_summary(evse)
    check_unlocked(ev)
