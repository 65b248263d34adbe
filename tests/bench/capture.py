#!/usr/bin/env python3
"""Times `decode --brief` and `verify` of a large capture: MB/s and peak resident.

  capture.py SPDMCTL [--size 1000] [--frame 1460] [--devices 32] [--runs 3] [--pcapng] [--compress gzip|zstd] [--keep FILE]

The capture is of Ethernet and mostly carries other traffic: TCP connections of port 443, from their SYN to their FIN, whose segments have so
many bytes (1460 as on the wire; 32000 as a network card that puts segments together shows them). Evenly between them lie real conversations of
emulated devices, each of its own, over SPDM over TCP (port 4194), from SYN to FIN, in segments of 1460 bytes. All of them have to pass.
Figures are never asserted here: machines differ.
"""

import argparse
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli" / "data"))
from mctp import messages
from network import block, framed

UNIT = 1460
BULK = 16 << 20  # bytes of other traffic that are repeated
FIN, SYN, ACK = 1, 2, 16
BEGIN = 1_780_272_000_000_000  # microseconds


class Talk:
    """A TCP connection: frames of Ethernet."""

    def __init__(self, client, server, address=b"\x0a\0\0\1"):
        self.ports, self.address, self.next = {True: client, False: server}, address, {True: 1000 * client, False: 77}

    def segment(self, asks, flags, data=b""):
        tcp = struct.pack(">HHIIHHHH", self.ports[asks], self.ports[not asks], self.next[asks], self.next[not asks], 0x5000 | flags, 0xFFFF, 0, 0) + data
        self.next[asks] = (self.next[asks] + len(data) + (flags & (SYN | FIN) != 0)) & 0xFFFFFFFF
        ends = (self.address, b"\x0a\0\0\2")
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, ends[not asks], ends[asks]) + tcp
        return bytes(12) + b"\x08\0" + ip

    def frames(self, said, unit):
        yield self.segment(True, SYN)
        yield self.segment(False, SYN | ACK)
        for asks, data in said:
            for at in range(0, len(data), unit):
                yield self.segment(asks, ACK, data[at : at + unit])
        yield self.segment(True, FIN | ACK)
        yield self.segment(False, FIN | ACK)
        yield self.segment(True, ACK)


def packed(frames, as_pcapng):
    out = bytearray()
    for data in frames:
        if as_pcapng:
            out += block(6, struct.pack("<IIIII", 0, BEGIN >> 32, BEGIN & 0xFFFFFFFF, len(data), len(data)) + data)
        else:
            out += struct.pack("<IIII", BEGIN // 1_000_000, 0, len(data), len(data)) + data
    return bytes(out)


def beginning(as_pcapng):
    if as_pcapng:
        return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 0))
    return struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 1)


def bulk(unit):
    """Connections of a megabyte each: a request, and what is answered."""
    for number in range(BULK >> 20):
        said = [(True, b"\x16\x03\x01" + os.urandom(500)), (False, os.urandom(1 << 20))]
        yield from Talk(50_000 + number, 443).frames(said, unit)


def conversations(spdmctl, folder, count):
    subprocess.run([spdmctl, "emulate", "--init", folder / "device"], check=True, stdout=subprocess.DEVNULL)
    for number in range(count):
        subprocess.run(
            [spdmctl, "measurements", "--root", folder / "device/root.pem", "--record", folder / f"talk{number}.pcap", f"emulated:{folder}/device/profile.yaml"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        said = [(asks, framed(4194, body)) for asks, body in messages(folder / f"talk{number}.pcap")]
        yield Talk(20_000 + number, 4194, bytes([10, 1, number >> 8, number & 255])).frames(said, UNIT)


def make(options, folder, path):
    traffic, blocks = packed(bulk(options.frame), options.pcapng), max(1, (options.size << 20) // BULK)
    talks = list(conversations(options.spdmctl, folder, options.devices))
    with open(path, "wb") as file:
        file.write(beginning(options.pcapng))
        for number in range(blocks):
            file.write(traffic)
            for talk in talks[number * len(talks) // blocks : (number + 1) * len(talks) // blocks]:
                file.write(packed(talk, options.pcapng))
    if options.compress:
        subprocess.run([options.compress, "-f", "-q", "--fast", path] if options.compress == "zstd" else ["gzip", "-f", "-1", path], check=True)
        return path.with_name(path.name + {"gzip": ".gz", "zstd": ".zst"}[options.compress])
    return path


def run(command):
    """Wall and CPU seconds, peak resident KiB, exit code, lines. By GNU time, because the peak of a child of this interpreter is the interpreter's."""
    with tempfile.NamedTemporaryFile() as figures:
        done = subprocess.run(["time", "-o", figures.name, "-f", "%e %U %S %M", *command], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
        wall, user, system, resident = figures.read().split()[-4:]
        return float(wall), float(user) + float(system), int(resident), done.returncode, done.stdout.decode().splitlines()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("spdmctl", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=1000, help="MB of other traffic")
    parser.add_argument("--frame", type=int, default=1460)
    parser.add_argument("--devices", type=int, default=32)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--pcapng", action="store_true")
    parser.add_argument("--compress", choices=["gzip", "zstd"])
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    options.spdmctl = options.spdmctl.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = make(options, folder, options.keep or folder / ("capture.pcapng" if options.pcapng else "capture.pcap"))
        size = options.size * 1.048576
        print(f"{path.stat().st_size / 1e6:.0f} MB, frames of {options.frame} bytes, {options.devices} devices")
        for verb, arguments in {"decode": ["--brief"], "verify": ["--root", folder / "device/root.pem", "--measurements"]}.items():
            runs = [run([options.spdmctl, verb, *arguments, path]) for _ in range(options.runs)]
            wall, cpu = (statistics.median(one[i] for one in runs) for i in (0, 1))
            resident = max(one[2] for one in runs)
            _, _, _, code, lines = runs[0]
            print(f"{verb:8}{wall:8.2f} s {size / wall:8.0f} MB/s {size / cpu:8.0f} MB/s of CPU {resident / 1024:8.1f} MiB   exit {code}, {len(lines)} lines: {lines[-1] if lines else ''}")


if __name__ == "__main__":
    main()
