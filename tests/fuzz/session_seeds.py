"""Seeds of record.cpp, handshake.cpp and encapsulated.cpp, and those of wire.cpp that are about sessions: flows, and what the reference
implementation said where SPDMCTL_VECTORS has recordings of it."""

import hashlib
import hmac
import json
import struct

SHA384, P384, SECP384R1, AES256 = 1, 7, 4, 1  # rows of the tables of core/wire/algorithms.cpp
BINDINGS = {"none": 0, "mctp": 1, "doe": 2, "tcp": 3}


def messages(path):
    """(whether it is secured, bytes) of each message of a capture."""
    data = path.read_bytes()
    over_mctp = struct.unpack("<I", data[20:24])[0] == 291
    at = 24
    while at < len(data):
        size = struct.unpack("<I", data[at + 8 : at + 12])[0]
        frame = data[at + 16 : at + 16 + size]
        at += 16 + size
        yield (frame[4] == 6, frame[5:]) if over_mctp else (frame[2] == 2, frame[8:])


def exchange(path, code, which=0):
    """The request with that code, and its response."""
    plain = [message for secured, message in messages(path) if not secured]
    at = [i for i, message in enumerate(plain) if message[1] == code][which]
    return plain[at], plain[at + 1]


def expand(secret, version, label, size):
    info = struct.pack("<H", size) + f"spdm{version} {label}".encode()
    return hmac.new(secret, info + b"\1", hashlib.sha384).digest()[:size]


def record(binding, algorithm, session, number, key, iv, sealed):
    return b"\0" + bytes([BINDINGS[binding], algorithm]) + struct.pack("<IQ", session, number) + key + iv + sealed


def recorded_records(write, folder):
    """The first record of each side under application keys."""
    for version, name, binding in (("1.1", "mctp", "mctp"), ("1.4", "pci_doe", "doe")):
        path = folder / f"session_secrets/v{version}_{name}_keyex.pcap"
        secrets = json.loads(path.with_suffix(".secrets.json").read_text())
        sealed = [message for secured, message in messages(path) if secured]
        for side, one in zip(("request", "response"), sealed):
            secret = bytes.fromhex(secrets[f"{side}_data_secret"][0])
            keys = expand(secret, version, "key", 32), expand(secret, version, "iv", 12)
            write("record", f"{version}-{side}", record(binding, AES256, struct.unpack("<I", one[:4])[0], 0, *keys, one))


def step(kind, data=b""):
    return bytes([kind, len(data)]) + data


def record_steps(write):
    message = b"\x12\x84\0\0"
    response = 0x80
    through = step(0, message) + step(response, message) + step(7, b"th") + step(0, message) + step(6, b"\0") + step(0, message)
    through += step(6 | response, b"\1") + step(response, message)
    ends = {"padded": step(2, b"\0\2"), "flipped": step(2, b"\0\0\7\1"), "cut": step(0x42, b"\1"), "inside": step(3, b"\x04\0" + message),
            "inside-mctp": step(3, b"\x05\0\x05" + message), "inside-tcp": step(3, b"\x08\0\x06\0\1\5" + message), "raw": step(4, message),
            "skipped": step(5, b"\0"), "again": step(5, b"\1"), "other-way": step(0x45, b"\2")}
    for i, (name, end) in enumerate(ends.items()):
        binding = {"padded": 2, "inside": 0, "inside-mctp": 1, "inside-tcp": 3}.get(name, i % 4)
        algorithm = i % 3 | (0x80 if i % 2 and not name.startswith("inside") else 0)
        write("record", name, b"\1" + struct.pack("<BBI", binding, algorithm, 0xFFFF0001) + b"\xff" + through + end)
    write("record", "limit", b"\1" + struct.pack("<BBI", 0, 1, 0xFFFF0001) + b"\2" + step(0, message) * 5)
    last = 2**64 - 2
    for name, number in (("last", last), ("none-left", last + 1)):
        write("record", name, record("tcp", 0, 1, number, bytes(16), bytes(12), message))


def setup(version, binding="none", psk=False, provisioned=False, mac_only=False, clear=False, mutual=0, context=True, both=False, heartbeat=True,
          basic=False, exercise=True, multi_key=False, records=False, summary=False, identity=None, challenge=False, exchange=SECP384R1, aead=AES256,
          size=0):
    """What both sides can do (emulated.cpp)."""
    first = int(version[2]) - 1 | BINDINGS[binding] << 2 | psk << 4 | provisioned << 5 | mac_only << 6 | clear << 7
    second = mutual | (not context) << 2 | both << 3 | heartbeat << 4 | basic << 5
    third = exercise | multi_key << 1 | records << 2 | summary << 3 | (identity == "chain") << 4 | (identity == "key") << 5 | challenge << 6
    return bytes([first, second, third, exchange | aead << 4, size])


OPTIMIZED, ENCAPSULATED, DIGESTS = 1, 2, 3
FLOWS = {
    "key-exchange": setup("1.2"),
    "key-exchange-1.1": setup("1.1", binding="mctp", both=True, summary=True),
    "clear": setup("1.3", binding="doe", clear=True, mac_only=True, records=True),
    "ml-kem": setup("1.4", exchange=7, aead=2),
    "psk": setup("1.4", binding="tcp", psk=True, both=True),
    "psk-1.1": setup("1.1", psk=True, mac_only=True),
    "psk-no-context": setup("1.2", binding="mctp", psk=True, context=False, records=True),
    "digests": setup("1.3", mutual=DIGESTS, identity="chain", multi_key=True, both=True),
    "encapsulated": setup("1.2", mutual=ENCAPSULATED, identity="chain", size=22),
    "encapsulated-clear": setup("1.1", mutual=ENCAPSULATED, identity="chain", clear=True, binding="doe"),
    "optimized": setup("1.4", mutual=OPTIMIZED, identity="key", binding="mctp"),
    "basic": setup("1.2", basic=True, identity="chain", challenge=True),
    "provisioned": setup("1.3", provisioned=True),
    "chunks": setup("1.4", binding="mctp", summary=True, size=1),
}


def handshakes(write, folder):
    for name, flow in FLOWS.items():
        write("handshake", name, flow)
    error = lambda code, extended=b"": bytes([5, code, len(extended)]) + extended
    steps = {
        "changed": b"\0\1\0\2\x55",
        "cut": b"\0\0\0\2\1",
        "longer": b"\3\1\0",
        "busy": error(3) + b"\0" + error(3),
        "not-ready": error(0x42, b"\1\xe4\1\2") + b"\0",
        "refused-update": b"\0\0\0" + error(4) * 3,
        "over": b"\0\0\0" + error(6),
        "plain": b"\0\0\0\6",
        "again": b"\0\0\0\7",
        "inserted": b"\0\0\0" + b"\x09\4\1\0",
        "raw": b"\0\0\0\x08\4\x12\x68\0\0",
    }
    for name, change in steps.items():
        write("handshake", f"answers-{name}", FLOWS["psk" if name in ("again", "over") else "key-exchange"] + change)
    for version, name in (("1.2", "mctp"), ("1.4", "pci_doe")):
        path = folder / f"session_secrets/v{version}_{name}_keyex.pcap"
        answers = [exchange(path, 0xE4)[1], exchange(path, 0xE5)[1]]
        said = b"".join(b"\4" + struct.pack("<H", len(one)) + one for one in answers)
        write("handshake", f"recorded-{version}", setup(version, binding=name.removeprefix("pci_"), clear=True) + said)
        path = folder / f"session_secrets/v{version}_{name}_psk.pcap"
        answer = exchange(path, 0xE6)[1]
        said = b"\4" + struct.pack("<H", len(answer)) + answer
        write("handshake", f"recorded-psk-{version}", setup(version, binding=name.removeprefix("pci_"), psk=True) + said)


def events_of(*events):
    """SEND_EVENT from Param1 on, of (EventInstanceID, EventTypeID, details) of DMTF."""
    return bytes(2) + struct.pack("<I", len(events)) + b"".join(struct.pack("<IIBBHH", one, 0, 0, 0, kind, len(detail)) + detail for one, kind, detail in events)


def encapsulated(write, folder):
    outside, implied, inside = 0, 0x80, 0x40
    challenge, handshake, established = 0, 1, 2
    ask = lambda code, rest=b"\0\0": step(0, bytes([code]) + rest)
    digests, certificate = ask(0x81), ask(0x82, b"\0\0" + struct.pack("<HH", 0, 40)) + ask(0x82, b"\0\0" + struct.pack("<HH", 40, 0xFFFF))
    update = ask(0xE9, b"\1\7") + ask(0xE9, b"\3\x08")
    basic, mutual = dict(basic=True, identity="chain"), dict(mutual=DIGESTS, identity="chain")
    psk = dict(psk=True, both=True)
    seeds = {
        "basic": setup("1.2", **basic) + bytes([challenge]) + digests + certificate + ask(0x83, b"\0\0" + bytes(32)),
        "basic-1.3": setup("1.3", **basic, binding="doe") + bytes([challenge]) + digests + ask(0x83, b"\0\0" + bytes(40)),
        "handshake": setup("1.4", **mutual) + bytes([handshake | outside]) + digests + certificate + b"\4\0",
        "implied": setup("1.1", **mutual, binding="doe") + bytes([handshake | implied]) + certificate + b"\4\0",
        "inside": setup("1.3", **psk, binding="mctp") + bytes([handshake | inside]) + digests + b"\3",
        "established": setup("1.2", **psk, binding="mctp") + bytes([established | inside]) + update + digests,
        "nothing": setup("1.4", **psk) + bytes([established | inside]),
        "refused-update": setup("1.3", **psk, binding="tcp") + bytes([established | inside]) + ask(0xE9, b"\1\7") + b"\5\4\0",
        "wrong": setup("1.2", **mutual) + bytes([handshake]) + b"\2\1\0\4\x11\x81\0\0" + b"\2\2\7\4\x12\x81\0\0" + ask(0x84),
        "chunks": setup("1.2", **mutual, size=4) + bytes([handshake]) + digests + ask(0x82, b"\0\0" + struct.pack("<HH", 0, 0xFFFF)),
        "plain": setup("1.2", **psk) + bytes([established | inside]) + digests + b"\6",
        "events": setup("1.3", **psk) + bytes([established | inside]) + ask(0xF1, events_of((7, 4, b"\1"), (6, 2, bytes(32)))) + digests,
        "event-gap": setup("1.4", **psk) + bytes([established | inside]) + ask(0xF1, events_of((7, 4, b"\1"), (9, 4, b"\1"))),
        "event-outside": setup("1.3", **psk) + bytes([established]) + ask(0xF1, events_of((7, 4, b"\1"))),
    }
    for name, data in seeds.items():
        write("encapsulated", name, data)
    for version, name, place in (("1.1", "mctp_session_keyex_mutauth_wencap", handshake), ("1.2", "doe_session_keyex_mutauth_digests", handshake | implied)):
        plain = [message for secured, message in messages(folder / f"pcap/v{version}_{name}.pcap") if not secured]
        answers = [message[:255] for message in plain if message[1] in (0x6A, 0x6B)][:12]
        data = setup(version, binding=name[: name.index("_")], mutual=ENCAPSULATED, identity="chain") + bytes([place])
        write("encapsulated", f"recorded-{version}", data + b"".join(step(7, one) for one in answers))


def wire(write, folder):
    """In each recording the handshake is in the clear."""
    def row(message, version, path, request, response):
        flags = struct.unpack("<I", exchange(path, 0xE1)[1][8:12])[0] & 0xFFFFFF | SECP384R1 << 24
        head = bytes([message, int(version[2]), P384, SHA384])
        return head + struct.pack("<IBB", flags, 2, len(request)) + request + response

    for version in ("1.1", "1.4"):
        path = folder / f"session_secrets/v{version}_mctp_keyex.pcap"
        write("wire", f"{version}-e4", row(15, version, path, *exchange(path, 0xE4)))
        write("wire", f"{version}-e5", row(17, version, path, *exchange(path, 0xE5)))
        code = bytes([0x10 | int(version[2])])
        write("wire", f"{version}-e9", row(19, version, path, code + b"\xe9\1\7", code + b"\x69\1\7"))
        path = folder / f"session_secrets/v{version}_mctp_psk.pcap"
        write("wire", f"{version}-e6", row(16, version, path, *exchange(path, 0xE6)))
        more = bytes(2) if version == "1.4" else b""
        write("wire", f"{version}-e7", row(18, version, path, code + b"\xe7\0\0" + more + bytes(48), code + b"\x67\0\0" + more))
    path = folder / "pcap/v1.1_mctp_session_keyex_mutauth_wencap.pcap"
    write("wire", "1.1-eb", row(20, "1.1", path, *exchange(path, 0xEB)))


def events(write):
    """Nobody has recorded any."""
    dmtf = struct.pack("<BBHHI", 0, 0, 4, 1, 0) + struct.pack("<8H", 1, 0, 2, 0, 3, 0, 4, 0)
    vendor = b"\3\2\x36\x1b" + struct.pack("<HHI", 1, 7, 0) + struct.pack("<2H", 9, 0)
    whole = struct.pack("<BBHHI", 0, 0, 0, 1, 1)
    details = {1: struct.pack("<II", 5, 6), 2: b"\4" + bytes(31), 3: b"\xff" * 32, 4: b"\1"}
    sent = b"".join(struct.pack("<IIBBHH", 7 + i % 4, 0, 0, 0, kind, len(detail)) + detail for i, (kind, detail) in enumerate(details.items(), 3))
    other = struct.pack("<IIBB", 0xFFFFFFFF, 0, 3, 2) + b"\x36\x1b" + struct.pack("<HH", 9, 3) + b"abc"
    for version in ("1.3", "1.4"):
        code = bytes([0x10 | int(version[2])])
        head = struct.pack("<BBBIB", int(version[2]), P384, SHA384, 0x02000000, 2)
        for name, groups in (("dmtf", [dmtf]), ("both", [dmtf, vendor]), ("whole", [whole])):
            listed = bytes([len(groups), 0]) + struct.pack("<I", sum(map(len, groups))) + b"".join(groups)
            write("wire", f"{version}-e2-{name}", b"\x15" + head + bytes([2 + len(listed)]) + code + b"\xf0" + listed + code + b"\x62" + listed)
        write("wire", f"{version}-f0", b"\x15" + head + b"\4" + code + b"\xf0\0\0" + code + b"\x62\1\0" + struct.pack("<I", len(dmtf)) + dmtf)
        write("wire", f"{version}-f1", b"\x16" + head + b"\0" + code + b"\xf1\0\0" + struct.pack("<I", 4) + sent)
        write("wire", f"{version}-f1-vendor", b"\x16" + head + b"\0" + code + b"\xf1\0\0" + struct.pack("<I", 1) + other)


def write_all(write, folder):
    """`folder`: what SPDMCTL_VECTORS names."""
    recorded_records(write, folder)
    record_steps(write)
    handshakes(write, folder)
    encapsulated(write, folder)
    wire(write, folder)
    events(write)
