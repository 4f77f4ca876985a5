"""The bench of this project and the list of scenarios: what a module with scenarios imports.

`scenarios.py` names those modules; importing one registers its scenarios.
"""

import pathlib
import tempfile
import time

from bench import Bench, ScenarioFailed

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = ROOT / ".peers"
EV_MAC, EVSE_MAC = "02:00:00:00:00:e1", "02:00:00:00:00:c1"
ATTENUATION = 20  # dB on the simulated line
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -XX:-UsePerfData"

SCENARIOS = {}


def scenario(limit):
    """Registers a function as a scenario that has to end within `limit` seconds."""

    def register(function):
        assert function.__name__ not in SCENARIOS, f"two scenarios {function.__name__}"
        SCENARIOS[function.__name__] = (function, limit)
        return function

    return register


class Rig(Bench):
    """A bench with the line of this project: vehicle and charger in namespaces, and Coupler's commands."""

    def __init__(self, logs, coupler):
        super().__init__(logs)
        self.binary = coupler
        self.used = set()
        # For sockets, whose path has 107 characters at most: shorter than the log folder's may be.
        self.folder = tempfile.TemporaryDirectory(prefix="coupler-")

    def __exit__(self, *error):
        super().__exit__(*error)
        self.folder.cleanup()

    def name(self, wish):
        number = 1
        while (name := wish if number == 1 else f"{wish}-{number}") in self.used:
            number += 1
        self.used.add(name)
        return name

    def coupler(self, name, namespace, *arguments):
        return self.start(self.name(name), [self.binary, *arguments], namespace)

    def peer(self, environment, script, namespace, interface, *arguments, **variables):
        """A foreign stack. `.transcript` is the file of its messages."""
        name = self.name(script)
        transcript = self.logs / f"{name}.jsonl"
        process = self.start(
            name, [PEERS / environment / "bin" / "python", HERE / "peers" / f"{script}.py", *arguments],
            namespace, NETWORK_INTERFACE=interface, TRANSCRIPT=str(transcript), JAVA_TOOL_OPTIONS=JAVA,
            PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1", PROTOCOLS="ISO_15118_2", AUTH_MODES="EIM",
            **variables)
        process.transcript = transcript
        return process

    def direct(self, suffix=""):
        """A vehicle and a charger joined by one veth pair: the power line after a match."""
        vehicle, charger = self.namespace(f"ev{suffix}"), self.namespace(f"se{suffix}")
        self.cable(vehicle, "ev0", charger, "se0", EV_MAC, EVSE_MAC)
        self.wait_for_link_local(charger, "se0")
        self.wait_for_link_local(vehicle, "ev0")
        return vehicle, charger

    def line(self):
        """A vehicle and a charger, each joined to its modem in a third namespace; the line is recorded."""
        vehicle, charger, middle = (self.namespace(name) for name in ("ev", "se", "line"))
        self.cable(vehicle, "ev0", middle, "toev", EV_MAC)
        self.cable(charger, "se0", middle, "tose", EVSE_MAC)
        recording = self.logs / "line.pcapng"
        self.recorder = self.start("dumpcap", ["dumpcap", "-q", "-i", "toev", "-i", "tose",
                                               "-w", recording], middle)
        self.modems = self.coupler("line", middle, "line", "toev", "tose", "--attenuation", ATTENUATION)
        self.modems.expect("line ready", 15)
        self.recorder.expect(r"File: ", 15)
        return vehicle, charger, recording

    def end_recording(self):
        """dumpcap writes in blocks: the file is whole only after it has ended."""
        time.sleep(0.3)
        self.recorder.stop()


class Lane:
    """A vehicle's and a charger's namespace with a line between, and a pilot's cable."""

    def __init__(self, rig, name):
        self.vehicle, self.charger, middle = (rig.namespace(f"{end}-{name}") for end in ("ev", "se", "line"))
        rig.cable(self.vehicle, "ev0", middle, "toev", EV_MAC)
        rig.cable(self.charger, "se0", middle, "tose", EVSE_MAC)
        self.pilot = f"{rig.folder.name}/{name}"
        self.line = rig.coupler(f"line-{name}", middle, "line", "toev", "tose", "--attenuation", ATTENUATION,
                                "--join-delay", "0.1")
        self.line.expect("line ready", 20)


def check_summary(process):
    """The last line of --json output is the summary."""
    events = process.events()
    if not events or events[-1].get("event") != "summary":
        raise ScenarioFailed(f"{process.name}: the last line is no summary: {events[-1:]}")
    print(f"    {process.name}: {events[-1].get('outcome')}")
    return events[-1]
