"""Links, addresses and routes of MCTP, by the kernel's own messages (rtnetlink): no tool of a distribution sets them."""

import os
import socket
import struct

AF_MCTP = 45
REQUEST, ACKNOWLEDGE, CREATE, NESTED = 1, 4, 0x400, 0x8000
NEW_LINK, NEW_ADDRESS, NEW_ROUTE, REMOVE_ROUTE = 16, 20, 24, 25
ERROR = 2
UP, UNICAST = 1, 1
IFLA_AF_SPEC, IFLA_MCTP_NET, IFA_LOCAL, RTA_DST, RTA_OIF = 26, 1, 2, 1, 4


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def ask(kind, flags, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACKNOWLEDGE | flags, 1, 0) + body)
        answer = kernel.recv(8192)
    error = struct.unpack_from("=i", answer, 16)[0] if struct.unpack_from("=H", answer, 4)[0] == ERROR else 0
    if error:
        raise OSError(-error, os.strerror(-error))


def index(interface):
    return socket.if_nametoindex(interface)


def link(interface, up, network=None):
    body = struct.pack("=BxHiII", 0, 0, index(interface), UP if up else 0, UP)
    if network is not None:
        inner = attribute(AF_MCTP | NESTED, attribute(IFLA_MCTP_NET, struct.pack("=I", network)))
        body += attribute(IFLA_AF_SPEC | NESTED, inner)
    ask(NEW_LINK, 0, body)


def address(interface, eid):
    ask(NEW_ADDRESS, CREATE, struct.pack("=BBBBI", AF_MCTP, 0, 0, 0, index(interface)) + attribute(IFA_LOCAL, bytes([eid])))


def route(interface, first, last=None, remove=False):
    """To one EID, or to all from `first` to `last`: the kernel has the length of the range where others have that of a prefix."""
    extent = (last or first) - first
    body = struct.pack("=BBBBBBBBI", AF_MCTP, extent, 0, 0, 0, 0, 0, UNICAST, 0)
    body += attribute(RTA_DST, bytes([first])) + attribute(RTA_OIF, struct.pack("=I", index(interface)))
    ask(REMOVE_ROUTE if remove else NEW_ROUTE, 0 if remove else CREATE, body)
