"""Simulated GPIO chips: lines of the kernel's own gpio-sim, driven and read through sysfs."""

import os
import pathlib

CONFIGURATION = pathlib.Path("/sys/kernel/config/gpio-sim")


class Chip:
    """A chip whose lines have names; `None` for one without. Appears as a /dev/gpiochipN on creation."""

    def __init__(self, label, names, hogs=(), device=None):
        """`device` tells two chips of one label apart."""
        self.label, self.names = label, list(names)
        self.lines = {}
        self.device = CONFIGURATION / (device or label)
        bank = self.device / "bank0"
        self.device.mkdir()
        bank.mkdir()
        (bank / "num_lines").write_text(str(len(self.names)))
        (bank / "label").write_text(label)
        self.folders = [bank]
        for offset, name in enumerate(self.names):
            if name is None and offset not in hogs:
                continue
            line = bank / f"line{offset}"
            line.mkdir()
            self.folders.insert(0, line)
            if name is not None:
                (line / "name").write_text(name)
            if offset in hogs:
                hog = line / "hog"
                hog.mkdir()
                self.folders.insert(0, hog)
                (hog / "name").write_text("somebody else")
                (hog / "direction").write_text("input")
        (self.device / "live").write_text("1")
        chip = (bank / "chip_name").read_text().strip()
        self.path = pathlib.Path("/dev") / chip
        # Below /sys/devices.
        self.place = f"platform/{(self.device / 'dev_name').read_text().strip()}"
        self.sim = pathlib.Path("/sys/devices") / self.place / chip

    def line(self, which):
        """By name or offset."""
        offset = which if isinstance(which, int) else self.names.index(which)
        return self.lines.setdefault(offset, Line(self, offset))

    def remove(self):
        for line in self.lines.values():
            line.close()
        (self.device / "live").write_text("0")
        for folder in [*self.folders, self.device]:
            folder.rmdir()


class Line:
    """What is outside a line: pulls it where nobody drives it, and sees its level."""

    def __init__(self, chip, offset):
        self.chip, self.offset = chip, offset
        self.folder = chip.sim / f"sim_gpio{offset}"
        self.file = None

    @property
    def name(self):
        return self.chip.names[self.offset]

    @property
    def level(self):
        """The physical level, whoever drives it."""
        if self.file is None:
            self.file = os.open(self.folder / "value", os.O_RDONLY)
        return int(os.pread(self.file, 2, 0))

    def close(self):
        if self.file is not None:
            os.close(self.file)
            self.file = None

    def pull(self, level):
        (self.folder / "pull").write_text("pull-up" if level else "pull-down")
