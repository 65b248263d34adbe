"""Part two of man/spdmctl-tutorial.7, with the commands that stand there.

What is not as with a reader: the system on the virtio disk is busybox with what we install, and QEMU boots its kernel and its
initrd itself. mkinitramfs makes the image outside of the machine, of what /etc/spdmctl has become in it: update-initramfs does
no more than to call it. Packages are not installed.
"""

import base64
import pathlib
import shlex
import shutil
import subprocess
import sys

import systems
from devices import stop, wait_for
from machine import Guest, GuestError

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "support"))
import sessions  # noqa: E402

PAGE, SECTION = TESTS.parent / "man/spdmctl-tutorial.7", "PART TWO: THE MACHINE"
MODULES = ["nvme", "ext4", "virtio_pci", "virtio_blk", "9p", "9pnet_virtio"]


class PageGuest(Guest):
    """The machine that a command of the page starts, without the terminal that a reader has before him."""

    def __init__(self, words, added):
        self.prepare([], 180)
        words = [word for word in words if word != "-nographic"]
        while "-accel" in words:
            del words[words.index("-accel") : words.index("-accel") + 2]
        words += [*added, "-nodefaults", "-display", "none", "-no-reboot"]
        try:
            self.launch(words + self.channels("quiet root=LABEL=guest rootfstype=ext4 rw"))
        except BaseException as error:
            said = (self.folder / "qemu").read_text(errors="replace")
            self.close()
            raise GuestError(f"{error}: {said}") from error


class Reader:
    """Somebody who does what the page says: in a directory of the host, and as root in the machine."""

    def __init__(self, stage):
        self.stage, self.workshop = stage, stage.workshop
        self.folder = pathlib.Path(stage.scratch.name)
        self.tree, self.home = self.folder / "tree", self.folder / "home"
        self.guest = self.device = self.port = self.disk = self.initrd = None
        self.images = 0
        self.home.mkdir()
        systems.install(self.workshop.build, self.tree)
        self.make_image()

    def make_image(self):
        """The initrd as the tree has it, and a disk with both."""
        self.images += 1
        scratch, kernel = self.folder / f"scratch{self.images}", self.stage.kernel
        self.initrd, self.disk = self.folder / f"initrd{self.images}", self.folder / f"disk{self.images}"
        systems.initramfs_tools_image(self.tree, kernel, self.initrd, scratch, MODULES)

        def fill(root):
            shutil.copytree(self.tree, root, dirs_exist_ok=True, symlinks=True)
            shutil.copytree(scratch / "lib", root / "var/lib", dirs_exist_ok=True)
            for folder in ("boot", f"usr/lib/modules/{kernel.version}", "mnt"):
                (root / folder).mkdir(parents=True, exist_ok=True)
            (root / f"boot/vmlinuz-{kernel.version}").touch()
            shutil.copy2(self.initrd, root / f"boot/initrd.img-{kernel.version}")

        systems.root_disk(self.workshop.program, self.disk, scratch, fill, "512M")

    def on_host(self, step):
        words = shlex.split(step.command.replace("\\\n", " "))
        if words[0].startswith("qemu-system"):
            return self.boot(words)
        if words[:2] == ["spdmctl", "emulate"] and "--init" not in words:
            return self.serve(words)
        done = subprocess.run(["/bin/bash", "-c", step.command], cwd=self.home, env=self.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return self.compare(step, done.stdout, done.returncode)

    def environment(self):
        return {"PATH": f"{self.workshop.program.parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def serve(self, words):
        """As the page says, but at a port that is free."""
        if self.device:
            stop(self.device)
        file = self.folder / "port"
        file.unlink(missing_ok=True)
        words = [*words, "--listen", "emu://127.0.0.1:0", "--port-file", file]
        self.device = subprocess.Popen(words, cwd=self.home, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.port = wait_for(lambda: file.exists() and file.read_text().strip(), self.device)
        self.stage.check("the device waits", self.port)

    def boot(self, words=None):
        """The command of the page, or the one of before: with our disk, with the port of our device, and from our directory."""
        self.words = words or self.words
        line = "\n".join(self.words[1:])
        for its, ours in {
            "file=guest.qcow2": f"format=raw,file={self.disk}",
            "file=nvme.img": f"file={self.home}/nvme.img",
            "path=share": f"path={self.home}/share",
            "spdm_port=2323": f"spdm_port={self.port}",
        }.items():
            self.stage.equal(f"{its} in QEMU's command", line.count(its), 1)
            line = line.replace(its, ours)
        added = ["-accel", self.workshop.accelerator, "-kernel", str(self.stage.kernel.image), "-initrd", str(self.initrd)]
        self.guest = PageGuest([*self.workshop.qemu, *line.split("\n")], added)
        self.stage.guests.append(self.guest)
        self.guest.wait_for_agent()
        self.guest.run("udevadm settle 2>/dev/null; true")
        self.stage.note(f"up after {self.guest.booted:.0f} s")

    def in_guest(self, step):
        if step.command == "update-initramfs -u":
            return self.take_image()
        if step.command in ("reboot", "poweroff"):
            self.stage.kernel_is_content(self.guest)
            self.guest.close()
            self.guest = None
            return self.boot() if step.command == "reboot" else None
        if not self.guest:
            self.boot()  # "with the same command as before"
        done = self.guest.run(f"( {step.command}\n) 2>&1", 90)
        return self.compare(step, done.stdout, done.status)

    def take_image(self):
        """What update-initramfs makes, and what it leaves on the disk that the guest runs from."""
        packed = base64.b64decode(self.guest.run("tar -C / -cf - etc/spdmctl | base64").stdout)
        subprocess.run(["tar", "-C", self.tree, "-xf", "-"], input=packed, check=True)
        self.make_image()
        notes = list((self.folder / f"scratch{self.images}/lib/spdmctl/images").glob("*.json"))
        self.stage.equal("notes of the image", [note.stem for note in notes], [self.stage.kernel.version])
        for note in notes:
            self.put(f"/var/lib/spdmctl/images/{note.name}", note.read_bytes(), note.stat().st_mtime)
        self.put(f"/boot/initrd.img-{self.stage.kernel.version}", b"", self.initrd.stat().st_mtime)  # nothing looks into it

    def put(self, place, content, time):
        packed = base64.b64encode(content).decode()
        self.guest.run(f"mkdir -p {pathlib.PurePath(place).parent}; echo '{packed}' | base64 -d >{place}; touch -d @{int(time)} {place}")

    def compare(self, step, said, code):
        found = sessions.problems(step, said, code)
        self.stage.check(f"the page: {step.prompt} {step.command}", not found, "\n".join(found))

    def close(self):
        if self.device:
            stop(self.device)


def tutorial(stage):
    steps = sessions.steps(sessions.of_page(PAGE, SECTION), "$#")
    stage.check("the page has commands", len(steps) > 20, len(steps))
    reader = Reader(stage)
    try:
        for step in steps:
            (reader.on_host if step.prompt == "$" else reader.in_guest)(step)
    finally:
        reader.close()
