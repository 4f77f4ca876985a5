"""Recorded matches of strangers with each other, one side of which is played against ours."""

import os
import pathlib

from bench import ScenarioFailed
from defects import PYTHON, judge, modes
from rig import HERE, ROOT, Lane, scenario

TRACES = pathlib.Path(os.environ.get("COUPLER_TRACES", ROOT.parent / "shared" / "traces"))


def recorded(pattern):
    return sorted(TRACES.glob(pattern)) if TRACES.is_dir() else []


def replay(rig, role, files):
    if not files:
        return print(f"    skipped: no recorded matches in {TRACES} (COUPLER_TRACES names the folder)")
    processes, names = [], [file.name for file in files]
    for mode, arguments in modes(rig, "evse" if role == "vehicle" else "ev").items():
        lane = Lane(rig, mode)
        ours = ["--pilot", lane.pilot, "--json", *arguments, "--record", rig.logs / f"ours-{mode}.pcapng"]
        if role == "vehicle":
            rig.coupler(f"evse-{mode}", lane.charger, "evse", "--interface", "se0", *ours).expect_event("ready", 30)
        stranger = rig.start(f"{role}-{mode}", [
            PYTHON, HERE / "peers" / "replay.py", "ev0" if role == "vehicle" else "se0", lane.pilot, role, mode, *files],
            lane.vehicle if role == "vehicle" else lane.charger)
        if role == "charger":
            stranger.expect("waiting for the vehicle", 30)
            rig.coupler(f"ev-{mode}", lane.vehicle, "ev", "--interface", "ev0", "--until", "match", "--hold", 3600,
                        "--timeout", 3600, *ours)
        processes.append((stranger, names))
    judge(processes, 150)
    for process in rig.processes:
        if process.name.startswith(("ev-", "evse-")) and not process.running:
            raise ScenarioFailed(f"{process.name} ended with {process.child.returncode}")


@scenario(170)
def recorded_vehicles_match_coupler_evse(rig):
    replay(rig, "vehicle", recorded("slac-*-evse.evhost.pcap"))


@scenario(170)
def recorded_chargers_match_coupler_ev(rig):
    replay(rig, "charger", recorded("slac-*-evse.pcap"))
