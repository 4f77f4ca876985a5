#!/usr/bin/env python3
"""Runs Coupler against strangers: interop.py [--coupler PATH] [--logs DIR] [--list | --check | NAME ...].

Without names all scenarios run. Logs of all processes stay in --logs (default .build/interop), one folder
NAME-PID per scenario; their tails are printed when a scenario fails. Exit status 0 when all hold, 1 when one does
not, 77 when they cannot run here.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import time
import traceback

import rig as rigs
import scenarios
from bench import ScenarioFailed


def time_out(*_):
    raise ScenarioFailed("took longer than its limit")


def fresh_folder(logs, name):
    """NAME-PID, after removing those of runs that are over: two runs at once keep out of each other's way."""
    for old in logs.glob(f"{name}-*"):
        if not pathlib.Path("/proc", old.name.rpartition("-")[2]).exists():
            shutil.rmtree(old, ignore_errors=True)
    return logs / f"{name}-{os.getpid()}"


def run(name, coupler, logs):
    function, limit = rigs.SCENARIOS[name]
    folder = fresh_folder(logs, name)
    print(f"{name} ...", flush=True)
    start = time.monotonic()
    failure = None
    with rigs.Rig(folder, coupler) as rig:
        try:
            signal.alarm(limit)
            function(rig)
        except Exception as error:  # a scenario may fail in any way; the next one still runs
            failure = str(error) if isinstance(error, ScenarioFailed) else traceback.format_exc()
        finally:
            signal.alarm(0)
            tails = rig.tails() if failure else ""
    seconds = time.monotonic() - start
    if failure:
        print(f"{tails}\n{name}: FAILED after {seconds:.1f} s: {failure}", flush=True)
    else:
        print(f"{name}: holds, {seconds:.1f} s", flush=True)
    return not failure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coupler", default=rigs.ROOT / ".build" / "debug" / "coupler", type=pathlib.Path)
    parser.add_argument("--logs", default=rigs.ROOT / ".build" / "interop", type=pathlib.Path)
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--check", action="store_true", help="say whether the scenarios can run here")
    parser.add_argument("--vectors", type=pathlib.Path, metavar="FILE",
                        help="only write random documents with EXIficient's octets there (COUPLER_SEED selects them)")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if options.list:
        print("\n".join(rigs.SCENARIOS))
        return 0
    if options.vectors:
        print(f"seed {scenarios.write_vectors(options.vectors, fresh_folder(options.logs, 'vectors'))}")
        return 0
    reason = scenarios.unavailable()
    if reason or options.check:
        print(f"interop skipped: {reason}" if reason else "interop can run")
        return 77 if reason else 0
    if unknown := [name for name in options.names if name not in rigs.SCENARIOS]:
        parser.error(f"no such scenario: {', '.join(unknown)}")
    if not options.coupler.exists():
        parser.error(f"no {options.coupler}: build it first (swift build)")
    # SIGTERM and SIGINT unwind like a failure, so that namespaces and children always go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, time_out)
    results = [run(name, options.coupler.resolve(), options.logs.resolve())
               for name in options.names or rigs.SCENARIOS]
    print(f"{sum(results)} of {len(results)} scenarios hold; logs in {options.logs}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
