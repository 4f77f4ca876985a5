"""Strangers with every known defect, built with scapy: each has its line in the table of `peers/defect_*.py`."""

import contextlib
import os
import subprocess
import time

from bench import ScenarioFailed
from rig import HERE, PEERS, ROOT, Lane, scenario

PYTHON = PEERS / "scapy" / "bin" / "python"
LANES = 4  # chargers or vehicles at a time, each in namespaces of its own


def modes(rig, command):
    """The tolerances that the command can be given, with the arguments for them."""
    shown = subprocess.run([rig.binary, command, "--help"], capture_output=True, text=True, timeout=20).stdout
    if "--slac-mode" not in shown:
        print("    no --slac-mode: only as it is")
        return {"lenient": []}
    return {mode: ["--slac-mode", mode] for mode in ("lenient", "conformant")}


def table(script):
    return subprocess.run([PYTHON, HERE / "peers" / f"{script}.py", "--list"], capture_output=True, text=True,
                          check=True, timeout=60).stdout.split()


DOCUMENT = ROOT / "docs" / "strangers.md"
HEAD = "| case | the stranger | lenient | conformant |\n|---|---|---|---|\n"


def documented(script):
    """The table in docs/strangers.md is the one the strangers go by."""
    rows = subprocess.run([PYTHON, HERE / "peers" / f"{script}.py", "--table"], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    if HEAD + rows not in DOCUMENT.read_text():
        raise ScenarioFailed(f"{DOCUMENT} lacks the table of {script}.py --table")


def judge(processes, limit):
    """Waits for the strangers and prints a line for each of their cases."""
    failed, count = [], 0
    for process, names in processes:
        with contextlib.suppress(ScenarioFailed):  # exit status 1 is told case by case
            process.wait(limit)
        entries = {entry["case"]: entry for entry in process.events() if "case" in entry}
        for name in names:
            entry = entries.get(name, {"seen": "nothing, the stranger ended before"})
            count += 1
            verdict = "holds" if entry.get("holds") else f"FAILED (expected: {entry.get('expected')})"
            afterwards = f", afterwards {entry['afterwards']}" if entry.get("afterwards") else ""
            print(f"    {entry.get('mode', process.name)}: {name}: {entry.get('seen')}{afterwards}: {verdict}", flush=True)
            if not entry.get("holds"):
                failed.append(name)
    if failed:
        raise ScenarioFailed(f"{len(failed)} of {count} not as they should be: {', '.join(failed)}")
    print(f"    {count} of {count} as they should be")


def selected(names):
    """COUPLER_CASES=name,name runs only these."""
    wanted = os.environ.get("COUPLER_CASES", "").split(",")
    return [name for name in names if name in wanted] or names


@scenario(280)
def vehicles_with_every_known_defect_against_coupler_evse(rig):
    documented("defect_ev")
    names = selected(table("defect_ev"))
    processes = []
    for mode, arguments in modes(rig, "evse").items():
        for number in range(min(LANES, len(names))):
            lane = Lane(rig, f"{mode}-{number}")
            evse = rig.coupler(f"evse-{mode}-{number}", lane.charger, "evse", "--interface", "se0", "--pilot",
                               lane.pilot, "--json", *arguments, "--record",
                               rig.logs / f"evse-{mode}-{number}.pcapng")
            evse.expect_event("ready", 30)
            share = names[number::LANES]
            processes.append((rig.start(f"ev-{mode}-{number}", [
                PYTHON, HERE / "peers" / "defect_ev.py", "ev0", lane.pilot, mode, *share], lane.vehicle), share))
    judge(processes, 250)
    for process in rig.processes:
        if process.name.startswith("evse") and not process.running:
            raise ScenarioFailed(f"{process.name} ended with {process.child.returncode}")


@scenario(280)
def chargers_with_every_known_defect_against_coupler_ev(rig):
    documented("defect_evse")
    names = selected(table("defect_evse"))
    processes = []
    for mode, arguments in modes(rig, "ev").items():
        for number in range(min(LANES, len(names))):
            lane = Lane(rig, f"{mode}-{number}")
            share = names[number::LANES]
            evse = rig.start(f"evse-{mode}-{number}", [
                PYTHON, HERE / "peers" / "defect_evse.py", "se0", lane.pilot, mode, *share], lane.charger)
            evse.expect("waiting for the vehicle", 60)
            processes.append((evse, share))
            # One process for all of them: after its first match it stays, and 5 % anew makes it match anew. AC: there a
            # nominal duty is of no matter to matching.
            rig.coupler(f"ev-{mode}-{number}", lane.vehicle, "ev", "--interface", "ev0", "--pilot", lane.pilot,
                        "--ac", "--until", "match", "--hold", 3600, "--timeout", 3600, "--json", *arguments, "--record",
                        rig.logs / f"ev-{mode}-{number}.pcapng")
    judge(processes, 250)
    for process in rig.processes:
        if process.name.startswith("ev-") and not process.running:
            raise ScenarioFailed(f"{process.name} ended with {process.child.returncode}")


@scenario(60)
def coupler_evse_sleeps_while_nobody_is_plugged_in(rig):
    lane = Lane(rig, "idle")
    evse = rig.coupler("evse", lane.charger, "evse", "--interface", "se0", "--pilot", lane.pilot, "--json")
    evse.expect("modem took the key", 30)
    time.sleep(4)  # until duplicate address detection is over and the listener stands
    before = evse.wakeups()
    time.sleep(5)
    woken = evse.wakeups() - before
    print(f"    {woken} wake-ups in 5 s")
    if woken > 1:  # one for whatever else there is on a link: a router solicitation, say
        raise ScenarioFailed(f"{woken} wake-ups in 5 s with nothing to do")
