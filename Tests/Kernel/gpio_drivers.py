"""The tests of the GPIO, ADC and watchdog drivers themselves, against both versions of libgpiod.

They are Swift, in Tests/LinuxHardwareTests; Tests/Kernel/gpiod2.sh builds them by themselves.
"""

import os
import pathlib
import re
import subprocess

from guest_rig import check
from scenarios import scenario

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def driver_tests(scratch, command, major):
    """`major` is the version of libgpiod that it has to be; None for whichever the system has."""
    program = ROOT / scratch / "debug" / "GPIOTestsPackageTests.xctest"
    check(program.exists(), f"{program} is missing; build it: Tests/Kernel/gpiod2.sh {command}")
    done = subprocess.run(
        [program, "--testing-library", "swift-testing"], timeout=100, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, "COUPLER_GPIO_SIM": "1"})
    failures = [line for line in done.stdout.splitlines() if "recorded an issue" in line or "failed after" in line]
    check(done.returncode == 0, "\n".join(failures) or done.stdout)
    # Tests that were skipped hold, too.
    run = re.search(r"Test run with (\d+) tests in .* passed", done.stdout)
    library = re.search(rf"libgpiod {major or '[12]'}\.\S+", done.stdout)
    check(run and library and "skipped" not in done.stdout and int(run[1]) >= 20, done.stdout)
    print(f"    {library[0]}: {run[1]} tests of the drivers")


@scenario(limit=120)
def drivers_hold_with_the_systems_libgpiod(rig):
    driver_tests(".build-gpio-tests", "tests-system", None)


@scenario(limit=120)
def drivers_hold_with_libgpiod_2(rig):
    driver_tests(".build-gpiod2-tests", "tests", 2)
