"""What must hold between Coupler's command line and strangers. Each function is one test; its name says it.

Here are sessions and the codec; modules of their own hold the rest and are imported for their scenarios.
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import time

import capture
import codec
from bench import ScenarioFailed
from rig import ATTENUATION, HERE, JAVA, PEERS, Lane, check_summary, scenario

# Modules with scenarios, in the order in which they run after these here: one line each.
MODULES = ("defects", "replays", "modem_commands", "spi", "daemon", "power", "vehicle_daemon", "controller")


def transcript(process):
    return [json.loads(line) for line in process.transcript.read_text().splitlines()]


def check_transcript(process, *must):
    """The stranger's view of the session: every answer OK, `must` in this order, and the end at SessionStopRes."""
    entries = transcript(process)
    names = [entry["message"] for entry in entries]
    for entry in entries:
        document = entry["document"]
        body = document["V2G_Message"]["Body"] if "V2G_Message" in document else document
        code = body[entry["message"]].get("ResponseCode", "OK")
        if not code.startswith("OK"):
            raise ScenarioFailed(f"{process.name}: {entry['message']} with {code}")
    position = 0
    for name in must:
        if name not in names[position:]:
            raise ScenarioFailed(f"{process.name}: no {name} after {names[:position][-3:]}; messages were {names}")
        position = names.index(name, position) + 1
    if names[-1] != "SessionStopRes":
        raise ScenarioFailed(f"{process.name}: the last message was {names[-1]}")
    print(f"    {len(names)} messages, {names.count('CurrentDemandRes') + names.count('ChargingStatusRes')} in the loop")


AC = ("SessionSetupRes", "AuthorizationRes", "ChargeParameterDiscoveryRes", "PowerDeliveryRes",
      "ChargingStatusRes", "PowerDeliveryRes", "SessionStopRes")
DC = ("SessionSetupRes", "AuthorizationRes", "ChargeParameterDiscoveryRes", "CableCheckRes", "PreChargeRes",
      "PowerDeliveryRes", "CurrentDemandRes", "PowerDeliveryRes", "SessionStopRes")
FLOW = {"ac": AC, "dc": DC}


# Coupler with itself, over a real kernel.

def two_processes(rig, current, *pilot):
    """Both sides are ours; `pilot` may join them by a cable instead of a played pilot."""
    vehicle, charger, recording = rig.line()
    evse_file, ev_file = rig.logs / "evse.pcapng", rig.logs / "ev.pcapng"
    evse = rig.coupler("evse", charger, "evse", "--interface", "se0", f"--{current}", "--once", "--json",
                       "--record", evse_file, *pilot)
    evse.expect_event("ready", 20)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", f"--{current}", "--seconds", 5, "--json",
                     "--record", ev_file, *pilot)
    ev.wait(100)
    evse.wait(20)
    rig.end_recording()
    seen, _ = capture.check_match(recording)
    print(f"    on the line: {dict(seen)}")
    for path in (recording, evse_file, ev_file):
        capture.check_discovery(path)
    capture.check_match(evse_file, capture.MATCH)
    capture.check_match(ev_file, capture.MATCH - {"CM_ATTEN_PROFILE.IND"})
    for path in (evse_file, ev_file):
        print(f"    {path.name}: {capture.check_session(path, at_least=14)} message pairs")
    check_summary(ev)
    check_summary(evse)


@scenario(180)
def coupler_evse_charges_coupler_ev_over_a_line_dc(rig):
    two_processes(rig, "dc", "--pilot", f"{rig.folder.name}/cable")


@scenario(180)
def coupler_evse_charges_coupler_ev_over_a_line_ac(rig):
    two_processes(rig, "ac")


def demo(rig, *current):
    recording = rig.logs / "demo.pcapng"
    process = rig.coupler("demo", None, "demo", "--fast", "--json", "--record", recording, *current)
    process.wait(60)
    check_summary(process)
    seen, _ = capture.check_match(recording)
    capture.check_discovery(recording)
    print(f"    {dict(seen)}, {capture.check_session(recording, at_least=14)} message pairs")


@scenario(90)
def coupler_demo_records_a_dc_session_that_tshark_reads(rig):
    demo(rig)


@scenario(90)
def coupler_demo_records_an_ac_session_that_tshark_reads(rig):
    demo(rig, "--ac")


# Strangers at SLAC.

@scenario(120)
def pyslac_evse_matches_coupler_ev(rig):
    """With every tolerance, recorded and read by tshark, and beside it with none; both up to the joined link."""
    vehicle, charger, recording = rig.line()
    strict = Lane(rig, "strict")
    chargers = [rig.peer("pyslac", "pyslac_evse", namespace, "se0", "se0") for namespace in (charger, strict.charger)]
    vehicles = []
    for evse, namespace, mode in zip(chargers, (vehicle, strict.vehicle), ("lenient", "conformant")):
        evse.expect("CP B: waiting", 30)
        vehicles.append(rig.coupler(f"ev-{mode}", namespace, "ev", "--interface", "ev0", "--until", "match", "--json",
                                    "--slac-mode", mode))
    for evse, ev, line in zip(chargers, vehicles, (rig.modems, strict.line)):
        evse.expect("vehicle 02:00:00:00:00:e1 ", 60)
        ev.wait(20)
        network = re.search(r"vehicle .* nid (\w+)", evse.text())[1]
        line.expect(f"joined: .*{network}", 5)  # both modems hold the key that pyslac made
        check_summary(ev)
    rig.end_recording()
    seen, runs = capture.check_match(recording)
    print(f"    on the line: {dict(seen)}, {len(runs)} run")


@scenario(120)
def a_raw_frame_ev_matches_coupler_evse(rig):
    vehicle, charger, recording = rig.line()
    evse = rig.coupler("evse", charger, "evse", "--interface", "se0", "--until", "match", "--once", "--json")
    evse.expect_event("ready", 20)
    ev = rig.start("raw_ev", ["python3", HERE / "peers" / "raw_ev.py", "ev0", "--attenuation", ATTENUATION], vehicle)
    ev.wait(70)
    print("    " + "\n    ".join(ev.text().splitlines()))
    evse.wait(20)
    check_summary(evse)
    rig.end_recording()
    capture.check_match(recording)


# Strangers at ISO 15118-2.

def foreign_vehicle(rig, current):
    vehicle, charger = rig.direct()
    # The vehicle first: its start takes long, and it asks for 12.5 s.
    ev = rig.peer("iso15118", "iso15118_evcc", vehicle, "ev0", current)
    ev.expect("Sending SDPRequest", 40)
    evse = rig.coupler("evse", charger, "evse", "--interface", "se0", "--no-slac", f"--{current}", "--once", "--json")
    evse.expect_event("ready", 10)
    ev.wait(100)
    evse.wait(20)
    check_transcript(ev, *FLOW[current])
    check_summary(evse)


@scenario(150)
def iso15118_evcc_charges_from_coupler_evse_ac(rig):
    foreign_vehicle(rig, "ac")


@scenario(150)
def iso15118_evcc_charges_from_coupler_evse_dc(rig):
    foreign_vehicle(rig, "dc")


def foreign_charger(rig, current):
    # --relaxed: the Python SECC takes up to 300 ms for CurrentDemandRes, where the standard allows 250 ms.
    vehicle, charger = rig.direct()
    evse = rig.peer("iso15118", "iso15118_secc", charger, "se0")
    evse.expect("UDP server started", 30)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--no-slac", f"--{current}", "--relaxed",
                     "--seconds", 3, "--json")
    ev.wait(100)
    check_transcript(evse, *FLOW[current])
    check_summary(ev)


@scenario(150)
def coupler_ev_charges_from_iso15118_secc_ac(rig):
    foreign_charger(rig, "ac")


@scenario(150)
def coupler_ev_charges_from_iso15118_secc_dc(rig):
    foreign_charger(rig, "dc")


# Peers that are faulty or gone: the answer of the standard, a line in the log, and ready for the next.

def failures(evse):
    """The sessions that ended out of order, each with the layer and the cause."""
    return [event for event in evse.events() if event.get("layer") == "end" and event.get("event") == "failed"]


def expect_failure(evse, before, timeout):
    """One more failed session than `before`, with a cause."""
    evse.expect_that(lambda: len(failures(evse)) > before, "failed session", timeout)
    event = failures(evse)[before]
    print(f"    {evse.name}: {event['failedLayer']}: {event['cause']}")


def good_session(rig, vehicle, evse):
    """A vehicle that behaves charges afterwards from the same charger process."""
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--no-slac", "--dc", "--seconds", 1, "--json")
    ev.wait(60)
    if not evse.running:
        raise ScenarioFailed(f"{evse.name} ended with {evse.child.returncode}")


def charger_process(rig, charger, name="evse"):
    evse = rig.coupler(name, charger, "evse", "--interface", "se0", "--no-slac", "--dc", "--json")
    evse.expect_event("ready", 20)
    return evse


def faults(rig, *cases):
    """Each case on its own pair of namespaces, all at once; `cases` are (fault, check of the report)."""
    running = []
    for number, (fault, check) in enumerate(cases):
        vehicle, charger = rig.direct(number)
        client = rig.peer("iso15118", "faulty_ev", vehicle, "ev0", fault)
        client.expect("looking for a charger", 60)
        running.append((check, vehicle, charger_process(rig, charger, f"evse-{fault}"), client))
    for check, vehicle, evse, client in running:
        client.wait(110)
        report = client.events()[-1]
        print(f"    {report}")
        check(report)
        expect_failure(evse, before=0, timeout=10)
        good_session(rig, vehicle, evse)


def closes(within):
    def check(report):
        if report["closed_after"] is None or report["closed_after"] > within:
            raise ScenarioFailed(f"{report['fault']}: closed after {report['closed_after']} s, allowed {within} s")

    return check


def answers(name, code):
    def check(report):
        if (report["answer"], report["code"]) != (name, code):
            raise ScenarioFailed(f"{report['fault']}: {report['answer']} {report['code']}, expected {name} {code}")
        closes(5.5)(report)  # par_CMN_TCP_Connection_Termination_Timeout is 5 s

    return check


@scenario(240)
def coupler_evse_survives_vehicles_that_stall(rig):
    # V2G_SECC_Sequence_Timeout is 60 s; garbage may be answered by closing at once, or ignored until then.
    faults(rig, ("silent", closes(62)), ("half", closes(62)), ("garbage", closes(62)), ("garbage-exi", closes(62)))


@scenario(150)
def coupler_evse_answers_a_wrong_session_id_with_FAILED_UnknownSession(rig):
    faults(rig, ("wrong-session", answers("ServiceDiscoveryRes", "FAILED_UnknownSession")))


@scenario(150)
def coupler_evse_answers_a_message_out_of_order_with_FAILED_SequenceError(rig):
    faults(rig, ("out-of-order", answers("ChargingStatusRes", "FAILED_SequenceError")))


@scenario(300)
def coupler_evse_survives_vehicles_that_vanish_at_every_step(rig):
    vehicle, charger = rig.direct()
    evse = charger_process(rig, charger)
    for step in ("SessionSetupReq", "ServiceDiscoveryReq", "PaymentServiceSelectionReq", "AuthorizationReq",
                 "ChargeParameterDiscoveryReq", "CableCheckReq", "PreChargeReq", "PowerDeliveryReq",
                 "CurrentDemandReq"):
        before = len(failures(evse))
        client = rig.peer("iso15118", "faulty_ev", vehicle, "ev0", "vanish", step)
        client.wait(60)
        print(f"    {client.events()[-1]}, {time.monotonic() - client.started:.1f} s")
        expect_failure(evse, before, timeout=10)
    good_session(rig, vehicle, evse)


@scenario(220)
def coupler_evse_notices_a_vehicle_that_falls_silent_while_charging(rig):
    vehicle, charger = rig.direct()
    evse = charger_process(rig, charger)
    ev = rig.coupler("ev", vehicle, "ev", "--interface", "ev0", "--no-slac", "--dc", "--seconds", 60, "--json")
    ev.expect("CurrentDemandRes", 60)
    # Nothing leaves the vehicle any more, not even the kernel's FIN for the killed process; the link stays up.
    vehicle.ip("-6", "rule", "add", "priority", "0", "blackhole")
    ev.child.kill()
    start = time.monotonic()
    expect_failure(evse, before=0, timeout=65)
    print(f"    noticed after {time.monotonic() - start:.1f} s")
    vehicle.ip("-6", "rule", "del", "priority", "0", "blackhole")
    good_session(rig, vehicle, evse)


# A stranger's codec.

@scenario(300)
def exificient_and_coupler_exi_agree_on_random_documents(rig):
    codec.check(rig.logs, rig.binary, PEERS / "iso15118", JAVA)


def write_vectors(path, logs):
    """Random documents with EXIficient's octets, for the test of the generated types; the seed."""
    logs.mkdir(parents=True, exist_ok=True)
    return codec.write_vectors(path, logs, PEERS / "iso15118", JAVA)


def unavailable():
    """Why the scenarios cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root for network namespaces (sudo make interop)"
    for tool, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2"),
                          ("tshark", "tshark"), ("dumpcap", "tshark"), ("java", "default-jre-headless")):
        if not shutil.which(tool):
            return f"needs {tool} (apt package {package}; make packages installs it)"
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        return "cannot make network namespaces (needs CAP_SYS_ADMIN)"
    for peer in ("iso15118", "pyslac", "scapy"):
        if not (PEERS / peer / "complete").exists():
            return f"the peer {peer} is not installed (make peers installs it)"
    return None


for module in MODULES:
    importlib.import_module(module)
