"""The drivers of LinuxHardware on the kernel's own simulated chips, with both versions of libgpiod."""

import pathlib
import re
import time

from bench import libc
from gpio_sim import Chip
from guest_rig import check, equal
from probe import Probe, version
from scenarios import scenario


def outputs(chip, probe):
    """Levels by their names, start value before anything else, active low, safe value when let go."""
    for flags, active in (([], 1), (["active-low"], 0)):
        line = chip.line("CONTACTOR")
        line.pull(active)  # where nobody drives, outside holds the dangerous level: any gap would show
        probe.tell("output", "contactor", "name=CONTACTOR", *flags)
        equal(line.level, 1 - active, f"level at the start {flags}")
        for value in (1, 0, 1):
            probe.tell("set", "contactor", value)
            equal(line.level, active if value else 1 - active, f"level of {value} {flags}")
        line.pull(1 - active)
        probe.tell("drop", "contactor")
        equal(line.level, 1 - active, f"level after it was let go {flags}")
    probe.tell("output", "lock", "name=LOCK", "initial", "safe")
    equal(chip.line("LOCK").level, 1, "start value 1")
    probe.tell("drop", "lock")


def inputs(chip, probe):
    for flags, active in (([], 1), (["active-low"], 0)):
        line = chip.line("CP_STATE_B")
        line.pull(1 - active)
        probe.tell("input", "b", "name=CP_STATE_B", *flags)
        for value in ("0", "1", "0"):
            line.pull(active if value == "1" else 1 - active)
            equal(probe.tell("get", "b"), value, f"reading {flags}")
        probe.tell("drop", "b")
    # Without names: by the label of the chip.
    probe.tell("input", "third", "chip=replica", "offset=2")
    chip.line(2).pull(1)
    equal(probe.tell("get", "third"), "1", "reading by offset")
    probe.tell("drop", "third")


def edges(chip, probe, count=500):
    """None is lost at a rate that the queue takes; order, direction and time stamps are right."""
    line = chip.line("CP_STATE_C")
    line.pull(0)
    probe.tell("edges", "c", "name=CP_STATE_C")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    for index in range(count):
        line.pull(1 - index % 2)
        time.sleep(0.003)
    found = probe.expect_edges("c", count)
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    equal(len(found), count, "edges")
    equal([edge.rising for edge in found], [index % 2 == 0 for index in range(count)], "directions")
    equal([edge.sequence for edge in found], list(range(1, count + 1)), "sequence numbers")
    equal(sum(edge.missed for edge in found), 0, "missed edges")
    stamps = [edge.nanoseconds for edge in found]
    check(before <= stamps[0] and stamps[-1] <= after, f"{before} .. {stamps[0]} .. {stamps[-1]} .. {after}")
    check(stamps == sorted(stamps), "time stamps go back")
    gaps = sorted(b - a for a, b in zip(stamps, stamps[1:]))
    print(f"    {count} edges, apart {gaps[0] / 1e6:.2f} / {gaps[len(gaps) // 2] / 1e6:.2f} / {gaps[-1] / 1e6:.2f} ms")
    probe.tell("drop", "c")


def lost_edges(chip, probe, major, program_stopped):
    """A reader that stands still for longer than the queue: the loss is told."""
    line = chip.line("CP_STATE_C")
    line.pull(0)
    probe.edges.pop("c", None)
    probe.tell("edges", "c", "name=CP_STATE_C")
    toggles = 1501  # odd: libgpiod 1.x tells a loss by two edges of one direction in a row
    with program_stopped():
        for index in range(toggles):
            line.pull(1 - index % 2)
            time.sleep(0.002)
    time.sleep(0.1)
    line.pull(1)
    time.sleep(0.1)
    line.pull(0)
    time.sleep(0.5)
    found = probe.edges["c"]
    missed = sum(edge.missed for edge in found)
    # Version 1 keeps the 16 oldest and can only tell that there was a loss; version 2 keeps the 1024 newest and counts.
    equal((len(found), missed), (17, 1) if major == "1." else (1025, toggles - 1024), "edges read and told as missed")
    print(f"    {toggles} edges while it stood still: {len(found)} read, {missed} told as missed")
    probe.tell("drop", "c")


def debounce(chip, probe):
    """What is shorter than the time does not count; what lasts counts once."""
    line = chip.line("STOP")
    line.pull(0)
    probe.tell("edges", "stop", "name=STOP", "debounce=20000")
    for _ in range(5):
        line.pull(1)
        time.sleep(0.004)
        line.pull(0)
        time.sleep(0.004)
    time.sleep(0.1)
    equal(probe.edges.get("stop", []), [], "edges of bounces")
    for _ in range(5):
        line.pull(1)
        time.sleep(0.004)
        line.pull(0)
        time.sleep(0.004)
    line.pull(1)
    found = probe.expect_edges("stop", 1)
    time.sleep(0.1)
    equal([edge.rising for edge in found], [True], "edges of a press that bounces")
    probe.tell("drop", "stop")


def refusals(chip, probe):
    """Errors that name what to do."""
    text = probe.refusal("output", "x", "name=NOT_THERE")
    check("NOT_THERE" in text, text)
    text = probe.refusal("output", "x", "name=TWICE")
    check("several" in text, text)
    text = probe.refusal("output", "x", "name=HOGGED")
    check("somebody else" in text, text)
    probe.tell("output", "mine", "name=CONTACTOR")
    text = probe.refusal("output", "again", "name=CONTACTOR")
    check("probe" in text, text)
    probe.tell("drop", "mine")
    check("offset" in probe.refusal("input", "x", "chip=replica", "offset=99"), "an offset beyond the chip")


def unplugged(probe):
    """A chip that goes away: an error on each use, and no loop that spins.

    Kernels before 6.6 wake nobody who waits for edges, so the next reading is what finds it.
    """
    chip = Chip("hotplug", ["IN", "OUT"])
    probe.tell("edges", "in", "name=IN")
    probe.tell("output", "out", "name=OUT")
    chip.remove()
    probe.refusal("get", "in")
    probe.refusal("set", "out", 1)
    used = processor_ticks(probe)
    time.sleep(1)
    check(processor_ticks(probe) - used < 20, "the loop spins after the chip went away")
    probe.tell("drop", "in")
    probe.tell("drop", "out")


def processor_ticks(probe):
    fields = pathlib.Path(f"/proc/{probe.child.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Stopped:
    def __init__(self, probe):
        self.probe = probe

    def __enter__(self):
        self.probe.child.send_signal(19)

    def __exit__(self, *_):
        self.probe.child.send_signal(18)


def drivers(rig, variable, major):
    program = rig.program(variable)
    found = version(program)
    check(found.startswith(major), f"{program} is built with libgpiod {found}, not {major}x")
    print(f"    libgpiod {found}")
    Chip("other", [None, "TWICE"])
    chip = Chip("replica", ["CP_STATE_B", "CP_STATE_C", None, "CONTACTOR", "LOCK", "STOP", "TWICE", "HOGGED"], hogs=[7])
    probe = Probe(program)
    for check_one in (outputs, inputs, edges, debounce, refusals):
        check_one(chip, probe)
    lost_edges(chip, probe, major, lambda: Stopped(probe))
    unplugged(probe)
    # An orderly end and a crash: the first drives the safe value, the second leaves it to the chip.
    line = chip.line("CONTACTOR")
    line.pull(0)
    probe.tell("output", "contactor", "name=CONTACTOR", "initial")
    equal(line.level, 1, "level while it is held")
    equal(probe.end(), 0, "exit code")
    equal(line.level, 0, "level after an orderly end")
    probe = Probe(program)
    probe.tell("output", "contactor", "name=CONTACTOR", "initial")
    probe.kill()
    equal(line.level, 0, "level after SIGKILL, where the chip lets go of lines")


@scenario(limit=240, virtual=True, needs=["PROBE"])
def gpio_drivers_on_libgpiod_1(rig):
    drivers(rig, "PROBE", "1.")


@scenario(limit=240, virtual=True, needs=["PROBE2"])
def gpio_drivers_on_libgpiod_2(rig):
    drivers(rig, "PROBE2", "2.")


def twins(rig, variable):
    """Two chips of one label: by the label no line is found, by the device of its chip the right one."""
    chips = [Chip("twin", [None] * 4, device=f"twin{number}") for number in (1, 2)]
    check(chips[0].place != chips[1].place, f"both at {chips[0].place}")
    probe = Probe(rig.program(variable))
    text = probe.refusal("output", "x", "chip=twin", "offset=1")
    check("twin" in text and "several" in text, text)
    for number, chip in enumerate(chips):
        probe.tell("output", f"coil{number}", f"path={chip.place}", "offset=1", "active-low")
        probe.tell("edges", f"button{number}", f"path={chip.place}", "offset=2")
    for number, chip in enumerate(chips):
        other = chips[1 - number]
        equal([c.line(1).level for c in chips], [1, 1], "start values, active low")
        probe.tell("set", f"coil{number}", 1)
        equal((chip.line(1).level, other.line(1).level), (0, 1), f"levels of the chip at {chip.place} and of its twin")
        probe.tell("set", f"coil{number}", 0)
        chip.line(2).pull(1)
        probe.expect_edges(f"button{number}", 1)
        equal([probe.tell("get", f"button{index}") for index in (number, 1 - number)], ["1", "0"], "readings")
        chip.line(2).pull(0)
        probe.expect_edges(f"button{number}", 2)
        equal(len(probe.edges.get(f"button{1 - number}", [])), 2 * number, "edges of the twin")
    text = probe.refusal("input", "x", "path=platform/gpio-sim.none", "offset=1")
    check("gpio-sim.none" in text, text)
    check("offset" in probe.refusal("input", "x", f"path={chips[0].place}", "offset=9"), "an offset beyond the chip")
    equal(probe.end(), 0, "exit code")


class Oscillator:
    """A pilot of 1 kHz outside a line, by the guest's clock."""

    PERIOD = 1_000_000  # ns

    def __init__(self, line):
        self.line = line
        libc.prctl(29, 1, 0, 0, 0)  # PR_SET_TIMERSLACK: 1 ns instead of 50 us

    def run(self, permille, periods):
        at = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        for _ in range(periods):
            for level, lasts in ((1, permille), (0, 1000 - permille)):
                self.line.pull(level)
                at += self.PERIOD * lasts // 1000
                time.sleep(max(0, at - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) / 1e9)


def duties(rig, variable):
    line = Chip("replica", ["CP_EDGES"]).line("CP_EDGES")
    line.pull(0)
    probe = Probe(rig.program(variable))
    probe.tell("edges", "pilot", "name=CP_EDGES")
    oscillator = Oscillator(line)
    for permille in (50, 100, 533, 960):
        probe.edges.pop("pilot", None)
        oscillator.run(permille, 200)
        found = probe.expect_edges("pilot", 400)
        equal([edge.rising for edge in found], [index % 2 == 0 for index in range(400)], f"directions at {permille} permille")
        equal(sum(edge.missed for edge in found), 0, "missed edges")
        stamps = [edge.nanoseconds for edge in found]
        high = sum(stamps[index + 1] - stamps[index] for index in range(0, 398, 2))
        measured = high * 1000 / (stamps[398] - stamps[0])
        widest = max(abs(stamps[index + 1] - stamps[index] - permille * 1000) for index in range(0, 398, 2))
        check(abs(measured - permille) <= 1, f"{measured:.2f} permille by the edges, not {permille}")
        print(f"    {permille} permille: {measured:.2f} by the stamps of 400 edges, one pulse at most {widest / 1000:.0f} us off")


@scenario(limit=240, virtual=True, needs=["PROBE"])
def a_pilot_of_1_khz_is_measured_by_its_edges_on_libgpiod_1(rig):
    duties(rig, "PROBE")


@scenario(limit=240, virtual=True, needs=["PROBE2"])
def a_pilot_of_1_khz_is_measured_by_its_edges_on_libgpiod_2(rig):
    duties(rig, "PROBE2")


@scenario(limit=120, virtual=True, needs=["PROBE"])
def twin_chips_are_told_apart_by_their_device_on_libgpiod_1(rig):
    twins(rig, "PROBE")


@scenario(limit=120, virtual=True, needs=["PROBE2"])
def twin_chips_are_told_apart_by_their_device_on_libgpiod_2(rig):
    twins(rig, "PROBE2")


def swift_tests(rig, variable):
    """The suites of LinuxHardwareTests that need a kernel with simulated chips."""
    tests = rig.start("tests", [rig.program(variable), "--testing-library", "swift-testing", "--filter", "GPIOTests"],
                      None, COUPLER_GPIO_SIM="1")
    tests.wait(200)
    told = re.findall(r"Test run with (\d+) tests.* passed", tests.text())
    check(told and int(told[0]) > 20, f"{told} tests ran")
    print(f"    {told[0]} tests passed")


@scenario(limit=300, needs=["TESTS"], memory=1024)
def swift_tests_of_lines_on_libgpiod_1(rig):
    swift_tests(rig, "TESTS")


@scenario(limit=300, needs=["TESTS2"], memory=1024)
def swift_tests_of_lines_on_libgpiod_2(rig):
    swift_tests(rig, "TESTS2")


@scenario(limit=180, needs=["PROBE"])
def the_adc_driver_reads_the_kernels_iio_dummy(rig):
    pathlib.Path("/sys/kernel/config/iio/devices/dummy/board").mkdir(parents=True)
    probe = Probe(rig.program("PROBE"))
    device = next(pathlib.Path("/sys/bus/iio/devices").glob("iio:device*"))
    name = (device / "name").read_text().strip()
    probe.tell("adc", "plain", f"device={name}", "channel=0")
    equal(probe.tell("get", "plain"), "73", "raw voltage of the dummy")
    probe.tell("adc", "scaled", f"device={name}", "channel=0", "numerator=3300", "denominator=4096", "offset=-5")
    equal(probe.tell("get", "scaled"), str(73 * 3300 // 4096 - 5), "scaled voltage")
    text = probe.refusal("adc", "x", "device=other", "channel=0")
    check(name in text, f"{text}: does not say what there is")
    text = probe.refusal("adc", "x", f"device={name}", "channel=7")
    check("no channel 7" in text, text)
    equal(probe.end(), 0, "exit code")


@scenario(limit=180, needs=["PROBE"], virtual=True)
def voltages_that_a_trigger_converts_come_through_the_kernels_buffer(rig):
    """A timer of the kernel in the place of the oscillator: 1000 conversions a second of two channels together."""
    devices = pathlib.Path("/sys/bus/iio/devices")
    pathlib.Path("/sys/kernel/debug/bench/adc").write_text("board.adc 6 0")
    folder = next(devices.glob("iio:device*"))
    pathlib.Path("/sys/kernel/config/iio/triggers/hrtimer/pilot").mkdir()
    trigger = next(devices.glob("trigger*"))
    equal((trigger / "name").read_text().strip(), "pilot", "name of the trigger")
    (trigger / "sampling_frequency").write_text("1000")
    for channel, raw in ((1, 111), (2, 3456), (5, 123)):
        (folder / f"in_voltage{channel}_raw").write_text(str(raw))
    probe = Probe(rig.program("PROBE"))
    # In the other order than they are in the buffer, and not all that the device has.
    words = ["device=board.adc", "channels=5,2", "numerator=2", "offset=-40"]
    text = probe.refusal("scan", "x", *words, "trigger=oscillator")
    check("oscillator" in text and "pilot" in text, f"{text}: does not say what there is")
    probe.tell("scan", "levels", *words, "trigger=pilot")
    time.sleep(0.01)
    equal(probe.tell("newest", "levels"), f"{2 * 123 - 40} {2 * 3456 - 40}", "converted together, mV")
    (folder / "in_voltage5_raw").write_text("4000")
    time.sleep(0.005)
    equal(probe.tell("newest", "levels"), f"{2 * 4000 - 40} {2 * 3456 - 40}", "the newest, mV")
    equal(probe.tell("newest", "levels"), "none", "conversions since then")
    time.sleep(1)
    equal(probe.tell("newest", "levels"), "none", "after a second, of which the kernel keeps the oldest eighth")
    time.sleep(0.005)
    equal(probe.tell("newest", "levels"), f"{2 * 4000 - 40} {2 * 3456 - 40}", "after that")
    (trigger / "sampling_frequency").write_text("1")
    time.sleep(0.01)
    probe.tell("newest", "levels")
    time.sleep(0.1)
    equal(probe.tell("newest", "levels"), "none", "while the trigger rests")
    # The device is taken: single values are refused, and come again afterwards.
    probe.tell("adc", "single", "device=board.adc", "channel=1")
    check("busy" in probe.refusal("get", "single"), "a single value while the buffer runs")
    probe.tell("drop", "levels")
    equal(probe.tell("get", "single"), "111", "a single value afterwards")
    equal((folder / "buffer/enable").read_text(), "0\n", "buffer afterwards")
    equal(probe.end(), 0, "exit code")


@scenario(limit=180, needs=["PROBE"], virtual=True)
def a_watchdog_that_is_not_petted_restarts_the_system(rig):
    """Petted, it rests; disarmed, it rests; after SIGKILL of its owner it restarts the kernel."""
    probe = Probe(rig.program("PROBE"))
    equal(probe.tell("watchdog", "watchdog0", 5), "5", "seconds")
    for _ in range(10):
        time.sleep(3)
        probe.tell("pet", "watchdog0")
    probe.tell("disarm", "watchdog0")
    time.sleep(30)
    probe.tell("watchdog", "watchdog0", 5)
    probe.kill()
    # The verdict: the kernel ends this before the sleep is over.
    rig.expect_restart(4.5, 6)
    time.sleep(30)
    check(False, "no restart within 30 s")
