"""SLAC and sessions of `coupler evse` and `coupler ev` over the kernel's own network, with loss and in virtual time."""

from bench import ScenarioFailed
from guest_rig import check
from scenarios import scenario


def summary(process):
    events = process.events()
    if not events or events[-1].get("event") != "summary":
        raise ScenarioFailed(f"{process.name}: the last line is no summary: {events[-1:]}")
    return events[-1]


@scenario(limit=120, virtual=True, needs=["COUPLER"])
def a_vehicle_charges_over_veth_and_raw_sockets(rig):
    vehicle, charger, _ = rig.power_line()
    pilot = rig.run / "cable"
    evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--once", "--json", "--pilot", pilot)
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "-i", "ev0", "--seconds", 60, "--json", "--pilot", pilot)
    ev.wait(200)
    evse.wait(20)
    print(f"    vehicle: {summary(ev).get('outcome')}; charger: {summary(evse).get('outcome')}")


@scenario(limit=120, virtual=True, needs=["COUPLER"])
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


@scenario(limit=60, virtual=True, needs=["COUPLER"])
def a_charger_gives_up_a_vehicle_that_never_asks(rig):
    """TT_EVSE_SLAC_init, 50 s at most, then state E or F for T_step_EF, and another try."""
    _, charger, _ = rig.power_line()
    evse = rig.coupler("evse", charger, "evse", "-i", "se0", "--slac-init", 50, "--json", "-v")
    evse.expect(r"listening for CM_SLAC_PARM.REQ", 20)
    import time
    time.sleep(240)
    evse.stop()
    print(evse.text())
