"""What ends up in an initrd, and how much it is. No guest."""

import gzip
import re

import systems

MOST_ADDED = 12 << 20
OURS = {"usr/bin/spdmctl", "usr/local/bin/spdmctl", "etc/spdmctl/image.json", "etc/spdmctl/keyring.d/owner.pem", "etc/spdmctl/keyring.d/masked.pem", "etc/spdmctl/policy.d/50-guest.yaml"}


def packing(stage, image, make):
    """The same image with a policy, which enables the gate, and without."""
    workshop = stage.workshop
    bare = workshop.folder / f"bare-{image}"
    systems.install(workshop.build, bare)
    without = workshop.folder / f"without-{image}"
    make(bare, stage.kernel, without, workshop.folder / f"scratch-without-{image}")
    image_with = workshop.image(image, stage.kernel)
    packed, unpacked = (image_with.stat().st_size, without.stat().st_size), (contents(image_with), contents(without))
    stage.equal("what is ours is in", OURS - names(unpacked[0]), set())
    stage.equal("and is not without a policy", {name for name in names(unpacked[1]) if name.startswith(("etc/spdmctl/", "usr/bin/spdmctl"))}, set())
    stage.equal("no list of names of PCI devices", {name for name in names(unpacked[0]) if "pci.ids" in name}, set())
    added = len(unpacked[0]) - len(unpacked[1])
    stage.check("adds at most 12 MB", added <= MOST_ADDED, added)
    stage.check("no image is made without the program that the policy asks for", "usr/local/bin/spdmctl is not there" in (told := without_program(stage, image, make)), told)
    stage.note(f"adds {added / 1e6:.1f} MB, {(packed[0] - packed[1]) / 1e6:.1f} MB compressed")


def without_program(stage, image, make):
    """What the tool says when the program is gone; nothing when it makes an image all the same."""
    workshop = stage.workshop
    lame = workshop.folder / f"lame-{image}"
    systems.install(workshop.build, lame)
    (lame / "usr/local/bin/spdmctl").unlink()
    (lame / "etc/spdmctl/policy.d/50-guest.yaml").write_text("version: 1\ngate: {mode: enforce}\n")
    target = workshop.folder / f"lame-{image}.img"
    try:
        make(lame, stage.kernel, target, workshop.folder / f"scratch-lame-{image}")
    except RuntimeError as error:
        return str(error)
    return ""


def contents(image):
    return gzip.decompress(image.read_bytes())


def names(archive):
    """What the headers of a cpio archive (newc) name."""
    return {name.decode() for name in re.findall(rb"070701[0-9A-Fa-f]{104}([^\0]+)\0", archive)}
