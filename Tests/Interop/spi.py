"""A match and a session where both hosts reach their modem over SPI: simulated QCA7000 behind `coupler spi`."""

import shutil
import subprocess
import time

from rig import ATTENUATION, EV_MAC, EVSE_MAC, HERE, ScenarioFailed, check_summary, scenario


def fake_spidev(rig, path):
    """Environment of a process that finds a spidev device and a GPIO line although this machine has none."""
    library = rig.logs / "fake_spidev.so"
    compiler = next(filter(shutil.which, ("cc", "clang", "gcc")), "cc")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library,
                    HERE / "peers" / "fake_spidev.c", "-ldl", "-lpthread"], check=True, timeout=60)
    return {"LD_PRELOAD": str(library), "FAKE_SPIDEV": str(path)}


def two_chips(rig, *options, spidev=False):
    """A line with two chips on SPI, and `coupler spi` in each host's namespace; gives what runs there. With `spidev`
    the charger's hangs on a device and a GPIO line."""
    vehicle, charger = rig.namespace("ev"), rig.namespace("se")
    sockets = [f"{rig.folder.name}/{end}.spi" for end in ("ev", "se")]
    rig.switch_on = lambda: rig.coupler("line", None, "line", "--spi", sockets[0], "--spi", sockets[1],
                                        "--attenuation", ATTENUATION, "--json", *options)
    rig.modems = rig.switch_on()
    rig.modems.expect_event("ready", 15)
    bridges = []
    for name, namespace, path, mac in (("ev", vehicle, sockets[0], EV_MAC), ("se", charger, sockets[1], EVSE_MAC)):
        place, environment = ["--socket", path], {}
        if spidev and name == "se":
            place, environment = ["--device", "/dev/spidev9.0", "--interrupt", "gpiochip9:25"], fake_spidev(rig, path)
        bridges.append(rig.start(rig.name(f"spi-{name}"), [rig.binary, "spi", *place, "--tap", "plc0", "--mac", mac,
                                                           "--json"], namespace, **environment))
    for bridge in bridges:
        bridge.expect('"event":"carrier","on":true', 15)
    return vehicle, charger, bridges


def counters(bridge):
    """Ends a bridge, and gives the counters it prints last."""
    if not bridge.stop() or bridge.child.returncode != 0:
        raise ScenarioFailed(f"{bridge.name} exited with {bridge.child.returncode}")
    last = bridge.events()[-1]
    if last.get("event") != "counters":
        raise ScenarioFailed(f"{bridge.name}: the last line is not its counters: {last}")
    shown = {name: value for name, value in last.items() if isinstance(value, int) and value}
    print(f"    {bridge.name}: {shown}")
    return last


def charge(rig, vehicle, charger):
    evse = rig.coupler("evse", charger, "evse", "--interface", "plc0", "--dc", "--once", "--json")
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "plc0", "--dc", "--seconds", 3, "--json")
    ev.wait(100)
    evse.wait(20)
    check_summary(ev)
    check_summary(evse)


@scenario(180)
def a_session_runs_over_two_chips_on_spi(rig):
    vehicle, charger, bridges = two_chips(rig)
    charge(rig, vehicle, charger)
    time.sleep(1)
    before = [bridge.wakeups() for bridge in bridges]
    time.sleep(3)
    for bridge, wakeups in zip(bridges, before):
        # The kernel's own multicasts may pass; polling would be hundreds.
        print(f"    {bridge.name}: {bridge.wakeups() - wakeups} wake-ups in 3 s of rest, "
              f"{bridge.processor_time():.0f} ms of the processor in all")
        if bridge.wakeups() - wakeups > 15:
            raise ScenarioFailed(f"{bridge.name} does not rest")
        last = counters(bridge)
        if last["delivered"] < 50 or last["sent"] < 50:
            raise ScenarioFailed(f"{bridge.name} carried hardly anything: {last}")
        wrong = {name: last[name] for name in ("noHead", "invalidLength", "noTail", "truncated", "transmitRingFull",
                                               "droppedAtSyncLoss", "readBufferErrors", "writeBufferErrors",
                                               "badSignatures", "spiErrors") if last[name]}
        if wrong:
            raise ScenarioFailed(f"{bridge.name} counted errors on a bus without: {wrong}")


@scenario(180)
def a_session_runs_over_spidev_and_a_gpio_line(rig):
    """The device is a fake one that checks each call as the kernel does."""
    vehicle, charger, bridges = two_chips(rig, spidev=True)
    charge(rig, vehicle, charger)
    for bridge in bridges:
        last = counters(bridge)
        # On a busy machine the timer's look comes before the line's event now and then, and counts an interrupt as missed.
        if last["spiErrors"] or last["missedInterrupts"] > last["delivered"] // 2 or last["delivered"] < 50 or last["sent"] < 50:
            raise ScenarioFailed(f"{bridge.name}: {last}")
        if "fake spidev" in bridge.text():
            raise ScenarioFailed(bridge.text())


@scenario(120)
def a_chip_that_goes_away_is_found_again(rig):
    """The chips lose their power: carrier off, and on again when they are back; then a match as before."""
    vehicle, charger, bridges = two_chips(rig)
    rig.modems.stop()
    for bridge in bridges:
        bridge.expect('"event":"carrier","on":false', 10)
        bridge.expect('"event":"trouble"', 10)
    if "LOWER_UP" in vehicle.ip("link", "show", "dev", "plc0"):
        raise ScenarioFailed("plc0 has a carrier without a chip")
    rig.modems = rig.switch_on()
    for bridge in bridges:
        bridge.expect_that(lambda: bridge.text().count('"event":"carrier","on":true') == 2, "second carrier", 15)
    evse = rig.coupler("evse", charger, "evse", "--interface", "plc0", "--until", "match", "--once", "--json")
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "plc0", "--until", "match", "--json")
    ev.wait(60)
    evse.wait(20)
    for bridge in bridges:
        last = counters(bridge)
        if not last["spiErrors"] or last["syncs"] != 2:
            raise ScenarioFailed(f"{bridge.name}: {last}")
