"""The Debian package in a system with systemd: its unit with the whole hardening, its users, rules and names, on a replica
of the board whose devices systemd-udevd hands out."""

import grp
import json
import os
import pathlib
import pwd
import subprocess
import time

from bench import ScenarioFailed
from control import Control, journal
from guest_rig import EV_MAC, check, equal
from matching import summary
from pilot_wire import Wire
from replica import Replica
from scenarios import scenario

BOARD = "chargebyte-tarragon"
SITE = pathlib.Path("/etc/coupler/site.yaml")
TEXT = """
board: chargebyte-tarragon
log:
  level: trace
watchdog:
  device: /dev/watchdog0
  timeout: 10 s
connectors:
  - id: 1
    evse-id: DE*CPL*E00001
    interface: plc0
    current: ac
    limits:
      current-max: {amperes} A
      phases: 3
    authorization: free
"""
CAP_NET_RAW = 13


def run(*words, expected=0, seconds=120):
    """What the command printed; `None` for `expected` takes every exit status."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=seconds)
    check(expected is None or done.returncode == expected,
          f"{' '.join(map(str, words))}: exit status {done.returncode}, {done.stdout} {done.stderr}")
    return done.stdout.strip()


def rights(path):
    """`crw-rw---- root gpio`, as ls prints them."""
    return run("stat", "-L", "-c", "%A %U %G", path)


def until(what, holds, seconds):
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        check(time.monotonic() < deadline, f"no {what} in {seconds} s")
        time.sleep(0.05)
    return found


class Unit:
    name = "couplerd.service"

    def show(self, key):
        return run("systemctl", "show", "--value", "-p", key, self.name)

    @property
    def process(self):
        return int(self.show("MainPID"))

    def journal(self, *words):
        """Its entries as systemd-journald keeps them, oldest first."""
        run("journalctl", "--sync")
        text = run("journalctl", "--no-pager", "-o", "json", "-u", self.name, *words)
        return [json.loads(line) for line in text.splitlines()]


class Board:
    """The replica with its modem's port, which appear after the package was installed, and the vehicle's place."""

    def __init__(self, rig):
        self.rig = rig
        self.vehicle, self.middle = rig.namespace("ev"), rig.namespace("line")
        rig.cable(self.vehicle, "ev0", self.middle, "toev", EV_MAC)

    def add_port(self, parent, peer):
        """A port of a modem; the kernel calls it ethN."""
        before = set(os.listdir("/sys/class/net"))
        pathlib.Path("/sys/kernel/debug/bench/port").write_text(f"{parent} qcaspi {peer}")
        address = pathlib.Path(f"/sys/class/net/{peer}/address").read_text().strip()
        run("udevadm", "settle")
        name, = set(os.listdir("/sys/class/net")) - before - {peer}
        # What the driver gave: the peer's differs in the last bit.
        expected = f"{address[:-2]}{int(address[-2:], 16) ^ 1:02x}"
        return name, pathlib.Path(f"/sys/class/net/{name}/address").read_text().strip() == expected

    def join(self, peer):
        """The simulated modems between vehicle and charger."""
        run("ip", "link", "set", peer, "netns", self.middle.holder.pid)
        self.middle.ip("link", "set", peer, "up")
        run("ip", "link", "set", "plc0", "up")
        self.rig.start("line", ["/usr/bin/coupler", "line", "toev", peer], self.middle).expect("line ready", 20)

    def plug_in(self, *options):
        return self.rig.start(self.rig.name("ev"), ["/usr/bin/coupler", "ev", "-i", "ev0", "--ac", "--json", "-v",
                                                    "--pilot", "/run/bench/cable", *options], self.vehicle)


def installs(rig):
    """The package's own scripts make users, folders and rights on devices that are there already."""
    print("    " + run("systemctl", "is-system-running", expected=None))
    chip = pathlib.Path("/dev/gpiochip0")
    equal(rights(chip), "crw------- root root", f"{chip} before the installation")
    run("dpkg", "--no-triggers", "--force-unsafe-io", "-i", rig.program("PACKAGE"), seconds=300)
    run("udevadm", "settle")
    equal(rights(chip), "crw-rw---- root gpio", f"{chip} after the installation")
    user = pwd.getpwnam("coupler")
    groups = {group.gr_name for group in grp.getgrall() if "coupler" in group.gr_mem}
    equal((user.pw_dir, user.pw_shell, groups), ("/var/lib/coupler", "/usr/sbin/nologin", {"gpio", "dialout"}), "user")
    equal(rights("/var/lib/coupler"), "drwxr-x--- coupler coupler", "the journal's folder")
    for device in ("/dev/watchdog0", "/dev/watchdog"):
        equal(rights(device), "crw-rw---- root coupler", device)
    equal(run("systemctl", "is-active", Unit.name, expected=None), "inactive", "the unit after the installation")


def names_ports(board):
    """`plc0` is the port of the only modem by its driver; where there are two, by the place on the board. The address that
    the driver gave stays."""
    equal(board.add_port("spi0.0", "peer0"), ("plc0", True), "name of the only modem's port, and whether its address stays")
    run("ip", "link", "set", "plc0", "name", "former")
    run("ln", "-s", f"/usr/share/coupler/udev/60-coupler-{BOARD}.rules", "/etc/udev/rules.d/")
    run("udevadm", "control", "--reload")
    equal(board.add_port("spi3.0", "peer3"), ("plc1", True), "name of the mains modem's port, and whether its address stays")
    equal(board.add_port("spi1.0", "peer1"), ("plc0", True), "name of the pilot modem's port, and whether its address stays")
    run("ip", "link", "delete", "former", expected=None)


def is_confined(unit):
    """What the kernel holds the running daemon to."""
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{unit.process}/status").read_text().splitlines())
    user = pwd.getpwnam("coupler")
    gpio, dialout = grp.getgrnam("gpio").gr_gid, grp.getgrnam("dialout").gr_gid
    equal(status["Uid"].split(), [str(user.pw_uid)] * 4, "user of the daemon")
    equal(status["Gid"].split(), [str(user.pw_gid)] * 4, "group of the daemon")
    check({str(gpio), str(dialout)} <= set(status["Groups"].split()), f"groups of the daemon: {status['Groups']}")
    for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
        equal(int(status[key], 16), 1 << CAP_NET_RAW, f"{key} of the daemon")
    equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), "no new privileges, system calls filtered")

    def inside(*words):
        """As somebody with all rights on files, who sees the daemon's file system."""
        return subprocess.run(["nsenter", "-t", str(unit.process), "-m", "--", *words], capture_output=True, text=True)

    for path in ("/etc/coupler/x", "/usr/x", "/var/x", "/sys/kernel/mm/x", "/home/x"):
        done = inside("touch", path)
        check(done.returncode != 0 and "Read-only" in done.stderr, f"{path} can be written: {done.stderr}")
    for path in ("/var/lib/coupler/x", "/run/coupler/x", "/tmp/x"):
        done = inside("touch", path)
        check(done.returncode == 0, f"{path} cannot be written: {done.stderr}")
        inside("rm", path)
    check(not pathlib.Path("/tmp/x").exists(), "/tmp of the daemon is everybody's")
    options = inside("findmnt", "-no", "OPTIONS", "/sys/devices").stdout.split(",")
    check("rw" in options, f"/sys/devices: {options}")

    def device(path):
        """Opens as root within the daemon's group of processes: what its list of devices lets through."""
        script = f"echo $$ >/sys/fs/cgroup/system.slice/{unit.name}/cgroup.procs; exec 3<>{path}"
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True)

    for path in ("/dev/kmsg", "/dev/net/tun", "/dev/uinput" if os.path.exists("/dev/uinput") else "/dev/full"):
        done = device(path)
        refused = done.returncode != 0 and "not permitted" in done.stderr
        check(refused or path == "/dev/full", f"{path} can be opened by the daemon: {done.stderr}")
    for path in ("/dev/gpiochip0", "/dev/null"):
        done = device(path)
        check(done.returncode == 0, f"{path} cannot be opened by the daemon: {done.stderr}")


def tries(hardening):
    """What a program can do that runs as the daemon does, with these lines of a unit file."""
    name = "tries.service"
    here = pathlib.Path(__file__).resolve().parent
    pathlib.Path("/tmp/of-everybody").touch()
    namespaces = [os.readlink(f"/proc/1/ns/{kind}") for kind in ("ipc", "mnt")]
    pathlib.Path("/run/namespaces").write_text("\n".join(namespaces))
    pathlib.Path("/run/forbidden.py").write_text((here / "forbidden.py").read_text())
    pathlib.Path("/run/systemd/system").mkdir(exist_ok=True)
    unit = ["[Service]", "Type=oneshot", "ExecStart=/usr/bin/python3 /run/forbidden.py", *hardening]
    pathlib.Path(f"/run/systemd/system/{name}").write_text("\n".join(unit) + "\n")
    run("systemctl", "daemon-reload")
    begin = time.clock_gettime(time.CLOCK_REALTIME)
    run("systemctl", "start", name)
    run("journalctl", "--sync")
    told = run("journalctl", "--no-pager", "-o", "cat", "-u", name, "_COMM=python3", f"--since=@{begin:.6f}")
    return json.loads(told.splitlines()[-1])


def hardening_bites(unit):
    """Every line of the unit but those that start, end and watch the daemon; and without them the same is possible."""
    text = pathlib.Path(unit.show("FragmentPath")).read_text()
    section = text[text.index("[Service]"):text.index("[Install]")].splitlines()[1:]
    of_the_daemon = ("Type", "NotifyAccess", "Exec", "WatchdogSec", "Restart", "Timeout", "RuntimeDirectory")
    hardening = [line for line in section if line and not line.startswith(of_the_daemon)]
    confined = tries(hardening)
    equal([what for what, can in confined.items() if can], [], "what the unit's hardening lets through")
    free = tries([line for line in hardening if line.startswith(("User", "Group", "StateDirectory", "UMask"))])
    equal([what for what, can in free.items() if not can], [], "what cannot be done without the hardening, either")
    print(f"    {len(confined)} forbidden things cannot be done in the unit, all of them without its hardening")


def starts(board, unit, wire):
    SITE.write_text(TEXT.format(amperes=32))
    run("/usr/sbin/couplerd", "--site", SITE, "--check")
    run("systemctl", "start", unit.name)  # returns after READY=1, or fails
    equal((unit.show("ActiveState"), unit.show("SubState")), ("active", "running"), "state of the unit")
    equal(wire.duty(), 1000, "pilot at READY=1")
    for row in wire.replica.of("output"):
        if not row.field.startswith("outlets"):
            equal(wire.value(row.field), int(row.values["start"]), f"start value of {row.field}")
    equal(rights("/run/coupler/control.sock"), "srw-rw---- coupler coupler", "the control socket")
    # What the rules gave while the daemon exported the channel, and only that.
    folder = wire.replica.devices.pwms["outlets[0].generator.pwm"]
    equal(rights(folder / "duty_cycle"), "-rw-rw-r-- root gpio", "duty of the pilot")


def charges(board, unit, wire, *options):
    """A session; `during` runs while the contactor is closed."""
    ev = board.plug_in(*options)
    wire.expect("closed contactor", lambda: wire.is_closed, 60)
    equal(wire.duty(), 50, "duty while charging by digital communication")
    return ev


def finishes(wire, ev):
    ev.wait(200)
    equal(summary(ev)["outcome"], "completed", "outcome of the vehicle")
    wire.expect("open contactor", lambda: not wire.is_closed, 10)
    wire.expect("open lock", lambda: wire.position > 1_000, 20)
    wire.expect("empty outlet", lambda: wire.state == "A", 5)


def reloads(unit):
    """SIGHUP while it charges: a lower limit counts at once, a file with a fault changes nothing."""
    process = unit.process
    client = Control("/run/coupler/control.sock")

    def limit():
        return client.call("status")["connectors"][0]["limits"]["milliamps"]

    equal(limit(), 32_000, "limit before the reload")
    SITE.write_text(TEXT.format(amperes=10))
    run("systemctl", "reload", unit.name)
    until("limit of 10 A in the status", lambda: limit() == 10_000, 5)
    SITE.write_text("board: nonsense\n")
    run("systemctl", "reload", unit.name)
    time.sleep(1)
    equal(limit(), 10_000, "limit after a file with a fault")
    equal((unit.process, unit.show("ActiveState")), (process, "active"), "the daemon after reloads")
    SITE.write_text(TEXT.format(amperes=32))
    run("systemctl", "reload", unit.name)


def unclean(board, unit, wire, how, seconds):
    """The daemon is gone or stands still while it charges: outputs are safe `seconds` later, before it is started again."""
    ev = charges(board, unit, wire, "--seconds", 60)
    process, restarts = unit.process, int(unit.show("NRestarts"))
    os.kill(process, how)
    begin = time.monotonic()
    wire.expect("open contactor", lambda: not wire.is_closed, seconds)
    within = time.monotonic() - begin
    equal(int(unit.show("NRestarts")), restarts, "restarts before the outputs were safe")
    time.sleep(0.05)  # the circuit follows a hundred times a second
    wire.check_safe(f"after signal {how}")
    equal(wire.duty(), 0, "PWM")
    ev.stop()
    until("restart", lambda: unit.show("SubState") == "running" and unit.process not in (0, process), 30)
    equal(int(unit.show("NRestarts")), restarts + 1, "restarts")
    wire.expect("empty outlet", lambda: wire.state == "A", 5)
    wire.expect("open lock", lambda: wire.position > 1_000, 20)
    print(f"    outputs safe {within:.2f} s after signal {how}")


@scenario(limit=600, virtual=True, needs=["PACKAGE", "PROBE"], memory=1024, systemd=True)
def the_package_runs_under_systemd_with_all_its_hardening(rig):
    run("udevadm", "settle")
    replica = Replica(rig.program("PROBE"), BOARD)
    run("udevadm", "settle")
    installs(rig)
    unit, board = Unit(), Board(rig)
    names_ports(board)
    board.join("peer1")
    wire = Wire(replica, rig.run / "cable")
    starts(board, unit, wire)
    is_confined(unit)
    hardening_bites(unit)
    ev = charges(board, unit, wire, "--seconds", 8)
    reloads(unit)
    finishes(wire, ev)
    unclean(board, unit, wire, 9, 0.9)
    unclean(board, unit, wire, 19, 8)
    finishes(wire, charges(board, unit, wire, "--seconds", 3))
    run("systemctl", "stop", unit.name)
    equal((unit.show("ActiveState"), unit.show("Result")), ("inactive", "success"), "the unit after a stop")
    time.sleep(0.1)
    wire.check_safe("after systemctl stop")
    tells(unit)
    is_removed(unit, wire)


def is_removed(unit, wire):
    """While it runs: the station is stopped first."""
    run("systemctl", "start", unit.name)
    process = unit.process
    equal(wire.duty(), 1000, "pilot before the removal")
    # An image for containers says that no package may stop a service; a board does not.
    pathlib.Path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
    run("dpkg", "--no-triggers", "--force-unsafe-io", "--remove", "coupler")
    check(not pathlib.Path(f"/proc/{process}").exists(), "the daemon outlives its package")
    check(not pathlib.Path("/usr/sbin/couplerd").exists(), "/usr/sbin/couplerd is left")
    wire.check_safe("after the removal")


def tells(unit):
    """journald has the fields that the daemon gives each line."""
    entries = unit.journal()
    own = [entry for entry in entries if "COUPLER_LAYER" in entry]
    check(len(own) > 50, f"{len(own)} entries with COUPLER_LAYER")
    for entry in own:
        equal((entry["SYSLOG_IDENTIFIER"], entry["_SYSTEMD_UNIT"], entry["_UID"]),
              ("couplerd", unit.name, str(pwd.getpwnam("coupler").pw_uid)), "who told it")
        check("COUPLER_EVENT" in entry and entry["PRIORITY"] in "234567", f"{entry}")
    check({"1"} <= {entry.get("COUPLER_CONNECTOR") for entry in own}, "no entry of connector 1")
    check(unit.journal("COUPLER_LAYER=pilot", "COUPLER_CONNECTOR=1"), "none found by the fields of the pilot")
    messages = [entry["MESSAGE"] for entry in entries]
    for part in ("code=killed, status=9/KILL", "Watchdog timeout", "site file not taken"):
        check(any(part in message for message in messages), f"the journal does not tell: {part}")
    print(f"    {len(entries)} entries of the unit in the journal, {len(own)} with fields of their own")
