"""Chargers with every known defect against one vehicle: defect_evse.py INTERFACE CABLE MODE [CASE ...].

CABLE is the path of the vehicle's `--pilot`; MODE is its tolerance, lenient or conformant. Each case applies 5 %, does what
its line of the table says and tells what the vehicle did; then a charger without defect has to be matched and the link to
come up. One JSON object a case. Exit status 1 when a case did not go as the table says.
"""

import json
import os
import random
import sys
import time

from pilot import ChargerPilot, Wrong
from slac_evse import Charger
from slac_frames import (
    AMP_MAP_CNF, AMP_MAP_REQ, BROADCAST, CHAR_RSP, MATCH_CNF, MATCH_REQ, PARM_CNF, PARM_REQ, SET_KEY_CNF, SOUND_IND,
    START_IND, VALIDATE_CNF, VALIDATE_REQ, Port, flood, frame, nid_of)

CASES = {}
JOINED, IGNORED, ANSWERED, REFUSED = "joined", "ignored", "answered", "refused"
OTHER, THIRD = "02:00:00:00:00:c2", "02:00:00:00:00:c3"
OPENPLC_NMK = bytes.fromhex("b59319d7e8157ba001b018669ccee30d")  # of the phrase HomePlugAV0123


def case(who, lenient, conformant=None):
    """What the charger does, and what the vehicle has to do about it in each mode."""

    def register(function):
        name = function.__name__.replace("_", "-")
        CASES[name] = (function, who, {"lenient": lenient, "conformant": conformant or lenient})
        return function

    return register


class Bench:
    """What a case is handed: 5 % is on, the vehicle is about to ask."""

    def __init__(self, port, pilot, mode):
        self.port, self.pilot, self.mode = port, pilot, mode

    def charger(self, mac=None, **key):
        return Charger(self.port, mac, **key)

    def restart(self):
        """Ends what there is by state F, and begins anew."""
        self.pilot.signal(2)
        time.sleep(0.25)
        self.port.forget()
        self.pilot.five_percent()

    def silence(self, what, kinds, seconds=0.15):
        """None of these kinds is sent for so long. The vehicle's own requests and sounds may go on."""
        begin = len(self.port.heard)
        self.port.pump(seconds)
        for heard in self.port.heard[begin:]:
            if heard.kind in kinds:
                raise Wrong(f"{what} was taken: {heard.kind:04X} followed")
        self.port.taken = len(self.port.heard)


def joined(evse, seconds=3):
    return JOINED if evse.linked(seconds) else "matched, no link"


# Public implementations, section 10 of the list of deviations.

@case("open-plc evse as built: RESP_TYPE 0, CM_ATTEN_CHAR.IND of 326 octets, fixed NMK", JOINED, IGNORED)
def openplc_evse(bench):
    evse = bench.charger(nmk=OPENPLC_NMK)
    evse.must_be_asked()
    evse.parm_cnf(ResponseType=0)
    if not bench.port.next(START_IND, 0.5):
        return IGNORED
    bench.port.taken = 0
    evse.asked(0)
    for _ in range(10):
        if not bench.port.next(SOUND_IND, 0.5):
            raise Wrong("sounds are missing")
    return openplc_rest(evse)


def openplc_rest(evse):
    evse.char_ind(trail=bytes(326 - 129))
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("open-plc evse with RESP_TYPE 1: CM_ATTEN_CHAR.IND of 326 octets, fixed NMK", JOINED)
def openplc_evse_configured(bench):
    evse = bench.charger(nmk=OPENPLC_NMK)
    evse.to_sounding()
    return openplc_rest(evse)


@case("pyslac EVSE: the same key in two matches, report repeated after 1 s", JOINED)
def pyslac_evse(bench):
    evse = bench.charger()
    for run in range(2):
        if run:
            bench.restart()
        evse.to_response()
        time.sleep(0.02)
        if not evse.chosen():
            return IGNORED
        evse.match_cnf()
        if (outcome := joined(evse)) != JOINED:
            return outcome
    return JOINED


@case("EVerest EVSE: 58 x 01 with NUM_SOUNDS 0 is no report; the real one is", f"{IGNORED}, {JOINED}")
def everest_evse_without_sounds(bench):
    evse = bench.charger()
    evse.to_sounding()
    evse.char_ind(1, NumberOfSounds=0)
    bench.silence("NUM_SOUNDS 0", (CHAR_RSP, MATCH_REQ))
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return f"{IGNORED}, {IGNORED}"
    evse.match_cnf()
    return f"{IGNORED}, {joined(evse)}"


@case("EVerest EVSE: 45 ms before the report", JOINED)
def everest_evse(bench):
    evse = bench.charger()
    evse.to_sounding()
    time.sleep(0.045)
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("pyPLC EVSE: a constant profile, 55 x 09, 0F, 13, 19, on a 30 ms tick", JOINED)
def pyplc_evse(bench):
    evse = bench.charger()
    evse.must_be_asked()
    time.sleep(0.03)
    evse.parm_cnf()
    evse.heard_sounding()
    time.sleep(0.03)
    evse.char_ind([9] * 55 + [0x0F, 0x13, 0x19])
    if not evse.response() or not evse.chosen():
        return IGNORED
    time.sleep(0.03)
    evse.match_cnf()
    return joined(evse)


@case("pyPLC EVSE: a NID that is not that of the NMK, and a modem that was given the same", JOINED)
def foreign_nid(bench):
    evse = bench.charger(nid=bytes.fromhex("01020304050607"))
    evse.to_choice()
    evse.match_cnf()
    bench.port.set_key(evse.nid, evse.nmk)
    bench.port.await_link(3)
    return JOINED


@case("a NID that is not that of the NMK, and a modem that went by the NMK: half of TT_match_join is lost", JOINED, REFUSED)
def foreign_nid_ignored(bench):
    evse = bench.charger(nid=bytes.fromhex("01020304050607"))
    evse.to_choice()
    evse.match_cnf()
    return JOINED if evse.linked(9) else REFUSED


# Several chargers.

@case("two EVSEs, 45 dB first and 12 dB then: both are answered, the nearer is matched", JOINED)
def two_evses(bench):
    near, far = bench.charger(), bench.charger(OTHER)
    near.must_be_asked()
    far.ev, far.run = near.ev, near.run
    far.parm_cnf()
    near.parm_cnf()
    near.heard_sounding()
    far.char_ind(45)
    if not far.response():
        raise Wrong("the farther one got no CM_ATTEN_CHAR.RSP")
    near.char_ind(12)
    if not near.response():
        raise Wrong("the nearer one got no CM_ATTEN_CHAR.RSP")
    if not near.chosen():
        return IGNORED
    near.match_cnf()
    return joined(near)


@case("two EVSEs, one of which never reports: the EV waits for it, then takes the other", JOINED)
def one_of_two_is_silent(bench):
    ours, silent = bench.charger(), bench.charger(OTHER)
    ours.must_be_asked()
    silent.ev, silent.run = ours.ev, ours.run
    silent.parm_cnf()
    ours.parm_cnf()
    ours.heard_sounding()
    begin = time.monotonic()
    ours.char_ind()
    if not ours.response():
        raise Wrong("no CM_ATTEN_CHAR.RSP")
    if not ours.chosen(2):
        return IGNORED
    if time.monotonic() - begin < 0.5:
        raise Wrong("did not wait for the second EVSE")
    ours.match_cnf()
    return joined(ours)


@case("ten EVSEs answer, 20 to 38 dB: all are answered, the nearest is matched", JOINED)
def ten_evses(bench):
    chargers = [bench.charger()] + [bench.charger(f"02:00:00:00:03:{number:02x}") for number in range(9)]
    chargers[0].must_be_asked()
    for evse in chargers:
        evse.ev, evse.run = chargers[0].ev, chargers[0].run
        evse.parm_cnf()
    chargers[0].heard_sounding()
    bench.port.pump(0)
    bench.port.taken = len(bench.port.heard)
    for number, evse in reversed(list(enumerate(chargers))):
        evse.char_ind(20 + 2 * number)
        if not evse.response():
            raise Wrong(f"EVSE {number} got no CM_ATTEN_CHAR.RSP")
    if not chargers[0].chosen():
        return IGNORED
    chargers[0].match_cnf()
    return joined(chargers[0])


@case("EVSE at 90 dB, behind somebody else's cable: not found", REFUSED)
def far_away(bench):
    evse = bench.charger()
    evse.to_response(90)
    return "matched" if evse.chosen(1.5) else REFUSED


@case("report without CM_SLAC_PARM.CNF, which was lost: no EVSE is known, no sounding", IGNORED)
def report_out_of_the_blue(bench):
    evse = bench.charger()
    evse.must_be_asked()
    evse.char_ind()
    bench.silence("CM_ATTEN_CHAR.IND without sounding", (CHAR_RSP, MATCH_REQ, START_IND))
    return IGNORED


# Late and lost frames.

@case("CM_SLAC_PARM.CNF to the third request only", JOINED)
def third_request(bench):
    evse = bench.charger()
    runs = []
    for _ in range(3):
        evse.must_be_asked()
        runs.append(evse.run)
    if len(set(runs)) != 1:
        raise Wrong("the repeated CM_SLAC_PARM.REQ has another RunID")
    evse.parm_cnf()
    evse.heard_sounding()
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("EVSE that wakes up 4 s after the first request", JOINED)
def late_riser(bench):
    evse = bench.charger()
    evse.must_be_asked()
    time.sleep(4)
    bench.port.forget()
    evse.must_be_asked(2)
    evse.parm_cnf()
    evse.heard_sounding()
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("report 1,000 ms after the first CM_START_ATTEN_CHAR.IND, within TT_EV_atten_results", JOINED)
def late_report(bench):
    evse = bench.charger()
    evse.to_sounding()
    time.sleep(0.7)
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("report 1,500 ms after the first CM_START_ATTEN_CHAR.IND: too late", IGNORED)
def too_late_report(bench):
    evse = bench.charger()
    evse.to_sounding()
    time.sleep(1.25)
    bench.port.forget()
    evse.char_ind()
    bench.silence("a late CM_ATTEN_CHAR.IND", (MATCH_REQ,), seconds=0.3)
    return IGNORED


@case("report three times: three responses, one match", f"3 responses, {JOINED}")
def repeated_report(bench):
    evse = bench.charger()
    evse.to_sounding()
    responses = 0
    for _ in range(3):
        evse.char_ind()
        responses += evse.response() is not None
    bench.port.taken = 0
    if not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return f"{responses} responses, {joined(evse)}"


@case("CM_SLAC_MATCH.CNF to the third request only", JOINED)
def third_match_request(bench):
    evse = bench.charger()
    evse.to_choice()
    for _ in range(2):
        if not evse.chosen(0.5):
            return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("no CM_SLAC_MATCH.CNF at all: three requests, then a new process with a new RunID", "3 requests, new RunID")
def no_match_confirmation(bench):
    evse = bench.charger()
    evse.to_choice()
    old, requests = evse.run, 1
    while evse.chosen(0.4):
        requests += 1
    evse.must_be_asked(2)
    return f"{requests} requests, {'new' if evse.run != old else 'same'} RunID"


@case("no report at all: a new process with a new RunID", "new RunID")
def no_report(bench):
    evse = bench.charger()
    evse.to_sounding()
    old = evse.run
    evse.must_be_asked(3)
    return f"{'new' if evse.run != old else 'same'} RunID"


# Wrong fields: ignored, and then the right frame works.

@case("CM_SLAC_PARM.CNF: each field wrong, in turn; then the right one", f"{IGNORED}, {JOINED}")
def wrong_parm_cnf(bench):
    evse = bench.charger()
    wrong = [{"MSoundTargetMAC": "02:00:00:00:00:77"}, {"NumberMSounds": 0}, {"TimeOut": 0}, {"ResponseType": 2},
             {"ForwardingSTA": "02:00:00:00:00:77"}, {"ApplicationType": 1}, {"SecurityType": 1}, {"RunID": b"another!"},
             {"dst": "02:00:00:00:00:77"}, {"src": "03:00:00:00:00:c1"}, {"version": 3}, {"fragment": 0x0100}]
    if bench.mode == "conformant":
        wrong.append({"ResponseType": 0})
    evse.must_be_asked()
    for fields in wrong:
        evse.parm_cnf(**fields)
    bench.silence("a wrong CM_SLAC_PARM.CNF", (START_IND, SOUND_IND), seconds=0.1)
    evse.must_be_asked()
    evse.parm_cnf()
    if not evse.heard_sounding():
        return "the right one was ignored too"
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return "not matched"
    evse.match_cnf()
    return f"{IGNORED}, {joined(evse)}"


@case("CM_ATTEN_CHAR.IND: each field wrong, in turn; then the right one", f"{IGNORED}, {JOINED}")
def wrong_report(bench):
    evse = bench.charger()
    wrong = [{"ApplicationType": 1}, {"SecurityType": 1}, {"SourceAdress": "02:00:00:00:00:77"}, {"RunID": b"another!"},
             {"NumberOfSounds": 0}, {"profile": []}, {"dst": "02:00:00:00:00:77"}, {"cut": 100}, {"cut": 70},
             {"NumberOfGroups": 255}]
    if bench.mode == "conformant":
        wrong += [{"SourceID": b"x" * 17}, {"ResponseID": b"x" * 17}]
    evse.to_sounding()
    for fields in wrong:
        evse.char_ind(**fields)
        bench.silence(f"CM_ATTEN_CHAR.IND with {fields}", (CHAR_RSP, MATCH_REQ), seconds=0.05)
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return "the right one was ignored too"
    evse.match_cnf()
    return f"{IGNORED}, {joined(evse)}"


@case("CM_SLAC_MATCH.CNF: each field wrong, in turn; then the right one", f"{IGNORED}, {JOINED}")
def wrong_match_cnf(bench):
    evse, key = bench.charger(), os.urandom(16)
    wrong = [{"ApplicationType": 1}, {"SecurityType": 1}, {"MatchVariableFieldLen": 62}, {"MatchVariableFieldLen": 0x5600},
             {"EVMAC": "02:00:00:00:00:77"}, {"EVSEMAC": OTHER}, {"RunID": b"another!"}, {"src": OTHER}, {"cut": 108},
             {"dst": "02:00:00:00:00:77"}]
    if bench.mode == "conformant":
        wrong += [{"EVID": b"x" * 17}, {"EVSEID": b"x" * 17}]
    evse.to_choice()
    for fields in wrong:  # each with another key: taking one of them would keep the link down
        evse.match_cnf(NMK=key, NetworkID=nid_of(key), **fields)
    if not evse.chosen(0.5):
        return "a wrong one was taken"
    evse.match_cnf()
    return f"{IGNORED}, {joined(evse)}"


@case("frames that nobody asked for: CM_SLAC_MATCH.CNF before the choice, CM_SET_KEY.CNF over the line", JOINED)
def unasked(bench):
    evse, key = bench.charger(), os.urandom(16)
    evse.must_be_asked()
    evse.match_cnf(NMK=key, NetworkID=nid_of(key))
    bench.port.send(frame(SET_KEY_CNF, b"\0" + bytes(14), evse.mac, evse.ev))
    evse.parm_cnf()
    evse.heard_sounding()
    evse.match_cnf(NMK=key, NetworkID=nid_of(key))
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("another EV's CM_SLAC_PARM.REQ, START and SOUND: an EV never answers", IGNORED)
def another_ev(bench):
    evse = bench.charger()
    evse.must_be_asked()
    mac = "02:00:00:00:00:e7"
    bench.port.send(frame(PARM_REQ, bytes(2) + b"another!", mac, BROADCAST))
    bench.port.send(frame(START_IND, b"\0\0\x0a\6\1" + bytes.fromhex(mac.replace(":", "")) + b"another!", mac, BROADCAST))
    bench.port.send(frame(SOUND_IND, bytes(19) + b"\0another!" + bytes(24), mac, BROADCAST))
    bench.port.pump(0.3)
    if any(heard.dst == mac for heard in bench.port.heard):
        return ANSWERED
    return IGNORED


@case("every frame with 300 octets behind it", JOINED)
def trailing_octets(bench):
    trail = os.urandom(300)
    evse = bench.charger()
    evse.to_sounding(trail=trail)
    evse.char_ind(trail=trail)
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf(trail=trail)
    return joined(evse)


@case("3,000 frames of random octets, seeded, while the vehicle asks", IGNORED)
def garbage(bench):
    seed = int(os.environ.get("COUPLER_SEED", 0)) or random.getrandbits(32)
    generator = random.Random(seed)
    print(f"seed {seed}", file=sys.stderr)
    evse = bench.charger()
    evse.must_be_asked()
    header = bytes.fromhex((evse.ev + evse.mac).replace(":", "")) + b"\x88\xe1"

    def octets():
        body = generator.randbytes(generator.randrange(3, 400))
        kind = generator.choice((PARM_CNF, 0x606E, MATCH_CNF, VALIDATE_CNF, AMP_MAP_CNF, 0x6046, None))
        if kind is not None:
            body = bytes([generator.randrange(0, 4)]) + kind.to_bytes(2, "little") + b"\0\0" + b"\x55" + body
        return header + body

    flood(bench.port, octets, 3000, per_second=4000)
    bench.silence("random octets", (START_IND, SOUND_IND, CHAR_RSP, MATCH_REQ), seconds=0.2)
    return IGNORED


# The pilot while SLAC runs.

def sounds_after(bench, kind, permille=0):
    """The pilot changes after five sounds. What is heard from 100 ms later on."""
    evse = bench.charger()
    evse.must_be_asked()
    evse.parm_cnf()
    for _ in range(5):
        if not bench.port.next(SOUND_IND, 1):
            raise Wrong("no sounding")
    bench.pilot.signal(kind, permille)
    time.sleep(0.1)
    bench.port.forget()
    bench.port.pump(0.5)
    return evse, [heard for heard in bench.port.heard if heard.kind in (SOUND_IND, PARM_REQ, MATCH_REQ)]


@case("state F while the vehicle sounds: no further frame", "silent")
def error_while_sounding(bench):
    _, heard = sounds_after(bench, 2)
    return f"{heard[0].kind:04X}" if heard else "silent"


@case("oscillator off (X1) while the vehicle sounds: no further frame", "silent")
def oscillator_off_while_sounding(bench):
    _, heard = sounds_after(bench, 1)
    return f"{heard[0].kind:04X}" if heard else "silent"


@case("duty cycle of 50 % instead of 5 % while the vehicle sounds: no influence on matching", JOINED)
def duty_while_sounding(bench):
    evse = bench.charger()
    evse.must_be_asked()
    evse.parm_cnf()
    for number in range(10):
        if not bench.port.next(SOUND_IND, 1):
            return IGNORED
        if number == 4:
            bench.pilot.signal(3, 500)
    evse.char_ind()
    if not evse.response() or not evse.chosen():
        return IGNORED
    evse.match_cnf()
    return joined(evse)


@case("state F once matched: the vehicle leaves the network within TP_match_leave, 1 s", "left")
def error_once_matched(bench):
    bench.charger().whole()
    time.sleep(0.6)
    bench.pilot.signal(2)
    deadline = time.monotonic() + 1
    while bench.port.link():
        if time.monotonic() > deadline:
            return "stayed"
        time.sleep(0.02)
    return "left"


# CM_VALIDATE and CM_AMP_MAP. 50 dB lies between C_EV_match_signalattn_direct and _indirect.

NAMES = {"ready": 1, "not ready": 0, "success": 2, "failure": 3, "not required": 4}


def potential(bench, answer):
    """An EVSE at 50 dB that gives this answer to step 1; None gives none."""
    evse = bench.charger()
    evse.to_response(50)
    deadline, asked, matched = time.monotonic() + 4, 0, False
    while time.monotonic() < deadline and not matched:
        bench.port.pump(0.05)
        while bench.port.taken < len(bench.port.heard):
            heard = bench.port.heard[bench.port.taken]
            bench.port.taken += 1
            if heard.kind == VALIDATE_REQ:
                if not asked and heard.octets[19:22] != b"\0\0\1":
                    raise Wrong(f"step 1 is {heard.octets[19:22].hex()}")
                asked += 1
                if answer:
                    evse.port.send(frame(VALIDATE_CNF, bytes([0, 0, NAMES[answer]]), evse.mac, evse.ev))
            matched = matched or heard.kind == MATCH_REQ
            if heard.kind == PARM_REQ:
                return "asked to validate, not matched" if asked else "not matched"
    before = "asked to validate, " if asked else ""
    if not matched:
        return f"{before}not matched"
    evse.match_cnf()
    return before + joined(evse)


@case("potentially found EVSE that answers CM_VALIDATE with failure", f"asked to validate, {JOINED}",
      "asked to validate, not matched")
def validation_fails(bench):
    return potential(bench, "failure")


@case("potentially found EVSE that answers CM_VALIDATE with not required", f"asked to validate, {JOINED}")
def validation_not_required(bench):
    return potential(bench, "not required")


@case("potentially found EVSE that does not answer CM_VALIDATE", f"asked to validate, {JOINED}",
      "asked to validate, not matched")
def validation_unanswered(bench):
    return potential(bench, None)


@case("CM_VALIDATE with an EVSE that counts the toggles", f"2 steps, toggled, {JOINED}")
def validation(bench):
    evse = bench.charger()
    evse.to_response(50)
    first = bench.port.next(VALIDATE_REQ, 1, to=evse.mac)
    if not first:
        return "not asked"
    evse.port.send(frame(VALIDATE_CNF, b"\0\0\1", evse.mac, evse.ev))
    second = bench.port.next(VALIDATE_REQ, 1, to=evse.mac)
    if not second or second.octets[20] == 0:
        return "1 step"
    window = (second.octets[20] + 1) / 10
    if not 0.6 <= window <= 3.6:
        raise Wrong(f"Timer of step 2 is {second.octets[20]}")
    deadline, toggles, charging = time.monotonic() + window, 0, False
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if bench.pilot.charging() != charging:
            charging = not charging
            toggles += not charging
    evse.port.send(frame(VALIDATE_CNF, bytes([0, toggles, 2 if 1 <= toggles <= 3 else 3]), evse.mac, evse.ev))
    if not evse.chosen():
        return f"2 steps, {toggles} toggles, not matched"
    evse.match_cnf()
    return f"2 steps, toggled, {joined(evse)}"


@case("CM_AMP_MAP.REQ with MMV 2 and with MMV 1 once the link is up", "success, success")
def amplitude_map(bench):
    evse = bench.charger()
    evse.to_choice()
    evse.match_cnf()
    evse.port.set_key(evse.nid, evse.nmk)
    evse.port.await_link(3)
    time.sleep(0.3)
    results = []
    for version in (2, 1):
        evse.port.send(frame(AMP_MAP_REQ, (917).to_bytes(2, "little") + bytes(459), evse.mac, evse.ev, version=version))
        heard = bench.port.next(AMP_MAP_CNF, 0.3, to=evse.mac)
        results.append(IGNORED if not heard else "success" if heard.octets[19] == 0 else f"result {heard.octets[19]}")
    return ", ".join(results)


def run(name, bench):
    function, who, expected = CASES[name]
    begin = time.monotonic()
    entry = {"case": name, "mode": bench.mode, "who": who, "expected": expected[bench.mode]}
    try:
        bench.restart()
        entry["seen"] = function(bench)
    except Wrong as error:
        entry["seen"] = f"wrong: {error}"
    try:
        bench.restart()
        bench.charger().whole()
        entry["afterwards"] = JOINED
    except Wrong as error:
        entry["afterwards"] = f"wrong: {error}"
    entry["seconds"] = round(time.monotonic() - begin, 1)
    entry["holds"] = entry["seen"] == entry["expected"] and entry["afterwards"] == JOINED
    print(json.dumps(entry), flush=True)
    return entry["holds"]


def main(interface, cable, mode, *names):
    pilot = ChargerPilot(cable)
    try:
        print("waiting for the vehicle", flush=True)
        pilot.await_plug()
        bench = Bench(Port(interface), pilot, mode)
        # The vehicle's program ends with its first try unless that matches; after a match it goes on.
        pilot.five_percent()
        bench.charger().whole()
        time.sleep(1)  # until it has seen the link too
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
        try:
            main(*sys.argv[1:])
        except Wrong as error:
            sys.exit(f"failed: {error}")
