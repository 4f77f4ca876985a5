"""Network namespaces, processes and their logs: what every scenario stands on.

A namespace is anonymous. A `cat` that waits for its standard input holds it, so it disappears with the
runner, however that ends, and two runs at once cannot meet. Children die with the runner as well.
"""

import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class ScenarioFailed(Exception):
    """What was expected and what came instead."""


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Namespace:
    def __init__(self, name):
        self.name = name
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--", "sh", "-c", "echo ready; exec cat >/dev/null"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        if self.holder.stdout.readline() != b"ready\n":
            raise ScenarioFailed(f"no network namespace for {name}: needs root and CAP_SYS_ADMIN")
        self.ip("link", "set", "lo", "up")

    def enter(self, argv):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--", *map(str, argv)]

    def output(self, *argv):
        result = subprocess.run(self.enter(argv), capture_output=True, text=True, timeout=20)
        if result.returncode:
            raise ScenarioFailed(f"{' '.join(map(str, argv))} in {self.name}: {result.stderr.strip()}")
        return result.stdout

    def ip(self, *arguments):
        return self.output("ip", *arguments)

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=10)


class Process:
    """A child whose standard output and error are files in the log folder."""

    def __init__(self, name, argv, logs, environment=None):
        self.name = name
        self.paths = [logs / f"{name}.out", logs / f"{name}.err"]
        (logs / f"{name}.command").write_text(" ".join(map(str, argv)) + "\n")
        self.started = time.monotonic()
        with open(self.paths[0], "wb") as out, open(self.paths[1], "wb") as err:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=logs,
                env={**os.environ, **(environment or {})}, preexec_fn=die_with_parent)

    @property
    def running(self):
        return self.child.poll() is None

    def tasks(self, file):
        """That file of /proc for each of the process's threads."""
        return [(task / file).read_text() for task in pathlib.Path(f"/proc/{self.child.pid}/task").iterdir()]

    def wakeups(self):
        """How often it went to sleep so far, all threads."""
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M)[1]) for text in self.tasks("status"))

    def processor_time(self):
        """Used so far by all threads, the kernel's work for them included, in ms."""
        return sum(int(text.split()[0]) for text in self.tasks("schedstat")) / 1e6

    def text(self):
        return "".join(path.read_text(errors="replace") for path in self.paths)

    def events(self):
        """The JSON objects among the lines of standard output, in order."""
        found = []
        for line in self.paths[0].read_text(errors="replace").splitlines():
            if line.startswith("{"):
                try:
                    found.append(json.loads(line))
                except json.JSONDecodeError:
                    pass  # the last line may be half written
        return found

    def expect(self, pattern, timeout):
        """Waits until `pattern` appears in the output."""
        self.expect_that(lambda: re.search(pattern, self.text()), repr(pattern), timeout)

    def expect_event(self, name, timeout):
        """Waits for an event of that name."""
        self.expect_that(lambda: any(event.get("event") == name for event in self.events()),
                         f"event {name}", timeout)

    def expect_that(self, holds, what, timeout):
        deadline = time.monotonic() + timeout
        while True:
            ended = not self.running  # looked at first: what was written before the end still counts
            if holds():
                return
            if ended:
                raise ScenarioFailed(f"{self.name} ended ({self.child.returncode}) without {what}")
            if time.monotonic() > deadline:
                raise ScenarioFailed(f"{self.name} gave no {what} in {timeout} s")
            time.sleep(0.05)

    def wait(self, timeout, expected=0):
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ScenarioFailed(f"{self.name} still runs after {timeout} s") from None
        if expected is not None and status != expected:
            raise ScenarioFailed(f"{self.name} exited with {status}, expected {expected}")
        return status

    def stop(self, grace=5):
        """SIGTERM, then SIGKILL. Gives back whether the process ended by itself or on SIGTERM."""
        if self.running:
            self.child.terminate()
            try:
                self.child.wait(grace)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                return False
        return True

    def tail(self, lines=25):
        parts = []
        for path in self.paths:
            content = path.read_text(errors="replace").splitlines()
            if content:
                parts.append(f"--- {path} (last {min(lines, len(content))} of {len(content)} lines)")
                parts += content[-lines:]
        return "\n".join(parts)


class Bench:
    """One scenario's namespaces and processes; leaving the `with` block ends all of them."""

    def __init__(self, logs):
        self.logs = pathlib.Path(logs)
        self.logs.mkdir(parents=True, exist_ok=True)
        self.namespaces = []
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop(grace=3)
        for namespace in self.namespaces:
            namespace.close()

    def namespace(self, name):
        self.namespaces.append(Namespace(name))
        return self.namespaces[-1]

    def cable(self, left, left_interface, right, right_interface, left_mac=None, right_mac=None):
        """A veth pair between two namespaces, up at both ends."""
        left.ip("link", "add", left_interface, *(["address", left_mac] if left_mac else []),
                "type", "veth", "peer", "name", right_interface,
                *(["address", right_mac] if right_mac else []), "netns", str(right.holder.pid))
        for namespace, interface in ((left, left_interface), (right, right_interface)):
            namespace.ip("link", "set", interface, "up")

    def start(self, name, argv, namespace=None, **environment):
        argv = [str(argument) for argument in argv]
        process = Process(name, namespace.enter(argv) if namespace else argv, self.logs, environment)
        self.processes.append(process)
        return process

    def wait_for_link_local(self, namespace, interface, timeout=8):
        """Until duplicate address detection is over; the Python peers cannot wait for it themselves."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            shown = namespace.ip("-6", "addr", "show", "dev", interface, "scope", "link")
            if "inet6" in shown and "tentative" not in shown:
                return
            time.sleep(0.1)
        raise ScenarioFailed(f"no link-local address on {interface} of {namespace.name} after {timeout} s")

    def tails(self):
        return "\n".join(text for text in (process.tail() for process in self.processes) if text)
