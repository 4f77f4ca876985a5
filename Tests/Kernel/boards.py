"""Each board on a replica made of its own line list: every line exercised, values at start, stop and crash checked."""

import subprocess

from guest_rig import check, equal
from probe import Probe
from replica import Replica
from scenarios import scenario

BOARDS = ("simulation", "chargebyte-charge-som", "chargebyte-evacharge-se", "chargebyte-tarragon", "generic",
          "phytec-phyverso", "pionix-belaybox", "raspberrypi-qca7000", "raspberrypi-qca7000-ev",
          "simulation-ev")

GENERATORS = ("pwm", "steady", "economiser")


@scenario(limit=120, needs=["PROBE"])
def every_board_has_a_scenario(rig):
    found = subprocess.run([rig.program("PROBE"), "boards"], capture_output=True, text=True, check=True).stdout.split()
    equal(sorted(found), sorted(BOARDS), "boards of the catalogue")


def circuit(replica, row, value):
    """What the board's circuit makes of an output that nobody drives. An open drain has its resistor instead."""
    line = replica.line(row)
    line.pull(1 if row.is_open_drain else row.level(value))


def take(replica, probe):
    """All lines and converters at once, each output with its start value and its stop value."""
    for row in replica.of("output"):
        flags = [word for word, key in (("initial", "start"), ("safe", "stop")) if row.values[key] == "1"]
        probe.tell("output", row.field, *row.request, *flags)
    for row in replica.of("input"):
        probe.tell("edges", row.field, *row.request)
    for row in replica.of("adc"):
        probe.tell("adc", row.field, *row.words)
    for row in replica.of(*GENERATORS):
        probe.tell("pwm", row.field, *row.words)
    untried = replica.of("capture", "temperature")
    check(not untried, f"nothing here takes {[row.field for row in untried]}")


def exercise_outputs(replica, probe):
    rows = replica.of("output")
    for row in rows:
        equal(replica.level_of(row.field), int(row.values["start"]), f"start value of {row.field}")
    for row in rows:
        start = row.values["start"]
        before = {other.field: replica.line(other).level for other in rows if other is not row}
        for value in ("1", "0", start):
            probe.tell("set", row.field, value)
            equal(str(replica.level_of(row.field)), value, f"level of {row.field}")
            after = {other.field: replica.line(other).level for other in rows if other is not row}
            equal(after, before, f"other outputs while {row.field} is driven")


def exercise_inputs(replica, probe):
    rows = replica.of("input")
    for row in rows:
        before = {other.field: probe.tell("get", other.field) for other in rows if other is not row}
        for value in (1, 0, 1):
            count = len(probe.edges.get(row.field, []))
            changed = int(probe.tell("get", row.field)) != value
            replica.pull(row.field, value)
            if changed:
                edges = probe.expect_edges(row.field, count + 1)
                equal(edges[-1].rising, value == 1, f"direction of the edge of {row.field}")
            equal(probe.tell("get", row.field), str(value), f"reading of {row.field}")
        after = {other.field: probe.tell("get", other.field) for other in rows if other is not row}
        equal(after, before, f"other inputs while {row.field} is driven")


def exercise_converters(replica, probe):
    for row in replica.of("adc"):
        # Two voltages within the converter's range, told apart from each other.
        step = abs(int(row.values["numerator"]) / int(row.values["denominator"]))
        for raw in (400, 3700):
            replica.devices.adcs[row.field][1].write_text(str(raw))
            expected = raw * int(row.values["numerator"]) / int(row.values["denominator"]) + int(row.values["offset"])
            found = int(probe.tell("get", row.field))
            check(abs(found - expected) <= max(1, step), f"{row.field}: {found} mV, not {expected:.0f}")


def exercise_generators(replica, probe):
    for row in replica.of(*GENERATORS):
        inverted = "inverted" in row.flags
        for word, permille in (("high", 1000), ("50", 50), ("533", 533), ("960", 960), ("low", 0)):
            expected = 1000 - permille if inverted else permille
            before = {other: replica.devices.duty(other) for other in replica.devices.pwms if other != row.field}
            probe.tell("drive", row.field, word)
            equal(replica.devices.duty(row.field), expected, f"duty of {row.field} at {word}")
            after = {other: replica.devices.duty(other) for other in before}
            equal(after, before, f"other outputs while {row.field} is driven")


def hold(rig, board):
    """Starts the drivers of the whole board on a replica that pulls each output to the wrong value."""
    replica = Replica(rig.program("PROBE"), board)
    for row in replica.of("output"):
        circuit(replica, row, 1 - int(row.values["start"]))
    replica.trace.clear()
    probe = Probe(rig.program("PROBE"))
    take(replica, probe)
    return replica, probe


def replica_holds(rig, board):
    replica, probe = hold(rig, board)
    exercise_outputs(replica, probe)
    exercise_inputs(replica, probe)
    exercise_converters(replica, probe)
    exercise_generators(replica, probe)
    outputs = replica.of("output")
    for row in outputs:  # the first value ever driven was the start value already
        driven = replica.driven(row)
        equal(driven[:1], [row.level(row.values["start"])], f"first level driven onto {row.field}")
    # An orderly end from the worst place: every output on.
    for row in outputs:
        probe.tell("set", row.field, 1)
    equal(probe.end(), 0, "exit code")
    for row in outputs:
        equal(replica.driven(row)[-1], row.level(row.values["stop"]),
              f"last level driven onto {row.field} at an orderly end")
    for row in replica.of(*GENERATORS):
        equal(replica.devices.duty(row.field), 1000 if "inverted" in row.flags else 0, f"{row.field} at an orderly end")
    crash(rig, replica)
    make_safe(rig, replica, board)
    count = {kind: len(replica.of(kind)) for kind in ("output", "input", "pwm", "steady", "economiser", "adc")}
    print("    " + (", ".join(f"{number} {kind}s" for kind, number in count.items() if number) or "no lines"))


def crash(rig, replica):
    """SIGKILL with every output on: what the board's circuit takes over is safe at once, the rest stays as it is."""
    probe = Probe(rig.program("PROBE"))
    take(replica, probe)
    outputs = replica.of("output")
    for row in outputs:
        how, value = row.crash()
        if how == "released":
            circuit(replica, row, int(value))
        probe.tell("set", row.field, 1)
        equal(replica.level_of(row.field), 1, f"{row.field} before the crash")
    replica.trace.clear()
    probe.kill()
    for row in outputs:
        how, value = row.crash()
        equal(replica.driven(row), [], f"levels driven onto {row.field} by a killed process")
        if how == "released":
            equal(str(replica.level_of(row.field)), value, f"{row.field} after the crash")


BEHIND_LINKS = ("chargebyte-charge-som", "phytec-phyverso", "pionix-belaybox")


def make_safe(rig, replica, board):
    """What the service manager runs after a crash: every output of the board to its stop value, also unused ones."""
    replica.trace.clear()
    result = subprocess.run([rig.program("COUPLERD"), "--board", board, "--safe-state"], capture_output=True, text=True)
    if board in BEHIND_LINKS:
        # This kernel has no serial ports: what could not be told to a safety controller is said, and the lines are driven.
        equal(result.returncode, 2, "status of couplerd --safe-state")
        for line in result.stderr.splitlines():
            check(line.startswith("couplerd: not driven: links["), f"couplerd --safe-state: {line}")
    else:
        equal((result.returncode, result.stderr), (0, ""), "couplerd --safe-state")
    for row in replica.of("output"):
        equal(replica.driven(row)[-1:], [row.level(row.values["stop"])], f"last level of {row.field} at --safe-state")
    for row in replica.of("pwm", "economiser"):
        check(replica.devices.duty(row.field) in row.stop_duties,
              f"{row.field} at --safe-state: {replica.devices.duty(row.field)}, not {row.stop_duties}")


def register(board):
    def run(rig):
        replica_holds(rig, board)

    run.__name__ = f"board_{board.replace('-', '_')}_on_its_replica"
    scenario(limit=180, virtual=True, needs=["PROBE", "COUPLERD"])(run)


for name in BOARDS:
    register(name)
