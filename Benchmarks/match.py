#!/usr/bin/env python3
"""match.py COUPLER [--matches N] [--idle S]: what a SLAC match costs the processor, and what waiting costs.

`coupler evse` and `coupler ev` match over AF_PACKET on veth pairs with `coupler line` between. Processor time, the
kernel's for the process included, is that of /proc/PID/schedstat, from the vehicle seeing 5 % until well after
CM_SLAC_MATCH.CNF, with the key handed to the modem and three polls of the link; start-up is over by then, discovery has not
begun.

It is measured twice. A match is some twenty wake-ups, and to bring a halted virtual processor back is the hypervisor's work
charged to who wakes: with processors that halt, a bare C loop (wake.c) pays several times as much as with ones that do not.
So once the processors are kept from halting by programmes that run when nobody else wants to (SCHED_IDLE), once they are not.

First each side matches once a process, its pilot played inside. Then one process each matches N times, their pilots worked
from here over a cable, which a board does not have: its messages every 100 ms are in the figure, and told beside it. At
last a charger to which nobody comes is watched: no wake-up is due. The peer is pyslac where it is installed (make peers).

Prints figures as couplerbench does. Needs root, for network namespaces.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
INTEROP = HERE.parent / "Tests" / "Interop"
sys.path[:0] = [str(INTEROP), str(INTEROP / "peers")]
sys.dont_write_bytecode = True

from pilot import ChargerPilot, VehiclePilot  # noqa: E402
from rig import EV_MAC, EVSE_MAC, PEERS, Rig  # noqa: E402

PERIOD = 1.2  # s from 5 % on: the match takes 0.5 s, the modems join 1 s after it
MATCHED = 0.6  # s from 5 % on: CM_SLAC_MATCH.CNF has come, the key is set, and no question for the link is due yet


def figure(subject, name, value, unit):
    print(f"slac match over veth\t{subject}\t{name}\t{value:.2f}\t{unit}", flush=True)


def network(rig, name):
    vehicle, charger, middle = (rig.namespace(f"{end}-{name}") for end in ("ev", "se", "line"))
    rig.cable(vehicle, "ev0", middle, "toev", EV_MAC)
    rig.cable(charger, "se0", middle, "tose", EVSE_MAC)
    line = rig.coupler(f"line-{name}", middle, "line", "toev", "tose")
    line.expect("line ready", 20)
    return vehicle, charger, line


def matches_of(process):
    return process.text().count('"step":"matched"')


@contextlib.contextmanager
def awake():
    """Keeps every processor from halting, with programmes that run only when nobody else wants to."""
    def last():
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    spinners = []
    try:
        for number in os.sched_getaffinity(0):
            spinners.append(subprocess.Popen(
                ["taskset", "-c", str(number), "sh", "-c", "while :; do :; done"], preexec_fn=last))
        time.sleep(0.2)
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def ours(rig, matches, folder, how):
    """Both of ours against each other, again and again in one process each."""
    vehicle, charger, line = network(rig, f"ours-{how}")
    paths = [f"{folder}/{how}-{side}" for side in ("evse", "ev")]
    plug, pilot = VehiclePilot(paths[0]), ChargerPilot(paths[1])
    plug.plug(False)
    evse = rig.coupler(f"evse-{how}", charger, "evse", "--interface", "se0", "--pilot", paths[0], "--json")
    ev = rig.coupler(f"ev-{how}", vehicle, "ev", "--interface", "ev0", "--pilot", paths[1], "--until", "match", "--hold", 86400,
                     "--timeout", 86400, "--json")
    evse.expect_event("ready", 20)
    pilot.await_plug()
    time.sleep(2)
    sides = {"coupler evse": evse, "coupler ev": ev}
    samples = {name: [] for name in sides}
    until_match = {name: [] for name in sides}
    woken = {name: [] for name in sides}
    for number in range(matches):
        plug.plug()
        plug.await_five_percent()
        time.sleep(0.3)  # the simulated pilot is sampled every 5 ms until it is quiet
        before = {name: (process.processor_time(), process.wakeups()) for name, process in sides.items()}
        pilot.five_percent()
        time.sleep(MATCHED)
        for name, process in sides.items():
            until_match[name].append(process.processor_time() - before[name][0])
        time.sleep(PERIOD - MATCHED)
        for name, process in sides.items():
            samples[name].append(process.processor_time() - before[name][0])
            woken[name].append(process.wakeups() - before[name][1])
        if matches_of(evse) != number + 1:
            sys.exit(f"match.py: {matches_of(evse)} of {number + 1} matches: {evse.tail()}")
        if number == 0:  # the vehicle's program stays once it has seen a link
            line.expect("joined: ", 10)
            time.sleep(1)
        pilot.signal()
        plug.plug(False)
        time.sleep(0.4)
    # The same time with nothing to match: what the cable's messages cost.
    for name, process in sides.items():
        begin, switches = process.processor_time(), process.wakeups()
        time.sleep(4 * PERIOD)
        cable = (process.processor_time() - begin) / 4
        subject = f"{name}, {how}"
        figure(subject, "many, median to CM_SLAC_MATCH.CNF, with the cable", statistics.median(until_match[name]), "ms")
        figure(subject, "many, median, with the cable", statistics.median(samples[name]), "ms")
        figure(subject, "many, most, with the cable", max(samples[name]), "ms")
        figure(subject, "the cable in that time, with nothing to match", cable, "ms")
        figure(subject, "wake-ups, without the cable's", statistics.median(woken[name]) - (process.wakeups() - switches) / 4, "")
    for process in sides.values():
        process.stop()


def alone(rig, times, how):
    """One match a process with the pilot played inside, so without a cable: nothing is left out but start-up."""
    vehicle, charger, _ = network(rig, f"alone-{how}")
    samples = {"coupler evse": [], "coupler ev": []}
    until_match = {name: [] for name in samples}
    for number in range(times):
        evse = rig.coupler(f"evse-{how}-{number}", charger, "evse", "--interface", "se0", "--json")
        evse.expect("listening for CM_SLAC_PARM.REQ", 20)
        time.sleep(0.5)
        ev = rig.coupler(f"ev-{how}-{number}", vehicle, "ev", "--interface", "ev0", "--until", "match", "--json")
        ev.expect_event("ready", 10)  # it plugs in 300 ms later, and asks 200 ms after that
        time.sleep(0.42)
        before = [process.processor_time() for process in (evse, ev)]
        time.sleep(MATCHED)
        for process, start, name in zip((evse, ev), before, samples):
            until_match[name].append(process.processor_time() - start)
        time.sleep(PERIOD - MATCHED)
        if matches_of(evse) != 1:
            sys.exit(f"match.py: no match: {evse.tail()}")
        for process, start, name in zip((evse, ev), before, samples):
            samples[name].append(process.processor_time() - start)
        ev.stop(grace=0.1)
        evse.stop()
    for name, values in samples.items():
        figure(f"{name}, {how}", "one a process, median to CM_SLAC_MATCH.CNF", statistics.median(until_match[name]), "ms")
        figure(f"{name}, {how}", "one a process, median", statistics.median(values), "ms")
        figure(f"{name}, {how}", "one a process, most", max(values), "ms")


def bare(rig, folder, how):
    """What the machine takes for the wake-ups and frames of a vehicle, without any vehicle: the least one can pay."""
    compiler = shutil.which("cc")
    if not compiler:
        print("no C compiler: a bare loop is not measured beside ours", file=sys.stderr)
        return
    program = f"{folder}/wake"
    subprocess.run([compiler, "-O2", "-o", program, HERE / "wake.c"], check=True)
    vehicle, _, _ = network(rig, f"bare-{how}")
    wait, send = map(float, vehicle.output(program, "ev0").split())
    figure(f"bare C loop, {how}", "a wait of 20 ms", wait, "ms")
    figure(f"bare C loop, {how}", "a wait of 20 ms and a frame", send, "ms")


def stranger(rig, folder):
    """pyslac as charger of our vehicle: one match a process, as its example has it."""
    python = PEERS / "pyslac" / "bin" / "python"
    if not python.exists():
        print("pyslac is not installed (make peers): no peer beside ours", file=sys.stderr)
        return
    vehicle, charger, line = network(rig, "pyslac")
    pilot = ChargerPilot(f"{folder}/stranger")
    evse = rig.peer("pyslac", "pyslac_evse", charger, "se0", "se0")
    evse.expect("CP B: waiting", 40)
    ev = rig.coupler("ev-pyslac", vehicle, "ev", "--interface", "ev0", "--pilot", f"{folder}/stranger", "--until", "match",
                     "--json")
    pilot.await_plug()
    time.sleep(1)
    before = evse.processor_time()
    pilot.five_percent()
    evse.expect("vehicle 02:", 20)
    figure("pyslac EVSE", "one", evse.processor_time() - before, "ms")
    ev.stop()
    evse.stop()


def idle(rig, seconds, folder):
    """A charger without a vehicle, and its modem: resting with the key set."""
    _, charger, _ = network(rig, "idle")
    evse = rig.coupler("evse-idle", charger, "evse", "--interface", "se0", "--pilot", f"{folder}/nobody", "--json")
    evse.expect("modem took the key", 20)
    time.sleep(4)  # past duplicate address detection
    switches, begin = evse.wakeups(), evse.processor_time()
    time.sleep(seconds)
    figure("coupler evse, unplugged, with SLAC", f"wake-ups in {seconds:.0f} s", evse.wakeups() - switches, "")
    figure("coupler evse, unplugged, with SLAC", "processor", (evse.processor_time() - begin) / seconds, "ms/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("coupler", type=pathlib.Path)
    parser.add_argument("--matches", type=int, default=20)
    parser.add_argument("--idle", type=float, default=10)
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("not root: SLAC matches over veth are not measured", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="coupler-") as folder:
        with Rig(pathlib.Path(folder) / "logs", options.coupler.resolve()) as rig:
            for how, hold in (("awake", awake), ("halting", contextlib.nullcontext)):
                with hold():
                    bare(rig, folder, how)
                    alone(rig, options.matches, how)
                    ours(rig, options.matches, folder, how)
            stranger(rig, folder)
            idle(rig, options.idle, folder)


if __name__ == "__main__":
    main()
