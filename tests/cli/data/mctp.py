#!/usr/bin/env python3
"""A capture as tcpdump makes it on a BMC: mctp.py LINK OUT CAPTURE=EID ... [drop=N]

LINK is 113 (of one interface) or 276 (of all). Each CAPTURE has messages of one device, as --record writes them; in OUT the device has
this EID and the BMC is 8, messages come in packets of 64 bytes, those of devices in turn. Packet N, from 1 on, is not captured."""
import struct
import sys

UNIT = 64
OUTGOING = 4


DISSECTOR, DIRECTION, END = 12, 35, 0  # tags of exported PDUs
TYPES = {"spdm": b"\5", "spdm_secured": b"\6", "spdm_mctp": b""}


def untagged(packet):
    """The tags of an exported PDU, and what follows them."""
    tags, at, tag = {}, 0, None
    while tag != END:
        tag, size = struct.unpack(">HH", packet[at : at + 4])
        tags[tag] = packet[at + 4 : at + 4 + size]
        at += 4 + size
    return tags, packet[at:]


def messages(path):
    """Whether the BMC sent it, and the message with its type."""
    data, at = open(path, "rb").read(), 24
    while at < len(data):
        size = struct.unpack("<I", data[at + 8 : at + 12])[0]
        tags, message = untagged(data[at + 16 : at + 16 + size])
        yield tags[DIRECTION][3] == 0, TYPES[tags[DISSECTOR].rstrip(b"\0").decode()] + message
        at += 16 + size


def packets(path, eid):
    """Whether it goes out, and the packet; the tag changes with each request, and the sequence goes on."""
    tag = sequence = 0
    for asks, body in messages(path):
        tag = (tag + asks) & 7
        for begin in range(0, len(body), UNIT):
            ends = begin + UNIT >= len(body)
            flags = (begin == 0) << 7 | ends << 6 | sequence << 4 | asks << 3 | tag
            sequence = (sequence + 1) & 3
            yield asks, bytes([1, *((eid, 8) if asks else (8, eid)), flags]) + body[begin : begin + UNIT]


def cooked(link, goes_out, packet):
    kind = OUTGOING if goes_out else 0
    if link == 113:
        return struct.pack(">HHH8xH", kind, 290, 0, 0xFA) + packet
    return struct.pack(">HHIHBB8x", 0xFA, 0, 3, 290, kind, 0) + packet


def in_turn(all_packets):
    while all_packets:
        for one in list(all_packets):
            packet = next(one, None)
            if packet is None:
                all_packets.remove(one)
            else:
                yield packet


def main(link, out, *words):
    devices = [packets(path, int(eid)) for path, eid in (word.split("=") for word in words) if path != "drop"]
    dropped = [int(word[5:]) for word in words if word.startswith("drop=")]
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, int(link)))
        # In a capture of everything there is other traffic, too.
        everything = [b"\x08\x00" + bytes(18) + b"E" * 40] if link == "276" else []
        everything += [cooked(int(link), *packet) for packet in in_turn(devices)]
        for number, data in enumerate(everything, 1):
            if number not in dropped:
                file.write(struct.pack("<IIII", 1788912000 + number // 100, 0, len(data), len(data)) + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
