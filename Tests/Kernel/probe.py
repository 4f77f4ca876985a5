"""The program that holds the lines: kernel-probe, told what to do on its standard input."""

import os
import queue
import signal
import subprocess
import threading
import time
from typing import NamedTuple

from bench import ScenarioFailed, die_with_parent


class Edge(NamedTuple):
    rising: bool
    nanoseconds: int
    sequence: int
    missed: int


class Refused(Exception):
    """What the driver said."""


class Probe:
    def __init__(self, program, *arguments):
        self.child = subprocess.Popen([program, "run", *map(str, arguments)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, bufsize=1, preexec_fn=die_with_parent)
        self.answers = queue.Queue()
        self.edges = {}
        self.gone = {}
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "edge":
                key, rising, *numbers = rest.split(" ")
                self.edges.setdefault(key, []).append(Edge(rising == "1", *map(int, numbers)))
            elif word == "gone":
                key, _, text = rest.partition(" ")
                self.gone[key] = text
            else:
                self.answers.put((word, rest))
        self.answers.put(("ended", ""))

    def tell(self, *words):
        """Gives the answer; raises `Refused` with the driver's words."""
        self.child.stdin.write(" ".join(map(str, words)) + "\n")
        try:
            word, rest = self.answers.get(timeout=10)
        except queue.Empty:
            raise ScenarioFailed(f"the probe does not answer {words}") from None
        if word == "error":
            raise Refused(rest)
        if word != "ok":
            raise ScenarioFailed(f"the probe ended at {words}: {self.child.wait()}")
        return rest

    def refusal(self, *words):
        """The words of the driver, which must refuse this."""
        try:
            self.tell(*words)
        except Refused as refusal:
            return str(refusal)
        raise ScenarioFailed(f"the driver took {words}")

    def expect_edges(self, key, count, timeout=5):
        deadline = time.monotonic() + timeout
        while len(self.edges.get(key, [])) < count:
            if time.monotonic() > deadline:
                raise ScenarioFailed(f"{len(self.edges.get(key, []))} edges of {key}, not {count}")
            time.sleep(0.002)
        return self.edges[key]

    def end(self):
        """In order: everything is let go."""
        self.child.stdin.close()
        return self.child.wait(10)

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        return self.child.wait(10)


def version(program):
    return subprocess.run([program, "version"], capture_output=True, text=True, check=True,
                          env={**os.environ}).stdout.strip()
