"""couplerd on a replica of its board: sessions with `coupler ev`, over the kernel's own network and simulated lines."""

import signal
import subprocess
import time

from bench import ScenarioFailed
from guest_rig import check, equal
from matching import summary
from pilot_wire import Wire
from replica import Replica
from scenarios import scenario


class Service:
    """What systemd does for the daemon: starts it, and after each end makes the outputs safe (ExecStopPost)."""

    def __init__(self, rig, namespace, *arguments):
        self.rig, self.namespace, self.arguments = rig, namespace, [*map(str, arguments)]
        self.process = None
        self.start()

    def start(self):
        self.process = self.rig.start(self.rig.name("couplerd"),
                                      [self.rig.program("COUPLERD"), *self.arguments, "-v"], self.namespace)

    def kill(self):
        """SIGKILL; nothing of the daemon's own runs any more."""
        self.process.child.send_signal(signal.SIGKILL)
        self.process.child.wait()

    def make_safe(self):
        result = subprocess.run([self.rig.program("COUPLERD"), *self.arguments, "--safe-state"],
                                capture_output=True, text=True, timeout=60)
        check(result.returncode == 0, f"--safe-state: {result.returncode}, {result.stderr.strip()}")

    def stop(self):
        self.process.child.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Station:
    """A board's replica with its daemon, and a vehicle's place at the other end of cable and power line."""

    def __init__(self, rig, board):
        self.rig = rig
        self.vehicle, charger, _ = rig.power_line()
        self.replica = Replica(rig.program("PROBE"), board)
        self.cable = rig.run / "cable"
        self.wire = Wire(self.replica, self.cable)
        self.service = Service(rig, charger, "--board", board, "--interface", "se0")

    def ready(self):
        self.wire.expect("pilot at +12 V", lambda: self.wire.duty() == 1000, 20)

    def plug_in(self, *options):
        return self.rig.coupler("ev", self.vehicle, "ev", "-i", "ev0", "--ac", "--json", "-v", "--pilot", self.cable,
                                *options)


@scenario(limit=120, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_on_the_tarragons_lines(rig):
    charges(rig, "chargebyte-tarragon")


@scenario(limit=120, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_on_the_raspberrys_lines(rig):
    charges(rig, "raspberrypi-qca7000")


def charges(rig, board):
    station = Station(rig, board)
    wire = station.wire
    station.ready()
    ev = station.plug_in("--seconds", 8)
    wire.expect("closed contactor", lambda: wire.is_closed, 60)
    check(wire.position < 1_000, "the contactor closed on a plug that is not locked")
    equal(wire.duty(), 50, "duty while charging by digital communication")
    ev.wait(200)
    equal(summary(ev)["outcome"], "completed", "outcome of the vehicle")
    wire.expect("open contactor", lambda: not wire.is_closed, 10)
    wire.expect("open lock", lambda: wire.position > 1_000, 20)
    (closed, _), (opened, _) = [entry for entry in wire.seen("closed") if entry[0] > wire.seen("duty")[0][0]][-2:]
    check(8 <= opened - closed < 30, f"the contactor was closed for {opened - closed:.1f} s")
    station.service.stop()
    time.sleep(0.1)
    wire.check_safe("after SIGTERM")
    print(f"    contactor closed for {opened - closed:.1f} s, {len(wire.log)} changes on the outside")
