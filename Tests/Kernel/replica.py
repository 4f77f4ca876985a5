"""A board made of simulated lines, PWM chips and ADCs: its own description says which. The test stands outside: it pulls
inputs, sees outputs, turns voltages."""

import os
import pathlib
import re
import subprocess

from gpio_sim import Chip
from guest_rig import check

PWM = pathlib.Path("/sys/class/pwm")
IIO = pathlib.Path("/sys/bus/iio/devices")


class Row:
    """One thing of the board's inventory."""

    def __init__(self, text):
        self.kind, self.field, *words = text.split(" ")
        self.words = words
        self.values = dict(word.split("=", 1) for word in words if "=" in word)
        self.flags = {word for word in words if "=" not in word}

    @property
    def is_active_low(self):
        return "active-low" in self.flags

    @property
    def is_open_drain(self):
        return self.values.get("drive") == "openDrain"

    @property
    def place(self):
        if "name" in self.values:
            return "replica", self.values["name"]
        check("chip" in self.values, f"{self.field}: a line by the path of its device has no replica yet")
        return self.values["chip"], int(self.values["offset"])

    @property
    def request(self):
        """The words that tell the probe which line it is."""
        keys = ("name", "chip", "path", "offset", "bias", "drive", "debounce")
        return [f"{key}={self.values[key]}" for key in keys if key in self.values] + sorted(self.flags)

    def level(self, value):
        """The physical level of a logical value."""
        return int(value) ^ self.is_active_low

    @property
    def stop_duties(self):
        """What a PWM output may be at after a stop, in permille of high at the pin; `None` is disabled."""
        inverted = "inverted" in self.flags
        if self.kind == "economiser":
            return (1000,) if inverted else (0, None)
        duty = {"high": 1000, "low": 0}.get(self.values["stop"])
        duty = int(self.values["stop"]) if duty is None else duty
        return (1000 - duty if inverted else duty,)

    def crash(self):
        """How an output ends, and at which value: `("released", 0)`, `("watchdog", 0)`, `("held", None)`."""
        how, _, value = self.values["crash"].partition(":")
        return how, value or None


def inventory(probe, board):
    text = subprocess.run([probe, "inventory", board], capture_output=True, text=True, check=True).stdout
    return [Row(line) for line in text.splitlines() if line]


class Replica:
    def __init__(self, probe, board):
        self.rows = inventory(probe, board)
        self.chips = {}
        self.lay_chips()
        self.trace = Trace(self.chips.values())
        self.by_field = {row.field: row for row in self.rows}
        self.devices = Devices(self.rows)

    def of(self, *kinds):
        return [row for row in self.rows if row.kind in kinds]

    def row(self, field):
        check(field in self.by_field, f"the board has no {field}, but {list(self.by_field)}")
        return self.by_field[field]

    def line(self, row):
        chip, which = (self.row(row) if isinstance(row, str) else row).place
        return self.chips[chip].line(which)

    def level_of(self, field):
        """The logical value on an output's wire."""
        row = self.row(field)
        return self.line(row).level ^ row.is_active_low

    def driven(self, row):
        """Levels driven onto an output's wire since the trace was cleared, oldest first."""
        return self.trace.driven(self.line(row), row.is_open_drain)

    def pull(self, field, value):
        """Drives an input, or what is outside an output, to a logical value."""
        row = self.row(field)
        self.line(row).pull(row.level(value))

    def lay_chips(self):
        names, sizes = [], {}
        for row in self.of("input", "output"):
            chip, which = row.place
            if chip == "replica":
                if which not in names:
                    names.append(which)
            else:
                sizes[chip] = max(sizes.get(chip, 0), which + 1)
        if names:
            self.chips["replica"] = Chip("replica", names)
        for label, size in sizes.items():
            self.chips[label] = Chip(label, [None] * size)


class Devices:
    """PWM chips and ADCs of the test kernel's own bench (drivers/bench_devices.c), by the names that the board's have."""

    BENCH = pathlib.Path("/sys/kernel/debug/bench")

    def __init__(self, rows):
        self.pwms, self.adcs, self.open = {}, {}, {}
        for device, own in self.by_device(rows, "pwm", "economiser", "capture", "steady"):
            (self.BENCH / "pwm").write_text(f"{device} {1 + max(int(row.values['channel']) for row in own)}")
            chip = next(chip for chip in PWM.glob("pwmchip*") if (chip / "device").resolve().name == device)
            for row in own:
                self.pwms[row.field] = chip / f"pwm{row.values['channel']}"
        for device, own in self.by_device(rows, "adc", "temperature"):
            counts = [max((1 + int(row.values["channel"]) for row in own if row.kind == kind), default=0)
                      for kind in ("adc", "temperature")]
            (self.BENCH / "adc").write_text(f"{device} {counts[0]} {counts[1]}")
            folder = next(folder for folder in IIO.glob("iio:device*") if (folder / "name").read_text().strip() == device)
            for row in own:
                file = f"in_voltage{row.values['channel']}_raw" if row.kind == "adc" else \
                    f"in_temp{row.values['channel']}_input"
                self.adcs[row.field] = (row, folder / file)

    @staticmethod
    def by_device(rows, *kinds):
        devices = {}
        for row in rows:
            if row.kind in kinds:
                devices.setdefault(row.values["device"], []).append(row)
        return sorted(devices.items())

    def set_millivolts(self, field, millivolts):
        row, path = self.adcs[field]
        scale = {key: int(row.values[key]) for key in ("numerator", "denominator", "offset")}
        raw = round((millivolts - scale["offset"]) * scale["denominator"] / scale["numerator"])
        # A converter stops at the ends of its range.
        path.write_text(f"{min(max(raw, 0), 4095)}")

    def duty(self, field):
        """What a PWM output drives, in permille of high at the pin; `None` while it is disabled."""
        folder = self.pwms[field]
        if field not in self.open:
            if not folder.exists():  # not exported
                return None
            self.open[field] = [os.open(folder / name, os.O_RDONLY) for name in ("enable", "duty_cycle", "period")]
        enable, duty, period = (int(os.pread(file, 32, 0)) for file in self.open[field])
        return round(duty * 1000 / period) if enable and period else None


class Trace:
    """The kernel's own record of every value that was driven onto a line."""

    FOLDER = pathlib.Path("/sys/kernel/debug/tracing")

    def __init__(self, chips):
        self.bases = {}
        for chip in chips:
            for entry in pathlib.Path("/sys/class/gpio").glob("gpiochip*"):
                if (entry / "label").read_text().strip() == chip.label:
                    self.bases[chip.label] = int((entry / "base").read_text())
        for event in ("gpio_value", "gpio_direction"):
            (self.FOLDER / f"events/gpio/{event}/enable").write_text("1")

    def clear(self):
        (self.FOLDER / "trace").write_text("")

    def number(self, line):
        """How the kernel calls the line there."""
        return self.bases[line.chip.label] + line.offset

    @staticmethod
    def parse(text):
        """A line of the trace: time in s, number of the line, what happened, level; `None` for another one."""
        match = re.search(r" (\d+\.\d+): gpio_(value|direction): +(\d+) +(set|get|in|out) \(?(-?\d+)\)?", text)
        if not match:
            return None
        return float(match[1]), int(match[3]), match[4], int(match[5])

    def driven(self, line, is_open_drain=False):
        """Levels driven onto a line since `clear`, oldest first. Open drain: 1 is where nobody pulls it low."""
        number = self.number(line)
        found = []
        for text in (self.FOLDER / "trace").read_text().splitlines():
            event = self.parse(text)
            if event and event[1] == number and (level := self.level(event, is_open_drain)) is not None:
                found.append(level)
        return found

    @staticmethod
    def level(event, is_open_drain):
        _, _, what, value = event
        if is_open_drain:
            return {"in": 1, "out": 0}.get(what)
        return value if what == "set" else None
