"""MCTP packets (DSP0236 8): messages cut into them, and put together again."""

VERSION = 1
FIRST, LAST, OWNER, TAG = 0x80, 0x40, 0x08, 0x07
UNIT = 64  # the least that each endpoint takes (DSP0236 8.3)


def cut(destination, source, tag, message, unit=UNIT):
    """`tag`: with the owner bit, if it is a request. `message`: with its type."""
    parts = [message[at:at + unit] for at in range(0, len(message), unit)] or [b""]
    for number, part in enumerate(parts):
        flags = (FIRST if number == 0 else 0) | (LAST if number == len(parts) - 1 else 0) | (number % 4) << 4 | tag
        yield bytes([VERSION, destination, source, flags]) + part


class Messages:
    """Takes packets in the order in which they were sent."""

    def __init__(self):
        self.parts = {}

    def add(self, packet):
        """Source, destination, tag with the owner bit, and message with its type, once it is whole."""
        destination, source, flags = packet[1:4]
        key = (source, destination, flags & (OWNER | TAG))
        if flags & FIRST:
            self.parts[key] = b""
        if key not in self.parts:
            return None
        self.parts[key] += packet[4:]
        return (*key, self.parts.pop(key)) if flags & LAST else None
