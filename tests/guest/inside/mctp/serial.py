"""MCTP over serial lines (DSP0253): a terminal of our own whose other side is an interface of the kernel, and the frames on it."""

import fcntl
import os
import socket
import struct
import termios
import tty

import netlink

LINE_DISCIPLINE = 28  # N_MCTP
FLAG, ESCAPE, REVISION = 0x7E, 0x7D, 1


def interfaces():
    return {number: name for number, name in socket.if_nameindex() if name.startswith("mctpserial")}


class Line:
    """The kernel's side is the interface `name`; `fd` is ours. The interface lasts as long as both are open."""

    def __init__(self, network, eid):
        self.fd, self.kernel_side = os.openpty()
        for fd in (self.fd, self.kernel_side):
            tty.setraw(fd)
        before = interfaces()
        fcntl.ioctl(self.kernel_side, termios.TIOCSETD, struct.pack("=i", LINE_DISCIPLINE))
        self.name = next(name for number, name in interfaces().items() if number not in before)
        netlink.link(self.name, True, network)
        netlink.address(self.name, eid)

    def write(self, data):
        while data:
            data = data[os.write(self.fd, data):]


def checksum(data):
    """CRC-16 CCITT, reflected (8 of DSP0253: over revision, length and packet)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value


def frame(packet, damage=0):
    """`damage` is what the check sum is off by."""
    head = bytes([REVISION, len(packet)])
    check = checksum(head + packet) ^ damage
    escaped = packet.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
    return bytes([FLAG]) + head + escaped + struct.pack(">H", check) + bytes([FLAG])


class Frames:
    """Takes bytes as they come, and gives packets whose frames are right."""

    def __init__(self):
        self.rest = bytearray()

    def add(self, data):
        self.rest += data
        while (packet := self.next()) is not None:
            yield packet

    def next(self):
        while True:
            start = self.rest.find(FLAG)
            if start < 0:
                self.rest.clear()
                return None
            del self.rest[:start]
            # The byte behind the flag is the revision; where it is a flag, too, a frame has ended and the next begins.
            if len(self.rest) < 3:
                return None
            if self.rest[1] != REVISION:
                del self.rest[:1]
                continue
            length, packet, place = self.rest[2], bytearray(), 3
            while len(packet) < length and place < len(self.rest):
                byte = self.rest[place]
                if byte == ESCAPE and place + 1 < len(self.rest):
                    place += 1
                    byte = self.rest[place] | 0x20
                elif byte == ESCAPE:
                    return None
                packet.append(byte)
                place += 1
            if len(packet) < length or len(self.rest) < place + 3:
                return None
            good = struct.unpack_from(">H", self.rest, place)[0] == checksum(bytes([REVISION, length]) + packet)
            del self.rest[:place + 2]  # its last flag may be the first of the next
            if good:
                return bytes(packet)
