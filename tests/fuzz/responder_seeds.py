#!/usr/bin/env python3
"""Seeds of responder.cpp: whole conversations of a requester, in every version and with each kind of session."""

import pathlib
import struct

OUTSIDE = 0  # where a message goes
FLAGS = {0x11: 0x0000F7C6, 0x12: 0x0002F7C6, 0x13: 0x0002F7C6, 0x14: 0x8002F7C6}  # all of a requester that has certificates
CLEAR = 0x8000
HASH, SIGNATURE, POINT = 48, 256, 96  # SHA-384, RSA-2048 (the first of all algorithms), secp384r1


def head(version, code, param1=0, param2=0):
    return bytes([version, code, param1, param2])


def versions_list(version):
    """The versions of secured messages that we know: 1.0 to 1.2."""
    table = bytes.fromhex("46544d4401010000") if version == 0x11 else bytes.fromhex("01000000")
    return table + bytes.fromhex("00000900010103001000110012000000")


class Talk:
    def __init__(self, version, clear=False, kind=0, more=0, fault=0, binding=0):
        self.version, self.clear, self.encrypts = version, clear, more & 1 == 0
        self.data = bytes([binding, kind | (4 if clear else 0), more, fault])
        flags = FLAGS[version] & ~(0 if clear else CLEAR)
        sizes = struct.pack("<II", 4096, 65536) if version >= 0x12 else b""
        self.send(OUTSIDE, bytes.fromhex("10840000"))
        self.send(OUTSIDE, head(version, 0xE1) + bytes(4) + struct.pack("<I", flags) + sizes)
        tables = bytes.fromhex("02203f00" "03200700" "0420ff0f" "05200100")
        fixed = struct.pack("<HBBIII8xBBBB", 32 + len(tables), 1, 2, 0x1FF, 0x02, 0, 0, 0, 0, 1)
        self.send(OUTSIDE, head(version, 0xE3, len(tables) // 4) + fixed + tables)

    def send(self, where, message):
        self.data += struct.pack("<BH", where, len(message)) + message
        return self

    def inside(self, number=0):
        """In the session with that number, with records as they are there."""
        return 2 | number << 2 | (0 if self.encrypts else 0x10)

    def plain(self):
        v = self.version
        self.send(OUTSIDE, head(v, 0x81)).send(OUTSIDE, head(v, 0x82) + struct.pack("<HH", 0, 0xFFFF))
        self.send(OUTSIDE, head(v, 0x83) + bytes(32) + (bytes(8) if v >= 0x13 else b""))
        return self.send(OUTSIDE, self.measurements())

    def measurements(self):
        v = self.version
        return head(v, 0xE0, 1, 0xFF) + bytes(33) + (bytes(8) if v >= 0x13 else b"")

    def opaque_length(self):
        return bytes(2) if self.version >= 0x14 else b""

    def key_exchange(self, slot=0):
        opaque = versions_list(self.version)
        return self.send(OUTSIDE, head(self.version, 0xE4, 0xFF, slot) + struct.pack("<HBB", 1, 0, 0) + bytes(32) + bytes(POINT)
                         + struct.pack("<H", len(opaque)) + opaque)

    def finish(self, number=0, signed=False):
        message = head(self.version, 0xE5, int(signed)) + self.opaque_length() + bytes(SIGNATURE if signed else 0) + bytes(HASH)
        return self.send(OUTSIDE if self.clear else self.inside(number), message)

    def psk_exchange(self):
        opaque = versions_list(self.version)
        return self.send(OUTSIDE, head(self.version, 0xE6) + struct.pack("<HHHH", 1, 1, 32, len(opaque)) + b"\1" + bytes(32) + opaque)

    def psk_finish(self, number=0):
        return self.send(self.inside(number), head(self.version, 0xE7) + self.opaque_length() + bytes(HASH))

    def traffic(self, number=0):
        v, where = self.version, self.inside(number)
        for message in (head(v, 0xE8), head(v, 0x81), self.measurements(), head(v, 0xE9, 2, 1), head(v, 0xE9, 3, 2), head(v, 0xE9, 1, 1),
                        head(v, 0xE9, 3, 2), head(v, 0xEA), head(v, 0xEB, 1) + head(v, 0x69, 1, 1), head(v, 0xEB, 2) + head(v, 0x69, 3, 2),
                        head(v, 0xFE) + bytes.fromhex("0300" "02" "361b" "0100" "aa")):
            self.send(where, message)
        return self

    def pci(self, protocol, *messages):
        """Messages of IDE_KM (0) or TDISP (1); in 1.4 in the large form."""
        large = self.version >= 0x14
        for message in messages:
            size = struct.pack("<HI", 0, len(message) + 1) if large else struct.pack("<H", len(message) + 1)
            envelope = head(self.version, 0xFE, 0x80 if large else 0) + bytes.fromhex("0300" "02" "0100") + size
            self.send(self.inside(), envelope + bytes([protocol]) + message)
        return self

    def keys(self, stream):
        """QUERY, then KEY_PROG and K_SET_GO for each sub-stream."""
        self.pci(0, bytes(3))
        for which in (0x00, 0x10, 0x20, 0x02, 0x12, 0x22):
            self.pci(0, bytes([2, 0, 0, stream, 0, which, 0]) + bytes(40), bytes([4, 0, 0, stream, 0, which, 0]))
        return self

    def interface(self):
        """Its life; the nonce is what null_crypto.cpp takes for random."""
        def tdisp(code, body=b""):
            return bytes([0x10, code, 0, 0]) + struct.pack("<IQ", 0xBEEF, 0) + body
        lock = struct.pack("<HBBQQ", 0x08, 1, 0, 0xD0000000, 0)
        attribute = struct.pack("<QIHH", 0xFE000 + 0xD0000, 1, 4, 0)
        return self.pci(1, tdisp(0x81), tdisp(0x82, bytes(4)), tdisp(0x83, lock), tdisp(0x84, struct.pack("<HH", 0, 20)),
                        tdisp(0x84, struct.pack("<HH", 20, 0xFFFF)), tdisp(0x85), tdisp(0x86, b"\x5a" * 32), tdisp(0x88, b"\2"),
                        tdisp(0x89, b"\2"), tdisp(0x8A, attribute), tdisp(0x8B), tdisp(0x87))

    def events(self):
        """What it lists, a subscription, and what it tells then."""
        v, where = self.version, self.inside()
        group = struct.pack("<BBHHI", 0, 0, 2, 1, 0) + struct.pack("<4H", 1, 0, 2, 0)
        acks = [head(v, 0xEB, 1) + head(v, 0x71), head(v, 0xEA), head(v, 0xEB, 1) + head(v, 0x71), head(v, 0xEA)]
        for message in (head(v, 0xE2), head(v, 0xF0, 1) + struct.pack("<I", len(group)) + group, head(v, 0xEA), *acks, self.measurements(), head(v, 0xF0)):
            self.send(where, message)
        return self

    def end(self, number=0):
        return self.send(self.inside(number), head(self.version, 0xEC, 1))

    def encapsulated(self, first_id, where, asked):
        """The answers to GET_DIGESTS and GET_CERTIFICATE: a chain of one certificate."""
        v = self.version
        if asked:
            self.send(where, head(v, 0xEA))
        chain = struct.pack("<HH", 4 + HASH + 20, 0) + bytes(HASH) + b"\x30\x12" + bytes(18)
        supported = 1 if v >= 0x13 else 0
        # The digest is what null_crypto.cpp makes of the chain.
        self.send(where, head(v, 0xEB, first_id) + head(v, 0x01, supported, 1) + mixed(chain))
        return self.send(where, head(v, 0xEB, first_id + 1) + head(v, 0x02) + struct.pack("<HH", len(chain), 0) + chain)

    def challenge_auth(self, number):
        v = self.version
        chain = struct.pack("<HH", 4 + HASH + 20, 0) + bytes(HASH) + b"\x30\x12" + bytes(18)
        context = bytes(8) if v >= 0x13 else b""
        return self.send(OUTSIDE, head(v, 0xEB, number) + head(v, 0x03, 0, 1) + mixed(chain) + bytes(32) + bytes(2) + context + bytes(SIGNATURE))


def mixed(data):
    """The hash of null_crypto.cpp: FNV-1a, spread."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return bytes(value >> (i % 8 * 8) & 0xFF for i in range(HASH))


def chunked(talk, message, size):
    """CHUNK_SEND in place of a message, in the session 0."""
    at, number = 0, 0
    while at < len(message):
        room = size - (16 if number == 0 else 12)
        piece = message[at : at + room]
        sequence = struct.pack("<I", number)
        total = struct.pack("<I", len(message)) if number == 0 else b""
        talk.send(talk.inside(), head(talk.version, 0x85, int(at + room >= len(message)), 1) + sequence + struct.pack("<I", len(piece)) + total + piece)
        at, number = at + room, number + 1
    return talk


def write_all(write):
    for version in (0x11, 0x12, 0x13, 0x14):
        name = f"1.{version & 0xF}"
        write("responder", f"{name}-key-exchange", Talk(version, kind=0x80, more=2).plain().key_exchange().finish().traffic().end().data)
        write("responder", f"{name}-clear", Talk(version, clear=True, more=1, binding=1).key_exchange().finish().traffic().data)
        write("responder", f"{name}-psk", Talk(version, kind=0x88, more=2, binding=2).psk_exchange().psk_finish().traffic().end().data)
        write("responder", f"{name}-two", Talk(version, fault=5).psk_exchange().traffic().key_exchange().finish(1).traffic(1).end(0).data)
        asked = Talk(version, kind=2).key_exchange()
        asked.encapsulated(1, asked.inside(), True).finish(signed=True).traffic()
        write("responder", f"{name}-encapsulated", asked.data)
        implied = Talk(version, clear=True, kind=3).key_exchange().encapsulated(0, OUTSIDE, False).finish(signed=True).traffic()
        write("responder", f"{name}-digests", implied.data)
        basic = Talk(version, kind=0x10).plain().encapsulated(1, OUTSIDE, True).challenge_auth(3).key_exchange().finish()
        write("responder", f"{name}-basic", basic.data)
        write("responder", f"{name}-pci", Talk(version).key_exchange().finish().keys(1).keys(2).interface().end().data)
        mixed_up = Talk(version).key_exchange().psk_finish().psk_exchange().finish(1).finish().finish().data
        write("responder", f"{name}-mixed", mixed_up)
    for version, fault in ((0x13, 0), (0x14, 0), (0x13, 10), (0x14, 11)):
        write("responder", f"1.{version & 0xF}-events-{fault}", Talk(version, more=4, fault=fault).key_exchange().finish().events().end().data)
    write("responder", "1.2-pci-faults", Talk(0x12, fault=8).key_exchange().finish().keys(1).interface().data)
    write("responder", "1.3-pci-error", Talk(0x13, fault=9).key_exchange().finish().keys(2).interface().data)
    talk = Talk(0x14, kind=0x40).key_exchange()
    for number in range(11):
        talk.send(OUTSIDE, head(0x14, 0x86, 0, 1) + struct.pack("<I", number))
    chunked(talk, head(0x14, 0xE5) + bytes(2) + bytes(HASH), 42)
    talk.send(talk.inside(), head(0x14, 0x81))
    for number in range(4):
        talk.send(talk.inside(), head(0x14, 0x86, 0, 2) + struct.pack("<I", number))
    write("responder", "1.4-chunks", talk.traffic().data)
    late = Talk(0x13, fault=7).key_exchange().finish()
    write("responder", "1.3-late", late.send(late.inside(), head(0x13, 0xFF, 0xE5, 1)).traffic().data)


if __name__ == "__main__":
    corpus = pathlib.Path(__file__).resolve().parent / "corpus/responder"
    corpus.mkdir(exist_ok=True)
    write_all(lambda target, name, data: (corpus / name).write_bytes(data))
