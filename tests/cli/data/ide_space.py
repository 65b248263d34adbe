"""Registers of the IDE extended capability (PCIe r6.x 7.9.26), for copies of configuration space. Words are 32 bits."""

IDLE = 0xFF00_0000  # what Linux writes into the control register of a block that nobody uses: Stream ID 255
SECURE = 2


def on(stream, traffic_class=0, is_default=False, tee_limited=False):
    """A control register: enabled, AES-GCM-256."""
    return stream << 24 | tee_limited << 23 | is_default << 22 | traffic_class << 19 | 1


def link(control=IDLE, status=0):
    return [control, status]


def selective(addresses=0, control=IDLE, status=0, rid=None):
    """`addresses`: how many address associations the block has. `rid`: the last requester id that the stream goes to, from 0 on."""
    words = [addresses, control, status, (rid or 0) << 8, int(rid is not None)]
    for _ in range(addresses):
        words += [0, 0, 0]
    return words


def capability(links=(), selectives=(), tee_limited=True):
    """The words behind the header: capability, control, the blocks of link streams, those of selective ones. IDE_KM is there."""
    word = 1 << 6 | tee_limited << 24
    if links:
        word |= 1 | len(links) - 1 << 13
    if selectives:
        word |= 2 | len(selectives) - 1 << 16
    return sum([*links, *selectives], [word, 0])


# Layouts as devices have them.
SELECTIVE_ONLY = capability(selectives=[selective(1), selective(1)])
LINK_AND_SELECTIVE = capability(links=[link(), link()], selectives=[selective(), selective()])
# Blocks of several sizes: each has as many address associations as it has, so only who reads each finds the next.
SEVERAL_SIZES = capability(
    selectives=[selective(6), selective(1, on(5, is_default=True, tee_limited=True), SECURE, rid=0x0B00), selective(3), selective(0)]
)
LINK_ON = capability(links=[link(on(1), SECURE)], tee_limited=False)
ROOT_PORT = capability(selectives=[selective(3), selective(3, on(5), SECURE, rid=0x0BFF)])
LAST_PLACE = capability(selectives=[selective()])  # 32 bytes with its header: it fits at 0xFE0
TOO_LONG = capability(selectives=[selective(15)] * 64)
