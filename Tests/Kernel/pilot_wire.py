"""The outside of a charger's board: pilot wire, contactor, lock, and the vehicle at the end of the cable.

Reads what the daemon drives onto simulated lines and PWM files, and turns voltages and contacts as the circuit would.
The vehicle is a process at a cable of sockets (`coupler ev --pilot PATH`), or the test itself (`plug`, `load`).
"""

import os
import socket
import struct
import threading
import time

from bench import ScenarioFailed
from guest_rig import check

PERIOD = 0.01
SILENCE = 0.5  # a vehicle not heard for so long is unplugged
REPEAT = 0.1
LEVELS = {"A": 12_000, "B": 9_000, "C": 6_000, "D": 3_000}


class Wire:
    """Runs beside the test, 100 times a second by the guest's clock."""

    def __init__(self, replica, cable=None, outlet="outlets[0]"):
        self.replica, self.outlet = replica, outlet
        self.state = "A"  # what the vehicle makes of the pilot
        self.position = 3_100  # mV of the lock's sensor: open
        self.log = []  # (time, what, value), as it was seen on the outside
        self.contactor_stuck = None
        self.is_vehicle_process = cable is not None
        self.heard = 0.0
        self.sent = 0.0
        self.last = {}
        self.failure = None
        self.keeps = {row.field: row.crash()[0] != "released" for row in replica.of("output")}
        self.pipe = os.open(replica.trace.FOLDER / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        self.pending = b""
        self.numbers = {replica.trace.number(replica.line(row)): row for row in replica.of("output")}
        if cable:
            self.path = str(cable)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(self.path)
            self.socket.setblocking(False)
        self.settle()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    # What does not move by itself.

    def settle(self):
        for row in self.replica.of("output"):
            how, value = row.crash()
            line = self.replica.line(row)
            if row.is_open_drain:
                line.pull(1)
            else:
                line.pull(row.level(value if how == "released" else 0))
        for row in self.replica.of("input"):
            # Inactive: no fault, no stop button pressed.
            line = self.replica.line(row)
            line.pull(row.level(0))
        for field in self.replica.devices.adcs:
            self.replica.devices.set_millivolts(field, 1_650)
        if f"{self.outlet}.proximity" in self.replica.devices.adcs:
            thresholds = self.replica.row(f"{self.outlet}.proximity").values["device"] == "2198000.adc"
            # A cable of 32 A: 220 ohm.
            self.replica.devices.set_millivolts(f"{self.outlet}.proximity", 1_000 if thresholds else 595)
        self.step()

    # One turn.

    def run(self):
        try:
            while not self.stopped.wait(PERIOD):
                self.step()
        except Exception as error:  # the test has to hear of it
            self.failure = error

    def step(self):
        self.follow_lines()
        self.hear()
        self.turn_pilot()
        self.turn_contactor()
        self.turn_lock()
        self.turn_residual_current()
        self.tell()

    def follow_lines(self):
        """A controller that keeps the last value of a line that is let go: the simulated one does not."""
        try:
            while octets := os.read(self.pipe, 65536):
                self.pending += octets
        except BlockingIOError:
            pass
        *lines, self.pending = self.pending.split(b"\n")
        for text in lines:
            event = self.replica.trace.parse(text.decode(errors="replace"))
            row = self.numbers.get(event[1]) if event else None
            level = self.replica.trace.level(event, row.is_open_drain) if row else None
            if level is None:
                continue
            value = level ^ row.is_active_low
            if self.last.get(row.field) != value:
                self.last[row.field] = value
                if ".reset." not in row.field:
                    self.log.append((event[0], row.field, value))
            if self.keeps[row.field]:
                self.replica.line(row).pull(level)

    def value(self, field):
        """The logical value on the wire of an output, whoever holds it."""
        return self.replica.level_of(field)

    def duty(self):
        enable = f"{self.outlet}.generator.enable"
        if enable in self.replica.by_field and not self.value(enable):
            return 1000  # the stage stands at +12 V until it is enabled
        duty = self.replica.devices.duty(f"{self.outlet}.generator.pwm")
        return 1000 if duty is None else duty

    def turn_pilot(self):
        duty = self.duty()
        if self.last.get("duty") != duty:
            self.last["duty"] = duty
            self.log.append((time.monotonic(), "duty", duty))
        high = LEVELS[self.state] if duty > 0 else -12_000
        low = -12_000 if duty < 1000 else high
        if self.last.get("levels") != (high, low):
            self.last["levels"] = (high, low)
            self.replica.devices.set_millivolts(f"{self.outlet}.levels.high", high)
            self.replica.devices.set_millivolts(f"{self.outlet}.levels.low", low)

    def turn_contactor(self):
        closed = self.is_closed
        if self.last.get("closed") != closed:
            self.last["closed"] = closed
            self.log.append((time.monotonic(), "closed", closed))
            # Mirror contacts are normally closed.
            self.replica.pull(f"{self.outlet}.contactor.poles[0].feedback", not closed)

    @property
    def is_closed(self):
        if self.contactor_stuck is not None:
            return self.contactor_stuck
        return self.value(f"{self.outlet}.contactor.poles[0].coil") == 1

    def turn_lock(self):
        for field, millivolts in ((f"{self.outlet}.lock.lock", 300), (f"{self.outlet}.lock.unlock", 3_100)):
            if self.value(field) == 1:
                self.position = millivolts
        if self.last.get("position") != self.position:
            self.last["position"] = self.position
            self.log.append((time.monotonic(), "locked", self.position < 1_000))
            self.replica.devices.set_millivolts(f"{self.outlet}.lock.position", self.position)

    def turn_residual_current(self):
        """The monitor trips as long as its test asks for it."""
        monitor = f"{self.outlet}.monitoring.residualCurrent"
        if f"{monitor}.test" not in self.replica.by_field:
            return
        tripped = self.value(f"{monitor}.test") == 1
        if self.last.get("tripped") != tripped:
            self.last["tripped"] = tripped
            self.log.append((time.monotonic(), "tripped", tripped))
            self.replica.pull(monitor, tripped)

    # The vehicle in another process: the messages of CableSocket.

    def hear(self):
        if not self.is_vehicle_process:
            return
        try:
            while True:
                octets = self.socket.recv(64)
                if len(octets) >= 6 and octets[0] == 0x56:
                    self.heard = time.monotonic()
                    plugged, load = octets[1] & 1, octets[1] >> 2 & 3
                    self.state = {0: "B", 1: "C", 2: "D"}.get(load, "B") if plugged else "A"
        except BlockingIOError:
            pass
        if self.state != "A" and time.monotonic() - self.heard > SILENCE:
            self.state = "A"

    def tell(self):
        if not self.is_vehicle_process:
            return
        duty = self.duty()
        kind = 1 if duty >= 1000 else 2 if duty <= 0 else 3
        message = struct.pack(">BBHBIIBII", 0x43, kind, duty if kind == 3 else 0, int(self.is_closed),
                              350_000, 230_000 if self.is_closed else 0, 35, 400_000, 16_000)
        now = time.monotonic()
        if message == self.last.get("message") and now - self.sent < REPEAT:
            return
        self.last["message"], self.sent = message, now
        try:
            self.socket.sendto(message, self.path + ".ev")
        except OSError:
            pass  # nobody is plugged in

    # For the test.

    def expect(self, what, holds, timeout):
        deadline = time.monotonic() + timeout
        while not holds():
            if self.failure:
                raise self.failure
            if time.monotonic() > deadline:
                raise ScenarioFailed(f"no {what} in {timeout} s; on the outside: {self.log[-12:]}")
            time.sleep(0.02)

    def seen(self, what):
        return [(when, value) for when, name, value in self.log if name == what]

    def check_safe(self, when):
        """Contactor open, no current for the lock's motor, every line and the pilot at their stop values."""
        time.sleep(5 * PERIOD)  # until the circuit has followed the last of them
        check(not self.is_closed, f"{when}: the contactor is closed")
        for row in self.replica.of("output"):
            check(self.value(row.field) == int(row.values["stop"]),
                  f"{when}: {row.field} is {self.value(row.field)}, not {row.values['stop']}")
        for row in self.replica.of("pwm", "economiser"):
            check(self.replica.devices.duty(row.field) in row.stop_duties,
                  f"{when}: {row.field} is at {self.replica.devices.duty(row.field)} permille, not {row.stop_duties}")

    def stop(self):
        self.stopped.set()
        self.thread.join(5)
