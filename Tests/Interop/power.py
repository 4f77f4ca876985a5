"""A power stage that another program drives: Python plays it over the control socket, couplerd charges a vehicle from it."""

import json
import os
import re
import threading
import time

from bench import ScenarioFailed
from daemon import Control, check_safe_end, daemon
from rig import check_summary, scenario

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
    authorization: free
    power-stage: {{source: control, silence-max: 3 s}}
"""


class Stage(threading.Thread):
    """A charge controller with rectifiers, meter and insulation monitor, in a few lines of JSON-RPC."""

    def __init__(self, rig):
        super().__init__(daemon=True)
        self.control = Control(os.path.join(rig.folder.name, "control.sock"))
        self.told = set()  # what the vehicle may be told: (mV, mA)
        self.commands = []
        self.failed = None
        self.is_over = False
        self.insulation = "valid"
        self.ready = True
        self.most = 87_400  # mA it can give

    def run(self):
        command = {"enabled": False, "insulationTest": False}
        millivolts = milliamps = tested = 0
        try:
            while not self.is_over:
                tested = tested + 1 if command["insulationTest"] else 0
                insulation = ("testing" if tested < 8 else self.insulation) if tested else self.insulation
                if not command["enabled"]:
                    millivolts, milliamps = 0, 0
                elif command["milliamps"] > 2000:
                    # On the battery now: its voltage stays, the current climbs.
                    milliamps = min(command["milliamps"], milliamps + 9_700)
                else:
                    millivolts, milliamps = min(command["millivolts"], millivolts + 100_300), 0
                self.told.add((millivolts, milliamps))
                command = self.control.call(
                    "power", connector=1, millivolts=millivolts, milliamps=milliamps, insulation=insulation,
                    ready=self.ready, milliampsMax=self.most)
                if not self.commands or self.commands[-1] != command:
                    self.commands.append(command)
                time.sleep(0.1)
        except (ScenarioFailed, OSError, ValueError) as problem:
            self.failed = problem

    def end(self):
        self.is_over = True
        self.join(5)
        if self.failed:
            raise ScenarioFailed(f"the power stage: {self.failed}")


def station(rig):
    """couplerd whose DC outlet has no power stage of its own, and a vehicle's namespace."""
    vehicle, charger, _ = rig.line()
    site, cable = (os.path.join(rig.folder.name, name) for name in ("site.yaml", "cable"))
    with open(site, "w") as file:
        file.write(SITE.format(folder=rig.folder.name))
    couplerd = daemon(rig, charger, "--site", site, "--pilot", cable)

    def plug_in(seconds):
        return rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--dc", "--seconds", seconds, "--json",
                           "--pilot", cable)

    return couplerd, plug_in


def check_order(process, first, second):
    """A line of the log comes after another."""
    text = process.text()
    start = re.search(first, text)
    if not start or not re.search(second, text[start.end():]):
        raise ScenarioFailed(f"no {second!r} after {first!r}")


@scenario(120)
def a_python_power_stage_charges_a_vehicle_from_the_daemon(rig):
    """What the vehicle is told is what the stage told; what the stage is told stays within what it can give."""
    couplerd, plug_in = station(rig)
    stage = Stage(rig)
    stage.start()
    ev = plug_in(6)
    ev.wait(80)
    summary = check_summary(ev)
    stage.end()
    seen = {(event["millivolts"], event["milliamps"]) for event in ev.events() if "millivolts" in event}
    print(f"    the vehicle saw {sorted(seen)[-3:]}, the stage was told {json.dumps(stage.commands[-2:])}")
    if len(seen) < 3 or not seen <= stage.told:
        raise ScenarioFailed(f"the vehicle saw {sorted(seen - stage.told)}, which the stage never told")
    if max(milliamps for _, milliamps in seen) != 87_400:
        raise ScenarioFailed(f"the vehicle never had the 87.4 A that the stage can give: {sorted(seen)}")
    if max(command["milliamps"] for command in stage.commands) > 87_400:
        raise ScenarioFailed(f"the stage was told to give more than it can: {stage.commands}")
    if stage.commands[-1]["enabled"] or not any(command["insulationTest"] for command in stage.commands):
        raise ScenarioFailed(f"the stage's commands were {stage.commands}")
    enabled = [command["enabled"] for command in stage.commands]
    if enabled.index(True) == 0:
        raise ScenarioFailed("enabled before anything was plugged in")
    if not summary.get("wattHours", 0) > 0:
        raise ScenarioFailed(f"no energy was counted: {summary}")
    check_safe_end(couplerd)


@scenario(120)
def a_power_stage_that_falls_silent_ends_the_charge(rig):
    """Nothing more comes while energy flows: off, open, told by its name; the vehicle hears of a malfunction."""
    couplerd, plug_in = station(rig)
    stage = Stage(rig)
    stage.start()
    ev = plug_in(60)
    couplerd.expect(r"energy energy: .* [1-9]\d*\.\d A", 60)
    stage.end()  # it hangs: its connection stays
    couplerd.expect("powerStageSilent|fell silent", 10)
    ev.wait(20, expected=None)
    check_order(couplerd, "nothing heard for 3000 ms", "contactor commanded open")
    check_order(couplerd, "power stage disabled", "contactor commanded open")
    text = ev.text()
    if "Malfunction" not in text and "emergency" not in text:
        raise ScenarioFailed("the vehicle was not told of a malfunction")
    state = Control(os.path.join(rig.folder.name, "control.sock")).call("status")["connectors"][0]
    if state["stage"]["state"] != "silent" or state["outputs"]["powerStageEnabled"]:
        raise ScenarioFailed(f"status: {state}")
    check_safe_end(couplerd)


@scenario(120)
def a_power_stage_that_dies_ends_the_charge_and_its_heir_charges(rig):
    """Its connection is gone: at once. `coupler power --simulate` takes over, and the next vehicle charges."""
    couplerd, plug_in = station(rig)
    stage = Stage(rig)
    stage.start()
    ev = plug_in(60)
    couplerd.expect(r"energy energy: .* [1-9]\d*\.\d A", 60)
    other = Control(os.path.join(rig.folder.name, "control.sock"))
    try:
        other.call("power", connector=1, millivolts=0, milliamps=0)
        raise ScenarioFailed("a second client was taken for the power stage")
    except ScenarioFailed as refusal:
        if "another client" not in str(refusal):
            raise
    begin = time.monotonic()
    stage.is_over = True
    stage.join(5)
    stage.control.file.close()
    stage.control.socket.close()
    couplerd.expect("its client disconnected", 10)
    couplerd.expect("contactor commanded open", 10)
    print(f"    open {1000 * (time.monotonic() - begin):.0f} ms after the connection was closed, looked at every 50 ms")
    ev.wait(20, expected=None)
    ev.stop()
    heir = rig.coupler("power", None, "power", "1", "--simulate", "--socket",
                       os.path.join(rig.folder.name, "control.sock"))
    time.sleep(1)
    again = plug_in(4)
    again.wait(80)
    check_summary(again)
    heir.expect("told: on", 10)
    heir.stop()
    check_safe_end(couplerd)
