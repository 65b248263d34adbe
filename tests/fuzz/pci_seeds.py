"""Seeds of pci.cpp, secrets.cpp and decode.cpp: messages of IDE_KM and TDISP, and a recorded session with its secrets."""

import pathlib
import struct

DATA = pathlib.Path(__file__).resolve().parents[1] / "cli/data"
REPORT, QUERY, KEYS, KEY_SETS, TDISP = range(5)  # rows of kMessages in pci.cpp
FUNCTION = 0x01000328
PATH = struct.pack("<BBB", 5, 0, 0x12)  # Stream ID 5, the key set and direction of one key


def report(ranges, specific=b""):
    out = struct.pack("<HHHHII", 0x0003, 0, 0x8007, 0, 0, len(ranges))
    out += b"".join(struct.pack("<QIHH", *one) for one in ranges)
    return out + struct.pack("<I", len(specific)) + specific


RANGES = [(0xFE000, 4, 1, 0), (0xFE004, 1, 2, 0), (0xFFFFFFFFFFFFF, 1, 4, 2)]


def registers():
    """One stream of the link, and two selective ones with one and two address associations."""
    out = [0x0001A043, 0, 0x05000001, 2]
    for i, addresses in enumerate((1, 2)):
        out += [addresses, 0x05C00001 + (i << 24), 2, 0, 0] + [1, 0, 0] * addresses
    return struct.pack(f"<{len(out)}I", *out)


def tdisp(code, body=b""):
    return struct.pack("<BBHIQ", 0x10, code, 0, FUNCTION, 0) + body


EXCHANGES = {
    "version": (tdisp(0x81), tdisp(0x01, b"\2\x10\x11")),
    "capabilities": (tdisp(0x82, bytes(4)), tdisp(0x02, bytes(4) + b"\xfe" + bytes(15) + b"\7\0\0\0\0\x30\1\1")),
    "lock": (tdisp(0x83, struct.pack("<HBBQQ", 7, 5, 0, 0xD0000000, 0)), tdisp(0x03, bytes(range(32)))),
    "report": (tdisp(0x84, struct.pack("<HH", 0, 0x100)), tdisp(0x04, struct.pack("<HH", 71, 0) + report(RANGES, b"abc"))),
    "portion": (tdisp(0x84, struct.pack("<HH", 16, 8)), tdisp(0x04, struct.pack("<HH", 8, 40) + bytes(8))),
    "state": (tdisp(0x85), tdisp(0x05, b"\2")),
    "start": (tdisp(0x86, bytes(range(32))), tdisp(0x06)),
    "stop": (tdisp(0x87), tdisp(0x07)),
    "bind": (tdisp(0x88, b"\5"), tdisp(0x08)),
    "set": (tdisp(0x8A, struct.pack("<QIHH", 0xFE000, 4, 8, 1)), tdisp(0x0A)),
    "error": (tdisp(0x88, b"\5"), tdisp(0x7F, struct.pack("<II", 7, 0x88) + b"\0\0")),
}
IDE_KM = {
    "query": (QUERY, b"\0\0\1", b"\1\0\1\x28\3\0\1" + registers()),
    "key": (KEYS, b"\2\0\0" + PATH + b"\1" + bytes(range(32)) + bytes(4) + b"\1\0\0\0", b"\3\0\0" + PATH + b"\1"),
    "go": (KEY_SETS, b"\4\0\0" + PATH + b"\1", b"\6\0\0" + PATH + b"\1"),
    "stopped": (KEY_SETS, b"\5\0\0" + PATH + b"\1", b"\6\0\0" + PATH + b"\1"),
}


def enveloped(code, protocol, message, vendor=b"\1\0", version=0x12):
    return bytes([version, code, 0, 0]) + struct.pack("<HB", 3, 2) + vendor + struct.pack("<H", 1 + len(message)) + bytes([protocol]) + message


def shown(kind, message):
    return struct.pack("<BH", kind, len(message)) + message


def talk(protocol, exchanges, inside=2):
    return b"".join(shown(1 | inside, enveloped(0xFE, protocol, request)) + shown(inside, enveloped(0x7E, protocol, response))
                    for request, response in exchanges)


def chunked(message, size=20):
    out = b""
    for sequence, at in enumerate(range(0, len(message), size)):
        part = message[at : at + size]
        total = struct.pack("<I", len(message)) if sequence == 0 else b""
        last = at + size >= len(message)
        out += shown(3, struct.pack("<BBBBHHI", 0x12, 0x85, last, 1, sequence, 0, len(part)) + total + part)
        out += shown(2, struct.pack("<BBBBH", 0x12, 0x05, 0, 1, sequence) + (b"\x12\x7e\0\0" if last else b""))
    return out


def write_all(write):
    row = lambda which, request, response: bytes([which, len(request)]) + request + response
    write("pci", "report", row(REPORT, b"", report(RANGES, b"of the device")))
    write("pci", "report-empty", row(REPORT, b"", report([])))
    for name, (which, request, response) in IDE_KM.items():
        write("pci", name, row(which, request, response))
    for name, (request, response) in EXCHANGES.items():
        write("pci", f"tdisp-{name}", row(TDISP, request, response))

    ide_km = [(request, response) for _, request, response in IDE_KM.values()]
    write("decode", "ide-km", talk(0, ide_km))
    write("decode", "tdisp", talk(1, EXCHANGES.values()))
    write("decode", "cxl", shown(3, enveloped(0xFE, 0, ide_km[1][0], b"\x98\x1e")) + shown(2, enveloped(0x7E, 0, b"\x08" + bytes(50), b"\x98\x1e")))
    write("decode", "chunks", chunked(enveloped(0xFE, 0, ide_km[1][0])))
    plain = ["10840000", "1004000000010012", "12e1000000000000c6f7020000120000" "00120000", "12ff0000", "127f4105", "12830001" + 32 * "11"]
    write("decode", "plain", b"".join(shown(i % 2 ^ 1, bytes.fromhex(one)) for i, one in enumerate(plain)))

    secrets, capture = (DATA / "session-secrets.json").read_bytes(), (DATA / "session.pcap").read_bytes()
    write("secrets", "session", struct.pack("<H", len(secrets)) + secrets + capture)
    psk = b'{"schema":"spdmctl.session-secrets/1","sessions":[{"id":"0xfffefffe","response_sha256":"' + 64 * b"0" + b'","psk":"00ff"}]}'
    write("secrets", "psk", struct.pack("<H", len(psk)) + psk)
