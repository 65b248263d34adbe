"""Where a scenario plays: images made once, guests and devices that end with it, and the checks that it makes."""

import pathlib
import re
import subprocess
import tempfile
import threading
import time

import devices
import images
import machine
import systems
import user_mode
from mctp_kernel import MctpKernel
from store import Unfit

# What the kernel says when it thinks that somebody misbehaves; what we tell it ourselves is another matter.
COMPLAINTS = re.compile(r"[Tt]aint|exclusive|\bBUG\b|WARNING:|Oops|Call Trace|segfault|general protection|\bDOE\b|spdmctl|SPDM")
# What the kernel says when the timers of the machine that it runs on do not ring: a host that is too busy to emulate them.
STALLS = re.compile(r"kthread timer wakeup didn't happen|Possible timer handling issue")
OUR_WORDS = re.compile(r"^\[ *[\d.]+\] (spdmctl(\[\d+\])?: |systemd\[1\]: |.*ommand line|audit: )")


class Workshop:
    """Makes what guests boot, each image once and when it is first asked for. Without `machines` there are none but processes."""

    def __init__(self, store, build, folder, machines=True):
        self.store, self.build, self.folder = store, build, folder
        self.tree = folder / "tree"
        systems.install(build, self.tree)
        self.program = self.tree / "usr/local/bin/spdmctl"
        self.vendor = devices.Vendor(self.program, folder / "vendor")
        (self.tree / "etc/spdmctl/policy.d/50-guest.yaml").write_text(POLICY)
        (self.tree / "etc/spdmctl/keyring.d/owner.pem").write_text(self.vendor.anchors)
        (self.tree / "etc/spdmctl/keyring.d/masked.pem").symlink_to("/dev/null")
        self.lock, self.made, self.times = threading.Lock(), {}, {}
        self.accelerator = "none"
        if machines:
            self.qemu = store.qemu()
            self.accelerator = machine.accelerator(self.qemu, self.kernel("6.12").image)
            self.disk = systems.root_disk(self.program, folder / "disk", folder)

    def kernel(self, name):
        return MctpKernel(self.store) if name == MctpKernel.name else self.store.kernel(name)

    def helper(self, name):
        """A program of the tests in C, for guests that have no libraries for it."""
        with self.lock:
            target = self.folder / name
            if not target.exists():
                subprocess.run(["c++", "-std=c++20", "-O1", "-static", "-o", target, pathlib.Path(images.HERE) / f"inside/{name}.cpp"], check=True)
            return target.read_bytes()

    def image(self, kind, kernel):
        with self.lock:
            lock = self.made.setdefault((kind, kernel.name), threading.Lock())
        with lock:
            target = self.folder / f"{kind}-{kernel.name}"
            if not target.exists():
                begin = time.monotonic()
                MAKERS[kind](self, kernel, target, self.folder / f"scratch-{kind}-{kernel.name}")
                self.times[kind, kernel.name] = time.monotonic() - begin
            return target


def make_busybox(workshop, kernel, target, scratch):
    images.busybox_initramfs(kernel, workshop.program, target, [tool for tool in map(images.find, ("strace", "setpci")) if tool])


def make_dracut(workshop, kernel, target, scratch):
    systems.dracut_image(workshop.tree, kernel, target, scratch)


def make_initramfs_tools(workshop, kernel, target, scratch):
    systems.initramfs_tools_image(workshop.tree, kernel, target, scratch)


def make_system(workshop, kernel, target, scratch):
    systems.system_image(workshop.tree, kernel, target, scratch)


MAKERS = {"busybox": make_busybox, "system": make_system, "dracut": make_dracut, "initramfs-tools": make_initramfs_tools}

POLICY = """\
version: 1
gate: {mode: enforce}
"""


class Stage:
    """One scenario on one kernel."""

    def __init__(self, workshop, scenario, kernel, keep=None):
        self.workshop, self.scenario, self.name, self.kernel, self.keep = workshop, scenario, scenario.name, workshop.kernel(kernel), keep
        self.checks, self.failures, self.notes = 0, [], []
        self.guests, self.devices = [], []
        self.broke = None  # how the machine itself failed: QEMU died of a signal before we ended it, or its timers stood still
        self.scratch = tempfile.TemporaryDirectory(prefix="stage-")

    def device(self, kind):
        """Of a kind that devices.FAULTS has; "nvme:good" is one that is asked by the commands of a drive, "good" by a mailbox."""
        way, _, kind = kind.rpartition(":")
        name = f"{kind}{len(self.devices)}"
        device = devices.Reference() if kind == "reference" else devices.Device(self.workshop.vendor, kind, name, self.scratch.name, way or "doe")
        self.devices.append(device)
        return device

    def boot(self, kinds, image="busybox", append="", files=None, **options):
        """A guest with a device of each kind, in this order at 0000:01:00.0, 0000:02:00.0 and so on."""
        files = {"etc/spdmctl/keyring.d/owner.pem": self.workshop.vendor.anchors, **(files or {})}
        if image == "system":
            options = {"memory": 1024, **options}
            append = f"rdinit=/system-init {append}"
            files = {}
        elif image != "busybox":
            options = {"memory": 1024, "root_disk": self.workshop.disk, **options}
            append = f"root=LABEL=guest rootfstype=ext4 rw {append}"
            files = {}
        guest = self.start(kinds, image, f"quiet {append}", files, **options)
        guest.wait_for_agent()
        return guest

    def start(self, kinds, image, append, files, **options):
        """A guest that need not come as far as its agent."""
        guest = machine.Guest(
            self.workshop.qemu, self.workshop.accelerator, self.kernel.image, self.workshop.image(image, self.kernel),
            [self.device(kind) for kind in kinds], append=append, overlay=images.overlay(files) if files else b"", **options)
        self.guests.append(guest)
        return guest

    def boot_process(self):
        """A guest of the kernel with MCTP. Its files are ours; it writes below /run."""
        self.kernel.need()
        guest = user_mode.UserModeGuest(self.kernel.image, self.workshop.tree)
        self.guests.append(guest)
        return guest

    def load(self, guest):
        """Loads the nvme driver, where the initramfs has not done so."""
        guest.run("while read -r module; do insmod $module; done </modules.list", 60)

    def check(self, what, good, detail=""):
        self.checks += 1
        if not good:
            self.failures.append(f"{what}: {detail}" if detail != "" else what)
        return bool(good)

    def equal(self, what, actual, expected):
        return self.check(what, actual == expected, f"{actual!r}, expected {expected!r}")

    def fields(self, what, document, expected):
        """Compares fields, named by paths such as "devices.0.verdict", with what they have to be."""
        for path, value in expected.items():
            self.equal(f"{what}: {path}", pick(document, path), value)

    def note(self, text):
        self.notes.append(text)

    def kernel_is_content(self, guest, but=None):
        """Nothing in the kernel's log names us as misbehaving, except for lines with `but`."""
        log = guest.run("dmesg").stdout
        bad = [line for line in log.splitlines() if COMPLAINTS.search(line) and not OUR_WORDS.match(line) and not (but and but in line)]
        self.check("nothing in the kernel's log speaks against us", log and not bad, "; ".join(bad[:3]))
        self.equal("the kernel is not tainted", guest.read("/proc/sys/kernel/tainted"), "0")

    def last_words(self):
        """What the last guest can say of what went wrong."""
        if not self.guests:
            return []
        try:
            return self.guests[-1].run("journalctl -b --no-pager 2>/dev/null | tail -n 30 || dmesg | tail -n 20", 5).stdout.splitlines()
        except (machine.GuestError, OSError):
            return self.guests[-1].console().splitlines()[-15:]

    def close(self):
        for number, guest in enumerate(self.guests):
            if signal := guest.crashed():
                self.broke = f"QEMU had died of signal {signal}"
            elif STALLS.search(guest.console()):
                self.broke = "the timers of the machine had stood still"
            guest.close(self.keep / f"{self.name}-{self.kernel.name}-{number}" if self.keep else None)
        for device in self.devices:
            device.close()
        self.scratch.cleanup()


def pick(document, path):
    for key in path.split("."):
        try:
            document = document[int(key)] if isinstance(document, list) else document[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return document


__all__ = ["Stage", "Unfit", "Workshop", "pick"]
