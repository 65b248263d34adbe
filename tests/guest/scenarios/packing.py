"""What ends up in an initrd, and how much it is. No guest."""

import gzip

import systems

MOST_ADDED = 12 << 20
OURS = [b"usr/bin/spdmctl", b"etc/spdmctl/keyring.d/owner.pem", b"etc/spdmctl/keyring.d/masked.pem", b"etc/spdmctl/policy.d/50-guest.yaml"]


def packing(stage, image, make):
    """The same image with a policy, which enables the gate, and without."""
    workshop = stage.workshop
    bare = workshop.folder / f"bare-{image}"
    systems.install(workshop.build, bare)
    without = workshop.folder / f"without-{image}"
    make(bare, stage.kernel, without, workshop.folder / f"scratch-without-{image}")
    image_with = workshop.image(image, stage.kernel)
    packed, unpacked = (image_with.stat().st_size, without.stat().st_size), (contents(image_with), contents(without))
    for name in OURS:
        stage.check(f"{name.decode()} is in", name + b"\0" in unpacked[0])
    stage.check("nothing without a policy", b"usr/bin/spdmctl\0" not in unpacked[1])
    stage.check("no list of names of PCI devices", b"pci.ids" not in unpacked[0])
    added = len(unpacked[0]) - len(unpacked[1])
    stage.check("adds at most 12 MB", added <= MOST_ADDED, added)
    stage.note(f"adds {added / 1e6:.1f} MB, {(packed[0] - packed[1]) / 1e6:.1f} MB compressed")


def contents(image):
    return gzip.decompress(image.read_bytes())
