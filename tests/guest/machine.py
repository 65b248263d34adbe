"""A guest: QEMU, what the kernel says on its first serial port, and an agent on the second that runs commands."""

import base64
import gzip
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time


class GuestError(Exception):
    pass


class Result:
    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr

    def json(self):
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise GuestError(f"no document (status {self.status}): {self.stdout[:200]!r} {self.stderr[:300]!r}") from None


class Lines:
    """Lines out of a socket, each within a deadline."""

    def __init__(self, connected):
        self.socket, self.rest = connected, b""

    def read(self, deadline):
        while b"\n" not in self.rest:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                raise GuestError("no answer in time") from None
            if not data:
                raise GuestError("the machine has ended")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def write(self, text):
        self.socket.sendall(text.encode() + b"\n")


def connect(path, deadline, process):
    while True:
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.connect(str(path))
            return connected
        except OSError:
            connected.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise GuestError("QEMU does not start") from None
            time.sleep(0.02)


class Commands:
    """What the agent in a guest does for us. A guest has `agent`, `sequence`, `started`, `timeout`, and `folder` with its console."""

    def wait_for_agent(self, seconds=None):
        deadline = time.monotonic() + (seconds or self.timeout)
        while self.agent.read(deadline) != "READY":
            pass
        self.booted = time.monotonic() - self.started

    def send(self, command):
        self.sequence += 1
        self.agent.write(f"{self.sequence} {base64.b64encode(command.encode()).decode()}")
        return self.sequence

    def receive(self, sequence, seconds):
        deadline = time.monotonic() + seconds
        while True:
            fields = self.agent.read(deadline).split(" ")
            if fields[0] == "RESULT" and len(fields) == 5 and fields[1] == str(sequence):
                out, err = (gzip.decompress(base64.b64decode(part)).decode(errors="replace") for part in fields[3:])
                return Result(int(fields[2]), out, err)

    def run(self, command, seconds=40):
        """Runs a command in the guest and waits for its end."""
        return self.receive(self.send(command), seconds)

    def reach(self, seconds=30):
        """Waits until commands get through again: what arrives while a serial port wakes up is lost."""
        deadline = time.monotonic() + seconds
        while True:
            self.agent.write("")  # ends what may be left of a line
            try:
                return self.receive(self.send("true"), 2)
            except GuestError:
                if time.monotonic() > deadline:
                    raise

    def read(self, path):
        return self.run(f"cat {path}").stdout.strip()

    def until(self, command, seconds=20):
        """Waits in the guest until the command succeeds; says whether it did."""
        tries = int(seconds * 10)
        return self.run(f"i=0; until {command}; do i=$((i+1)); [ $i -lt {tries} ] || exit 1; sleep 0.1; done", seconds + 20).status == 0

    def console(self):
        try:
            return (self.folder / "console").read_text(errors="replace")
        except OSError:
            return ""


class Guest(Commands):
    """A virtual machine with one PCIe root port per device, and some more for what is plugged in later."""

    def __init__(self, qemu, accelerator, image, initrd, devices, *, append="", memory=512, spare_ports=0, root_disk=None, overlay=b"", timeout=90, clock=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guest-"))
        self.devices, self.timeout = devices, timeout
        self.sequence, self.started = 0, time.monotonic()
        self.process = self.agent = self.monitor = None
        self.events = []
        self.exclusive = threading.Lock()
        try:
            self.start(qemu, accelerator, image, initrd, append, memory, spare_ports, root_disk, overlay, clock)
        except BaseException:
            self.close()
            raise

    def start(self, qemu, accelerator, image, initrd, append, memory, spare_ports, root_disk, overlay, clock):
        if overlay:  # the kernel unpacks archives that follow one another
            joined = self.folder / "initrd"
            joined.write_bytes(initrd.read_bytes() + overlay)
            initrd = joined
        command = [*qemu, "-machine", "q35", "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", str(memory)]
        command += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel", image, "-initrd", initrd]
        if clock:
            command += ["-rtc", f"base={clock}"]
        # On a busy host an emulated timer is late, and the kernel takes it for one that is not connected.
        command += ["-append", f"console=ttyS0 panic=-1 no_timer_check {append}"]
        command += ["-serial", f"file:{self.folder}/console", "-serial", "chardev:agent", "-qmp", "chardev:monitor"]
        for channel in ("agent", "monitor"):
            command += ["-chardev", f"socket,id={channel},path={self.folder}/{channel},server=on,wait=off"]
        for i in range(len(self.devices) + spare_ports):
            command += ["-device", f"pcie-root-port,id=port{i},bus=pcie.0,chassis={i + 1},slot={i + 1}"]
        for i, device in enumerate(self.devices):
            disk = root_disk if root_disk and i == 0 else None
            backing = f"file={disk},snapshot=on" if disk else "file.driver=null-co,file.size=64M,file.read-zeroes=on"
            command += ["-drive", f"if=none,id=disk{i},format=raw,{backing}"]
            spdm = f"spdm_port={device.port},spdm_trans={device.way}"
            command += ["-device", f"nvme,id=nvme{i},serial={device.name},drive=disk{i},bus=port{i},{spdm}"]
        with open(self.folder / "qemu", "wb") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        self.agent = Lines(connect(self.folder / "agent", deadline, self.process))
        self.monitor = Lines(connect(self.folder / "monitor", deadline, self.process))
        self.monitor.read(deadline)  # its greeting
        self.qmp("qmp_capabilities")

    def qmp(self, name, **arguments):
        deadline = time.monotonic() + 20
        self.monitor.write(json.dumps({"execute": name, "arguments": arguments}))
        while True:
            message = json.loads(self.monitor.read(deadline))
            if "event" in message:
                self.events.append(message["event"])
            elif "error" in message:
                raise GuestError(f"QMP {name}: {message['error']['desc']}")
            else:
                return message["return"]

    def pulled_during(self, command, address, device):
        """Runs a command that asks the function at this address, and pulls the device out once it does."""
        self.run(f"rm -f /tmp/pulled*; ({command} >/tmp/pulled.out 2>/tmp/pulled.err; echo $? >/tmp/pulled) </dev/null & sleep 0.1")
        if not self.until(f"grep -q . /run/spdmctl/lock/{address} || test -s /tmp/pulled"):
            raise GuestError(f"{address} is not asked")
        self.qmp("device_del", id=device)
        if not self.until("test -s /tmp/pulled", 60):
            raise GuestError(f"no end: {command}")
        return Result(int(self.read("/tmp/pulled")), self.run("cat /tmp/pulled.out").stdout, self.run("cat /tmp/pulled.err").stdout)

    def wait_for_event(self, event, seconds=20):
        deadline = time.monotonic() + seconds
        while event not in self.events:
            message = json.loads(self.monitor.read(deadline))
            if "event" in message:
                self.events.append(message["event"])
        self.events.remove(event)

    def plug(self, device, port, contents=None):
        """Hot-plugs a device into a root port that is empty; `contents` is a file whose copy it holds."""
        disk = f"disk-{device.name}"
        if contents:
            copy = shutil.copy(contents, self.folder / disk)
            self.qmp("blockdev-add", **{"driver": "raw", "node-name": disk, "file": {"driver": "file", "filename": str(copy)}})
        else:
            self.qmp("blockdev-add", **{"driver": "null-co", "node-name": disk, "size": 64 << 20, "read-zeroes": True})
        self.qmp("device_add", driver="nvme", id=f"nvme-{device.name}", serial=device.name, drive=disk, bus=f"port{port}", spdm_port=device.port,
                 spdm_trans=device.way)

    def unplug(self, identifier):
        self.qmp("device_del", id=identifier)

    def crashed(self):
        """The signal that QEMU died of, if it did. (It ends with a status when it refuses something.)"""
        try:
            return max(0, -self.process.wait(0.2))
        except subprocess.TimeoutExpired:
            return 0

    def close(self, keep_in=None):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:  # a device that does not answer stops all of QEMU
                self.process.kill()
                self.process.wait()
        if keep_in:
            for name in ("console", "qemu"):
                if (self.folder / name).exists():
                    shutil.copy(self.folder / name, f"{keep_in}.{name}")
        shutil.rmtree(self.folder, ignore_errors=True)


def accelerator(qemu, image):
    """KVM, if a trial boot gets as far as the kernel's first words in a few seconds; a /dev/kvm that opens proves nothing."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg,thread=multi"
    with tempfile.TemporaryDirectory(prefix="guest-") as folder:
        log = pathlib.Path(folder) / "console"
        command = [*qemu, "-machine", "q35", "-accel", "kvm", "-cpu", "max", "-m", "512", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        command += ["-kernel", str(image), "-append", "console=ttyS0 panic=-1", "-serial", f"file:{log}"]
        trial = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline, works = time.monotonic() + 5, False
        while not works and trial.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
            works = log.exists() and b"Linux version" in log.read_bytes()
        works = works or (log.exists() and b"Linux version" in log.read_bytes())
        trial.kill()
        trial.wait()
    return "kvm" if works else "tcg,thread=multi"
