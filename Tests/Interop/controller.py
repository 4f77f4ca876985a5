"""couplerd on a board whose pilot and contactor are a safety controller's, which `coupler controller` plays."""

import os
import time

from bench import ScenarioFailed
from daemon import check_safe_end, daemon
from rig import check_summary, scenario

SITE = """\
board: pionix-belaybox
log:
  level: debug
  target: stderr
journal:
  folder: {folder}
connectors:
  - id: 1
    evse-id: DE*CPL*E00001
    interface: se0
    current: ac
    authorization: free
"""
HOST_SILENCE = 5.0  # s, of the played controller, as of the public driver's


class Board:
    """A BelayBox whose Yeti is played: the daemon at one end of its line, a vehicle's cable at the other."""

    def __init__(self, rig):
        self.rig = rig
        self.vehicle, self.charger, _ = rig.line()
        folder = rig.folder.name
        self.cable, self.line, orders = (os.path.join(folder, name) for name in ("cable", "yeti", "orders"))
        self.site = os.path.join(folder, "site.yaml")
        with open(self.site, "w") as file:
            file.write(SITE.format(folder=folder))
        # Opened for both ways it is never at its end.
        os.mkfifo(orders)
        self.orders = os.open(orders, os.O_RDWR)
        self.controller = rig.start(
            rig.name("controller"),
            ["sh", "-c", 'exec "$0" "$@" < ' + orders, rig.binary, "controller", "--kind", "yeti", "--link", self.line,
             "--pilot", self.cable, "--host-silence", HOST_SILENCE, "--json"])
        self.controller.expect_event("ready", 15)

    def order(self, line):
        os.write(self.orders, f"{line}\n".encode())

    def daemon(self):
        couplerd = daemon(self.rig, self.charger, "--site", self.site, "--controller", f"yeti={self.line}")
        couplerd.expect(r"controller up: yeti: answers", 20)
        return couplerd

    def plug_in(self, seconds):
        return self.rig.coupler("ev", self.vehicle, "ev", "--interface", "ev0", "--ac", "--seconds", seconds, "--json",
                                "--pilot", self.cable)

    def outputs(self):
        """What the controller was told to drive, in order."""
        return [event for event in self.controller.events() if event["event"] == "outputs"]

    def is_closed(self):
        return bool(outputs := self.outputs()) and outputs[-1]["closed"]

    def expect_closed(self, closed, seconds):
        self.controller.expect_that(lambda: self.is_closed() == closed,
                                    "closed contacts" if closed else "open contacts", seconds)

    def charge(self, couplerd):
        """One session in order."""
        ev = self.plug_in(3)
        self.expect_closed(True, 60)
        ev.wait(60)
        check_summary(ev)
        self.expect_closed(False, 5)
        couplerd.expect("end completed", 10)


@scenario(150)
def a_vehicle_charges_behind_a_safety_controller(rig):
    """SLAC, ISO 15118 and a contactor that the controller closes: its pilot moved by the vehicle, its duty by couplerd."""
    board = Board(rig)
    couplerd = board.daemon()
    board.charge(couplerd)
    board.controller.expect_that(lambda: board.outputs()[-1]["permille"] == 1000, "+12 V without a vehicle", 10)
    closed = [event for event in board.outputs() if event["closed"]]
    if {event["permille"] for event in closed} != {50} or not all(event["allowsPower"] for event in closed):
        raise ScenarioFailed(f"closed without 5 % or without leave: {closed}")
    check_safe_end(couplerd)
    if (last := board.outputs()[-1])["permille"] != 0 or last["allowsPower"]:
        raise ScenarioFailed(f"left behind: {last}")


@scenario(200)
def a_killed_daemon_leaves_it_to_the_controller_to_open(rig):
    """kill -9 while energy flows: the controller opens by itself, within its own time; the next start charges."""
    board = Board(rig)
    couplerd = board.daemon()
    # A vehicle that holds S2 closed whatever becomes of the session: its pilot is moved by orders.
    board.order("pilot B")
    ev = rig.coupler("ev", board.vehicle, "ev", "--interface", "ev0", "--ac", "--seconds", 60, "--json")
    couplerd.expect("received: <- PowerDeliveryReq", 60)
    board.order("pilot C")
    board.expect_closed(True, 10)
    time.sleep(2)
    if not board.is_closed():
        raise ScenarioFailed("it does not last")
    couplerd.child.kill()
    killed = time.monotonic()
    couplerd.wait(5, expected=None)
    board.expect_closed(False, HOST_SILENCE + 1)
    print(f"    open {time.monotonic() - killed:.2f} s after SIGKILL, by the controller's own time of {HOST_SILENCE} s")
    if not any(event["event"] == "host" and event["silent"] for event in board.controller.events()):
        raise ScenarioFailed("the controller did not miss its host")
    ev.stop()
    board.order("pilot A")
    couplerd = board.daemon()
    couplerd.expect("cut off in a session", 5)
    board.charge(couplerd)
    check_safe_end(couplerd)


@scenario(200)
def a_controller_that_falls_silent_ends_the_session(rig):
    """Told in the log and as the reason, opened, and charging again once the controller speaks."""
    board = Board(rig)
    couplerd = board.daemon()
    ev = board.plug_in(60)
    board.expect_closed(True, 60)
    board.order("mute")
    couplerd.expect(r"controller down: yeti: the safety controller has been silent for 5000 ms", 10)
    board.expect_closed(False, 10)
    ev.wait(30, expected=None)
    board.order("speak")
    couplerd.expect_that(lambda: couplerd.text().count("controller up") == 2, "a link that is up again", 20)
    if "welded" in couplerd.text():
        raise ScenarioFailed("nobody knew the contacts, and they were called welded")
    board.charge(couplerd)
    # And the line itself.
    board.order("line unplugged")
    couplerd.expect(r"controller line: yeti: cannot", 10)
    board.order("line plugged")
    couplerd.expect(r"controller line: yeti: is there again", 10)
    couplerd.expect_that(lambda: couplerd.text().count("controller up") == 3, "a link that is up again", 20)
    check_safe_end(couplerd)
