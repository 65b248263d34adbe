"""What MCTP has few of, or none: tags, bytes in a message, ways to an endpoint."""

import pathlib
import re
import subprocess

from scenarios.mctp import BUSY, ask, boot, end, endpoint, far_end, passes, refused, stays
from stage import pick

NO_DEVICE, TIMEOUT = 3, 5


def tags(stage):
    """A peer has eight tags, and programs share them."""
    guest = boot(stage)
    stays(stage, guest, "pair", "exec bed pair")
    endpoint(stage, guest, "good")
    stays(stage, guest, "tags", "exec bed tags 1 9")
    stage.check("another program has them all", "8 tags" in guest.read("/run/tags"), guest.read("/run/tags"))
    refused(stage, guest, "no tag", BUSY, "busy")
    end(guest, "tags")
    passes(stage, guest, "they are given back")
    stays(stage, guest, "tags", "exec bed tags 1 9 --most 7")
    passes(stage, guest, "one is left")
    end(guest, "tags")
    # Each that ends well, and each that is refused, gives back what it took: more runs than there are tags.
    result = guest.run("for i in 1 2 3 4 5 6 7 8 9 10; do spdmctl auth mctp:1:9 >/dev/null; echo $?; done", 60)
    stage.equal("again and again", result.stdout.split(), ["0"] * 10)
    result = guest.run("for i in 1 2 3 4; do (spdmctl auth mctp:1:9 >/dev/null; echo $?) & done; wait", 60)
    # One asks, and the others wait for their turn, a second at most.
    told = result.stdout.split()
    stage.check("of several at once each has its turn, or is told", len(told) == 4 and "0" in told and set(told) <= {"0", str(BUSY)}, result.stdout)
    stage.kernel_is_content(guest)


LEVELS, COMMENT, BLOCKS, BLOCK = 6, 3600, 3, 20480


def large_device(folder):
    """A chain of more than 20 KiB, and 60 KiB of measurements: a message that MCTP just takes."""
    subprocess.run(["sh", pathlib.Path(__file__).resolve().parents[2] / "cli/data/pki.sh", "."], cwd=folder, check=True, stderr=subprocess.DEVNULL)

    def issue(subject, key, extensions, issuer, issuer_key, target):
        request = subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", f"/CN={subject}"], cwd=folder, check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-sha384", "-days", "30", "-set_serial", "99", "-extfile", extensions, "-CA", issuer, "-CAkey",
                        issuer_key, "-out", target], cwd=folder, input=request.stdout, check=True, capture_output=True)

    (folder / "large.cnf").write_text((folder / "ca.cnf").read_text() + f"nsComment={'x' * COMMENT}\n")
    chain, issuer, issuer_key = (folder / "root.pem").read_text(), "root.pem", "root.key"
    for level in range(LEVELS):
        issue(f"level {level}", "middle.key", "large.cnf", issuer, issuer_key, f"{level}.pem")
        issuer, issuer_key = f"{level}.pem", "middle.key"
        chain += (folder / issuer).read_text()
    issue("device", "key.pem", "leaf.cnf", issuer, issuer_key, "leaf.pem")
    (folder / "chain.pem").write_text(chain + (folder / "leaf.pem").read_text())
    blocks = ""
    for index in range(1, BLOCKS + 1):
        (folder / f"block-{index}").write_bytes(bytes([index]) * BLOCK)
        blocks += f"  - {{index: {index}, type: informational, file: block-{index}}}\n"
    profile = folder / "profile.yaml"
    profile.write_text("slots: [{slot: 0, chain: chain.pem, key: key.pem}]\ndata-transfer-size: 65535\nsessions: true\nmeasurements:\n" + blocks)
    return profile


def large(stage):
    guest = boot(stage)
    profile = large_device(pathlib.Path(stage.scratch.name))
    guest.run("bed lo 20")
    stays(stage, guest, "pair", "exec bed pair")
    trust = f"--root {profile.parent / 'root.pem'}"
    for way, own, target in (("over lo", "mctp:1:20", "mctp:1:20"), ("over a serial line", "mctp:2:9", "mctp:1:9")):
        stays(stage, guest, "large", f"exec spdmctl emulate --listen {own} {profile}", "mctp:")
        for options in ("", "--in-session"):
            what = f"{way} {options}".strip()
            result, device = ask(guest, "measurements", f"{trust} {options}", target)
            stage.equal(f"{what}: exit code", result.status, 0)
            stage.fields(what, device, {"verdict": "pass", "exit_code": 0, "binding": "mctp"})
            stage.equal(f"{what}: sizes", [len(entry.get("value", "")) // 2 for entry in device.get("measurements", [])], [BLOCK] * BLOCKS)
            received = pick(device, "traffic.bytes") or 0
            stage.check(f"{what}: chain and measurements came", received > LEVELS * COMMENT + BLOCKS * BLOCK, device.get("traffic"))
        end(guest, "large")
    stage.kernel_is_content(guest)


def down(stage):
    """Nobody at the other end, in each way that there is."""
    guest = boot(stage)
    refused(stage, guest, "no interface at all", NO_DEVICE, "no-device")
    far_end(stage, guest, "good")
    refused(stage, guest, "no way to this EID", NO_DEVICE, "no-device", target="mctp:1:77")
    refused(stage, guest, "no such network", NO_DEVICE, "no-device", target="mctp:3:9")
    refused(stage, guest, "an EID that no endpoint has", 2, "usage", target="mctp:1:255")
    refused(stage, guest, "a network of zero", 2, "usage", target="mctp:0:9")
    serial = guest.run("ls /sys/class/net").stdout
    interface = re.search(r"mctpserial\d+", serial)[0]
    guest.run(f"bed route {interface} 30 40")
    refused(stage, guest, "an EID of a range that nobody has", TIMEOUT, "timeout", "--timeout 1s", target="mctp:1:35")
    guest.run(f"bed link {interface} down")
    # The kernel takes what is sent, and drops it: that looks like nobody (5), where it does not say that the link is down (3).
    result, device = ask(guest, "auth", "--timeout 1s")
    stage.check("the link is down", result.status in (NO_DEVICE, TIMEOUT) and pick(device, "error.why"), device)
    stage.note(f"link down: {pick(device, 'error.id')}")
    guest.run(f"bed link {interface} up")
    guest.run(f"bed route {interface} 9 2>/dev/null")
    passes(stage, guest, "it is up again")
    guest.run(f"bed route {interface} 9 --remove")
    refused(stage, guest, "its route is gone", NO_DEVICE, "no-device")
    stage.kernel_is_content(guest)
