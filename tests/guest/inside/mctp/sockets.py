"""Sockets of MCTP, which Python's own module does not know the addresses of."""

import ctypes
import fcntl
import os
import select
import socket
import struct

from netlink import AF_MCTP

ANY_NETWORK, ANY_EID = 0, 0xFF
OWNER = 0x08
TAKE_TAG, GIVE_TAG_BACK = 0x89E2, 0x89E3  # SIOCMCTPALLOCTAG2, SIOCMCTPDROPTAG2
ADDRESS = struct.Struct("=HHIBBBx")  # struct sockaddr_mctp
TAG = struct.Struct("=IBBHB3x")  # struct mctp_ioc_tag_ctl2
libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


class Socket:
    def __init__(self):
        self.socket = socket.socket(AF_MCTP, socket.SOCK_DGRAM, 0)
        self.fd = self.socket.fileno()

    def bind(self, network, eid, kind):
        checked(libc.bind(self.fd, ADDRESS.pack(AF_MCTP, 0, network, eid, kind, 0), ADDRESS.size))

    def send(self, network, eid, kind, tag, message):
        checked(libc.sendto(self.fd, message, len(message), 0, ADDRESS.pack(AF_MCTP, 0, network, eid, kind, tag), ADDRESS.size))

    def receive(self, seconds):
        """Network, EID, type, tag and message; nothing when none comes in time."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return None
        room, address = ctypes.create_string_buffer(1 << 16), ctypes.create_string_buffer(ADDRESS.size)
        length = ctypes.c_uint(ADDRESS.size)
        size = checked(libc.recvfrom(self.fd, room, len(room), 0, address, ctypes.byref(length)))
        return (*ADDRESS.unpack(address.raw)[2:], room.raw[:size])

    def take_tag(self, network, eid):
        return TAG.unpack(fcntl.ioctl(self.fd, TAKE_TAG, TAG.pack(network, eid, 0, 0, 0)))[4]

    def give_back_tag(self, network, eid, tag):
        fcntl.ioctl(self.fd, GIVE_TAG_BACK, TAG.pack(network, eid, 0, 0, tag))
