"""The pilot between a stranger and `coupler evse|ev --pilot PATH`."""

import os
import socket
import struct
import threading
import time


class Wrong(Exception):
    """What was expected and what came instead."""


class Cable:
    """One end of the pilot that `coupler evse|ev --pilot PATH` has at the other: datagrams every 100 ms."""

    def __init__(self, path, vehicle):
        self.path, self.peer = (path + ".ev", path) if vehicle else (path, path + ".ev")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.socket.bind(self.path)
        self.socket.settimeout(0.05)
        self.vehicle = vehicle
        self.out = b""
        self.heard = None
        self.changed = threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        due = 0
        while True:
            if self.out and time.monotonic() >= due:
                self.tell()
                due = time.monotonic() + 0.1
            try:
                octets = self.socket.recv(64)
            except TimeoutError:
                continue
            with self.changed:
                self.heard = octets
                self.changed.notify_all()

    def tell(self):
        try:
            self.socket.sendto(self.out, self.peer)
        except OSError:
            pass  # the other end is not there yet, or gone

    def say(self, octets):
        self.out = octets
        self.tell()

    def until(self, holds, seconds, what):
        with self.changed:
            if not self.changed.wait_for(lambda: self.heard is not None and holds(self.heard), seconds):
                raise Wrong(f"pilot: no {what} in {seconds} s")

    def close(self):
        if os.path.exists(self.path):
            os.unlink(self.path)


class VehiclePilot(Cable):
    """S2 and the plug of a vehicle; reads the charger's signal."""

    def __init__(self, path):
        super().__init__(path, vehicle=True)

    def plug(self, plugged=True, charging=False):
        self.say(bytes([0x56, (1 if plugged else 0) | (4 if charging else 0), 0, 0, 0, 0]))

    def await_five_percent(self, seconds=6):
        self.until(lambda octets: octets[1] == 3 and int.from_bytes(octets[2:4], "big") == 50, seconds, "5 %")

    def await_no_pwm(self, seconds=6):
        self.until(lambda octets: octets[1] != 3, seconds, "end of the PWM")


class ChargerPilot(Cable):
    """The signal of a charger; hears what the vehicle's switches do."""

    def __init__(self, path):
        super().__init__(path, vehicle=False)
        self.signal()

    def signal(self, kind=1, permille=0):
        """1: steady high, 2: steady low, 3: PWM."""
        self.say(struct.pack(">BBHBIIBII", 0x43, kind, permille, 0, 400_000, 0, 40, 400_000, 10_000))

    def five_percent(self):
        self.signal(3, 50)

    def await_plug(self, seconds=20):
        self.until(lambda octets: octets[1] & 1, seconds, "plug")

    def charging(self):
        """S2 is closed: state C."""
        return self.heard is not None and self.heard[1] >> 2 & 3 == 1
