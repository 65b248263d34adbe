"""The far end of a serial line, without a second stack: packets are made here, and so they may be wrong, late or lost.

What is asked of it goes to a responder on a socket (`emulate`, or the reference responder, with the binding MCTP). What becomes of the
answers say rules, "CODE[#NUMBER]:ACTION[,ACTION...]": CODE is that of the request in hex digits, or "any", or "secured"; NUMBER which such
request it is, from 1 on, since the file of rules was written. Actions come in their order:

  eid, tag, owner, type=HEX, network   a false answer, an altered copy of the true one, from another endpoint, with another tag, as if it
                                       were a request, of another type, through another network
  copy=HEX                             this message, with the right addresses
  fragment, order, checksum            the true answer, without one of its packets, with the last two exchanged, with the last frame damaged
  garbage                              bytes that are no frames, and frames that are no packets
  lose                                 the true answer does not come; delay=SECONDS: it comes later; twice: it comes twice
"""

import os
import pathlib
import queue
import random
import socket
import struct
import threading
import time

import packets
import serial

CONTROL, SPDM, SECURED = 0, 5, 6
TYPE_SUPPORT = 5  # Get Message Type Support (DSP0236 12.6)
NORMAL, MCTP = 1, 1  # of the frames of sockets: a message, its transport


class Behind:
    """The responder behind us."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError("the responder has closed the connection")
            data += more
        return data

    def ask(self, message):
        self.socket.sendall(struct.pack(">III", NORMAL, MCTP, len(message)) + message)
        return self.read(struct.unpack(">III", self.read(12))[2])


class Rule:
    def __init__(self, text):
        what, _, actions = text.partition(":")
        self.what, _, number = what.partition("#")
        self.number, self.seen = int(number) if number else 0, 0
        self.actions = [action.partition("=")[::2] for action in actions.split(",")]

    def fits(self, code):
        if self.what not in ("any", code):
            return False
        self.seen += 1
        return self.number in (0, self.seen)


class Rules:
    """A file, one a line, that may change while it is used; none without it."""

    def __init__(self, path):
        self.path, self.written, self.rules = pathlib.Path(path), None, []

    def actions(self, code):
        written = self.path.stat().st_mtime_ns if self.path.exists() else None
        if written != self.written:
            self.written, self.rules = written, [Rule(line) for line in self.path.read_text().split()]
        fit = [rule.actions for rule in self.rules if rule.fits(code)]
        return fit[0] if fit else []


def control(message, types):
    """The answer of an endpoint that has these message types."""
    if len(message) < 3 or message[2] != TYPE_SUPPORT:
        return None
    return bytes([CONTROL, message[1] & 0x1F, TYPE_SUPPORT, 0, len(types), *types])


class FarEnd:
    def __init__(self, line, eid, behind, rules, other=None, types=(CONTROL, SPDM, SECURED), note=print):
        self.line, self.eid, self.behind, self.other, self.types, self.note = line, eid, behind, other, types, note
        self.rules = rules
        self.lock = threading.Lock()
        self.asked = queue.SimpleQueue()

    def serve(self):
        # A side that does not read holds up the kernel's: so one thread does nothing else.
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            self.answer(*self.asked.get())

    def listen(self):
        frames, messages = serial.Frames(), packets.Messages()
        while True:
            for packet in frames.add(os.read(self.line.fd, 4096)):
                message = messages.add(packet)
                if message:
                    self.asked.put(message)

    def answer(self, peer, to, tag, message):
        kind = message[0]
        if to != self.eid or not tag & packets.OWNER:
            return self.note(f"{peer} to {to}, tag {tag:#x}: not for us")
        tag &= packets.TAG
        code = "control" if kind == CONTROL else "secured" if kind == SECURED else f"{message[2]:02x}" if len(message) > 2 else "none"
        self.note(f"{peer}, tag {tag}, type {kind}: {code}, {len(message) - 1} bytes")
        answer = control(message, self.types) if kind == CONTROL else self.behind.ask(message) if kind in self.types else None
        if answer:
            self.disturb(self.rules.actions(code), peer, tag, answer)

    def disturb(self, actions, peer, tag, answer):
        false = answer[:-1] + bytes([answer[-1] ^ 1])
        true = list(packets.cut(peer, self.eid, tag, answer))
        delay = 0
        for action, value in actions:
            if action == "eid":
                self.send(packets.cut(peer, self.eid + 1, tag, false))
            elif action == "tag":
                self.send(packets.cut(peer, self.eid, tag ^ 1, false))
            elif action == "owner":
                self.send(packets.cut(peer, self.eid, tag | packets.OWNER, false))
            elif action == "type":
                self.send(packets.cut(peer, self.eid, tag, bytes.fromhex(value) + false[1:]))
            elif action == "network":
                self.send(packets.cut(peer, self.eid, tag, false), self.other)
            elif action == "copy":
                self.send(packets.cut(peer, self.eid, tag, bytes.fromhex(value)))
            elif action == "fragment":
                self.send(true[:len(true) // 2] + true[len(true) // 2 + 1:])
            elif action == "order":
                self.send([*true[:-2], *true[:-3:-1]])
            elif action == "checksum":
                self.send(true[:-1])
                self.write(self.line, serial.frame(true[-1], damage=1))
            elif action == "garbage":
                self.write(self.line, garbage())
            elif action == "twice":
                self.send(true)
            elif action == "delay":
                delay = float(value)
            elif action == "lose":
                return
            else:
                raise ValueError(f"no such action: {action}")
        if delay:
            threading.Thread(target=lambda: (time.sleep(delay), self.send(true)), daemon=True).start()
        else:
            self.send(true)

    def send(self, parts, line=None):
        for part in parts:
            self.write(line or self.line, serial.frame(part))

    def write(self, line, data):
        with self.lock:
            line.write(data)


def garbage():
    """Noise, and frames that hold no packet, or one of nobody. Each ends with a flag, so that what follows is heard. Frames of another
    revision, or too long ones, are left out: after one of them the kernel's driver never finds the begin of a frame again."""
    noise = random.Random(17)
    frames = [serial.frame(b""), serial.frame(b"\x01"), serial.frame(bytes(3)), serial.frame(b"\xff" * 68), serial.frame(b"\x01\x08\x09\xc0")]
    frames += [serial.frame(noise.randbytes(size)) for size in (4, 5, 20, 68)]
    return noise.randbytes(300).replace(bytes([serial.FLAG]), b"") + bytes([serial.FLAG]) + b"".join(frames)
