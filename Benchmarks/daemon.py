#!/usr/bin/env python3
"""daemon.py COUPLERD COUPLER [--seconds S]: what couplerd costs a board: size, memory, wake-ups, processor.

The daemon runs its built-in site, the simulation board with one DC outlet, on a veth pair with `coupler line` between
and `coupler ev` at the other end; the vehicle's pilot comes over the simulated cable, whose messages every 100 ms are in
the figures while it is plugged in. Idle: the interface is up, the charger listens, no vehicle. Charging: a whole DC
session is under way, CurrentDemand every 100 ms.

Prints figures as couplerbench does. Needs root, for network namespaces.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Tests" / "Interop")]
sys.dont_write_bytecode = True

from rig import EV_MAC, EVSE_MAC, Rig  # noqa: E402


def figure(name, value, unit):
    print(f"couplerd\t{name}\t{value}\t{unit}", flush=True)


def memory(process):
    """Resident KiB, and how much of that is the process's alone."""
    text = pathlib.Path(f"/proc/{process.child.pid}/status").read_text()
    return tuple(int(re.search(rf"^{name}:\s*(\d+)", text, re.M)[1]) for name in ("VmRSS", "RssAnon"))


def watch(process, seconds):
    """Wake-ups per second, and share of one processor in percent."""
    wakeups, time_used, start = process.wakeups(), process.processor_time(), time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - start
    return (process.wakeups() - wakeups) / passed, (process.processor_time() - time_used) / passed / 10


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("couplerd", type=pathlib.Path)
    parser.add_argument("coupler", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=20, help="length of each observation (20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coupler-bench-") as folder:
        folder = pathlib.Path(folder)
        binary = folder / "couplerd"
        shutil.copy(options.couplerd, binary)
        subprocess.run(["strip", binary], check=True)
        figure("size, stripped", f"{binary.stat().st_size / 1e6:.2f}", "MB")
        libraries = subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
        figure("shared libraries", len([line for line in libraries.splitlines() if "=>" in line]), "")
        if os.geteuid():
            print("not root: the running daemon is not measured", file=sys.stderr)
            return
        with Rig(folder, options.coupler.resolve()) as rig:
            vehicle, charger, middle = (rig.namespace(name) for name in ("ev", "se", "line"))
            rig.cable(vehicle, "ev0", middle, "toev", EV_MAC)
            rig.cable(charger, "se0", middle, "tose", EVSE_MAC)
            rig.coupler("line", middle, "line", "toev", "tose").expect("line ready", 20)
            cable = folder / "cable"
            daemon = rig.start("couplerd", [binary, "--interface", "se0", "--pilot", cable], charger)
            daemon.expect("couplerd 0", 20)
            time.sleep(8)  # address detection, the modem's key
            wakeups, _ = watch(daemon, options.seconds)
            figure("idle, wake-ups", f"{wakeups:.2f}", "/s")
            figure("idle, resident", "%d (%d of its own)" % memory(daemon), "KiB")
            rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", options.seconds + 10,
                        "--pilot", cable)
            daemon.expect(r"energy energy: \d", 60)
            time.sleep(2)
            wakeups, share = watch(daemon, options.seconds)
            figure("charging, wake-ups", f"{wakeups:.1f}", "/s")
            figure("charging, processor", f"{share:.2f}", "% of one")
            figure("charging, resident", "%d (%d of its own)" % memory(daemon), "KiB")


main()
