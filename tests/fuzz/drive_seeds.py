"""Seeds of tests/fuzz/drive_link.cpp: a drive's answers to commands, one behind the other."""
import struct

LIST = bytes(6) + b"\x00\x02\x00\xe8"
VERSION = bytes.fromhex("1004000000010012")
ERROR = bytes.fromhex("107f0784")
RECORD = bytes(4) + struct.pack("<IHH", 1, 0, 16) + bytes(16)


def answer(data=b"", good=1):
    return struct.pack("<BH", good, len(data)) + data


def discovery(order="<", operations=0x66):
    return answer(struct.pack(order + "HHB3xB23x", 32, 0x1000, 0, operations))


def pending(length, order="<"):
    return answer(struct.pack(order + "HHII", 12, 0x1000, length > 0, length))


def write_all(write):
    begin = answer(LIST) + discovery() + pending(0)
    write("drive_link", "version", begin + answer() + answer(VERSION) + answer() + answer(RECORD))
    write("drive_link", "big-endian", answer(LIST) + discovery(">") + pending(0, ">") + answer() + answer(VERSION + b"tail"))
    write("drive_link", "old-answer", answer(LIST) + discovery() + pending(4) + answer(ERROR) + pending(0) + answer() + answer(ERROR + b"tail"))
    write("drive_link", "no-pending-info", answer(LIST) + discovery(operations=0x22) + answer(good=0) + answer() + answer(VERSION))
    write("drive_link", "not-ready", begin + answer() + answer(good=0) + pending(0) + pending(8) + answer(VERSION))
    write("drive_link", "nothing", begin + answer() + answer() + pending(9000))
    write("drive_link", "refuses-message", begin + answer(good=0))
    write("drive_link", "no-spdm", answer(bytes(6) + b"\x00\x01\x00"))
