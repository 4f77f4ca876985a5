"""tshark as the judge of captures: HomePlug messages, discovery, and the V2GTP stream inside TCP."""

import collections
import json
import subprocess

from bench import ScenarioFailed

PREFIX = "homeplug_av."
GREEN_PHY = "gp."
ZERO_ID = ":".join(["00"] * 17)

# MMTYPE: name, where tshark 4 puts its fields, and the values that hold in every match.
MESSAGES = {
    0x6008: ("CM_SET_KEY.REQ", {"nw_info.key_type": "0x01", "nw_info.pid": "0x04", "nw_info.peks": "0x01",
                                "nw_info.nid": None, "cm_set_key_req.nw_key": None}),
    0x6009: ("CM_SET_KEY.CNF", {"cm_set_key_cnf.result": None, "nw_info.pid": "0x04"}),
    0x6064: ("CM_SLAC_PARM.REQ", {"gp.cm_slac_parm.apptype": "0x00", "gp.cm_slac_parm.sectype": "0x00",
                                  "gp.cm_slac_parm.runid": None}),
    0x6065: ("CM_SLAC_PARM.CNF", {"gp.cm_slac_parm.sound_target": "ff:ff:ff:ff:ff:ff",
                                  "gp.cm_slac_parm.sound_count": "0x0a", "gp.cm_slac_parm.time_out": "6",
                                  "gp.cm_slac_parm.resptype": "0x01", "gp.cm_slac_parm.runid": None}),
    0x606A: ("CM_START_ATTEN_CHAR.IND", {"gp.cm_start_atten_char.sounds_count": "0x0a",
                                         "gp.cm_start_atten_char.time_out": "6",
                                         "gp.cm_start_atten_char.resptype": "0x01",
                                         "gp.cm_start_atten_char.runid": None}),
    0x6076: ("CM_MNBC_SOUND.IND", {"gp.cm_mnbc_sound.sender_id": ZERO_ID, "gp.cm_mnbc_sound.countdown": None,
                                   "gp.cm_mnbc_sound.runid": None, "gp.cm_mnbc_sound.rnd": None}),
    0x6086: ("CM_ATTEN_PROFILE.IND", {"gp.cm_atten_profile_ind.pev_mac": None,
                                      "gp.cm_atten_profile_ind.groups_count": "0x3a"}),
    0x606E: ("CM_ATTEN_CHAR.IND", {"gp.cm_atten_char.source_id": ZERO_ID, "gp.cm_atten_char.resp_id": ZERO_ID,
                                   "gp.cm_atten_char.sounds_count": "10", "gp.cm_atten_char.groups_count": "58",
                                   "gp.cm_atten_char.runid": None}),
    0x606F: ("CM_ATTEN_CHAR.RSP", {"gp.cm_atten_char.result": "0x00", "gp.cm_atten_char.runid": None}),
    0x607C: ("CM_SLAC_MATCH.REQ", {"gp.cm_slac_match.length": "0x003e", "gp.cm_slac_match.pev_mac": None,
                                   "gp.cm_slac_match.evse_mac": None, "gp.cm_slac_match.runid": None}),
    0x607D: ("CM_SLAC_MATCH.CNF", {"gp.cm_slac_match.length": "0x0056", "gp.cm_slac_match.nid": None,
                                   "gp.cm_slac_match.nmk": None, "gp.cm_slac_match.runid": None}),
}
MATCH = {name for name, _ in MESSAGES.values()}


def tshark(path, *arguments):
    result = subprocess.run(["tshark", "-n", "-r", str(path), *arguments], capture_output=True, text=True, timeout=60)
    if result.returncode:
        raise ScenarioFailed(f"tshark cannot read {path}: {result.stderr.strip()}")
    return result.stdout


def leaves(tree, found=None):
    """Field name to values, whatever the nesting."""
    found = collections.defaultdict(list) if found is None else found
    for name, value in tree.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                leaves(item, found)
            else:
                found[name].append(item)
    return found


def check_match(path, expected=MATCH):
    """Every HomePlug frame is one that tshark knows, none malformed, and all of `expected` are there."""
    broken = tshark(path, "-Y", "_ws.malformed || _ws.unreassembled", "-T", "fields", "-e", "frame.number",
                    "-e", "frame.protocols").strip()
    if broken:
        raise ScenarioFailed(f"{path}: malformed frames: {broken}")
    packets = json.loads(tshark(path, "-Y", "homeplug-av", "-T", "json", "--no-duplicate-keys") or "[]")
    seen = collections.Counter()
    runs = set()
    for packet in packets:
        layers = packet["_source"]["layers"]
        number = layers["frame"]["frame.number"]
        fields = leaves(layers["homeplug-av"])
        if PREFIX + "mmhdr.mmtype.qualcomm" in fields:
            seen["vendor"] += 1
            continue
        kind = int(fields[PREFIX + "mmhdr.mmtype"][0], 16)
        if kind not in MESSAGES:
            raise ScenarioFailed(f"{path}, frame {number}: unexpected MMTYPE 0x{kind:04x}")
        name, wanted = MESSAGES[kind]
        seen[name] += 1
        for field, value in wanted.items():
            got = fields.get(PREFIX + field)
            if not got or (value is not None and got[0] != value):
                raise ScenarioFailed(f"{path}, frame {number}, {name}: {field} is {got}, expected {value or 'any'}")
            if field.endswith("runid"):
                runs.add(got[0])
    if missing := sorted(expected - set(seen)):
        raise ScenarioFailed(f"{path}: no {', '.join(missing)}; seen {dict(seen)}")
    return seen, runs


def check_discovery(path):
    """An SDP request to all nodes, without TLS, and an answer from a link-local address."""
    lines = tshark(path, "-Y", "udp.port == 15118", "-T", "fields", "-e", "ipv6.src", "-e", "ipv6.dst",
                   "-e", "udp.payload").split("\n")
    requests = [line for line in lines if "ff02::1" in line and "01fe9000000000021000" in line.replace(":", "")]
    answers = [line for line in lines if line.startswith("fe80:") and "01fe900100000014" in line]
    if not requests or not answers:
        raise ScenarioFailed(f"{path}: {len(requests)} SDP requests, {len(answers)} answers")


def check_session(path, at_least):
    """One TCP connection that carries whole V2GTP messages, as many requests as answers."""
    if lost := tshark(path, "-Y", "tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment").strip():
        raise ScenarioFailed(f"{path}: lost TCP segments: {lost}")
    streams = set(tshark(path, "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.stream").split())
    if len(streams) != 1:
        raise ScenarioFailed(f"{path}: {len(streams)} TCP connections with data instead of one")
    octets = [bytearray(), bytearray()]
    for line in tshark(path, "-q", "-z", f"follow,tcp,raw,{streams.pop()}").splitlines():
        text = line.strip()
        if text and all(digit in "0123456789abcdef" for digit in text):
            octets[line.startswith("\t")] += bytes.fromhex(text)
    counts = [count_messages(path, direction) for direction in octets]
    if counts[0] != counts[1] or counts[0] < at_least:
        raise ScenarioFailed(f"{path}: {counts[0]} requests and {counts[1]} answers, expected {at_least} or more")
    return counts[0]


def count_messages(path, octets):
    count = offset = 0
    while offset < len(octets):
        if octets[offset:offset + 4] != bytes.fromhex("01fe8001"):
            raise ScenarioFailed(f"{path}: no V2GTP header at octet {offset}: {octets[offset:offset + 8].hex()}")
        offset += 8 + int.from_bytes(octets[offset + 4:offset + 8], "big")
        count += 1
    if offset != len(octets):
        raise ScenarioFailed(f"{path}: the last V2GTP message is cut short")
    return count
