"""A board made of simulated lines, and of plain files where the kernel has no simulated device: its own description says
which. The test stands outside: it pulls inputs, sees outputs, turns voltages."""

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
        keys = ("name", "chip", "offset", "bias", "drive", "debounce")
        return [f"{key}={self.values[key]}" for key in keys if key in self.values] + sorted(self.flags)

    def level(self, value):
        """The physical level of a logical value."""
        return int(value) ^ self.is_active_low

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
        self.files = Files(self.rows)

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

    def held_value(self, row):
        """The logical value of an output that a program holds.

        A simulated line that is open drain keeps its last level when it is not driven low any more, instead of what
        pulls it; there the kernel's trace tells.
        """
        if row.is_open_drain and (driven := self.driven(row)):
            return driven[-1] ^ row.is_active_low
        return self.level_of(row.field)

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


class Files:
    """PWM and ADC devices as directories of plain files, laid over the kernel's own."""

    def __init__(self, rows):
        self.pwms, self.adcs, self.open = {}, {}, {}
        shadow = pathlib.Path("/run/shadow")
        for index, device in enumerate(sorted({row.values["device"] for row in rows if row.kind in
                                               ("pwm", "economiser", "capture", "steady")})):
            chip = shadow / "pwm" / f"pwmchip{index}"
            target = shadow / "devices" / device
            target.mkdir(parents=True, exist_ok=True)
            chip.mkdir(parents=True)
            (chip / "device").symlink_to(target)
            (chip / "npwm").write_text("4\n")
            (chip / "export").write_text("")
            for channel in range(4):
                (chip / f"pwm{channel}").mkdir()
                for name, value in (("enable", 0), ("period", 0), ("duty_cycle", 0), ("polarity", "normal")):
                    (chip / f"pwm{channel}" / name).write_text(f"{value}\n")
            for row in rows:
                if row.kind in ("pwm", "economiser", "capture", "steady") and row.values["device"] == device:
                    self.pwms[row.field] = chip / f"pwm{row.values['channel']}"
        for index, device in enumerate(sorted({row.values["device"] for row in rows if row.kind in
                                               ("adc", "temperature")})):
            folder = shadow / "iio" / f"iio:device{index}"
            folder.mkdir(parents=True)
            (folder / "name").write_text(f"{device}\n")
            for row in rows:
                if row.kind in ("adc", "temperature") and row.values["device"] == device:
                    kind = f"in_voltage{row.values['channel']}_raw" if row.kind == "adc" \
                        else f"in_temp{row.values['channel']}_input"
                    path = folder / kind
                    path.write_text("0        \n")
                    self.adcs[row.field] = (row, path)
        for folder, over in ((shadow / "pwm", PWM), (shadow / "iio", IIO)):
            if folder.exists():
                subprocess.run(["mount", "--bind", folder, over], check=True)

    def set_millivolts(self, field, millivolts):
        row, path = self.adcs[field]
        scale = {key: int(row.values[key]) for key in ("numerator", "denominator", "offset")}
        self.set_raw(path, round((millivolts - scale["offset"]) * scale["denominator"] / scale["numerator"]))

    @staticmethod
    def set_raw(path, raw):
        """In place and with one call: a driver keeps the file open and must never read half a number."""
        file = os.open(path, os.O_WRONLY)
        try:
            os.pwrite(file, f"{raw:<9}\n".encode(), 0)
        finally:
            os.close(file)

    def duty(self, field):
        """What a PWM output drives, in permille of high at the pin; `None` while it is disabled."""
        folder = self.pwms[field]
        if field not in self.open:
            self.open[field] = [os.open(folder / name, os.O_RDONLY) for name in ("enable", "duty_cycle", "period")]
        for _ in range(10):
            texts = [os.pread(file, 32, 0).strip() for file in self.open[field]]
            if all(texts):  # else somebody is between opening and writing
                enable, duty, period = map(int, texts)
                return round(duty * 1000 / period) if enable and period else None
        raise RuntimeError(f"{folder} stays empty")


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
