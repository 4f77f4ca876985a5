"""A client of couplerd's control socket, and a reader of its journal: independent of the Swift ones."""

import json
import socket
import struct
import zlib
from typing import NamedTuple

from bench import ScenarioFailed

KINDS = {1: "session started", 2: "session ended", 3: "meter", 4: "authorization", 5: "fault", 6: "fault cleared",
         7: "started", 8: "stopped"}


class Record(NamedTuple):
    sequence: int
    connector: int
    kind: str
    text: str


def journal(folder):
    """All whole records, and how many octets at the end are none."""
    octets = (folder / "events").read_bytes()
    records = []
    while len(octets) >= 8:
        length, checksum = struct.unpack_from("<II", octets)
        content = octets[8:8 + length]
        if len(content) < length or zlib.crc32(content) != checksum:
            break
        sequence, _, connector, kind, _ = struct.unpack_from("<QqHBB", content)
        records.append(Record(sequence, connector, KINDS.get(kind, str(kind)),
                              content[20:].decode() if kind in (4, 5, 6) else ""))
        octets = octets[8 + length:]
    return records, len(octets)


class Control:
    """One connection. `events` are those that came so far: each was on the medium before it was told."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self.pending = b""
        self.events = []
        self.number = 0

    def call(self, method, **parameters):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self.read()
            if message.get("id") == self.number:
                if "error" in message:
                    raise ScenarioFailed(f"{method}: {message['error']}")
                return message["result"]

    def read(self):
        """The next message; an event is kept in `events` too."""
        while b"\n" not in self.pending:
            octets = self.socket.recv(65536)
            if not octets:
                raise EOFError
            self.pending += octets
        line, _, self.pending = self.pending.partition(b"\n")
        message = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message

    def drain(self):
        """Everything that was told before the daemon died."""
        try:
            while True:
                self.read()
        except (EOFError, OSError):
            return self.events
