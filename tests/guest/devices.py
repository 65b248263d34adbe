"""Who answers behind the NVMe devices: emulated responders on sockets, one for each, and who vouches for them."""

import os
import pathlib
import socket
import subprocess
import time

# What a guest sees of QEMU's NVMe device (PCIe r6.x 6.31.3).
IDENTITY = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"

# What each kind of device does wrong. A responder that is silent would stop QEMU, and the guest with it: QEMU waits for
# the answer inside of the access that rings the bell. Where the connection is closed it gives up, and the mailbox is
# never ready.
FAULTS = {
    "good": [],
    "untrusted": [],
    "impostor": [],
    "tampered": ["{on: CHALLENGE_AUTH, do: bad-signature}"],
    "silent": ["{on: VERSION, do: close}"],
    "dying": ["{on: CERTIFICATE, do: close}"],  # in the middle of it
    "mute": ["{on: VERSION, do: drop}"],  # for drives: the commands are answered, and no response ever waits
    "old-answer": [],
    "slow": ["{on: any, do: delay 150}"],
    "asks-for-time": ["{on: MEASUREMENTS, do: not-ready 23 2, times: 1}"],  # 8.4 s, in which nobody waits for an access
    "session": [],
    "record-cut": ["{on: MEASUREMENTS, do: cut-record 8}"],
    "psk": [],
    "events": [],
    "tee-io": [],
    "patient": [],
    "not-ready": ["{on: CHALLENGE_AUTH, do: not-ready 18 4, times: 1}"],  # 2^18 us
}
# What devices have beside the profile that `emulate --init` writes. "psk" opens sessions with this key only.
PSK = bytes(range(32)).hex()
EXTRAS = {
    "old-answer": "storage: {waiting: '10040000000200100012'}",  # VERSION, for a requester that is gone
    "session": "sessions: {heartbeat-period: 60}",
    "record-cut": "sessions: true",
    # Its second port is the function that guests see first. QEMU has no IDE, so that configuration space shows none.
    "tee-io": """sessions: true
ide: {ports: [{bus: 0x1f}, {bus: 0x01, device: 0, function: 0}], selective-streams: 2}
tdisp: {functions: [{bus: 0x01, device: 0, function: 0}], state: run, report: {ranges: [{first-page: 0xfe000, pages: 4}]}}""",
    "events": "sessions: {events: {happen: [{type: measurement-changed, after: 2, indices: [2], text: other firmware}]}}",
    "patient": "ct-exponent: 23",  # 8.4 s
    "psk": f"sessions: {{key-exchange: [], psk: [{{hint: guest, key-hex: '{PSK}'}}]}}",
}
# Which of the roots each kind hangs from; "owner" is the one that guests trust.
CHAIN = {"untrusted": "stranger", "impostor": "impostor"}


class Vendor:
    """Keys, certificates and profiles, made once."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        for name, identity in (("owner", IDENTITY), ("stranger", IDENTITY), ("impostor", IDENTITY.replace("Device=0010", "Device=0011"))):
            subprocess.run([program, "emulate", "--init", folder / name, "--identity", identity], check=True, stdout=subprocess.DEVNULL)
        for kind, faults in FAULTS.items():
            chain = CHAIN.get(kind, "owner")
            profile = (folder / chain / "profile.yaml").read_text()
            lines = [line for line in profile.splitlines() if not line.lstrip().startswith("#")]
            if kind in EXTRAS:
                lines.append(EXTRAS[kind])
            if faults:
                lines += ["faults:", *(f"  - {fault}" for fault in faults)]
            (folder / chain / f"{kind}.yaml").write_text("\n".join(lines) + "\n")
        # Both are trusted; the chain of the impostor is a good one, but of another device.
        self.root = (folder / "owner/root.pem").read_text()
        self.anchors = self.root + (folder / "impostor/root.pem").read_text()

    def profile(self, kind):
        return self.folder / CHAIN.get(kind, "owner") / f"{kind}.yaml"


# How the NVMe device before a responder is asked, as QEMU has it and as `emulate` does: by a mailbox, or by the commands of a drive.
WAYS = {"doe": "doe", "nvme": "storage"}


class Device:
    """One emulated responder. `name` is also the serial number of the NVMe device before it."""

    def __init__(self, vendor, kind, name, scratch, way="doe"):
        self.kind, self.name, self.way = kind, name, way
        port_file = pathlib.Path(scratch) / f"{name}.port"
        command = [vendor.program, "emulate", "--listen", f"emu://127.0.0.1:0?binding={WAYS[way]}", "--port-file", port_file, vendor.profile(kind)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = int(wait_for(lambda: port_file.exists() and port_file.read_text().strip(), self.process))

    def close(self):
        stop(self.process)


class Reference:
    """DMTF's spdm_responder_emu, where SPDMCTL_RESPONDER names it. It serves one connection and ends."""

    program = os.environ.get("SPDMCTL_RESPONDER")
    kind, name, way = "reference", "reference", "doe"

    def __init__(self):
        folder = pathlib.Path(self.program).resolve().parent
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [str(pathlib.Path(self.program).resolve()), "--trans", "PCI_DOE", "--ip", "127.0.0.1", "--port", str(self.port)]
        command += ["--ver", "1.2", "--basic_mut_auth", "NO", "--mut_auth", "NO"]
        # It finds its sample certificates in the directory it runs in. Connecting to see whether it listens would end it.
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: listening(self.port), self.process)

    @classmethod
    def root(cls):
        return (pathlib.Path(cls.program).resolve().parent / "ecp384/ca.cert.der").read_bytes()

    def close(self):
        stop(self.process)


def listening(port):
    rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "0A" for row in rows)


def wait_for(ready, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if value := ready():
            return value
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"{process.args[0]} does not serve")


def stop(process):
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
