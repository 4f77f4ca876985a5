"""couplerd, the daemon, against `coupler ev`: two processes, two namespaces, the power line between them."""

import json
import os
import re
import signal
import socket
import time

from bench import ScenarioFailed
from rig import check_summary, scenario


def daemon(rig, namespace, *arguments):
    """Starts couplerd from beside the command line and waits until it says ready, as it says it to systemd."""
    path = os.path.join(rig.folder.name, rig.name("notify"))
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(20)
    process = rig.start(rig.name("couplerd"), [rig.binary.parent / "couplerd", *arguments], namespace,
                        NOTIFY_SOCKET=path, WATCHDOG_USEC="2000000")
    process.notify = notify
    heard = b""
    while b"READY=1" not in heard:
        try:
            heard += notify.recv(4096)
        except TimeoutError:
            raise ScenarioFailed("couplerd was not ready in 20 s") from None
    return process


def told(process, seconds):
    """What couplerd tells the service manager in that time."""
    process.notify.setblocking(False)
    try:
        while process.notify.recv(4096):
            pass  # what waited there
    except BlockingIOError:
        pass
    process.notify.settimeout(0.2)
    heard, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            heard.append(process.notify.recv(4096).decode())
        except TimeoutError:
            pass
    return heard


def check_safe_end(process):
    """SIGTERM ends it in order, with its outputs safe."""
    process.child.send_signal(signal.SIGTERM)
    process.wait(20)
    if "outputs are safe" not in process.text():
        raise ScenarioFailed("couplerd ended without safe outputs")


@scenario(120)
def a_vehicle_charges_from_the_daemon(rig):
    """The built-in site, DC: from plug-in to plug-out, and a second vehicle after the first."""
    vehicle, charger, _ = rig.line()
    cable = os.path.join(rig.folder.name, "cable")
    couplerd = daemon(rig, charger, "--interface", "se0", "--pilot", cable)
    for _ in range(2):
        ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", 3, "--json", "--pilot", cable)
        ev.wait(60)
        check_summary(ev)
    couplerd.expect_that(lambda: couplerd.text().count("end completed") == 2, "two sessions in order", 10)
    alive = [text for text in told(couplerd, 2.5) if "WATCHDOG=1" in text]
    if not 2 <= len(alive) <= 4:
        raise ScenarioFailed(f"the watchdog was fed {len(alive)} times in 2.5 s, due every second")
    check_safe_end(couplerd)


@scenario(60)
def the_daemon_opens_before_it_stops_in_a_session(rig):
    """SIGTERM while energy flows: the vehicle is told, the session ends in order, then the process."""
    vehicle, charger, _ = rig.line()
    cable = os.path.join(rig.folder.name, "cable")
    couplerd = daemon(rig, charger, "--interface", "se0", "--pilot", cable)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", 60, "--json", "--pilot", cable)
    couplerd.expect(r"energy energy: \d", 40)
    check_safe_end(couplerd)
    text = couplerd.text()
    for wish in (r"safety safety: contactor commanded open", r"end completed: session"):
        if not re.search(wish, text):
            raise ScenarioFailed(f"couplerd stopped without {wish!r}")
    if text.index("contactor commanded open") > text.index("outputs are safe"):
        raise ScenarioFailed("the contactor opened after the outputs were said to be safe")
    ev.wait(20, expected=None)


@scenario(60)
def the_daemon_waits_for_its_interface(rig):
    """Started before the modem's interface is there: ready all the same, and charges when it comes."""
    vehicle, charger, _ = rig.line()
    charger.ip("link", "set", "se0", "down")
    charger.ip("link", "set", "se0", "name", "later0")
    cable = os.path.join(rig.folder.name, "cable")
    couplerd = daemon(rig, charger, "--interface", "se0", "--pilot", cable)
    couplerd.expect("waiting for it", 5)
    charger.ip("link", "set", "later0", "name", "se0")
    charger.ip("link", "set", "se0", "up")
    couplerd.expect("se0 .* is there", 10)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", 2, "--json", "--pilot", cable)
    ev.wait(40)
    check_summary(ev)
    check_safe_end(couplerd)


SITE = """\
board: simulation
control:
  socket: {folder}/control.sock
journal:
  folder: {folder}
connectors:
  - id: 1
    evse-id: DE*CPL*E00001
    interface: se0
    current: dc
    limits: {{current-max: {amperes} A}}
    authorization: control
"""


class Control:
    """A client of the control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.file = self.socket.makefile("rwb")
        self.events = []
        self.number = 0

    def call(self, method, **parameters):
        """The result, or the error object in an exception."""
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}
        self.file.write(json.dumps(message).encode() + b"\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise ScenarioFailed(f"{method}: {answer['error']}")
            else:
                return answer["result"]


def write_site(rig, amperes=100):
    path = os.path.join(rig.folder.name, "site.yaml")
    with open(path, "w") as file:
        file.write(SITE.format(folder=rig.folder.name, amperes=amperes))
    return path


@scenario(120)
def the_daemon_is_steered_by_its_control_socket(rig):
    """A site file: authorized by a client, limited by it and by SIGHUP, stopped by it."""
    vehicle, charger, _ = rig.line()
    cable = os.path.join(rig.folder.name, "cable")
    site = write_site(rig)
    couplerd = daemon(rig, charger, "--site", site, "--pilot", cable)
    control = Control(os.path.join(rig.folder.name, "control.sock"))
    info = control.call("info")
    if (info["board"], info["connectors"]) != ("simulation", [1]):
        raise ScenarioFailed(f"info: {info}")
    control.call("subscribe")
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", 60, "--json", "--pilot", cable)
    couplerd.expect("waiting for an authorization", 30)
    state = control.call("status", connector=1)
    print(f"    {json.dumps(state)[:120]}")
    control.call("authorize", connector=1, granted=True, token="customer 7")
    couplerd.expect(r"energy energy: \d", 30)
    time.sleep(3)
    limits = control.call("limit", connector=1, milliamps=40_000)
    drawn = settle(control, 30_000, 40_500)
    print(f"    limits {limits}, {drawn} mA")
    write_site(rig, amperes=20)
    couplerd.child.send_signal(signal.SIGHUP)
    couplerd.expect("site file read again", 5)
    settle(control, 10_000, 20_500)
    control.call("stop", connector=1)
    ev.wait(20, expected=None)
    couplerd.expect("end completed: session", 10)
    time.sleep(0.5)
    control.call("info")
    kinds = {event["params"]["kind"] for event in control.events}
    if missing := {"pilot", "slac", "session", "outputs", "power", "limits", "ended"} - kinds:
        raise ScenarioFailed(f"no event told of {sorted(missing)}")
    print(f"    events: {sorted(kinds)}")
    check_safe_end(couplerd)


def settle(control, above, most, seconds=10):
    """The current, mA, once it is within these bounds."""
    deadline = time.monotonic() + seconds
    while not above < (drawn := find(control.call("values"), "milliamps")) <= most:
        if time.monotonic() > deadline:
            raise ScenarioFailed(f"{drawn} mA, not above {above} and at most {most}, after {seconds} s")
        time.sleep(0.1)
    return drawn


def find(value, name):
    """The first member of that name, at any depth."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            if (found := find(item, name)) is not None:
                return found
    return None


@scenario(120)
def a_killed_daemon_has_forgotten_nothing_and_charges_again(rig):
    """kill -9 while energy flows. The journal has what was acknowledged; the next start tells, and charges."""
    vehicle, charger, _ = rig.line()
    cable = os.path.join(rig.folder.name, "cable")
    site = write_site(rig)
    couplerd = daemon(rig, charger, "--site", site, "--pilot", cable)
    control = Control(os.path.join(rig.folder.name, "control.sock"))
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", 60, "--json", "--pilot", cable)
    couplerd.expect("waiting for an authorization", 30)
    control.call("authorize", connector=1, granted=True, token="customer 7")
    # Acknowledged: it has to be in the file whatever comes.
    with open(os.path.join(rig.folder.name, "events"), "rb") as file:
        if b"customer 7" not in file.read():
            raise ScenarioFailed("authorize was acknowledged before it was kept")
    couplerd.expect(r"energy energy: \d", 30)
    couplerd.child.kill()
    couplerd.wait(5, expected=None)
    ev.stop()
    again = daemon(rig, charger, "--site", site, "--pilot", cable)
    again.expect("the last run did not stop in order", 5)
    again.expect("cut off in a session", 5)
    control = Control(os.path.join(rig.folder.name, "control.sock"))
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", 2, "--json", "--pilot", cable)
    again.expect("waiting for an authorization", 40)
    control.call("authorize", connector=1, granted=True)
    ev.wait(60)
    check_summary(ev)
    check_safe_end(again)
    third = daemon(rig, charger, "--site", site, "--pilot", cable)
    if "did not stop in order" in third.text():
        raise ScenarioFailed("an ordinary stop was not kept")
    check_safe_end(third)
