"""A vehicle's side of SLAC, every step of which can be bent. `defect_ev.py` bends it."""

import os
import time

from scapy.contrib import homepluggp as gp

from pilot import Wrong
from slac_frames import (
    BROADCAST, CHAR_IND, CHAR_RSP, GROUPS, MATCH_CNF, MATCH_REQ, PARM_CNF, PARM_REQ, SOUND_IND, SOUNDS, START_IND,
    TIMEOUT_100MS, frame, layered, nid_of)

ZERO_ID = bytes(17)


class Vehicle:
    """One EV host; several may share a port, as foreign ones heard through cross-talk do."""

    def __init__(self, port, mac=None, run=None):
        self.port = port
        self.mac = mac or port.mac
        self.run = run or os.urandom(8)
        self.evse = None
        self.took = 0  # s for the last sounding

    def octets(self, kind, packet, fields, dst, inner=None):
        layered(fields, packet, inner)
        return frame(fields.pop("kind", kind), packet, fields.pop("src", self.mac), fields.pop("dst", dst), **fields)

    def parm_req(self, **fields):
        return self.octets(PARM_REQ, gp.CM_SLAC_PARM_REQ(RunID=self.run), fields, BROADCAST)

    def start_ind(self, **fields):
        packet = gp.CM_START_ATTEN_CHAR_IND(
            NumberOfSounds=SOUNDS, TimeOut=TIMEOUT_100MS, ResponseType=1, ForwardingSTA=self.mac, RunID=self.run)
        return self.octets(START_IND, packet, fields, BROADCAST)

    def sound_ind(self, left, **fields):
        packet = gp.CM_MNBC_SOUND_IND(Countdown=left, RunID=self.run, RandomValue=os.urandom(16))
        return self.octets(SOUND_IND, packet, fields, BROADCAST)

    def char_rsp(self, **fields):
        return self.octets(CHAR_RSP, gp.CM_ATTEN_CHAR_RSP(SourceAdress=self.mac, RunID=self.run), fields, self.evse)

    def match_req(self, **fields):
        inner = gp.SLAC_varfield(EVMAC=self.mac, EVSEMAC=self.evse, RunID=self.run)
        packet = gp.CM_SLAC_MATCH_REQ(MatchVariableFieldLen=62, VariableField=inner)
        return self.octets(MATCH_REQ, packet, fields, self.evse, inner)

    def send(self, octets):
        self.port.send(octets)

    # Steps of a match. Each judges what comes back.

    def ask(self, tries=3, pace=0.2, **fields):
        """CM_SLAC_PARM: true once an EVSE has confirmed."""
        for _ in range(tries):
            self.send(self.parm_req(**fields))
            if self.confirmed(pace):
                return True
        return False

    def confirmed(self, seconds):
        heard = self.port.next(PARM_CNF, seconds, to=self.mac, where=lambda heard: heard.octets[36:44] == self.run)
        if not heard:
            return False
        heard.expect(MSoundTargetMAC=BROADCAST, NumberMSounds=SOUNDS, TimeOut=TIMEOUT_100MS, ResponseType=1,
                     ForwardingSTA=self.mac, ApplicationType=0, SecurityType=0, RunID=self.run)
        if len(heard.octets) != 60:
            raise Wrong(f"CM_SLAC_PARM.CNF has {len(heard.octets)} octets")
        self.evse = heard.src
        return True

    def sound(self, starts=3, gap=0.02, sounds=SOUNDS, start=None, each=None, start_gap=None):
        """START and SOUND; `start` and `each` override fields of all of them."""
        begin = time.monotonic()
        plan = [(self.start_ind(**dict(start or {})), gap if start_gap is None else start_gap)] * starts
        plan += [(self.sound_ind(sounds - 1 - number, **dict(each or {})), gap) for number in range(sounds)]
        for octets, pause in plan:
            self.send(octets)
            time.sleep(pause)
        self.took = time.monotonic() - begin

    def report(self, seconds=1.2, sounds=SOUNDS, attenuation=20):
        """CM_ATTEN_CHAR.IND, or None; `sounds`: as many at least, unless this machine was too slow to send them in time."""
        heard = self.port.next(CHAR_IND, seconds, to=self.mac, where=lambda heard: heard.octets[27:35] == self.run)
        if not heard:
            return None
        heard.expect(ApplicationType=0, SecurityType=0, SourceAdress=self.mac, SourceID=ZERO_ID, ResponseID=ZERO_ID,
                     NumberOfGroups=GROUPS)
        if len(heard.octets) != 129:
            raise Wrong(f"CM_ATTEN_CHAR.IND has {len(heard.octets)} octets")
        count, mean = heard.octets[69], sum(heard.octets[71:129]) / GROUPS
        if (count < sounds and self.took < 0.55) or abs(mean - attenuation) > 3:
            raise Wrong(f"CM_ATTEN_CHAR.IND: {count} sounds, mean {mean:.1f} dB")
        return heard

    def respond(self, **fields):
        self.send(self.char_rsp(**fields))

    def match(self, tries=3, **fields):
        """CM_SLAC_MATCH: the network and key handed out, or None."""
        for _ in range(tries):
            self.send(self.match_req(**fields))
            if heard := self.port.next(MATCH_CNF, 0.2, to=self.mac):
                return self.key_of(heard)
        return None

    def key_of(self, heard):
        heard.expect(ApplicationType=0, SecurityType=0, MatchVariableFieldLen=86, EVID=ZERO_ID, EVMAC=self.mac,
                     EVSEID=ZERO_ID, EVSEMAC=self.evse, RunID=self.run)
        if len(heard.octets) != 109:
            raise Wrong(f"CM_SLAC_MATCH.CNF has {len(heard.octets)} octets")
        nid, nmk = heard.octets[85:92], heard.octets[93:109]
        if nid != nid_of(nmk):
            raise Wrong("the NID of CM_SLAC_MATCH.CNF is not that of its NMK")
        return nid, nmk

    def to_report(self, **plan):
        """As far as CM_ATTEN_CHAR.IND, which is then to be answered."""
        if not self.ask():
            raise Wrong("no CM_SLAC_PARM.CNF to three requests")
        self.sound(**plan)
        if not (heard := self.report()):
            raise Wrong("no CM_ATTEN_CHAR.IND within 1200 ms")
        return heard

    def to_response(self, **plan):
        self.to_report(**plan)
        self.respond()

    def whole(self, **plan):
        """A match to the letter; the network and key."""
        self.to_response(**plan)
        if not (key := self.match()):
            raise Wrong("no CM_SLAC_MATCH.CNF to three requests")
        return key

    def join(self, key):
        self.port.set_key(*key)
        self.port.await_link(4)
        time.sleep(0.5)  # the charger polls every 250 ms and waits TP_link_ready_notification
