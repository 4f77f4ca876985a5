"""couplerd, the daemon, against `coupler ev`: two processes, two namespaces, the power line between them."""

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
