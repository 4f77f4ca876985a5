"""SLAC and sessions of `coupler evse` and `coupler ev` over the kernel's own network, with loss and in virtual time."""

import signal
import time

from bench import ScenarioFailed
from guest_rig import check, equal
from scenarios import scenario


def summary(process):
    events = process.events()
    if not events or events[-1].get("event") != "summary":
        raise ScenarioFailed(f"{process.name}: the last line is no summary: {events[-1:]}")
    return events[-1]


@scenario(limit=300, virtual=True, needs=["COUPLER"])
def a_vehicle_charges_over_veth_and_raw_sockets(rig):
    vehicle, charger, _ = rig.power_line()
    pilot = rig.run / "cable"
    evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--once", "--json", "--pilot", pilot)
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "-i", "ev0", "--seconds", 60, "--json", "--pilot", pilot)
    ev.wait(200)
    evse.wait(20)
    equal((summary(ev)["outcome"], summary(evse)["outcome"]), ("completed", "completed"), "outcomes")


@scenario(limit=300, virtual=True, needs=["COUPLER"])
def matches_survive_loss_and_delay_on_the_hosts_side(rig):
    """netem between hosts and modems, both directions; a run that fails is repeated, as the standard says."""
    vehicle, charger, middle = rig.power_line()
    for namespace, interface in ((vehicle, "ev0"), (charger, "se0"), (middle, "toev"), (middle, "tose")):
        namespace.output("tc", "qdisc", "add", "dev", interface, "root", "netem", "delay", "3ms", "2ms", "loss", "2%")
    runs, began = 12, []
    for _ in range(runs):
        evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--until", "match", "--once", "--json")
        evse.expect_event("ready", 20)
        ev = rig.coupler("ev", vehicle, "ev", "-i", "ev0", "--until", "match", "--json")
        ev.wait(200)
        evse.wait(60)
        check(summary(ev).get("outcome") == "matched", f"{ev.name}: {summary(ev)}")
        began.append(ev.text().count("looking for chargers"))
    dropped = [namespace.output("tc", "-s", "qdisc", "show", "dev", interface).split("dropped ")[1].split(",")[0]
               for namespace, interface in ((vehicle, "ev0"), (charger, "se0"), (middle, "toev"), (middle, "tose"))]
    check(sum(map(int, dropped)) > 0, "netem dropped nothing")
    print(f"    {runs} matches; dropped {', '.join(dropped)} frames")


def times(process, event, **fields):
    """When the process told of these events, in s."""
    return [found["time"] for found in process.events()
            if found.get("event") == event and all(found.get(name) == value for name, value in fields.items())]


def within(found, lowest, highest, what):
    check(lowest <= found <= highest, f"{what}: {found:.3f} s, not {lowest} to {highest} s")
    print(f"    {what}: {found:.3f} s")


@scenario(limit=180, virtual=True, needs=["COUPLER"])
def a_charger_gives_up_a_vehicle_that_never_asks(rig):
    """TT_EVSE_SLAC_init of 50 s, T_step_EF of 4 s, twice more, then X1: three minutes of ISO 15118-3."""
    _, charger, _ = rig.power_line()
    evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--slac-init", 50, "--json", "-v")
    evse.expect(r"listening for CM_SLAC_PARM.REQ", 20)
    time.sleep(161)
    evse.stop()
    waits = times(evse, "slac", text="listening for CM_SLAC_PARM.REQ")
    failures = times(evse, "failed")
    low = times(evse, "duty", duty="-12 V")
    high = times(evse, "duty", duty="+12 V")
    equal((len(waits), len(failures), len(low)), (3, 3, 2), "waits, failures and steps through state F")
    for begin, end in zip(waits, failures):
        within(end - begin, 49.9, 50.1, "TT_EVSE_SLAC_init")
    for begin, end in zip(low, high):
        within(end - begin, 4.0, 4.1, "T_step_EF")


def charging(rig, *options):
    """A DC session in its loop; each side plays the other's pilot, so that a side may stand still."""
    vehicle, charger, _ = rig.power_line()
    evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--once", "--json", "-v", *options)
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "-i", "ev0", "--json", "-v", "--timeout", 3600)
    ev.expect(r"CurrentDemandRes", 60)
    return evse, ev


@scenario(limit=180, virtual=True, needs=["COUPLER"])
def a_charger_ends_the_session_of_a_vehicle_that_falls_silent(rig):
    """V2G_SECC_Sequence_Timeout: 60 s after the last message the contactor opens."""
    evse, ev = charging(rig)
    ev.child.send_signal(signal.SIGSTOP)
    evse.expect_event("failed", 120)
    last = times(evse, "received")[-1]
    within(times(evse, "failed")[0] - last, 59.9, 60.5, "V2G_SECC_Sequence_Timeout")
    evse.expect(r"contactor commanded open", 10)
    ev.child.send_signal(signal.SIGKILL)


@scenario(limit=180, virtual=True, needs=["COUPLER"])
def a_vehicle_ends_the_session_of_a_charger_that_falls_silent(rig):
    """V2G_EVCC_Msg_Timeout of CurrentDemandReq: 0.25 s."""
    evse, ev = charging(rig)
    evse.child.send_signal(signal.SIGSTOP)
    ev.expect_event("failed", 120)
    within(times(ev, "failed")[0] - times(ev, "sent")[-1], 0.2, 0.3, "V2G_EVCC_Msg_Timeout")
    evse.child.send_signal(signal.SIGKILL)


@scenario(limit=240, virtual=True, needs=["COUPLER"])
def a_session_charges_for_five_minutes(rig):
    """Through every round of the charge loop, at its pace of a real session."""
    vehicle, charger, _ = rig.power_line()
    evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--once", "--json")
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "-i", "ev0", "--json", "--timeout", 3600, "--seconds", 300)
    ev.wait(600)
    evse.wait(60)
    found = summary(ev)
    equal((found["outcome"], summary(evse)["outcome"]), ("completed", "completed"), "outcomes")
    within(found["phases"]["energy"], 300, 305, "time in the charge loop")
    print(f"    {found['wattHours']} Wh")
