"""Writes what an iso15118 peer encodes and decodes as JSON lines, so that a test can read the session.

Imported by the peers that run in the iso15118 environment.
"""

import json
import os
import time

from iso15118.shared.exificient_exi_codec import ExificientEXICodec
from iso15118.shared.messages.enums import Namespace

# One message of each set. The first uses of the Java codec take seconds on a busy machine, longer than the
# 2 s in which a vehicle expects its answer, so they happen before the session.
WARM_UP = (
    (Namespace.SAP, {"supportedAppProtocolRes": {"ResponseCode": "OK_SuccessfulNegotiation", "SchemaID": 1}}),
    (Namespace.ISO_V2_MSG_DEF, {"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {
        "SessionSetupRes": {"ResponseCode": "OK", "EVSEID": "ZZ00000", "EVSETimeStamp": 0}}}}),
    (Namespace.ISO_V2_MSG_DEF, {"V2G_Message": {"Header": {"SessionID": "00"}, "Body": {
        "PreChargeReq": {"DC_EVStatus": {"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 20},
                         "EVTargetVoltage": {"Value": 400, "Multiplier": 0, "Unit": "V"},
                         "EVTargetCurrent": {"Value": 1, "Multiplier": 0, "Unit": "A"}}}}}),
)


def message_name(document):
    """The name of the message in one of the codec's JSON documents; None for a fragment to be signed."""
    if "V2G_Message" in document:
        return next(iter(document["V2G_Message"]["Body"]))
    name = next(iter(document))
    return name if name.startswith("supportedAppProtocol") else None


class RecordingCodec(ExificientEXICodec):
    """The package's codec, with one line per whole message in the file named by TRANSCRIPT."""

    def __init__(self):
        super().__init__()
        for _ in range(3):
            for namespace, document in WARM_UP:
                super().decode(super().encode(json.dumps(document), namespace), namespace)
        self.file = open(os.environ["TRANSCRIPT"], "w", buffering=1)

    def note(self, direction, text, octets):
        document = json.loads(text)
        name = message_name(document)
        if name:
            line = {"time": round(time.time(), 4), "direction": direction, "message": name,
                    "document": document, "exi": bytes(octets).hex()}
            self.file.write(json.dumps(line) + "\n")

    def encode(self, message, namespace):
        octets = super().encode(message, namespace)
        self.note("sent", message, octets)
        return octets

    def decode(self, stream, namespace):
        text = super().decode(stream, namespace)
        self.note("received", text, stream)
        return text
