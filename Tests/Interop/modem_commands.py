"""`coupler modem` over real interfaces, against each vendor's modem and each fault that `coupler line` can play."""

import struct

from bench import ScenarioFailed
from rig import EV_MAC, EVSE_MAC, scenario

KEY = "b59319d7e8157ba001b018669ccee30d"  # pass phrase HomePlugAV0123
KEY_NID = "026bcba5354e08"


class Modem:
    """A charger's host with its modem, a vehicle's beside it, and the commands."""

    def __init__(self, rig, suffix, *line):
        self.rig = rig
        self.vehicle, self.charger, middle = (rig.namespace(f"{name}{suffix}") for name in ("ev", "se", "line"))
        rig.cable(self.vehicle, "plc0", middle, "toev", EV_MAC)
        rig.cable(self.charger, "plc0", middle, "tose", EVSE_MAC)
        self.line = rig.coupler(f"line{suffix}", middle, "line", "toev", "tose", *line)
        self.line.expect("line ready", 15)

    def run(self, *arguments, expected=0, host=None, limit=90):
        """Runs `coupler modem …` at the charger, or at another host; gives the process, which has ended."""
        interface = ["--interface", "plc0"] if arguments[0] != "list" and "--file" not in arguments else []
        process = self.rig.coupler(f"modem-{arguments[0]}", host or self.charger, "modem", *arguments, *interface)
        process.wait(limit, expected)
        if KEY in process.text().lower():
            raise ScenarioFailed(f"{process.name} shows the key")
        return process

    def json(self, *arguments, **options):
        """The last object of the command's output."""
        process = self.run(*arguments, "--json", **options)
        if not process.events():
            raise ScenarioFailed(f"{process.name} with --json printed no object")
        return process.events()[-1]


def must(holds, what):
    if not holds:
        raise ScenarioFailed(what)


def key_file(rig):
    path = rig.logs / "lab.nmk"
    path.write_text(KEY + "\n")
    return path


# model: vendor it is taken for, proof of a key, exit status of reset and of pib show, exit status of doctor for an EVSE
VENDORS = {
    "qca7000": ("qualcomm", "membership", 0, 0, 0),
    "qca7005": ("qualcomm", "membership", 0, 0, 0),
    "qca7006": ("qualcomm", "membership", 0, 0, 0),
    "qca7420": ("qualcomm", "membership", 0, 1, 1),
    "cg5317": ("lumissil", "no-peer", 0, 1, 0),
    "mse1021": ("generic", "no-peer", 1, 1, 0),
    "generic": ("generic", "no-peer", 1, 1, 0),
}


@scenario(300)
def coupler_modem_speaks_with_the_modem_of_each_vendor(rig):
    key = key_file(rig)
    for model, (vendor, proof, reset, show, doctor) in VENDORS.items():
        modem = Modem(rig, f"-{model}", "--modem", f"tose={model}")
        listed = modem.json("list")
        must(listed["interface"] == "plc0" and listed["vendor"] == vendor, f"{model}: list says {listed}")
        info = modem.json("info")
        must(info["vendor"] == vendor and info["link"] == "down", f"{model}: info says {info}")
        modem.run("link", expected=1)
        answer = modem.json("key", "--nmk-file", key)
        must(answer["nid"] == KEY_NID and answer["proof"] == proof, f"{model}: key says {answer}")
        # The vehicle's modem takes the key too, and the two form a network.
        modem.run("key", "--nmk-file", key, host=modem.vehicle)
        modem.line.expect(f"joined: .*{KEY_NID}", 10)
        must(modem.json("link") == {"link": "up"}, f"{model}: no link after joining")
        again = modem.json("key", "--nmk-file", key)
        must(again["proof"] in ("membership", "link"), f"{model}: key proves nothing beside a peer: {again}")
        modem.line.expect_that(lambda: modem.line.text().count("joined:") >= 2, "second join", 10)
        stats = modem.json("stats")
        must(len(stats["stations"]) == 1 and stats["stations"][0]["transmitRate"] > 0, f"{model}: stats say {stats}")
        must(("links" in stats) == (vendor == "qualcomm"), f"{model}: statistics of links in {stats}")
        modem.run("reset", expected=reset)
        modem.run("pib", "show", "--role", "evse", expected=show)
        modem.run("doctor", "--role", "evse", expected=doctor)
        print(f"    {model}: {info.get('chip') or vendor}, key proven by {answer['proof']}, then {again['proof']}")


@scenario(120)
def coupler_modem_makes_a_vehicles_modem_a_chargers(rig):
    modem = Modem(rig, "", "--ev", "tose", "--restart", 1)
    found = modem.run("doctor", "--role", "evse", "--json", expected=1).events()
    must(any(entry.get("kind") == "wrong-role" for entry in found), f"the doctor finds no wrong role: {found}")
    delivered, backup = rig.logs / "delivered.pib", rig.logs / "backup.pib"
    modem.run("pib", "read", delivered)
    modem.run("pib", "show", "--role", "evse", expected=1)
    # Nothing is written where the wish is refused.
    modem.run("pib", "write", "--role", "evse", delivered, expected=1)
    modem.run("pib", "set", "cco=9", expected=64)
    written = modem.json("pib", "set", "--role", "evse", "user-hfid=EVSE", "--backup", backup)
    must(written["backup"] == str(backup) and written["back"] >= 0.5, f"pib set says {written}")
    must(delivered.read_bytes() == backup.read_bytes(), "the backup is not what the modem had")
    must(oct(backup.stat().st_mode & 0o777) == "0o600", "others can read the backup")
    modem.run("doctor", "--role", "evse")
    must(modem.json("info")["role"] == "evse", "the role did not change")
    # A second time there is nothing to do; and back again.
    must(modem.json("pib", "set", "--role", "evse")["written"] == 0, "written without need")
    modem.run("pib", "write", "--role", "ev", delivered)
    must(modem.json("info")["role"] == "ev", "the old block is not back")
    after = rig.logs / "after.pib"
    modem.run("pib", "read", after)
    must(after.read_bytes() == delivered.read_bytes(), "the old block is not what it was")
    # Another modem's block would give two modems one address.
    other = rig.logs / "other.pib"
    modem.run("pib", "set", "--file", delivered, "--output", other, "mac=02:00:00:00:00:77")
    modem.run("pib", "write", other, expected=1)
    modem.run("pib", "write", "--force", other)
    must(modem.json("info")["modem"] == "02:00:00:00:00:77", "the modem did not come back with its new address")


def checksum(octets):
    result = 0xFFFFFFFF
    for (word,) in struct.iter_unpack("<I", octets):
        result ^= word
    return result


def chain(*images):
    """Images behind headers, each (type, octets)."""
    result, previous = b"", 0xFFFFFFFF
    for number, (kind, octets) in enumerate(images):
        start = len(result)
        last = number == len(images) - 1
        head = struct.pack("<HHIIIIIIIII", 1, 1, 0, start + 0x60, 0, len(octets), checksum(octets), 0,
                           0xFFFFFFFF if last else start + 0x60 + len(octets), previous, kind).ljust(0x5C, b"\0")
        result += head + struct.pack("<I", checksum(head)) + octets
        previous = start
    return result


@scenario(180)
def coupler_modem_writes_firmware_and_parameters_with_every_kind_of_flash(rig):
    firmware = rig.logs / "new.nvm"
    image = b"MAC-QCA7005-9.9.9.999-09-SCENARIO".ljust(64, b"\0") + bytes(range(256)) * 40
    firmware.write_bytes(chain((0x0E, bytes(0x300)), (0x04, image)))
    damaged = rig.logs / "damaged.nvm"
    damaged.write_bytes(firmware.read_bytes()[:-1] + b"\0")
    # fault of the modem: exit status of writing firmware and of setting a role
    for fault, (write, role) in {None: (0, 0), "no-pieces": (0, 0), "no-operations": (0, 0), "flash-fails": (1, 1),
                                 "flash-flips": (1, 1)}.items():
        name = fault or "sound"
        modem = Modem(rig, f"-{name}", *(["--fault", f"tose={fault}"] if fault else []))
        modem.run("firmware", "write", damaged, expected=1)
        backup = rig.logs / f"{name}.nvm"
        process = modem.run("firmware", "write", firmware, "--backup", backup, "--json", expected=write)
        phases = {entry["phase"] for entry in process.events() if entry.get("event") == "progress"}
        must({"reading", "writing", "committing"} <= phases, f"{name}: progress of {phases}")
        version = modem.json("info")["firmware"]
        must(("SCENARIO" in version) == (fault not in ("flash-fails", "flash-flips")), f"{name}: runs {version}")
        if write == 0:
            # The backup is a firmware file that can be written.
            modem.run("firmware", "write", backup, "--no-backup")
            must("SCENARIO" not in modem.json("info")["firmware"], f"{name}: the backup does not run")
        modem.run("pib", "set", "user-hfid=CHARGER", "--backup", rig.logs / f"{name}.pib", expected=role)
        print(f"    {name}: firmware {write}, parameters {role}")


# fault: what the doctor names, with its exit status
FAULTS = {
    "silent": ("no-modem", 1), "boot-loader": ("no-firmware", 1), "no-slac": ("firmware-without-slac", 1),
    "slac-off": ("slac-off", 1), "no-coordinator": ("wrong-role", 1), "ignores-key": ("key-not-taken", 1),
    "refuses-key": (None, 0), "inverted-result": (None, 0), "checks-nid": (None, 0),
    "no-link-status": ("link-unknown", 0), "reports-errors": (None, 0), "no-pieces": (None, 0),
}


@scenario(240)
def coupler_modem_doctor_names_the_fault_of_a_modem(rig):
    for fault, (kind, status) in FAULTS.items():
        modem = Modem(rig, f"-{fault}", "--fault", f"tose={fault}")
        found = modem.run("doctor", "--role", "evse", "--try-key", "--json", expected=status).events()
        kinds = [entry["kind"] for entry in found if "kind" in entry and entry["severity"] != "note"]
        must(kinds == ([kind] if kind else []), f"{fault}: the doctor names {kinds}")
        text = modem.run("doctor", "--role", "evse", expected=None).text()
        must("To do: " in text or "nothing is wrong" in text, f"{fault}: no remedy in {text}")
        print(f"    {fault}: {kind or 'nothing'}")
    modem = Modem(rig, "-down")
    modem.charger.ip("link", "set", "plc0", "down")
    found = modem.run("doctor", "--json", expected=1).events()
    must(found[0].get("kind") == "interface-down", f"an interface that is down: {found}")
    modem.run("info", expected=2)
    # As a user without the right to send raw frames.
    modem.charger.ip("link", "set", "plc0", "up")
    process = rig.start(rig.name("modem-doctor"), ["setpriv", "--bounding-set=-net_raw", rig.binary, "modem", "doctor",
                                                   "--interface", "plc0", "--json"], modem.charger)
    process.wait(20, 2)
    must(any(entry.get("kind") == "no-permission" for entry in process.events()), f"no right: {process.text()}")


@scenario(90)
def coupler_modem_shows_the_attenuation_at_both_ends(rig):
    modem = Modem(rig, "", "--attenuation", 33, "--ev", "toev")
    evse = rig.coupler("evse", modem.charger, "evse", "--interface", "plc0", "--until", "match", "--json")
    evse.expect_event("ready", 15)
    listener = rig.coupler("listener", modem.charger, "modem", "atten", "--interface", "plc0", "--seconds", 20, "--json")
    listener.expect_that(lambda: listener.running, "start", 5)
    # The listener asks first who the modem is.
    rig.wait_for_link_local(modem.charger, "plc0")
    sounded = modem.json("atten", "--sound", host=modem.vehicle)
    listener.wait(25)
    heard = listener.events()[-1]
    for name, report in (("charger", sounded), ("vehicle", heard)):
        must(name in report and len(report["groups"]) == 58 and abs(report["mean"] - 33) < 1, f"{name}: {report}")
    must(heard["sounds"] == 10, f"{heard['sounds']} sounds")
    # A vehicle's modem reports nothing.
    silent = modem.run("atten", "--seconds", 1, host=modem.vehicle, expected=1)
    must("role is not EVSE" in silent.text(), silent.text())
    print(f"    {sounded['mean']} dB from the charger, {heard['mean']} dB at its modem")
