"""A charger's side of SLAC, every step of which can be bent. `defect_evse.py` bends it."""

import os

from scapy.contrib import homepluggp as gp

from pilot import Wrong
from slac_frames import (
    BROADCAST, CHAR_IND, CHAR_RSP, GROUPS, MATCH_CNF, MATCH_REQ, PARM_CNF, PARM_REQ, SOUND_IND, SOUNDS, START_IND,
    TIMEOUT_100MS, frame, layered, nid_of)

ZERO_ID = bytes(17)


class Charger:
    """One EVSE host; several may share a port, as those of neighbouring cables do."""

    def __init__(self, port, mac=None, nmk=None, nid=None):
        self.port = port
        self.mac = mac or port.mac
        self.nmk = nmk or os.urandom(16)
        self.nid = nid or nid_of(self.nmk)
        self.ev = self.run = None

    def send(self, kind, packet, fields, inner=None):
        layered(fields, packet, inner)
        self.port.send(frame(kind, packet, fields.pop("src", self.mac), fields.pop("dst", self.ev), **fields))

    def parm_cnf(self, **fields):
        self.send(PARM_CNF, gp.CM_SLAC_PARM_CNF(
            MSoundTargetMAC=BROADCAST, NumberMSounds=SOUNDS, TimeOut=TIMEOUT_100MS, ResponseType=1,
            ForwardingSTA=self.ev, RunID=self.run), fields)

    def char_ind(self, profile=20, **fields):
        """`profile`: one value for all groups, or a list."""
        groups = [profile] * GROUPS if isinstance(profile, int) else profile
        self.send(CHAR_IND, gp.CM_ATTEN_CHAR_IND(
            SourceAdress=self.ev, RunID=self.run, NumberOfSounds=SOUNDS,
            Groups=[gp.HPGP_GROUP(group=group) for group in groups]), fields)

    def match_cnf(self, **fields):
        inner = gp.SLAC_varfield_cnf(EVMAC=self.ev, EVSEMAC=self.mac, RunID=self.run, NetworkID=self.nid, NMK=self.nmk)
        self.send(MATCH_CNF, gp.CM_SLAC_MATCH_CNF(MatchVariableFieldLen=86, VariableField=inner), fields, inner)

    # Steps of a match. Each judges what comes.

    def asked(self, seconds=4):
        """CM_SLAC_PARM.REQ, or None."""
        heard = self.port.next(PARM_REQ, seconds, to=BROADCAST)
        if heard:
            heard.expect(ApplicationType=0, SecurityType=0)
            self.ev, self.run = heard.src, heard.octets[21:29]
        return heard

    def must_be_asked(self, seconds=4):
        if not (heard := self.asked(seconds)):
            raise Wrong(f"no CM_SLAC_PARM.REQ within {seconds} s")
        return heard

    def heard_sounding(self, seconds=1.2, sounds=SOUNDS):
        """One START at least and all sounds, or False. The last sound heard is remembered."""
        start = self.port.next(START_IND, seconds, to=BROADCAST)
        if not start:
            return False
        start.expect(ApplicationType=0, SecurityType=0, NumberOfSounds=sounds, TimeOut=TIMEOUT_100MS, ResponseType=1,
                     ForwardingSTA=self.ev, RunID=self.run)
        seen = set()
        for left in reversed(range(sounds)):
            heard = self.port.next(SOUND_IND, 0.5, to=BROADCAST)
            if not heard:
                raise Wrong(f"{len(seen)} of {sounds} sounds")
            heard.expect(ApplicationType=0, SecurityType=0, SenderID=ZERO_ID, Countdown=left, RunID=self.run, RSVD=bytes(8))
            seen.add(heard.octets[55:71])
        if len(seen) != sounds:
            raise Wrong("the same random octets in two sounds")
        return True

    def response(self, seconds=0.3):
        """CM_ATTEN_CHAR.RSP to this EVSE, or None."""
        heard = self.port.next(CHAR_RSP, seconds, to=self.mac)
        if heard:
            heard.expect(ApplicationType=0, SecurityType=0, SourceAdress=self.ev, RunID=self.run, SourceID=ZERO_ID,
                         ResponseID=ZERO_ID, Result=0)
            if len(heard.octets) != 70:
                raise Wrong(f"CM_ATTEN_CHAR.RSP has {len(heard.octets)} octets")
        return heard

    def chosen(self, seconds=1.5):
        """CM_SLAC_MATCH.REQ to this EVSE, or None."""
        heard = self.port.next(MATCH_REQ, seconds, to=self.mac)
        if heard:
            heard.expect(ApplicationType=0, SecurityType=0, MatchVariableFieldLen=62, EVID=ZERO_ID, EVMAC=self.ev,
                         EVSEID=ZERO_ID, EVSEMAC=self.mac, RunID=self.run, RSVD=bytes(8))
            if len(heard.octets) != 85:
                raise Wrong(f"CM_SLAC_MATCH.REQ has {len(heard.octets)} octets")
        return heard

    def linked(self, seconds=3):
        """The own modem has the key as well, and sees the vehicle's."""
        self.port.set_key(nid_of(self.nmk), self.nmk)
        try:
            self.port.await_link(seconds)
        except Wrong:
            return False
        return True

    def to_sounding(self, **confirmation):
        self.must_be_asked()
        self.parm_cnf(**confirmation)
        if not self.heard_sounding():
            raise Wrong("no CM_START_ATTEN_CHAR.IND after CM_SLAC_PARM.CNF")

    def to_response(self, profile=20, **report):
        self.to_sounding()
        self.char_ind(profile, **report)
        if not self.response():
            raise Wrong("no CM_ATTEN_CHAR.RSP")

    def to_choice(self, profile=20):
        self.to_response(profile)
        if not self.chosen():
            raise Wrong("no CM_SLAC_MATCH.REQ")

    def whole(self):
        self.to_choice()
        self.match_cnf()
        if not self.linked():
            raise Wrong("no link after CM_SLAC_MATCH.CNF")
