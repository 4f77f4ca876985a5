#!/usr/bin/env python3
"""Runs Coupler inside a real Linux kernel: kernel.py [--list | NAME ...].

Boots a User Mode Linux for each scenario, with the host's files as its root, and tells what held. Without names all
scenarios run. Logs stay in --logs (default .build/kernel), one folder per scenario. Exit status 0 when all hold,
1 when one does not, 77 when no kernel can be had here. docs/kernel-test.md tells how to add a scenario.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

import scenarios

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
UNAVAILABLE = 77
# Programs that cannot be had everywhere, and what builds them.
OPTIONAL = {
    "PROBE2": "Tests/Kernel/gpiod2.sh build --product kernel-probe makes it, if libgpiod 2.x can be fetched",
    "TESTS": "swift build --build-tests makes it",
    "TESTS2": "Tests/Kernel/gpiod2.sh tests makes it, if libgpiod 2.x can be fetched",
}


def kernel():
    """The path of the test kernel, built if need be; or why there is none."""
    built = subprocess.run([HERE / "build.sh"], stdout=subprocess.PIPE, text=True)
    if built.returncode == UNAVAILABLE:
        return None
    if built.returncode:
        sys.exit(built.returncode)
    return built.stdout.strip()


def boot(linux, scenario, logs, programs):
    """Runs one scenario; gives back whether it held, and how long its guest ran by its own clock."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    argv = [linux, f"mem={scenario.memory}M", "rootfstype=hostfs", "root=/dev/root", "ro", f"init={HERE}/init.sh",
            "con=null", "con0=null,fd:1", "quiet", "panic=-1", "random.trust_cpu=on", "devtmpfs.mount=1",
            f"SCENARIO={scenario.name}", f"LOGS={logs}", *(f"{name}={path}" for name, path in programs.items())]
    if scenario.virtual:
        argv.append("time-travel=inf-cpu")
    # Its memory is a file: in /dev/shm, unless that is too small, as in many containers.
    roomy = shutil.disk_usage("/dev/shm").free > scenario.memory << 20 if os.path.isdir("/dev/shm") else False
    environment = {**os.environ, "HOME": str(logs), "TMPDIR": "/dev/shm" if roomy else "/var/tmp"}
    with open(logs / "console.log", "wb") as console:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                                 cwd=logs, env=environment, start_new_session=True)
        try:
            child.wait(scenario.limit)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # The kernel is some processes of one session of its own; none may stay.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 9)
            child.wait()
    status = logs / "status"
    return status.exists() and status.read_text().strip() == "0"


def run(linux, scenario, logs, programs):
    print(f"{scenario.name} ...", flush=True)
    started = time.monotonic()
    held = boot(linux, scenario, logs, programs)
    seconds = time.monotonic() - started
    told = (logs / "guest.log").read_text(errors="replace") if (logs / "guest.log").exists() else ""
    if held:
        print(told, end="")
        print(f"{scenario.name}: holds, {seconds:.1f} s", flush=True)
        return True
    console = (logs / "console.log").read_text(errors="replace").splitlines()[-15:]
    over = f" (limit {scenario.limit} s)" if seconds >= scenario.limit else ""
    print(told + "\n".join(["--- console", *console]))
    print(f"{scenario.name}: FAILED after {seconds:.1f} s{over}; logs in {logs}", flush=True)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=ROOT / ".build" / "debug", type=pathlib.Path, metavar="DIR",
                        help="where coupler, couplerd and kernel-probe are (default .build/debug)")
    parser.add_argument("--bin2", default=ROOT / ".build-gpiod2" / "debug", type=pathlib.Path, metavar="DIR",
                        help="where programs with libgpiod 2.x are (default .build-gpiod2/debug)")
    parser.add_argument("--tests2", type=pathlib.Path, metavar="FILE",
                        default=ROOT / ".build-gpiod2-tests" / "debug" / "GPIOTestsPackageTests.xctest",
                        help="the Swift tests of lines with libgpiod 2.x")
    parser.add_argument("--logs", default=ROOT / ".build" / "kernel", type=pathlib.Path)
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if options.list:
        for scenario in scenarios.ALL.values():
            print(f"{scenario.name:45}{'virtual time' if scenario.virtual else ''}".rstrip())
        return 0
    if unknown := [name for name in options.names if name not in scenarios.ALL]:
        parser.error(f"no such scenario: {', '.join(unknown)}; --list prints their names")
    programs = {"COUPLER": options.bin / "coupler", "COUPLERD": options.bin / "couplerd",
                "PROBE": options.bin / "kernel-probe", "PROBE2": options.bin2 / "kernel-probe",
                "TESTS": options.bin / "CouplerPackageTests.xctest",
                "TESTS2": options.tests2}
    programs = {name: path.resolve() for name, path in programs.items()}
    chosen = [scenarios.ALL[name] for name in options.names or scenarios.ALL]
    for name, remedy in OPTIONAL.items():
        without = [scenario for scenario in chosen if name in scenario.needs and not programs[name].exists()]
        for scenario in without:
            print(f"{scenario.name}: skipped, there is no {programs[name]}; {remedy}")
        chosen = [scenario for scenario in chosen if scenario not in without]
    missing = {programs[name] for scenario in chosen for name in scenario.needs if not programs[name].exists()}
    if missing:
        parser.error("build first, these are missing: " + ", ".join(sorted(map(str, missing))))
    linux = kernel()
    if linux is None:
        print("skipped: the kernel tests, see above for the reason")
        return UNAVAILABLE
    started = time.monotonic()
    logs = options.logs.resolve()
    results = [run(linux, scenario, logs / scenario.name, programs) for scenario in chosen]
    print(f"{sum(results)} of {len(results)} scenarios hold in the kernel, {time.monotonic() - started:.0f} s; "
          f"logs in {logs}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
