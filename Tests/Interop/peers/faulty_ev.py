"""Vehicles that misbehave after the connection: faulty_ev.py FAULT [ARGUMENT].

NETWORK_INTERFACE names the interface, TRANSCRIPT the file for the messages. The last line on standard
output is one JSON object that says what the charger did. Messages are encoded by the iso15118 package, so
that nothing here depends on the codec under test. Faults:

  silent            connects and says nothing
  garbage           sends octets that are no V2GTP header
  garbage-exi       sends a correct header around octets that are no message
  half              sends half of supportedAppProtocolReq
  wrong-session     sends ServiceDiscoveryReq with another SessionID
  out-of-order      sends ChargingStatusReq right after SessionSetupReq
  vanish MESSAGE    goes as far as the answer to MESSAGE, then resets the connection
"""

import json
import os
import random
import socket
import struct
import sys
import time

from iso15118.shared.messages.enums import Namespace

from transcript import RecordingCodec, message_name

INTERFACE = os.environ["NETWORK_INTERFACE"]
WAIT_FOR_CLOSE = 75  # V2G_SECC_Sequence_Timeout is 60 s

AMPERE, VOLT = "A", "V"


def physical(value, unit):
    return {"Value": value, "Multiplier": 0, "Unit": unit}


DC_STATUS = {"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 20}
DC_DELIVERY = {"DC_EVStatus": DC_STATUS, "BulkChargingComplete": False, "ChargingComplete": False}

# A DC session as far as a vehicle can vanish from it, in order.
WALK = {
    "SessionSetupReq": {"EVCCID": "0200000000E1"},
    "ServiceDiscoveryReq": {},
    "PaymentServiceSelectionReq": {"SelectedPaymentOption": "ExternalPayment",
                                   "SelectedServiceList": {"SelectedService": [{"ServiceID": 1}]}},
    "AuthorizationReq": {},
    "ChargeParameterDiscoveryReq": {
        "RequestedEnergyTransferMode": "DC_extended",
        "DC_EVChargeParameter": {"DepartureTime": 0, "DC_EVStatus": DC_STATUS,
                                 "EVMaximumCurrentLimit": physical(32, AMPERE),
                                 "EVMaximumVoltageLimit": physical(450, VOLT)}},
    "CableCheckReq": {"DC_EVStatus": DC_STATUS},
    "PreChargeReq": {"DC_EVStatus": DC_STATUS, "EVTargetVoltage": physical(400, VOLT),
                     "EVTargetCurrent": physical(1, AMPERE)},
    "PowerDeliveryReq": {"ChargeProgress": "Start", "SAScheduleTupleID": 1,
                         "DC_EVPowerDeliveryParameter": DC_DELIVERY},
    "CurrentDemandReq": {"DC_EVStatus": DC_STATUS, "EVTargetCurrent": physical(10, AMPERE),
                         "ChargingComplete": False, "EVTargetVoltage": physical(400, VOLT)},
}


class Gone(Exception):
    """The charger closed the connection."""


class Vehicle:
    def __init__(self):
        self.codec = RecordingCodec()
        self.session = "00"

    def discover(self, seconds=30):
        """SDP without TLS, every 250 ms; the address and port of the answer."""
        scope = socket.if_nametoindex(INTERFACE)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, scope)
            client.settimeout(0.25)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                client.sendto(bytes.fromhex("01fe9000000000021000"), ("ff02::1", 15118, 0, scope))
                try:
                    answer = client.recv(200)
                except socket.timeout:
                    continue
                if answer[:8] == bytes.fromhex("01fe900100000014") and len(answer) == 28 and answer[26:] == b"\x10\0":
                    address = socket.inet_ntop(socket.AF_INET6, answer[8:24])
                    return address, int.from_bytes(answer[24:26], "big"), 0, scope
        sys.exit(f"failed: no SDP answer in {seconds} s")

    def connect(self):
        endpoint = self.discover()
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.socket.settimeout(5)
        self.socket.connect(endpoint)
        self.connected = time.monotonic()

    def receive_exactly(self, count):
        octets = b""
        while len(octets) < count:
            try:
                part = self.socket.recv(count - len(octets))
            except ConnectionResetError:
                raise Gone from None
            if not part:
                raise Gone
            octets += part
        return octets

    def receive(self, namespace):
        header = self.receive_exactly(8)
        if header[:4] != bytes.fromhex("01fe8001"):
            sys.exit(f"failed: V2GTP header {header.hex()}")
        payload = self.receive_exactly(int.from_bytes(header[4:], "big"))
        return json.loads(self.codec.decode(payload, namespace))

    def frame(self, payload):
        return bytes.fromhex("01fe8001") + struct.pack(">I", len(payload)) + payload

    def negotiation(self):
        return bytes(self.codec.encode(json.dumps({"supportedAppProtocolReq": {"AppProtocol": [
            {"ProtocolNamespace": "urn:iso:15118:2:2013:MsgDef", "VersionNumberMajor": 2,
             "VersionNumberMinor": 0, "SchemaID": 1, "Priority": 1}]}}), Namespace.SAP))

    def negotiate(self):
        self.socket.sendall(self.frame(self.negotiation()))
        answer = self.receive(Namespace.SAP)["supportedAppProtocolRes"]
        if answer["ResponseCode"] != "OK_SuccessfulNegotiation":
            sys.exit(f"failed: {answer}")

    def ask(self, name, fields, session=None):
        """One request; the name and the fields of the answer."""
        document = {"V2G_Message": {"Header": {"SessionID": session or self.session}, "Body": {name: fields}}}
        payload = bytes(self.codec.encode(json.dumps(document), Namespace.ISO_V2_MSG_DEF))
        self.socket.sendall(self.frame(payload))
        answer = self.receive(Namespace.ISO_V2_MSG_DEF)
        body = answer["V2G_Message"]["Body"]
        if name == "SessionSetupReq":
            self.session = answer["V2G_Message"]["Header"]["SessionID"]
        name = message_name(answer)
        return name, body[name]

    def open_session(self):
        """As far as SessionSetupRes. Without SLAC the charger cannot know when a vehicle comes: its
        V2G_SECC_CommunicationSetup_Timeout may expire right then. So this tries again, once."""
        try:
            self.negotiate()
            self.ask("SessionSetupReq", WALK["SessionSetupReq"])
        except Gone:
            self.connect()
            self.negotiate()
            self.ask("SessionSetupReq", WALK["SessionSetupReq"])

    def walk(self, last):
        """From SessionSetupRes on until `last` is answered with OK; before it, what is ongoing is finished."""
        for name, fields in list(WALK.items())[1:] if last != "SessionSetupReq" else []:
            deadline = time.monotonic() + 40
            while True:
                got, answer = self.ask(name, fields)
                if not answer["ResponseCode"].startswith("OK"):
                    sys.exit(f"failed: {got} {answer['ResponseCode']}")
                ready = answer.get("EVSEProcessing", "Finished") == "Finished"
                if name == "PreChargeReq":
                    voltage = answer["EVSEPresentVoltage"]
                    ready = abs(voltage["Value"] * 10 ** voltage["Multiplier"] - 400) < 20
                if ready or name == last:
                    break
                if time.monotonic() > deadline:
                    sys.exit(f"failed: {name} was still not finished after 40 s: {answer}")
                time.sleep(0.05)
            if name == last:
                return

    def wait_for_close(self):
        """Seconds until the charger closes, and what it sent before."""
        self.socket.settimeout(WAIT_FOR_CLOSE)
        start, octets = time.monotonic(), b""
        try:
            while part := self.socket.recv(4096):
                octets += part
        except ConnectionResetError:
            pass
        except socket.timeout:
            return None, octets.hex()
        return round(time.monotonic() - start, 2), octets.hex()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def main(fault, argument=None):
    vehicle = Vehicle()
    print("looking for a charger", flush=True)
    vehicle.connect()
    report = {"fault": fault}
    generator = random.Random(15118)
    if fault == "garbage":
        vehicle.socket.sendall(generator.randbytes(64))
    elif fault == "garbage-exi":
        vehicle.socket.sendall(vehicle.frame(generator.randbytes(64)))
    elif fault == "half":
        message = vehicle.frame(vehicle.negotiation())
        vehicle.socket.sendall(message[:len(message) // 2])
    elif fault in ("wrong-session", "out-of-order"):
        vehicle.open_session()
        if fault == "wrong-session":
            other = f"{int(vehicle.session, 16) ^ 1:016X}"
            name, answer = vehicle.ask("ServiceDiscoveryReq", {}, session=other)
        else:
            name, answer = vehicle.ask("ChargingStatusReq", {})
        report |= {"answer": name, "code": answer["ResponseCode"]}
    elif fault == "vanish":
        vehicle.open_session()
        vehicle.walk(argument)
        vehicle.reset()
        report |= {"after": argument}
    elif fault != "silent":
        sys.exit(f"no such fault: {fault}")
    if fault != "vanish":
        report["closed_after"], report["octets"] = vehicle.wait_for_close()
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Gone:
        sys.exit("failed: the charger closed the connection instead of answering")
