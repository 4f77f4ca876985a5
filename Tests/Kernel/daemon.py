"""couplerd on a replica of its board: sessions with `coupler ev`, over the kernel's own network and simulated lines."""

import os
import signal
import subprocess
import threading
import time

from control import Control, journal
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


SITE = """
board: {board}
log:
  level: trace
  target: stderr
control:
  socket: {folder}/control.sock
journal:
  folder: {folder}/journal
connectors:
  - id: 1
    evse-id: DE*CPL*E00001
    interface: se0
    current: {current}
    authorization: {authorization}
"""
WATCHDOG = """
watchdog:
  device: /dev/watchdog0
  timeout: 10 s
"""


class Station:
    """A board's replica with its daemon, and a vehicle's place at the other end of cable and power line."""

    def __init__(self, rig, board, authorization="free", more="", current="ac", options=None,
                 starts=True):
        self.rig, self.current = rig, current
        self.vehicle, charger, _ = rig.power_line()
        self.replica = Replica(rig.program("PROBE"), board)
        self.cable = rig.run / "cable"
        # A board without a pilot of its own has a simulated one, and its cable is the daemon's.
        has_pilot = "outlets[0].generator.pwm" in self.replica.by_field
        self.wire = Wire(self.replica, self.cable) if has_pilot else None
        if not has_pilot:
            for row in self.replica.of("input"):  # no fault, no stop button pressed
                self.replica.pull(row.field, 0)
        self.folder = rig.run
        (self.folder / "journal").mkdir()
        site = self.folder / "site.yaml"
        site.write_text(SITE.format(board=board, folder=self.folder, authorization=authorization, current=current) + more)
        if options is None:
            options = [] if has_pilot else ["--pilot", self.cable]
        self.service = Service(rig, charger, "--site", site, *options)
        if starts:
            self.service.start()

    def ready(self):
        self.service.process.expect("couplerd .* 1 connector", 20)
        if self.wire:
            self.wire.expect("pilot at +12 V", lambda: self.wire.duty() == 1000, 20)
        for row in self.replica.of("steady"):
            equal(self.replica.devices.duty(row.field), int(row.values["duty"]), f"duty of {row.field}")

    def control(self):
        return Control(self.folder / "control.sock")

    def journal(self):
        return journal(self.folder / "journal")[0]

    def plug_in(self, *options):
        return self.rig.coupler("ev", self.vehicle, "ev", "-i", "ev0", f"--{self.current}", "--json", "-v", "--pilot", self.cable,
                                *options)


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_on_the_tarragons_lines(rig):
    charges(rig, "chargebyte-tarragon")


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
    return wire


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_on_the_raspberry_pis_lines(rig):
    """A pull-up at the mirror contact, peak detectors, a residual current monitor that is tested before each session."""
    wire = charges(rig, "raspberrypi-qca7000")
    closed = next(when for when, value in wire.seen("closed") if value)
    tests = [when for when, value in wire.seen("tripped") if value]
    check(tests and tests[0] < closed, f"the monitor was tested at {tests}, the contactor closed at {closed}")


def charges_with_a_simulated_pilot(rig, board, has_stage=True):
    """Two sessions in a row on a board that is a modem with Linux: its lines are held, the rest is simulated."""
    more = "" if has_stage else "    power-stage: {source: control}\n"
    station = Station(rig, board, current="dc", more=more)
    station.ready()
    stage = None if has_stage else Stage(station.folder / "control.sock")
    for row in station.replica.of("output"):
        equal(station.replica.level_of(row.field), int(row.values["start"]), f"start value of {row.field}")
        check(station.replica.driven(row), f"nobody drives {row.field}")
    for number in (1, 2):
        ev = station.plug_in("--seconds", 5)
        ev.wait(200)
        found = summary(ev)
        equal(found["outcome"], "completed", f"outcome of session {number}")
        check(found["wattHours"] > 0, f"session {number} gave no energy: {found}")
        time.sleep(2)
    if stage:
        stage.check_charged()
        check(any(command["insulationTest"] for command in stage.commands), f"no insulation test: {stage.commands}")
        most = max(event["milliamps"] for event in ev.events() if event.get("event") == "energy")
        equal(most, 60_000, "highest current that the vehicle was told, mA")
    kinds = [record.kind for record in station.journal()]
    equal(kinds.count("session ended"), 2, f"sessions in the journal {kinds}")
    station.service.stop()


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_behind_the_modem_of_evacharge_se(rig):
    """Its power stage is a program at the control socket."""
    charges_with_a_simulated_pilot(rig, "chargebyte-evacharge-se", has_stage=False)


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_on_any_machine(rig):
    charges_with_a_simulated_pilot(rig, "generic")


class Stage(threading.Thread):
    """The power stage of a DC outlet whose board has none: another program, which drives it by the control socket."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.control = Control(path)
        self.commands = []
        self.reports = []
        self.failure = None
        self.start()

    def run(self):
        try:
            command, testing = {"enabled": False, "insulationTest": False}, 0
            while True:
                testing = testing + 1 if command["insulationTest"] else 0
                insulation = "testing" if 0 < testing < 5 else "valid"
                enabled = command["enabled"]
                report = {"millivolts": command["millivolts"] if enabled else 0,
                          "milliamps": min(command["milliamps"], 60_000) if enabled else 0, "milliampsMax": 60_000,
                          "insulation": insulation}
                self.reports.append(report)
                command = self.control.call("power", connector=1, **report)
                if self.commands[-1:] != [command]:
                    self.commands.append(command)
                time.sleep(0.1)
        except (OSError, EOFError):
            pass  # the daemon has ended
        except Exception as error:  # the test has to hear of it
            self.failure = error

    def check_charged(self):
        if self.failure:
            raise self.failure
        check(max(report["milliamps"] for report in self.reports) > 2_000, "no current was asked for")
        check(not self.commands[-1]["enabled"], f"the stage is left enabled: {self.commands[-1]}")


class PlayedController:
    """`coupler controller` at the port that the board names. Its reset is wired to the board's line once there is one."""

    def __init__(self, rig, kind, device):
        orders = rig.run / "orders"
        os.mkfifo(orders)
        self.orders = os.open(orders, os.O_RDWR)  # open for both ways it is never at its end
        self.process = rig.start("controller", [
            "sh", "-c", f'exec "$0" "$@" <{orders}', rig.program("COUPLER"), "controller", "--kind", kind, "--link", device,
            "--pilot", rig.run / "cable", "--json"])
        self.process.expect_event("ready", 15)

    def wire_reset(self, replica):
        threading.Thread(target=self.follow, args=(replica,), daemon=True).start()

    def follow(self, replica):
        is_held = False
        while True:
            if replica.level_of("links[0].reset") != is_held:
                is_held = not is_held
                os.write(self.orders, b"hold\n" if is_held else b"reset\n")
            time.sleep(0.002)

    def outputs(self):
        return [event for event in self.process.events() if event["event"] == "outputs"]


def charges_behind_a_controller(rig, board, kind, device, current):
    """Pilot and contactor are a safety controller's."""
    controller = PlayedController(rig, kind, device)
    outputs = controller.outputs
    station = Station(rig, board, current=current, options=[], starts=False)
    controller.wire_reset(station.replica)
    station.service.start()
    station.ready()
    station.service.process.expect("controller up: ", 20)
    reset = station.replica.row("links[0].reset")
    driven = station.replica.driven(reset)
    equal(driven[-2:], [reset.level(1), reset.level(0)], f"pulse on {reset.field}, of {driven}")
    stage = Stage(station.folder / "control.sock") if current == "dc" else None
    ev = station.plug_in("--seconds", 5)
    ev.wait(200)
    equal(summary(ev)["outcome"], "completed", "outcome of the vehicle")
    if stage:
        check(any(command["enabled"] for command in stage.commands), f"the stage was never enabled: {stage.commands}")
        check(not stage.commands[-1]["enabled"], f"the stage is left enabled: {stage.commands[-1]}")
    time.sleep(3)
    told = [(event["closed"], event["permille"]) for event in outputs()]
    check((True, 50) in told, f"not closed at 5 %: {told}")
    check(not told[-1][0], f"closed after the session: {told[-1]}")
    station.service.stop()
    time.sleep(0.5)
    last = outputs()[-1]
    equal((last["closed"], last["allowsPower"]), (False, False), "what the controller was told last")
    print(f"    closed and opened by a {kind}, {len(told)} orders of the daemon")


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_behind_the_belayboxs_controller(rig):
    charges_behind_a_controller(rig, "pionix-belaybox", "yeti", "/dev/serial0", "ac")


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_behind_the_charge_soms_controller(rig):
    charges_behind_a_controller(rig, "chargebyte-charge-som", "chargebyte", "/dev/ttyLP2", "dc")


@scenario(limit=400, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def couplerd_charges_coupler_ev_behind_the_phyversos_controller(rig):
    charges_behind_a_controller(rig, "phytec-phyverso", "phyverso", "/dev/coupler-mcu", "dc")


PHASES = ("idle", "pilot", "matching", "joining", "discovery", "setup", "preparation", "energy", "stopping", "finished")


def killed_in(station, phase):
    """A session that is cut off by SIGKILL in this phase. What was acknowledged until then: tokens of customers."""
    service, wire = station.service, station.wire
    client = station.control()
    began = len(station.journal())
    client.call("subscribe")
    token, acknowledged = f"customer-{phase}", []
    ev = station.plug_in("--seconds", 3) if phase != "idle" else None
    deadline = time.monotonic() + 60
    while not (ev is None or f"phase phase: {phase}" in (text := service.process.text())):
        if not acknowledged and "waiting for an authorization" in text:
            client.call("authorize", connector=1, token=token)
            acknowledged.append(token)
        check(time.monotonic() < deadline, f"no phase {phase} in 60 s")
        time.sleep(0.01)
    closed = wire.is_closed
    before = station.journal()
    service.kill()
    killed = time.monotonic()
    told = client.drain()
    time.sleep(0.2)  # until systemd has noticed
    equal(wire.is_closed, closed, f"contactor after SIGKILL in {phase}, on a board whose lines keep their value")
    service.make_safe()
    wire.expect("safe outputs", lambda: not wire.is_closed, 1)
    within = time.monotonic() - killed
    time.sleep(0.05)  # the circuit follows a hundred times a second
    wire.check_safe(f"killed in {phase}")
    equal(wire.replica.devices.duty("outlets[0].generator.pwm"), 0, f"PWM after a kill in {phase}")
    if ev:
        ev.stop()
        wire.expect("empty outlet", lambda: wire.state == "A", 5)
    records = station.journal()
    equal(records[:len(before)], before, f"records from before the kill in {phase}")
    tokens = [record.text for record in records if record.kind == "authorization"]
    for kind, record in (("fault", "fault"), ("ended", "session ended")):
        events = sum(event["params"]["kind"] == kind for event in told)
        kept = sum(one.kind == record for one in records[began:])
        check(events <= kept, f"{events} times {kind!r} was told and {kept} kept: {records[began:]}")
    for acknowledgement in acknowledged:
        check(acknowledgement in tokens, f"{acknowledgement} was acknowledged and is not in the journal: {tokens}")
    print(f"    {phase}: contactor {'closed' if closed else 'open'}, outputs safe {within:.2f} s after SIGKILL, "
          f"{len(told)} events told, {len(records)} records")
    return records


@scenario(limit=600, virtual=True, needs=["PROBE", "COUPLER", "COUPLERD"])
def kill_9_in_every_phase_leaves_safe_outputs_and_the_whole_journal(rig):
    station = Station(rig, "chargebyte-tarragon", "control")
    for phase in PHASES:
        station.ready()
        records = killed_in(station, phase)
        station.service.start()
        station.ready()
        # What the killed run had locked is let go: nobody is plugged in.
        station.wire.expect(f"open lock after a kill in {phase}", lambda: station.wire.position > 1_000, 20)
        after = station.journal()
        equal(after[:len(records)], records, f"records after the restart from {phase}")
        equal([record.sequence for record in after], list(range(after[0].sequence, after[0].sequence + len(after))),
              "sequence numbers")
    # And the next session works.
    client = station.control()
    ev = station.plug_in("--seconds", 3)
    station.service.process.expect("waiting for an authorization", 60)
    client.call("authorize", connector=1, token="customer-last")
    ev.wait(120)
    equal(summary(ev)["outcome"], "completed", "outcome of the session after all")
    equal(station.journal()[-1].kind, "session ended", "last record")
    station.service.stop()
    station.wire.check_safe("after SIGTERM")


@scenario(limit=600, virtual=True, needs=["PROBE", "COUPLERD"])
def a_car_without_digital_communication_charges_at_a_nominal_duty(rig):
    """The test itself is the vehicle: plugs in, never asks for SLAC, closes S2 at a nominal duty, opens it, goes."""
    station = Station(rig, "chargebyte-tarragon")
    wire = station.wire
    wire.is_vehicle_process = False
    station.ready()
    wire.state = "B"
    wire.expect("5 %", lambda: wire.duty() == 50, 10)
    check(not wire.is_closed, "contactor closed in state B")
    # Nobody asks for SLAC: after the tries of ISO 15118-3 the charger offers what it has by IEC 61851-1.
    wire.expect("a nominal duty", lambda: 100 <= wire.duty() <= 960, 300)
    check(not wire.is_closed, "contactor closed in state B")
    duty = wire.duty()
    wire.state = "C"
    wire.expect("closed contactor", lambda: wire.is_closed, 10)
    check(wire.position < 1_000, "closed on a plug that is not locked")
    time.sleep(5)
    check(wire.is_closed, "the contactor opened by itself")
    wire.state = "B"
    left = time.monotonic()
    wire.expect("open contactor", lambda: not wire.is_closed, 5)
    opened = time.monotonic() - left
    check(opened <= 0.2, f"the contactor opened {opened:.2f} s after state C was left")
    wire.state = "A"
    wire.expect("open lock", lambda: wire.position > 1_000, 20)
    print(f"    nominal duty {duty / 10} %, contactor open {opened * 1000:.0f} ms after state C was left")
    station.service.stop()
    wire.check_safe("after SIGTERM")


@scenario(limit=300, virtual=True, needs=["PROBE", "COUPLERD"])
def a_daemon_that_hangs_is_restarted_with_the_system_by_the_watchdog(rig):
    """Where nothing else makes outputs safe: the reset that the board's description counts on comes, and only then."""
    station = Station(rig, "chargebyte-tarragon", more=WATCHDOG)
    station.ready()
    time.sleep(15)
    check(station.service.process.running, "the daemon ended")
    station.service.stop()
    time.sleep(15)  # disarmed at an orderly end: no restart
    station.service.start()
    station.ready()
    station.service.process.child.send_signal(signal.SIGSTOP)
    time.sleep(5)  # still within the watchdog's time
    rig.expect_restart(0, 5.5)
    time.sleep(30)
    check(False, "no restart within 35 s")


@scenario(limit=300, virtual=True, needs=["PROBE", "COUPLERD"])
def a_daemon_that_dies_where_nobody_makes_outputs_safe_is_followed_by_the_watchdog(rig):
    """SIGKILL, and no service manager that runs --safe-state: the armed watchdog stays armed."""
    station = Station(rig, "chargebyte-tarragon", more=WATCHDOG)
    station.ready()
    time.sleep(15)
    station.service.kill()
    rig.expect_restart(5, 10.5)
    time.sleep(30)
    check(False, "no restart within 30 s")
