"""The table of scenarios: what is played, on which kernels."""

from dataclasses import dataclass
from functools import partial
from typing import Callable

import systems
from mctp_kernel import MctpKernel
from scenarios import attest, drives, encryption, gate, mctp, mctp_far, mctp_limits, packing, power, presence, services, sessions, watch

EVERY = ["6.1", "6.12", "7.3"]
MCTP = [MctpKernel.name]  # played where it was made
PLAIN = ["6.1", "6.12"]  # without TSM and doe_features


@dataclass
class Scenario:
    name: str
    play: Callable
    kernels: list
    about: str


SCENARIOS = [
    Scenario("attest", attest.attest, EVERY, "list, info, auth, measurements and certs, field by field; good and bad devices at once"),
    Scenario("parallel", attest.parallel, ["6.12"], "four devices in parallel"),
    Scenario("reference", attest.reference, ["6.12"], "the reference responder behind a mailbox"),
    Scenario("sessions", sessions.sessions, EVERY, "secure sessions through a mailbox, by key exchange and by shared key; broken ones"),
    Scenario("session-reference", sessions.reference, ["6.12"], "a session with the reference responder behind a mailbox"),
    Scenario("inspect", encryption.inspect, EVERY, "what devices tell of PCI encryption in a session through a mailbox"),
    Scenario("refusals", attest.refusals, ["6.12"], "devices that cannot be attested, and two programs at once"),
    Scenario("accesses", attest.accesses, ["6.12"], "configuration accesses and time per exchange"),
    Scenario("platform", attest.platform, ["7.3"], "what the kernel itself tells: doe_features, TSM"),
    Scenario("units", services.units, ["6.12"], "what systemd says of the units (no guest)"),
    Scenario("lockdown", power.lockdown, ["6.12"], "kernel lockdown in integrity mode"),
    Scenario("suspend", power.suspend, PLAIN, "suspend to RAM and wake"),
    Scenario("hotplug", presence.hotplug, EVERY, "devices that are plugged in while the driver is loaded"),
    Scenario("held", presence.held, EVERY, "what autoprobe off means for devices that are plugged in"),
    Scenario("watch", watch.watch, PLAIN, "the service that attests devices again when they arrive, wake up or are reset"),
    Scenario("watch-events", watch.events, EVERY, "devices that tell the service of changes in themselves, in a session that stays open"),
    Scenario("hold", watch.hold, EVERY, "what the service can promise of devices that are plugged in"),
    Scenario("hold-others", watch.hold_others, ["7.3"], "devices that the service has not judged itself"),
    Scenario("services", services.services, ["6.12"], "units and rules on a system with systemd and udev"),
    Scenario("removal", presence.removal, EVERY, "devices that go in the middle of an exchange"),
    Scenario("drive", drives.drive, EVERY, "a drive by its own commands, and the same device by a mailbox"),
    Scenario("drive-lockdown", drives.lockdown, EVERY, "kernel lockdown in integrity mode stops the mailbox, and not the commands of a drive"),
    Scenario("drive-trust", drives.trust, EVERY, "drives that are bad, mute, or die in the middle"),
    Scenario("drive-refusals", drives.refusals, EVERY, "drives that cannot be asked, two programs at once, and what others leave in a drive"),
    Scenario("drive-commands", drives.commands, ["6.12"], "commands of a drive per exchange"),
    Scenario("drive-list", drives.listed, ["6.12"], "list --drives"),
    Scenario("drive-watch", drives.watched, EVERY, "watch --drives"),
    Scenario("drive-removal", drives.removal, EVERY, "drives that go while they are asked"),
    Scenario("mctp", mctp.mctp, MCTP, "two endpoints with a cable between them: all verbs, sessions, and what is given up"),
    Scenario("mctp-capture", mctp.capture, MCTP, "what a packet socket sees of an attestation, judged again"),
    Scenario("mctp-late", mctp_far.late, MCTP, "an answer after seven seconds"),
    Scenario("mctp-stale", mctp_far.stale, MCTP, "answers to requests that a program before has given up"),
    Scenario("mctp-wrong", mctp_far.wrong, MCTP, "answers of others, with another tag or type, in pieces, and noise"),
    Scenario("mctp-silent", mctp_far.silent, MCTP, "endpoints without SPDM"),
    Scenario("mctp-tags", mctp_limits.tags, MCTP, "all tags taken by somebody else"),
    Scenario("mctp-large", mctp_limits.large, MCTP, "messages of 60 KiB, and a long chain"),
    Scenario("mctp-down", mctp_limits.down, MCTP, "no link, no route, nobody"),
    Scenario("mctp-reference", mctp_far.reference, MCTP, "the reference responder at the end of a serial line"),
    Scenario("dracut-packing", partial(packing.packing, image="dracut", make=systems.dracut_image), ["6.12"], "what gets into an image of dracut (no guest)"),
    Scenario("initramfs-tools-packing", partial(packing.packing, image="initramfs-tools", make=systems.initramfs_tools_image), ["6.12"],
             "what gets into an image of initramfs-tools (no guest)"),
    *(
        Scenario(f"{image}-later", partial(gate.later, image=image), ["6.12", "7.3"], f"devices that appear in an initrd of {image} after the gate")
        for image in ("dracut", "initramfs-tools")
    ),
    *(
        Scenario(f"{image}-{mode.__name__}", partial(mode, image=image), PLAIN, f"the gate in an image of {image}: {about}")
        for image in ("dracut", "initramfs-tools")
        for mode, about in ((gate.enforce, "drivers on what passed only"), (gate.broken, "its program does not work"), (gate.audit, "spdmctl.gate=audit"), (gate.off, "spdmctl.gate=off"))
    ),
    *(
        Scenario(f"{image}-clock", partial(gate.clock, image=image), ["6.12"], f"the gate in an image of {image}: a clock of 2001")
        for image in ("dracut", "initramfs-tools")
    ),
    *(
        Scenario(f"{image}-unreadable", partial(gate.unreadable, image=image), ["6.12"], f"the gate in an image of {image}: a policy that cannot be read")
        for image in ("dracut", "initramfs-tools")
    ),
    *(
        Scenario(f"{image}-rescue", partial(gate.rescue, image=image), ["6.12"], f"the root disk is held in an image of {image}: what the shell tells, and gate --release")
        for image in ("dracut", "initramfs-tools")
    ),
]
