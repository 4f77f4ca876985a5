"""SLAC frames by scapy and a raw socket for them: what the strangers with defects are made of.

Runs in the scapy environment. Every field of a frame can be overridden by scapy's name for it; `src`, `dst`, `version`,
`fragment`, `kind`, `trail` (octets behind), `cut` (octets left) and `pad` (shortest frame) concern the frame as a whole.
"""

import hashlib
import select
import socket
import struct
import time

from scapy.contrib import homepluggp as gp
from scapy.contrib.homeplugav import HomePlugAV
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from pilot import Wrong

BROADCAST = "ff:ff:ff:ff:ff:ff"
MODEM = "00:b0:52:00:00:01"  # local alias of the host's own modem
GROUPS, SOUNDS, TIMEOUT_100MS = 58, 10, 6
MODEM_TYPES = (0x6009, 0x600D, 0x6049, 0x6086)  # what the own modem says: no answer of the peer

PARM_REQ, PARM_CNF, START_IND, SOUND_IND = 0x6064, 0x6065, 0x606A, 0x6076
CHAR_IND, CHAR_RSP, MATCH_REQ, MATCH_CNF = 0x606E, 0x606F, 0x607C, 0x607D
SET_KEY_REQ, SET_KEY_CNF, GET_KEY_REQ = 0x6008, 0x6009, 0x600C
VALIDATE_REQ, VALIDATE_CNF, AMP_MAP_REQ, AMP_MAP_CNF = 0x6078, 0x6079, 0x601C, 0x601D
LINK_STATUS_REQ, LINK_STATUS_CNF = 0xA0B8, 0xA0B9


def nid_of(nmk):
    digest = nmk
    for _ in range(5):
        digest = hashlib.sha256(digest).digest()
    return digest[:6] + bytes([digest[6] >> 4])


def frame(kind, payload, src, dst, version=1, fragment=0, trail=b"", cut=None, pad=60):
    """Octets of a frame. `payload` is one of scapy's packets, or octets where scapy has none."""
    body = Raw(payload) if isinstance(payload, bytes) else payload
    head = Ether(dst=dst, src=src, type=0x88E1)
    if version == 1:
        octets = bytes(head / HomePlugAV(version=1, HPtype=kind, FragmentInfo=fragment) / body)
    else:  # scapy would put a vendor's field into MMV 0, and no FMI into MMV 2
        octets = bytes(head) + struct.pack("<BH", version, kind) + (b"\0\0" if version else b"") + bytes(body)
    octets = octets[:cut] if cut is not None else octets.ljust(pad, b"\0")
    return octets + trail


def layered(fields, packet, inner=None):
    """Takes those of `fields` that belong to the packet (or to its inner part) out and sets them."""
    for part in (packet, inner):
        if part is not None:
            for name in [name for name in fields if name in {field.name for field in part.fields_desc}]:
                setattr(part, name, fields.pop(name))
    return packet


class Heard:
    """A frame that arrived."""

    def __init__(self, octets, at):
        self.octets, self.at = octets, at
        self.dst, self.src = octets[:6].hex(":"), octets[6:12].hex(":")
        self.version, self.kind = octets[14], struct.unpack("<H", octets[15:17])[0]

    @property
    def layer(self):
        """scapy's packet behind the header."""
        return Ether(self.octets)[HomePlugAV].payload

    def expect(self, **fields):
        """Each field as given, by scapy's names; the header as of every SLAC message."""
        if self.octets[12:14] != b"\x88\xe1" or self.version != 1 or self.octets[17:19] != b"\0\0":
            raise Wrong(f"header of {self.octets[:19].hex()}")
        layer = self.layer
        for name, value in fields.items():
            try:
                got = getattr(layer, name)
            except AttributeError:
                got = getattr(layer.VariableField, name)
            if got != value:
                raise Wrong(f"{layer.name}: {name} is {got!r}, expected {value!r}")


class Port:
    """A raw socket on an interface."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88E1))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((interface, 0x88E1))
        self.mac = self.socket.getsockname()[4].hex(":")
        self.heard = []  # in order, until `forget`
        self.taken = 0

    def send(self, octets):
        self.socket.send(octets)

    def pump(self, seconds):
        """Hears for so long, 0 for what is there."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if not select.select([self.socket], [], [], max(left, 0))[0]:
                return
            octets, address = self.socket.recvfrom(2000)
            if address[2] != socket.PACKET_OUTGOING and len(octets) >= 17:
                self.heard.append(Heard(octets, time.monotonic()))
            if left <= 0:
                return

    def forget(self):
        """What was heard so far no longer counts."""
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recvfrom(2000)
        self.heard.clear()
        self.taken = 0

    def next(self, kind, seconds, to=None, where=lambda heard: True):
        """The next frame of a kind that has not been taken, or None."""
        deadline = time.monotonic() + seconds
        while True:
            while self.taken < len(self.heard):
                heard = self.heard[self.taken]
                self.taken += 1
                if heard.kind == kind and (to is None or heard.dst == to) and where(heard):
                    return heard
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.pump(min(left, 0.02))

    def silence(self, seconds, what):
        """Nothing but the own modem may be heard for so long."""
        self.pump(0)
        begin = len(self.heard)
        self.pump(seconds)
        for heard in self.heard[begin:]:
            if heard.kind not in MODEM_TYPES and heard.kind & 0xA000 != 0xA000:
                raise Wrong(f"{what} was answered by {heard.kind:04X}")

    def set_key(self, nid, nmk, dst=MODEM, nonce=0):
        """CM_SET_KEY.REQ to the own modem; gives back its confirmation."""
        body = gp.CM_SET_KEY_REQ(KeyType=1, MyNonce=nonce, PID=4, NetworkID=nid, NewEncKeySelect=1, NewKey=nmk)
        self.send(frame(SET_KEY_REQ, body, self.mac, dst))
        if not (heard := self.next(SET_KEY_CNF, 1, to=self.mac)):
            raise Wrong("no CM_SET_KEY.CNF from the own modem within 1 s")
        return heard

    def link(self):
        """Whether the own modem sees a peer, by VS_PL_LNK_STATUS."""
        self.send(frame(LINK_STATUS_REQ, b"\0\xb0\x52", self.mac, MODEM, version=0))
        heard = self.next(LINK_STATUS_CNF, 0.5)
        return heard is not None and heard.octets[20:22] == b"\0\x01"

    def await_link(self, seconds):
        deadline = time.monotonic() + seconds
        while not self.link():
            if time.monotonic() > deadline:
                raise Wrong(f"no link within {seconds} s")
            time.sleep(0.05)


def flood(port, octets, count, per_second=None):
    """Sends what `octets()` gives, so many times, at a pace the simulated line can follow."""
    begin = time.monotonic()
    for number in range(count):
        port.send(octets())
        if per_second and (early := begin + number / per_second - time.monotonic()) > 0.001:
            time.sleep(early)
