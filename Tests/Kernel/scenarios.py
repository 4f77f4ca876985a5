"""The list of scenarios. Each is a function of a module below that takes a rig; its name says what holds."""

import importlib
import pathlib
import sys
from typing import Callable, NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]


class Scenario(NamedTuple):
    name: str
    function: Callable
    limit: int  # seconds of the host; the kernel is killed then
    virtual: bool  # the clock jumps to the next timer whenever everything sleeps
    needs: tuple  # programs, by the names of kernel.py
    memory: int  # MB
    systemd: bool  # it runs as a unit of systemd, in a file system of its own


ALL = {}


def scenario(limit=180, virtual=False, needs=(), memory=512, systemd=False):
    """Registers a function as a scenario that has to end within `limit` seconds of the host."""

    def register(function):
        assert function.__name__ not in ALL, f"two scenarios {function.__name__}"
        ALL[function.__name__] = Scenario(function.__name__, function, limit, virtual, tuple(needs), memory,
                                          systemd)
        return function

    return register


# Modules with scenarios, in the order in which they run: one line each.
MODULES = (
    "kernel_itself",
    "lines",
    "boards",
    "matching",
    "daemon",
    "vehicle",
    "service",
)

if __name__ != "__main__":
    sys.modules.setdefault("scenarios", sys.modules[__name__])
    for module in MODULES:
        importlib.import_module(module)
