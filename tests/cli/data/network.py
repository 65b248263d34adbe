#!/usr/bin/env python3
"""A capture of a network: network.py OUT CAPTURE=PORT ...

Each CAPTURE has messages of one device, with link type 291; in OUT each is a TCP connection to 127.0.0.1:PORT, in segments of 200 bytes, those
of connections in turn: 2323 has the frames of the emulator (MCTP), any other port SPDM over TCP (DSP0287). OUT is pcapng of Ethernet if its
name ends in .pcapng, else pcap of IP. Packets are a millisecond apart, from 2026-06-01 on. drop=N: packet N, from 1 on, is not captured."""
import struct
import sys

from mctp import in_turn, messages

UNIT = 200
BEGIN = 1_780_272_000_000_000  # microseconds
SYN, ACK = 2, 16


def framed(port, body):
    if port == 2323:
        return struct.pack(">III", 1, 1, len(body)) + body
    return struct.pack("<HBB", len(body) + 1, 1, body[0]) + body[1:]


def segments(path, port, client):
    """Packets of IP; sequence numbers go beyond their end."""
    numbers = {True: 0xFFFFFF00, False: 1000}

    def segment(asks, flags, data=b""):
        ends = (client, port) if asks else (port, client)
        tcp = struct.pack(">HHIIHHHH", *ends, numbers[asks], numbers[not asks], 0x5000 | flags, 0xFFFF, 0, 0) + data
        numbers[asks] = (numbers[asks] + len(data) + (flags & SYN != 0)) & 0xFFFFFFFF
        return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + tcp

    yield segment(True, SYN)
    yield segment(False, SYN | ACK)
    for asks, body in messages(path):
        data = framed(port, body)
        for at in range(0, len(data), UNIT):
            yield segment(asks, ACK, data[at : at + UNIT])


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def pcapng(packets):
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 0))
    for time, data in packets:
        data = bytes(12) + b"\x08\0" + data
        out += block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data)
    return out


def pcap(packets):
    out = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 101)
    for time, data in packets:
        out += struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(data), len(data)) + data
    return out


def main(out, *words):
    named = [word.split("=") for word in words]
    dropped = [int(value) for key, value in named if key == "drop"]
    connections = [segments(key, int(value), 40_000 + i) for i, (key, value) in enumerate(pair for pair in named if pair[0] != "drop")]
    packets = [(BEGIN + number * 1000, data) for number, data in enumerate(in_turn(connections), 1) if number not in dropped]
    with open(out, "wb") as file:
        file.write(pcapng(packets) if out.endswith(".pcapng") else pcap(packets))


if __name__ == "__main__":
    main(*sys.argv[1:])
