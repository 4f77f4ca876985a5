"""The bench inside the test kernel: network namespaces, Coupler's programs, simulated lines."""

import os
import pathlib
import time

from bench import Bench, ScenarioFailed

EV_MAC, EVSE_MAC = "02:00:00:00:00:e1", "02:00:00:00:00:c1"


def check(holds, what):
    """What must hold, with what came instead in `what`."""
    if not holds:
        raise ScenarioFailed(what)


def equal(found, expected, what):
    check(found == expected, f"{what}: {found!r}, not {expected!r}")


class GuestRig(Bench):
    def __init__(self, logs):
        super().__init__(logs)
        self.run = pathlib.Path("/run/bench")
        self.run.mkdir()
        self.used = set()

    def name(self, wish):
        number = 1
        while (name := wish if number == 1 else f"{wish}-{number}") in self.used:
            number += 1
        self.used.add(name)
        return name

    def program(self, variable):
        """COUPLER, COUPLERD, PROBE or PROBE2."""
        return os.environ[variable]

    def coupler(self, name, namespace, *arguments):
        return self.start(self.name(name), [self.program("COUPLER"), *arguments], namespace)

    def power_line(self, *options):
        """Namespaces of a vehicle and a charger, and the simulated modems that join them."""
        vehicle, charger, middle = (self.namespace(name) for name in ("ev", "se", "line"))
        self.cable(vehicle, "ev0", middle, "toev", EV_MAC)
        self.cable(charger, "se0", middle, "tose", EVSE_MAC)
        line = self.coupler("line", middle, "line", "toev", "tose", *options)
        line.expect("line ready", 20)
        return vehicle, charger, middle

    def expect_restart(self, earliest, latest):
        """The watchdog has to restart the kernel so many seconds from now: kernel.py reads on the console that it did."""
        now = time.monotonic()
        (self.logs / "restart-expected").write_text(f"{now + earliest} {now + latest}\n")
        os.sync()
