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


ALL = {}


def scenario(limit=60, virtual=False, needs=(), memory=512):
    """Registers a function as a scenario that has to end within `limit` seconds of the host."""

    def register(function):
        ALL[function.__name__] = Scenario(function.__name__, function, limit, virtual, tuple(needs), memory)
        return function

    return register


# Modules with scenarios, in the order in which they run: one line each.
MODULES = (
    "kernel_itself",
    "lines",
    "boards",
    "matching",
    "daemon",
)

if __name__ != "__main__":
    sys.modules.setdefault("scenarios", sys.modules[__name__])
    for module in MODULES:
        importlib.import_module(module)
