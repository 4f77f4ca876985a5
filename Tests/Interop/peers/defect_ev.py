"""Vehicles with every known defect against one charger: defect_ev.py INTERFACE CABLE MODE [CASE ...].

CABLE is the path of the charger's `--pilot`; MODE is its tolerance, lenient or conformant. Each case plugs in, does what its
line of the table says and tells what the charger did; then a vehicle without defect has to match. One JSON object a case.
Exit status 1 when a case did not go as the table says.
"""

import json
import os
import random
import sys
import time

from pilot import VehiclePilot, Wrong
from slac_ev import Vehicle
from slac_frames import (
    AMP_MAP_CNF, AMP_MAP_REQ, BROADCAST, GET_KEY_REQ, MATCH_CNF, VALIDATE_CNF, VALIDATE_REQ, Port, flood,
    frame)

CASES = {}
MATCHED, IGNORED, ANSWERED = "matched", "ignored", "answered"


def case(who, lenient, conformant=None, plug=True):
    """What the vehicle does, and what the charger has to do about it in each mode. `plug`: 5 % is there at its start."""

    def register(function):
        name = function.__name__.replace("_", "-")
        CASES[name] = (function, who, {"lenient": lenient, "conformant": conformant or lenient}, plug)
        return function

    return register


class Bench:
    """What a case is handed."""

    def __init__(self, port, pilot, mode):
        self.port, self.pilot, self.mode = port, pilot, mode

    def vehicle(self, mac=None, run=None):
        return Vehicle(self.port, mac, run)

    def plug(self):
        self.pilot.plug()
        self.pilot.await_five_percent()
        time.sleep(0.05)

    def unplug(self):
        self.pilot.plug(False)
        self.pilot.await_no_pwm()
        time.sleep(0.15)  # the charger's modem takes a new key

    def replug(self):
        self.unplug()
        self.plug()
        self.port.forget()

    def ignored(self, *frames, seconds=0.12):
        """None of them gets an answer."""
        for what, octets in frames:
            self.port.send(octets)
            self.port.silence(seconds, what)
        return IGNORED


# Public implementations, section 10 of the list of deviations.

@case("EVerest EV: CM_SLAC_PARM.REQ every 200 ms, also unplugged; first EVSE that answers; MyNonce AAAAAAAA", MATCHED,
      plug=False)
def everest_ev(bench):
    ev = bench.vehicle()
    if ev.ask(tries=5):
        raise Wrong("CM_SLAC_PARM.REQ was answered while nobody is plugged in")
    bench.pilot.plug()
    if not ev.ask(tries=40):
        raise Wrong("no CM_SLAC_PARM.CNF while plugged in")
    ev.sound(gap=0.02)
    ev.report()
    ev.respond()
    nid, nmk = ev.match()
    bench.port.set_key(nid, nmk, nonce=0xAAAAAAAA)
    bench.port.await_link(4)
    return MATCHED


@case("EVerest EV: no event for a timeout, stays in sounding for ever", "answered 3 times")
def everest_ev_in_sounding(bench):
    ev = bench.vehicle()
    first = ev.to_report()
    reports = [first]
    while heard := ev.report(seconds=0.6):
        reports.append(heard)
    if any(heard.octets != first.octets for heard in reports):
        raise Wrong("a repeated CM_ATTEN_CHAR.IND differs")
    return f"answered {len(reports)} times"


@case("open-plc pev: RunID of MAC and counter, RND zero, three STARTs without gap, 1 s between requests", MATCHED)
def openplc_pev(bench):
    ev = bench.vehicle(run=bytes.fromhex(bench.port.mac.replace(":", "")) + b"\0\1")
    if not ev.ask(tries=3, pace=1):
        raise Wrong("no CM_SLAC_PARM.CNF")
    ev.sound(start_gap=0, each={"RandomValue": bytes(16)})
    ev.report()
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("pyPLC EV: CM_SET_KEY and CM_GET_KEY by broadcast, same RunID in every run, 90 ms, 30 ms pace, 0.9 s", MATCHED)
def pyplc_ev(bench):
    for run in range(2):
        if run:
            bench.replug()
        ev = bench.vehicle(run=bytes.fromhex("dc0ea1deadbeef55"))
        bench.port.set_key(bytes(7), os.urandom(16), dst=BROADCAST)
        bench.port.send(frame(GET_KEY_REQ, b"\0\1" + bytes(7) + bytes(4) + b"\4\0\0\0", ev.mac, BROADCAST))
        if not ev.ask():
            return IGNORED
        time.sleep(0.09)
        ev.sound(gap=0.03)
        ev.report()
        ev.respond()
        time.sleep(0.937)
        nid, nmk = ev.match() or (None, None)
        if not nid:
            return IGNORED
        bench.port.set_key(nid, nmk, dst=BROADCAST)
        bench.port.await_link(4)
    return MATCHED


# Pace.

@case("slow EV: 50 ms between all frames, the last sound falls on the deadline", MATCHED)
def slow_ev_50_ms(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(gap=0.05)
    ev.report(sounds=9)
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("slow EV: 60 ms between all frames, the sounding outlasts TT_EVSE_match_MNBC", MATCHED)
def slow_ev_60_ms(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(gap=0.06)
    ev.report(sounds=5)
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("slow EV: CM_START_ATTEN_CHAR.IND 300 ms after CM_SLAC_PARM.CNF", MATCHED)
def slow_start(bench):
    ev = bench.vehicle()
    ev.ask()
    time.sleep(0.3)
    ev.sound()
    return MATCHED if ev.report() else IGNORED


@case("slow EV: CM_START_ATTEN_CHAR.IND 700 ms after CM_SLAC_PARM.CNF, past TT_match_sequence", MATCHED, IGNORED)
def too_slow_start(bench):
    ev = bench.vehicle()
    ev.ask()
    time.sleep(0.7)
    ev.sound()
    return MATCHED if ev.report(seconds=0.8) else IGNORED


@case("slow EV: CM_ATTEN_CHAR.RSP to the third CM_ATTEN_CHAR.IND only", MATCHED)
def late_response(bench):
    ev = bench.vehicle()
    ev.to_report()
    ev.report()
    if not ev.report():
        return IGNORED
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("slow EV: CM_SLAC_MATCH.REQ 3 s after the response", MATCHED)
def late_match(bench):
    ev = bench.vehicle()
    ev.to_response()
    time.sleep(3)
    return MATCHED if ev.match() else IGNORED


@case("slow EV: CM_SLAC_MATCH.REQ 10.5 s after the response, past TT_EVSE_match_session", IGNORED)
def too_late_match(bench):
    ev = bench.vehicle()
    ev.to_response()
    time.sleep(10.5)
    return MATCHED if ev.match() else IGNORED


# Steps left out or done twice.

@case("EV that never sends CM_ATTEN_CHAR.RSP, but CM_SLAC_MATCH.REQ", MATCHED, IGNORED)
def no_response(bench):
    ev = bench.vehicle()
    ev.to_report()
    return MATCHED if ev.match(tries=1) else IGNORED


@case("EV that skips the sounding", IGNORED)
def no_sounding(bench):
    ev = bench.vehicle()
    ev.ask()
    return MATCHED if ev.match() else IGNORED


@case("CM_SLAC_MATCH.REQ without anything before", IGNORED)
def match_out_of_the_blue(bench):
    ev = bench.vehicle()
    ev.evse = "02:00:00:00:00:c1"
    return MATCHED if ev.match() else IGNORED


@case("EV that announces sounds and sends none: no average of nothing", IGNORED)
def no_sounds(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(sounds=0)
    return ANSWERED if ev.report() else IGNORED


@case("every other sound is lost: mean of the rest when TT_EVSE_match_MNBC is over", MATCHED)
def lost_sounds(bench):
    ev = bench.vehicle()
    ev.ask()
    begin = time.monotonic()
    ev.sound(sounds=5)
    heard = ev.report(sounds=5)
    if not heard or heard.octets[69] != 5:
        raise Wrong("no report of 5 sounds")
    if not 0.5 < (took := time.monotonic() - begin) < 1.2:
        raise Wrong(f"reported after {took:.2f} s")
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("one CM_START_ATTEN_CHAR.IND instead of three", MATCHED)
def one_start(bench):
    bench.vehicle().whole(starts=1)
    return MATCHED


@case("CM_SLAC_PARM.REQ again in the middle of the sounding: starts over [V2G3-A09-16]", MATCHED)
def asks_again(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(sounds=4)
    if not ev.ask(tries=1):
        return IGNORED
    time.sleep(0.35)  # the modem hands the next START over 500 ms after the first
    ev.sound()
    heard = ev.report()
    if not heard:
        return IGNORED
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("new RunID every 200 ms, five times, then one that goes on", MATCHED)
def many_runs(bench):
    for _ in range(5):
        bench.vehicle().ask(tries=1)
    bench.vehicle().whole()
    return MATCHED


@case("CM_SLAC_MATCH.REQ five times: the same confirmation five times", MATCHED)
def repeated_match(bench):
    ev = bench.vehicle()
    key = ev.whole()
    for number in range(4):
        if ev.match(tries=1) != key:
            raise Wrong(f"repetition {number + 1} got another answer, or none")
    return MATCHED


@case("new run of the EV just matched, all confirmations were lost", MATCHED, IGNORED)
def new_run_while_joining(bench):
    bench.vehicle().whole()
    ev = bench.vehicle()
    if not ev.ask(tries=5):
        return IGNORED
    ev.sound()
    ev.report()
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("unplugged while sounding: no answer any more", IGNORED)
def unplugged_while_sounding(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(sounds=5)
    bench.pilot.plug(False)
    bench.pilot.await_no_pwm()
    time.sleep(0.1)  # the charger's own pilot is debounced
    for left in range(5):
        ev.send(ev.sound_ind(left))
    bench.port.silence(0.8, "a sound after the unplugging")
    return IGNORED


@case("NUM_SOUNDS 20 where 10 were asked for, and 20 sounds", MATCHED)
def twenty_sounds(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(sounds=20, start={"NumberOfSounds": 20})
    ev.report(sounds=20)
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("TIME_OUT 25.5 s and lost sounds: the window stays within the EV's 1200 ms", MATCHED)
def endless_window(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(sounds=4, start={"TimeOut": 255})
    if not ev.report(seconds=1.3, sounds=4):
        return IGNORED
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("sounds that count up, with a SenderID and another RunID: profiles count, not sounds", MATCHED)
def odd_sounds(bench):
    ev = bench.vehicle()
    ev.ask()
    ev.sound(each={"Countdown": 200, "SenderID": b"x" * 17, "RunID": bytes(8)})
    ev.report()
    ev.respond()
    return MATCHED if ev.match() else IGNORED


# Wrong fields: ignored, and then the right frame works.

@case("CM_SLAC_PARM.REQ: APPLICATION_TYPE 1, SECURITY_TYPE 1, both, from a group address, from the EVSE's own", IGNORED)
def wrong_parm_req(bench):
    ev = bench.vehicle()
    return bench.ignored(
        ("APPLICATION_TYPE 1", ev.parm_req(ApplicationType=1)), ("SECURITY_TYPE 1", ev.parm_req(SecurityType=1)),
        ("both 255", ev.parm_req(ApplicationType=255, SecurityType=255)),
        ("a group address", ev.parm_req(src="03:00:00:00:00:e1")), ("broadcast as source", ev.parm_req(src=BROADCAST)),
        ("the EVSE's own address", ev.parm_req(src="02:00:00:00:00:c1")),
        ("another host's", ev.parm_req(dst="02:00:00:00:00:77")))


def wrong_start(name, what, **fields):
    """One sound is announced and sent, so that the report would follow at once."""

    def run(bench):
        ev = bench.vehicle()
        if not ev.ask():
            raise Wrong("no CM_SLAC_PARM.CNF")
        ev.sound(starts=1, sounds=1, start={"NumberOfSounds": 1, **fields}, gap=0.005)
        return ANSWERED if ev.report(seconds=0.2, sounds=0) else IGNORED

    run.__name__ = f"wrong_start_{name}"
    case(f"CM_START_ATTEN_CHAR.IND: {what}", IGNORED)(run)


for arguments in (
        ("application", "APPLICATION_TYPE 1", {"ApplicationType": 1}), ("security", "SECURITY_TYPE 1", {"SecurityType": 1}),
        ("sounds", "NUM_SOUNDS 0", {"NumberOfSounds": 0}), ("timeout", "TIME_OUT 0", {"TimeOut": 0}),
        ("response", "RESP_TYPE 0", {"ResponseType": 0}),
        ("station", "FORWARDING_STA of another EV", {"ForwardingSTA": "02:00:00:00:00:77"}),
        ("run", "another RunID", {"RunID": b"another!"}), ("source", "another EV's address", {"src": "02:00:00:00:00:77"})):
    wrong_start(arguments[0], arguments[1], **arguments[2])


@case("CM_ATTEN_CHAR.RSP: each field wrong; the EVSE repeats its report as if nothing had come", IGNORED)
def wrong_response(bench):
    ev = bench.vehicle()
    wrong = [{"ApplicationType": 1}, {"SecurityType": 1}, {"SourceAdress": "02:00:00:00:00:77"}, {"RunID": b"another!"},
             {"Result": 1}, {"src": "02:00:00:00:00:77"}, {"cut": 60}]
    if bench.mode == "conformant":
        wrong += [{"SourceID": b"x" * 17}, {"ResponseID": b"x" * 17}]
    ev.to_report()
    for fields in wrong:
        ev.respond(**fields)
    repeated = ev.report(seconds=0.6), ev.report(seconds=0.6)
    if not all(repeated):
        return ANSWERED
    ev.respond()
    if ev.report(seconds=0.5):
        raise Wrong("the right CM_ATTEN_CHAR.RSP was ignored too")
    if not ev.match():
        raise Wrong("no CM_SLAC_MATCH.CNF after the right response")
    return IGNORED


@case("CM_ATTEN_CHAR.RSP with SOURCE_ID and RESP_ID", MATCHED, IGNORED)
def response_with_identifiers(bench):
    ev = bench.vehicle()
    ev.to_report()
    ev.respond(SourceID=b"EV" + bytes(15), ResponseID=b"EVSE" + bytes(13))
    if ev.report(seconds=0.5):
        return IGNORED
    return MATCHED if ev.match() else IGNORED


@case("CM_SLAC_MATCH.REQ: each field wrong, in turn; then the right one", IGNORED)
def wrong_match_req(bench):
    ev = bench.vehicle()
    ev.to_response()
    wrong = [("APPLICATION_TYPE", {"ApplicationType": 1}), ("SECURITY_TYPE", {"SecurityType": 1}),
             ("MVFLength 0", {"MatchVariableFieldLen": 0}), ("MVFLength 86", {"MatchVariableFieldLen": 86}),
             ("MVFLength big-endian", {"MatchVariableFieldLen": 0x3E00}), ("PEV_MAC", {"EVMAC": "02:00:00:00:00:77"}),
             ("EVSE_MAC", {"EVSEMAC": "02:00:00:00:00:77"}), ("RunID", {"RunID": b"another!"}),
             ("source", {"src": "02:00:00:00:00:77"}), ("frame cut at the RunID", {"cut": 76}),
             ("destination of another EVSE", {"dst": "02:00:00:00:00:77"})]
    if bench.mode == "conformant":
        wrong += [("PEV_ID", {"EVID": b"x" * 17}), ("EVSE_ID", {"EVSEID": b"x" * 17})]
    bench.ignored(*[(what, ev.match_req(**fields)) for what, fields in wrong], seconds=0.07)
    if not ev.match():
        raise Wrong("the right CM_SLAC_MATCH.REQ was ignored too")
    return IGNORED


@case("CM_SLAC_MATCH.REQ with PEV_ID and EVSE_ID", MATCHED, IGNORED)
def match_with_identifiers(bench):
    ev = bench.vehicle()
    ev.to_response()
    ev.send(ev.match_req(EVID=b"PEV" + bytes(14), EVSEID=b"EVSE" + bytes(13)))
    return MATCHED if bench.port.next(MATCH_CNF, 0.25, to=ev.mac) else IGNORED


@case("CM_SLAC_MATCH.REQ for another EVSE_MAC: its match, not ours", IGNORED)
def match_with_another_evse(bench):
    ev = bench.vehicle()
    ev.to_response()
    return MATCHED if ev.match(EVSEMAC="02:00:00:00:00:77", dst="02:00:00:00:00:77") else IGNORED


# Frames that are longer, shorter or something else.

@case("every frame with 200 octets behind it", MATCHED)
def trailing_octets(bench):
    trail = os.urandom(200)
    ev = bench.vehicle()
    if not ev.ask(trail=trail):
        return IGNORED
    ev.sound(start={"trail": trail}, each={"trail": trail})
    ev.report()
    ev.respond(trail=trail)
    return MATCHED if ev.match(trail=trail) else IGNORED


@case("every frame of a match but the first cut at every length", IGNORED)
def truncated(bench):
    ev = bench.vehicle()
    ev.evse = "02:00:00:00:00:c1"
    # Ethernet pads to 60 octets with zeros, and so padded a CM_SLAC_PARM.REQ is a whole one.
    for length, make in ((38, ev.start_ind), (71, lambda **cut: ev.sound_ind(9, **cut)), (70, ev.char_rsp),
                         (85, ev.match_req)):
        for cut in range(14, length):
            bench.port.send(make(cut=cut))
    bench.port.silence(0.2, "a truncated frame")
    return IGNORED


@case("3,000 frames of random octets, seeded: any MMV, MMTYPE and fragmentation", IGNORED)
def garbage(bench):
    seed = int(os.environ.get("COUPLER_SEED", 0)) or random.getrandbits(32)
    generator = random.Random(seed)
    print(f"seed {seed}", file=sys.stderr)
    header = bytes.fromhex("02000000 00c1 02000000 00e1 88e1")

    def octets():
        body = generator.randbytes(generator.randrange(3, 400))
        kind = generator.choice((0x6064, 0x606A, 0x606F, 0x6076, 0x6078, 0x607C, 0x601C, 0x6046, None))
        if kind is not None:
            # Never a valid request: APPLICATION_TYPE is not 0.
            body = bytes([generator.randrange(0, 4)]) + kind.to_bytes(2, "little") + b"\0\0" + b"\x55" + body
        return header + body

    flood(bench.port, octets, 3000, per_second=4000)
    time.sleep(0.3)
    bench.port.forget()
    return IGNORED


@case("MMV 0, 2 and 3, and fragments, of CM_SLAC_PARM.REQ", IGNORED)
def wrong_header(bench):
    ev = bench.vehicle()
    return bench.ignored(("MMV 0", ev.parm_req(version=0)), ("MMV 3", ev.parm_req(version=3)),
                         ("a fragment", ev.parm_req(fragment=0x0100)), ("fragment 1 of 2", ev.parm_req(fragment=0x1100)))


@case("2,000 CM_SLAC_PARM.REQ with random addresses and RunIDs while a real vehicle matches", MATCHED)
def flood_of_requests(bench):
    storm = [bench.vehicle("02:" + os.urandom(5).hex(":")).parm_req() for _ in range(200)]
    ev = bench.vehicle()
    for _ in range(10):
        for frame_ in storm:
            bench.port.send(frame_[:21] + os.urandom(8) + frame_[29:])
            time.sleep(0.0003)
        bench.port.forget()
        if ev.ask(tries=1):
            break
    else:
        return IGNORED
    plan = [(ev.start_ind(), 3), *((ev.sound_ind(9 - number), 1) for number in range(10))]
    for sound, copies in plan:
        for _ in range(copies):
            ev.send(sound)
            for frame_ in storm[:10]:
                bench.port.send(frame_[:21] + os.urandom(8) + frame_[29:])
            time.sleep(0.02)
    if not ev.report(seconds=2, sounds=1):
        return IGNORED
    ev.respond()
    return MATCHED if ev.match() else IGNORED


@case("1,000 sounds of somebody who never asked, while a real vehicle matches", MATCHED)
def flood_of_sounds(bench):
    stranger = bench.vehicle("02:00:00:00:00:78")
    flood(bench.port, lambda sound=stranger.sound_ind(1): sound, 1000, per_second=4000)
    bench.vehicle().whole()
    return MATCHED


# Several vehicles.

def foreign(bench, count):
    """That many sound at the same time, ours last; each must be averaged, and ours matches."""
    vehicles = [bench.vehicle(f"02:00:00:00:01:{number:02x}") for number in range(count)] + [bench.vehicle()]
    for ev in vehicles:
        ev.send(ev.parm_req())
    for ev in vehicles:
        if not ev.confirmed(0.5):
            raise Wrong(f"no CM_SLAC_PARM.CNF for {ev.mac}")
    bench.port.taken = 0
    rounds = [[ev.start_ind() for ev in vehicles]] * 3
    rounds += [[ev.sound_ind(9 - number) for ev in vehicles] for number in range(10)]
    begin = time.monotonic()
    for frames in rounds:
        due = time.monotonic() + 0.02
        for octets in frames:
            bench.port.send(octets)
        time.sleep(max(due - time.monotonic(), 0))
    took = time.monotonic() - begin
    bench.port.pump(0.3)
    answered = 0
    for ev in vehicles:
        bench.port.taken = 0
        ev.took = took
        answered += ev.report(seconds=0.5) is not None
    ours = vehicles[-1]
    ours.respond()
    if not ours.match():
        return f"{answered} averaged, not matched"
    # The others are forgotten.
    vehicles[0].respond()
    if vehicles[0].match(tries=1):
        raise Wrong("a second vehicle got the key")
    return f"{answered} averaged, {MATCHED}"


@case("5 foreign EVs sound at the same time (C_EVSE_match_parallel)", f"6 averaged, {MATCHED}")
def five_foreign_evs(bench):
    return foreign(bench, 5)


@case("20 foreign EVs sound at the same time", f"21 averaged, {MATCHED}")
def twenty_foreign_evs(bench):
    return foreign(bench, 20)


@case("another EV asks once the first is matched", IGNORED)
def asked_while_matched(bench):
    ev = bench.vehicle()
    ev.join(ev.whole())
    stranger = bench.vehicle("02:00:00:00:00:77")
    stranger.evse = ev.evse
    return bench.ignored(("CM_SLAC_PARM.REQ of another EV", stranger.parm_req()),
                         ("CM_SLAC_PARM.REQ of the same EV", bench.vehicle().parm_req()),
                         ("CM_SLAC_MATCH.REQ of another EV", stranger.match_req()),
                         ("CM_SLAC_MATCH.REQ once matched", ev.match_req()))


@case("unplugged once matched: the charger leaves the network within TP_match_leave, 1 s", "left")
def unplugged_once_matched(bench):
    ev = bench.vehicle()
    ev.join(ev.whole())
    bench.pilot.plug(False)
    deadline = time.monotonic() + 1
    while bench.port.link():
        if time.monotonic() > deadline:
            return "stayed"
        time.sleep(0.02)
    return "left"


@case("EV asks while no vehicle is plugged in", IGNORED, plug=False)
def asked_while_unplugged(bench):
    ev = bench.vehicle()
    return MATCHED if ev.ask() else IGNORED


# CM_VALIDATE and CM_AMP_MAP.

def validate(bench, ev, timer=0, result=1, signal=0, src=None):
    ev.send(frame(VALIDATE_REQ, bytes([signal, timer, result]), src or ev.mac, ev.evse or "02:00:00:00:00:c1"))


@case("CM_VALIDATE.REQ step 1 without need, then CM_SLAC_MATCH.REQ", "answered, matched")
def validation_without_need(bench):
    ev = bench.vehicle()
    ev.to_response()
    validate(bench, ev)
    heard = bench.port.next(VALIDATE_CNF, 0.25, to=ev.mac)
    if not heard or heard.octets[19] != 0 or heard.octets[21] not in (1, 3, 4):
        raise Wrong(f"CM_VALIDATE.CNF {heard.octets[19:22].hex() if heard else 'missing'}")
    return "answered, matched" if ev.match() else "answered, ignored"


@case("CM_VALIDATE.REQ before the sounding, with a wrong SignalType, from a stranger", IGNORED)
def validation_out_of_order(bench):
    ev = bench.vehicle()
    validate(bench, ev)
    bench.port.silence(0.1, "CM_VALIDATE.REQ without a session")
    ev.to_response()
    validate(bench, ev, signal=5)
    bench.port.silence(0.1, "SignalType 5")
    validate(bench, ev, src="02:00:00:00:00:77")
    bench.port.silence(0.1, "CM_VALIDATE.REQ of a stranger")
    if not ev.match():
        raise Wrong("no match afterwards")
    return IGNORED


@case("CM_VALIDATE: two toggles on the pilot", "success, 2 toggles, matched")
def validation(bench):
    ev = bench.vehicle()
    ev.to_response()
    validate(bench, ev)
    heard = bench.port.next(VALIDATE_CNF, 0.25, to=ev.mac)
    if not heard or heard.octets[21] != 1:
        raise Wrong(f"step 1: CM_VALIDATE.CNF {heard.octets[19:22].hex() if heard else 'missing'}, expected ready")
    validate(bench, ev, timer=14)
    for _ in range(2):
        bench.pilot.plug(charging=True)
        time.sleep(0.3)
        bench.pilot.plug()
        time.sleep(0.3)
    heard = bench.port.next(VALIDATE_CNF, 2, to=ev.mac)
    if not heard:
        raise Wrong("step 2: no CM_VALIDATE.CNF")
    names = {1: "ready", 2: "success", 3: "failure", 4: "not required"}
    found = f"{names.get(heard.octets[21], heard.octets[21])}, {heard.octets[20]} toggles"
    return f"{found}, matched" if ev.match() else f"{found}, ignored"


@case("CM_VALIDATE: promised toggles that do not come", "failure, 0 toggles")
def validation_without_toggles(bench):
    ev = bench.vehicle()
    ev.to_response()
    validate(bench, ev)
    if not bench.port.next(VALIDATE_CNF, 0.25, to=ev.mac):
        raise Wrong("step 1: no CM_VALIDATE.CNF")
    validate(bench, ev, timer=6)
    heard = bench.port.next(VALIDATE_CNF, 1.5, to=ev.mac)
    if not heard:
        raise Wrong("step 2: no CM_VALIDATE.CNF")
    return f"{'success' if heard.octets[21] == 2 else 'failure'}, {heard.octets[20]} toggles"


@case("CM_VALIDATE by a second vehicle while the first is being validated", "ready, not ready, matched")
def two_validations(bench):
    first, second = bench.vehicle(), bench.vehicle("02:00:00:00:00:77")
    first.to_response()
    second.to_response()
    found = []
    for ev in (first, second):
        validate(bench, ev)
        heard = bench.port.next(VALIDATE_CNF, 0.25, to=ev.mac)
        found.append({0: "not ready", 1: "ready"}.get(heard.octets[21], str(heard.octets[21])) if heard else IGNORED)
    return ", ".join([*found, MATCHED if first.match() else IGNORED])


def amp_map(bench, ev, version):
    ev.send(frame(AMP_MAP_REQ, (917).to_bytes(2, "little") + bytes(459), ev.mac, ev.evse, version=version))
    heard = bench.port.next(AMP_MAP_CNF, 0.3, to=ev.mac)
    return heard and heard.octets[19]


@case("CM_AMP_MAP.REQ with MMV 2 and with MMV 1 once the link is up", "success, success")
def amplitude_map(bench):
    ev = bench.vehicle()
    key = ev.whole()
    bench.port.set_key(*key)
    bench.port.await_link(4)
    time.sleep(0.3)
    results = [amp_map(bench, ev, version) for version in (2, 1)]
    return ", ".join({None: IGNORED, 0: "success"}.get(result, f"result {result}") for result in results)


@case("CM_AMP_MAP.REQ in the middle of a match", MATCHED)
def early_amplitude_map(bench):
    ev = bench.vehicle()
    ev.to_response()
    amp_map(bench, ev, 2)
    return MATCHED if ev.match() else IGNORED


def run(name, bench):
    function, who, expected, plug = CASES[name]
    begin = time.monotonic()
    entry = {"case": name, "mode": bench.mode, "who": who, "expected": expected[bench.mode]}
    try:
        bench.port.forget()
        if plug:
            bench.plug()
        try:
            entry["seen"] = function(bench)
        except Wrong as error:
            entry["seen"] = f"wrong: {error}"
        entry["afterwards"] = clean(bench, plug)
    except Wrong as error:
        entry["afterwards"] = f"wrong: {error}"
    entry["seconds"] = round(time.monotonic() - begin, 1)
    entry["holds"] = entry.get("seen") == entry["expected"] and entry["afterwards"] == MATCHED
    bench.unplug()
    print(json.dumps(entry), flush=True)
    return entry["holds"]


def clean(bench, plugged):
    """A vehicle without defect matches: where nobody has matched, in the same plug-in."""
    ev = bench.vehicle()
    bench.port.forget()
    if not plugged or not ev.ask():
        bench.replug()
    ev = bench.vehicle()
    ev.whole()
    return MATCHED


def main(interface, cable, mode, *names):
    pilot = VehiclePilot(cable)
    try:
        pilot.plug(False)
        bench = Bench(Port(interface), pilot, mode)
        results = [run(name, bench) for name in names or CASES]
    finally:
        pilot.close()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CASES))
    elif sys.argv[1:] == ["--table"]:
        for name, (_, who, expected, *_) in CASES.items():
            print(f"| `{name}` | {who} | {expected['lenient']} | {expected['conformant']} |")
    else:
        main(*sys.argv[1:])
