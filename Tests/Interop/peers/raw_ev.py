"""A vehicle's SLAC matching written with raw frames: raw_ev.py INTERFACE [--attenuation DB] [--no-probes].

It knows nothing of Coupler and judges every octet it receives against ISO 15118-3 Annex A. Steps are
printed; the first wrong field ends it with status 1. Without a charger that answers it tries again for 40 s.
The probes are a CM_SLAC_MATCH.REQ with a foreign RunID, which must be ignored, and a repeated one, which must
get the same answer; pyslac gives up on either.
"""

import argparse
import hashlib
import os
import socket
import struct
import sys
import time

ETHERTYPE = 0x88E1
BROADCAST = b"\xff" * 6
MODEM = bytes.fromhex("00b052000001")  # local alias of the host's own modem
QUALCOMM = bytes.fromhex("00b052")
ZERO_ID = bytes(17)
SOUNDS, TIMEOUT_100MS, GROUPS = 10, 6, 58

PARM_REQ, PARM_CNF = 0x6064, 0x6065
START_IND, SOUND_IND, PROFILE_IND = 0x606A, 0x6076, 0x6086
CHAR_IND, CHAR_RSP = 0x606E, 0x606F
MATCH_REQ, MATCH_CNF = 0x607C, 0x607D
SET_KEY_REQ, SET_KEY_CNF = 0x6008, 0x6009
LINK_STATUS_REQ, LINK_STATUS_CNF = 0xA0B8, 0xA0B9

begin = time.monotonic()


def say(text):
    print(f"{time.monotonic() - begin:7.3f} {text}", flush=True)


class WrongFrame(Exception):
    pass


def expect(frame, offset, octets, what):
    got = frame[offset:offset + len(octets)]
    if got != octets:
        raise WrongFrame(f"{what} at offset {offset}: expected {octets.hex()}, got {got.hex()} in {frame.hex()}")


class Vehicle:
    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
        self.socket.bind((interface, ETHERTYPE))
        self.mac = self.socket.getsockname()[4]

    def send(self, destination, message, payload, version=1):
        header = destination + self.mac + struct.pack(">HB", ETHERTYPE, version) + struct.pack("<H", message)
        frame = header + (b"\0\0" if version else b"") + payload
        self.socket.send(frame.ljust(60, b"\0"))

    def receive(self, message, seconds, source=None):
        """The next frame of that type for this vehicle, or None."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame, address = self.socket.recvfrom(2000)
            except socket.timeout:
                return None
            if address[2] == socket.PACKET_OUTGOING or frame[:6] not in (self.mac, BROADCAST):
                continue
            kind = struct.unpack("<H", frame[15:17])[0]
            if kind == PROFILE_IND:
                raise WrongFrame(f"CM_ATTEN_PROFILE.IND belongs to the charger's side: {frame.hex()}")
            if kind == message and (source is None or frame[6:12] == source):
                return frame
        return None

    def ask(self, destination, message, payload, answer, source=None):
        """Request with TT_match_response 200 ms and C_EV_match_retry 2."""
        for _ in range(3):
            self.send(destination, message, payload)
            if frame := self.receive(answer, 0.2, source):
                return frame
        return None

    def check_header(self, frame, message, length, source=None):
        expect(frame, 0, self.mac, "destination")
        if source:
            expect(frame, 6, source, "source")
        if frame[6] & 1:
            raise WrongFrame(f"source is a group address: {frame.hex()}")
        expect(frame, 12, b"\x88\xe1\x01" + struct.pack("<H", message) + b"\0\0", "EtherType, MMV, MMTYPE, FMI, FMSN")
        if len(frame) != length:
            raise WrongFrame(f"{len(frame)} octets instead of {length}: {frame.hex()}")

    def parameters(self):
        """CM_SLAC_PARM: gives back the charger's address, or None when nobody answers."""
        self.run = os.urandom(8)
        frame = self.ask(BROADCAST, PARM_REQ, b"\0\0" + self.run, PARM_CNF)
        if not frame:
            return None
        self.check_header(frame, PARM_CNF, 60)
        expect(frame, 19, BROADCAST, "M_SOUND_TARGET")
        expect(frame, 25, bytes([SOUNDS]), "NUM_SOUNDS")
        expect(frame, 26, bytes([TIMEOUT_100MS]), "TIME_OUT")
        expect(frame, 27, b"\x01", "RESP_TYPE")
        expect(frame, 28, self.mac, "FORWARDING_STA")
        expect(frame, 34, b"\0\0", "APPLICATION_TYPE, SECURITY_TYPE")
        expect(frame, 36, self.run, "RunID")
        expect(frame, 44, bytes(16), "padding")
        return frame[6:12]

    def sounding(self, charger, attenuation):
        first = time.monotonic()
        for _ in range(3):
            self.send(BROADCAST, START_IND, b"\0\0" + bytes([SOUNDS, TIMEOUT_100MS, 1]) + self.mac + self.run)
            time.sleep(0.03)
        for left in reversed(range(SOUNDS)):
            self.send(BROADCAST, SOUND_IND, b"\0\0" + ZERO_ID + bytes([left]) + self.run + bytes(8) + os.urandom(16))
            time.sleep(0.03)
        frame = self.receive(CHAR_IND, 1.2 - (time.monotonic() - first), charger)
        if not frame:
            raise WrongFrame("no CM_ATTEN_CHAR.IND within TT_EV_atten_results, 1200 ms")
        self.check_header(frame, CHAR_IND, 129, charger)
        expect(frame, 19, b"\0\0" + self.mac + self.run, "APPLICATION_TYPE, SECURITY_TYPE, SOURCE_ADDRESS, RunID")
        expect(frame, 35, ZERO_ID + ZERO_ID, "SOURCE_ID, RESP_ID")
        expect(frame, 69, bytes([SOUNDS, GROUPS]), "NUM_SOUNDS, NumGroups")
        mean = sum(frame[71:129]) / GROUPS
        say(f"CM_ATTEN_CHAR.IND: {SOUNDS} sounds, mean {mean:.1f} dB, {1000 * (time.monotonic() - first):.0f} ms")
        if attenuation is not None and abs(mean - attenuation) > 3:
            raise WrongFrame(f"mean attenuation {mean:.1f} dB on a line of {attenuation} dB")
        self.send(charger, CHAR_RSP, b"\0\0" + self.mac + self.run + ZERO_ID + ZERO_ID + b"\0")

    def match(self, charger, probes):
        def request(run):
            return (b"\0\0" + struct.pack("<H", 62) + ZERO_ID + self.mac + ZERO_ID + charger + run + bytes(8))

        if probes:
            self.send(charger, MATCH_REQ, request(bytes(8)))
            if self.receive(MATCH_CNF, 0.15, charger):
                raise WrongFrame("CM_SLAC_MATCH.CNF to a request with a foreign RunID")
        frame = self.ask(charger, MATCH_REQ, request(self.run), MATCH_CNF, charger)
        if not frame:
            raise WrongFrame("no CM_SLAC_MATCH.CNF to three requests")
        self.check_header(frame, MATCH_CNF, 109, charger)
        expect(frame, 19, b"\0\0" + struct.pack("<H", 86), "APPLICATION_TYPE, SECURITY_TYPE, MVFLength")
        expect(frame, 23, ZERO_ID + self.mac + ZERO_ID + charger, "PEV_ID, PEV_MAC, EVSE_ID, EVSE_MAC")
        expect(frame, 69, self.run + bytes(8), "RunID, reserved")
        expect(frame, 92, b"\0", "reserved")
        key = frame[93:109]
        digest = key
        for _ in range(5):
            digest = hashlib.sha256(digest).digest()
        expect(frame, 85, digest[:6] + bytes([digest[6] >> 4]), "NID derived from the NMK")
        if len(set(key)) < 6:
            raise WrongFrame(f"NMK does not look random: {key.hex()}")
        if probes and self.ask(charger, MATCH_REQ, request(self.run), MATCH_CNF, charger) != frame:
            raise WrongFrame("a repeated CM_SLAC_MATCH.REQ got another answer, or none")
        return frame[85:92], key

    def join(self, nid, key):
        self.send(MODEM, SET_KEY_REQ, b"\x01" + bytes(8) + b"\x04" + bytes(4) + nid + b"\x01" + key)
        frame = self.receive(SET_KEY_CNF, 1)
        if not frame:
            raise WrongFrame("no CM_SET_KEY.CNF from the modem within 1 s")
        say(f"CM_SET_KEY.CNF result {frame[19]}")
        deadline = time.monotonic() + 12  # TT_match_join
        while time.monotonic() < deadline:
            self.send(MODEM, LINK_STATUS_REQ, QUALCOMM, version=0)
            status = self.receive(LINK_STATUS_CNF, 0.2)
            if status and status[20:22] == b"\0\x01":
                return
            time.sleep(0.1)
        raise WrongFrame("no link within TT_match_join, 12 s")


def main(options):
    vehicle = Vehicle(options.interface)
    deadline = time.monotonic() + 40
    while not (charger := vehicle.parameters()):
        if time.monotonic() > deadline:
            raise WrongFrame("no CM_SLAC_PARM.CNF in 40 s")
        time.sleep(0.4)  # TT_matching_rate
    say(f"CM_SLAC_PARM.CNF from {charger.hex(':')}")
    vehicle.sounding(charger, options.attenuation)
    nid, key = vehicle.match(charger, options.probes)
    say(f"CM_SLAC_MATCH.CNF: nid {nid.hex()}")
    vehicle.join(nid, key)
    say("link up: matched")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("interface")
    parser.add_argument("--attenuation", type=float)
    parser.add_argument("--no-probes", dest="probes", action="store_false")
    try:
        main(parser.parse_args())
    except WrongFrame as error:
        sys.exit(f"failed: {error}")
