#!/usr/bin/env python3
"""Runs Coupler inside a real Linux kernel: kernel.py [--list | NAME ...].

Boots a User Mode Linux for each scenario, with the host's files as its root, and tells what held. Without names all
scenarios run. Logs stay in --logs (default .build/kernel), one folder per scenario. Exit status 0 when all hold,
1 when one does not, 77 when no kernel can be had here. docs/kernel-test.md tells how to add a scenario.
"""

import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import scenarios

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
UNAVAILABLE = 77
# Programs that cannot be had everywhere, and what builds them.
OPTIONAL = {
    "PACKAGE": "make package makes it",
    "PROBE2": "Tests/Kernel/gpiod2.sh build --product kernel-probe makes it, if libgpiod 2.x can be fetched",
    "TESTS": "swift build --build-tests makes it",
    "TESTS2": "Tests/Kernel/gpiod2.sh tests makes it, if libgpiod 2.x can be fetched",
}


PRINTING = threading.Lock()
RUNNING = set()  # kernels, by their process


class Outcome(NamedTuple):
    held: bool
    seconds: float
    used: float  # s of processor time


def kernel():
    """The path of the test kernel, built if need be; or why there is none."""
    built = subprocess.run([HERE / "build.sh"], stdout=subprocess.PIPE, text=True)
    if built.returncode == UNAVAILABLE:
        return None
    if built.returncode:
        sys.exit(built.returncode)
    return built.stdout.strip()


def boot(linux, scenario, logs, programs):
    """Runs one scenario to its end."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    argv = [linux, f"mem={scenario.memory}M", "rootfstype=hostfs", "root=/dev/root", "ro",
            f"init={HERE}/{'init-systemd.sh' if scenario.systemd else 'init.sh'}",
            "con=null", "con0=null,fd:1", "quiet", "panic=-1", "random.trust_cpu=on", "devtmpfs.mount=1",
            f"SCENARIO={scenario.name}", f"LOGS={logs}", *(f"{name}={path}" for name, path in programs.items())]
    if scenario.virtual:
        argv.append("time-travel=inf-cpu")
    # Its memory is a file: in /dev/shm, unless that is too small, as in many containers.
    roomy = shutil.disk_usage("/dev/shm").free > scenario.memory << 20 if os.path.isdir("/dev/shm") else False
    environment = {**os.environ, "HOME": str(logs), "TMPDIR": "/dev/shm" if roomy else "/var/tmp"}
    started, used = time.monotonic(), None
    with open(logs / "console.log", "wb") as console:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                                 cwd=logs, env=environment, start_new_session=True)
        RUNNING.add(child.pid)
        try:
            used = wait(child.pid, started + scenario.limit)
        finally:
            # The kernel is some processes of one session of its own; none may stay.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 9)
            if used is None:
                used = wait(child.pid)
            child.returncode = 0  # waited for
            RUNNING.discard(child.pid)
    status = logs / "status"
    held = status.exists() and status.read_text().strip() == "0"
    if held and (logs / "restart-expected").exists():
        held = restarted_in_time(logs)
    return Outcome(held, time.monotonic() - started, used)


def restarted_in_time(logs):
    """Whether it was the watchdog that restarted the guest, and when it had to; a kernel that panics restarts, too."""
    earliest, latest = map(float, (logs / "restart-expected").read_text().split())
    console = (logs / "console.log").read_text(errors="replace")
    found = [float(when) for when in re.findall(r"\[ *(\d+\.\d+)\] softdog: Initiating system reboot", console)]
    with open(logs / "guest.log", "a") as log:
        log.write(f"    the watchdog restarted it at {found} s, allowed is {earliest:.1f} to {latest:.1f} s\n")
    return len(found) == 1 and earliest <= found[0] <= latest


def wait(process, deadline=None):
    """The processor time that a child and its own took, s; `None` while it runs at the deadline."""
    while True:
        found, _, usage = os.wait4(process, os.WNOHANG if deadline else 0)
        if found:
            return usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)


def run(linux, scenario, logs, programs):
    outcome = boot(linux, scenario, logs, programs)
    told = (logs / "guest.log").read_text(errors="replace") if (logs / "guest.log").exists() else ""
    with PRINTING:  # what one scenario has to say, at once
        print(f"{scenario.name}:\n{told}", end="")
        if outcome.held:
            print(f"    holds, {outcome.seconds:.1f} s, {outcome.used:.1f} s of processor time", flush=True)
            return True
        console = (logs / "console.log").read_text(errors="replace").splitlines()[-15:]
        over = f" (limit {scenario.limit} s)" if outcome.seconds >= scenario.limit else ""
        print("\n".join(["--- console", *console]))
        print(f"{scenario.name}: FAILED after {outcome.seconds:.1f} s{over}; logs in {logs}", flush=True)
        return False


def newest_package():
    """The package of the sources as they are; where there is none, a path at which there is nothing."""
    packages = (ROOT / ".build" / "package").glob("*.deb")
    sources = (file for folder in ("Sources", "Boards", "packaging", "udev") for file in (ROOT / folder).rglob("*"))
    latest = max(file.stat().st_mtime for file in sources if file.is_file())
    fresh = [package for package in packages if package.stat().st_mtime >= latest]
    return fresh[0] if fresh else ROOT / ".build" / "package" / "of these sources"


def interrupt(*_):
    """SIGTERM ends the kernels, too, which are in sessions of their own."""
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, interrupt)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=ROOT / ".build" / "debug", type=pathlib.Path, metavar="DIR",
                        help="where coupler, couplerd and kernel-probe are (default .build/debug)")
    parser.add_argument("--bin2", default=ROOT / ".build-gpiod2" / "debug", type=pathlib.Path, metavar="DIR",
                        help="where programs with libgpiod 2.x are (default .build-gpiod2/debug)")
    parser.add_argument("--tests2", type=pathlib.Path, metavar="FILE",
                        default=ROOT / ".build-gpiod2-tests" / "debug" / "GPIOTestsPackageTests.xctest",
                        help="the Swift tests of lines with libgpiod 2.x")
    parser.add_argument("--package", type=pathlib.Path, metavar="FILE", default=newest_package(),
                        help="the Debian package, for systemd to run (default: that of make package, if it is up to date)")
    parser.add_argument("--packaged", action="store_true", help="only the scenarios of the package")
    parser.add_argument("--logs", default=ROOT / ".build" / "kernel", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 4), metavar="N",
                        help="scenarios at once (default: one a processor, at most 4)")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if options.list:
        for scenario in scenarios.ALL.values():
            print(f"{scenario.name:82} {'virtual time' if scenario.virtual else ''}".rstrip())
        return 0
    if unknown := [name for name in options.names if name not in scenarios.ALL]:
        parser.error(f"no such scenario: {', '.join(unknown)}; --list prints their names")
    programs = {"COUPLER": options.bin / "coupler", "COUPLERD": options.bin / "couplerd",
                "PROBE": options.bin / "kernel-probe", "PROBE2": options.bin2 / "kernel-probe",
                "TESTS": options.bin / "CouplerPackageTests.xctest",
                "TESTS2": options.tests2, "PACKAGE": options.package}
    programs = {name: path.resolve() for name, path in programs.items()}
    chosen = [scenarios.ALL[name] for name in options.names or scenarios.ALL
              if not options.packaged or "PACKAGE" in scenarios.ALL[name].needs]
    for name, remedy in OPTIONAL.items():
        without = [scenario for scenario in chosen if name in scenario.needs and not programs[name].exists()]
        for scenario in without:
            print(f"{scenario.name}: skipped, there is no {programs[name]}; {remedy}")
        chosen = [scenario for scenario in chosen if scenario not in without]
    if not chosen:
        print("nothing is left to run")
        # Who asks for the package's scenarios has just made the package.
        return 1 if options.packaged else UNAVAILABLE
    missing = {programs[name] for scenario in chosen for name in scenario.needs if not programs[name].exists()}
    if missing:
        parser.error("build first, these are missing: " + ", ".join(sorted(map(str, missing))))
    linux = kernel()
    if linux is None:
        print("skipped: the kernel tests, see above for the reason")
        return UNAVAILABLE
    started = time.monotonic()
    logs = options.logs.resolve()
    # The longest first, so that none is left to run alone.
    chosen.sort(key=lambda scenario: -scenario.limit)
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        try:
            results = list(pool.map(lambda scenario: run(linux, scenario, logs / scenario.name, programs), chosen))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for kernel_process in RUNNING.copy():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(kernel_process, 9)
            raise
    print(f"{sum(results)} of {len(results)} scenarios hold in the kernel, {time.monotonic() - started:.0f} s; "
          f"logs in {logs}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
