"""couplerd in a vehicle, on the replica of its board: duty by edges of 1 kHz, S2, contactors and lock by lines."""

import os
import signal
import socket
import struct
import threading
import time

from control import Control, journal
from guest_rig import check, equal
from lines import Oscillator
from matching import summary
from replica import Replica
from scenarios import scenario

BOARD = "raspberrypi-qca7000-ev"
INLET = "inlets[0]"
UNPLUGGED, PLUGGED = 4_455, 1_504  # mV at the contact: 2.7 kohm, and 150 ohm beside it, below 330 ohm to 5 V
SITE = """
board: {board}
log:
  level: trace
  target: stderr
control:
  socket: {folder}/vehicle.sock
journal:
  folder: {folder}/vehicle
inlets:
  - id: 1
    interface: ev0
    current: dc
    battery: control
"""


class Inlet:
    """The circuit at the vehicle's lines, and the vehicle's end of a charger's cable of sockets."""

    def __init__(self, replica, cable):
        self.replica = replica
        self.is_plugged = False
        self.signal = (0, 0)  # what the charger drives: its kind, permille
        self.log = []  # (time, what, value)
        self.last = {}
        self.failure = None
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(cable) + ".ev")
        self.socket.settimeout(0)
        self.peer = str(cable)
        self.oscillator = Oscillator(replica.line(f"{INLET}.duty"))
        for row in replica.of("output"):
            how, value = row.crash()
            replica.line(row).pull(1 if row.is_open_drain else row.level(value))
        for row in replica.of("input"):
            replica.pull(row.field, 0)
        for field in replica.devices.adcs:
            replica.devices.set_millivolts(field, 1_650)
        self.touch(False)
        self.turn()
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.oscillate, self.run)]
        for thread in self.threads:
            thread.start()

    def plug(self, is_plugged):
        """The proximity contact makes first and breaks last, as the plug's pins are."""
        if is_plugged:
            self.touch(True)
            time.sleep(0.5)
        self.is_plugged = is_plugged
        if not is_plugged:
            self.touch(False)

    def touch(self, is_plugged):
        self.replica.devices.set_millivolts(f"{INLET}.proximity", PLUGGED if is_plugged else UNPLUGGED)

    def oscillate(self):
        try:
            line = self.replica.line(f"{INLET}.duty")
            steady = None
            while not self.stopped.is_set():
                kind, permille = self.signal if self.is_plugged else (0, 0)
                if kind == 3:
                    steady = None
                    self.oscillator.run(permille, 10)
                    continue
                level = int(kind == 1)
                if steady != level:
                    line.pull(level)
                    steady = level
                time.sleep(0.005)
        except Exception as error:  # the test has to hear of it
            self.failure = error

    def run(self):
        try:
            while not self.stopped.wait(0.01):
                self.hear()
                self.turn()
                self.tell()
        except Exception as error:
            self.failure = error

    def hear(self):
        try:
            while True:
                octets = self.socket.recv(64)
                if len(octets) >= 5 and octets[0] == 0x43:
                    self.signal = octets[1], int.from_bytes(octets[2:4], "big")
        except BlockingIOError:
            pass

    def value(self, field):
        return self.replica.level_of(f"{INLET}.{field}")

    @property
    def state(self):
        return "D" if self.value("stateD") else "C" if self.value("stateC") else "B"

    @property
    def is_closed(self):
        """Both poles that carry the current."""
        return all(self.value(f"contactor.poles[{index}].coil") for index in (0, 2))

    def turn(self):
        for what, found in (("state", self.state), ("closed", self.is_closed),
                            *((f"pole {index}", self.value(f"contactor.poles[{index}].coil")) for index in (0, 1, 2)),
                            ("lock", self.value("lock.lock")), ("unlock", self.value("lock.unlock"))):
            if self.last.get(what) != found:
                self.last[what] = found
                self.log.append((time.monotonic(), what, found))
        for index in (0, 2):  # mirror contacts are normally closed
            closed = self.value(f"contactor.poles[{index}].coil") == 1
            if self.last.get(index) != closed:
                self.last[index] = closed
                self.replica.pull(f"{INLET}.contactor.poles[{index}].feedback", not closed)

    def tell(self):
        flags = int(self.is_plugged) | 2 * self.is_closed | {"B": 0, "C": 1, "D": 2}[self.state] << 2
        message = struct.pack(">BBI", 0x56, flags, 0)
        now = time.monotonic()
        if message == self.last.get("message") and now - self.last["sent"] < 0.1:
            return
        self.last["message"], self.last["sent"] = message, now
        try:
            self.socket.sendto(message, self.peer)
        except OSError:
            pass  # no charger is there

    def seen(self, what):
        return [(when, value) for when, name, value in self.log if name == what]

    def expect(self, what, holds, timeout):
        deadline = time.monotonic() + timeout
        while not holds():
            if self.failure:
                raise self.failure
            check(time.monotonic() < deadline, f"no {what} in {timeout} s; on the outside: {self.log[-12:]}")
            time.sleep(0.02)

    def check_safe(self, when):
        """S2 and contactors open, no current for the lock's motor, the economiser off."""
        for row in self.replica.of("output"):
            equal(self.replica.level_of(row.field), int(row.values["stop"]), f"{when}: {row.field}")
        for row in self.replica.of("economiser"):
            check(self.replica.devices.duty(row.field) in row.stop_duties, f"{when}: {row.field} is driven")


class Battery:
    """The battery's management, a client of the control socket ten times a second."""

    def __init__(self, path):
        self.control = Control(path)
        self.closes = []
        self.report = {"ready": True, "socPercent": 40, "millivolts": 390_000, "inletMillivolts": 0,
                       "targetMillivolts": 400_000, "targetMilliamps": 50_000}
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                answer = self.control.call("battery", connector=1, **self.report)
                if self.closes[-1:] != [answer["closeContactor"]]:
                    self.closes.append(answer["closeContactor"])
                self.report["inletMillivolts"] = 390_000 if answer["closeContactor"] else 0
                time.sleep(0.1)
        except (OSError, EOFError, ValueError):
            pass  # the daemon has ended


class Vehicle:
    def __init__(self, rig):
        self.rig = rig
        self.namespace, self.charger, _ = rig.power_line()
        self.replica = Replica(rig.program("PROBE"), BOARD)
        self.cable = rig.run / "cable"
        self.inlet = Inlet(self.replica, self.cable)
        self.site = rig.run / "vehicle.yaml"
        self.site.write_text(SITE.format(board=BOARD, folder=rig.run))
        (rig.run / "vehicle").mkdir()

    def start(self):
        daemon = self.rig.start(self.rig.name("couplerd"), [self.rig.program("COUPLERD"), "--site", self.site, "-v"],
                                self.namespace)
        daemon.expect("couplerd .* 1 inlet", 20)
        return daemon, Battery(self.rig.run / "vehicle.sock")

    def charging_station(self):
        evse = self.rig.coupler("evse", self.charger, "evse", "-i", "se0", "--dc", "--once", "--json", "--pilot", self.cable)
        evse.expect_event("ready", 20)
        return evse


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_a_vehicle_on_the_raspberry_pis_lines(rig):
    """DC at `coupler evse`: 5 % measured by edges, S2, poles one after another, economiser, lock; stopped by its driver."""
    vehicle = Vehicle(rig)
    inlet, evse = vehicle.inlet, vehicle.charging_station()
    daemon, battery = vehicle.start()
    # A bolt that an earlier run may have left out is drawn back first: the motor runs for its pulse, and once more.
    time.sleep(3)
    inlet.check_safe("before a plug")
    inlet.plug(True)
    inlet.expect("state C", lambda: inlet.state == "C", 60)
    inlet.expect("closed contactors", lambda: inlet.is_closed, 30)
    daemon.expect(r"energy energy: \d", 30)
    time.sleep(5)
    check(inlet.is_closed and inlet.state == "C", f"state {inlet.state}, closed: {inlet.is_closed}")
    equal(inlet.replica.devices.duty(f"{INLET}.contactor.economiser"), 400, "duty of the coils' economiser")
    Control(rig.run / "vehicle.sock").call("stop", connector=1)
    inlet.expect("open contactors", lambda: not inlet.is_closed, 20)
    evse.wait(30)
    equal(summary(evse)["outcome"], "completed", "outcome of the charger")
    first = {name: next(when for when, value in inlet.seen(name) if value) for name in ("pole 0", "pole 1", "pole 2", "lock")}
    check(first["lock"] < first["pole 0"] < first["pole 1"] <= first["pole 2"], f"order of lock and poles: {first}")
    equal(battery.closes, [False, True, False], "what the battery was told")
    inlet.plug(False)
    time.sleep(2)
    daemon.child.send_signal(signal.SIGTERM)
    daemon.wait(30)
    time.sleep(0.1)
    inlet.check_safe("after SIGTERM")
    print(f"    {len(inlet.log)} changes on the outside")


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def a_vehicles_daemon_that_is_killed_lets_go_of_everything(rig):
    """SIGKILL while energy flows: S2 and contactors open with the process, and the next start charges again."""
    vehicle = Vehicle(rig)
    inlet, evse = vehicle.inlet, vehicle.charging_station()
    daemon, _ = vehicle.start()
    inlet.plug(True)
    daemon.expect(r"energy energy: \d", 60)
    check(inlet.is_closed, "energy through an open contactor")
    os.kill(daemon.child.pid, signal.SIGKILL)
    daemon.child.wait()
    equal((inlet.state, inlet.is_closed), ("B", False), "pilot and contactors after SIGKILL")
    evse.expect_event("failed", 30)
    inlet.plug(False)
    evse.stop()
    evse = vehicle.charging_station()
    daemon, _ = vehicle.start()
    daemon.expect("cut off in a session", 5)
    inlet.plug(True)
    daemon.expect(r"energy energy: \d", 60)
    kinds = [record.kind for record in journal(rig.run / "vehicle")[0]]
    check("session started" in kinds, f"journal: {kinds}")
    daemon.child.send_signal(signal.SIGTERM)
    daemon.wait(30)
    time.sleep(0.1)
    inlet.check_safe("after SIGTERM")
