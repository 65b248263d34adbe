"""Drives that speak SPDM by their own commands, Security Send and Security Receive (DSP0286), below the kernel's nvme driver."""

import json
import re

import devices
from scenarios.presence import present
from stage import pick

ADDRESSES = [f"0000:{bus:02x}:00.0" for bus in range(1, 6)]
LINES, STATUS = "/tmp/decisions", "/tmp/status"
DRIVE = {"model": "QEMU NVMe Ctrl", "transport": "pcie", "discovery.version": "1.0"}


def boot(stage, kinds, **options):
    """Devices of these kinds under the driver, and their nodes in this order: the kernel numbers them as they become ready."""
    guest = stage.boot(kinds, **options)
    stage.load(guest)
    nodes = []
    for address in ADDRESSES[: len(kinds)]:
        there = guest.until(f"ls /sys/bus/pci/devices/{address}/nvme/nvme*/nvme*n1 >/dev/null 2>&1")
        stage.check(f"the driver is on {address}", there)
        nodes.append("/dev/" + guest.run(f"ls /sys/bus/pci/devices/{address}/nvme").stdout.strip())
    return guest, nodes


def ask(guest, target, verb="auth", seconds=90):
    result = guest.run(f"spdmctl {verb} {target} --json", seconds)
    return result, (result.json().get("devices") or [{}])[0]


def refused(stage, guest, what, target, code, identifier):
    result = guest.run(f"spdmctl auth {target} --json", 90)
    document = result.json()
    error = pick(document, "devices.0.error") or document.get("error") or {}
    stage.equal(f"{what}: exit code", result.status, code)
    stage.equal(f"{what}: error", error.get("id"), identifier)
    return error


def shown(device):
    """What a device has shown of itself, whichever way it was asked."""
    values = [[entry.get(key) for key in ("index", "type", "value", "signed")] for entry in device.get("measurements", [])]
    return {"measurements": values, "chain": pick(device, "chain") or pick(device, "slots.0.chain"), "identity": pick(device, "host.identity")}


def drive(stage):
    """The same device by its own way and by a mailbox shows the same."""
    guest, (own, other) = boot(stage, ["nvme:good", "good"])
    result, by_node = ask(guest, f"nvme:{own}")
    stage.equal("auth by the node: exit code", result.status, 0)
    stage.fields("auth by the node", by_node, {
        "verdict": "pass", "exit_code": 0, "binding": "storage", "host.bdf": ADDRESSES[0], "host.identity": devices.IDENTITY,
        "host.drive.serial": stage.devices[0].name, **{f"host.drive.{key}": value for key, value in DRIVE.items()}})
    stage.check("the drive's firmware is named", pick(by_node, "host.drive.firmware"), by_node.get("host"))

    result, measured = ask(guest, f"nvme:{own} --record /tmp/own.json", "measurements")
    stage.equal("measurements by the node: exit code", result.status, 0)
    result, by_address = ask(guest, f"--via storage {ADDRESSES[0]}", "measurements")
    stage.fields("by the address", by_address, {"verdict": "pass", "binding": "storage", "host.bdf": ADDRESSES[0]})
    result, by_mailbox = ask(guest, ADDRESSES[1], "measurements")
    stage.fields("by a mailbox", by_mailbox, {"verdict": "pass", "binding": "doe", "host.drive": None})
    stage.check("there is something to compare", len(measured.get("measurements", [])) > 5)
    stage.equal("by the address it shows the same", shown(by_address), shown(measured))
    stage.equal("by a mailbox it shows the same", shown(by_mailbox), shown(measured))
    chains = [pick(ask(guest, target, "certs")[1], "slots.0.chain.certificates") for target in (f"nvme:{own}", ADDRESSES[1])]
    stage.check("certs: the chain of both", chains[0] and chains[0] == chains[1], chains)

    verified = guest.run("spdmctl verify /tmp/own.json --json")
    stage.fields("verify what was recorded", verified.json()["devices"][0], {"verdict": "pass", "host.drive.serial": stage.devices[0].name})
    # QEMU has one way for each: the other drive lists no protocol E8h, and the first has no mailbox.
    refused(stage, guest, "no SPDM by its commands", f"nvme:{other}", 3, "no-spdm")
    refused(stage, guest, "no mailbox", f"--via doe {ADDRESSES[0]}", 3, "no-spdm")
    stage.kernel_is_content(guest)


def lockdown(stage):
    """It stops writes to configuration space, and with them mailboxes; the commands of drives it does not."""
    guest, nodes = boot(stage, ["nvme:good", "good"], append="lockdown=integrity")
    stage.check("the kernel is locked down", "[integrity]" in guest.read("/sys/kernel/security/lockdown"))
    refused(stage, guest, "the mailbox", f"--via doe {ADDRESSES[1]}", 4, "lockdown")
    for target in (f"nvme:{nodes[0]}", ADDRESSES[0]):
        result, device = ask(guest, target, "measurements")
        stage.equal(f"{target}: exit code", result.status, 0)
        stage.fields(target, device, {"verdict": "pass", "binding": "storage", "host.bdf": ADDRESSES[0]})
    stage.kernel_is_content(guest, but="is restricted; see man kernel_lockdown.7")


def trust(stage):
    """Bad drives are told apart, and none of them takes long."""
    guest, nodes = boot(stage, ["nvme:untrusted", "nvme:tampered", "nvme:mute", "nvme:dying"])
    for node, kind, code in ((nodes[0], "untrusted", 10), (nodes[1], "tampered", 11)):
        result, device = ask(guest, f"nvme:{node}")
        stage.equal(f"{kind}: exit code", result.status, code)
        stage.fields(kind, device, {"verdict": "fail", "exit_code": code, "host.drive.transport": "pcie"})
    refused(stage, guest, "one that never has a response", f"nvme:{nodes[2]}", 5, "timeout")
    # Its responder closes the connection, and QEMU ends each command with an error from then on.
    error = refused(stage, guest, "one that dies in the middle", f"nvme:{nodes[3]}", 6, "peer")
    stage.check("it says what the drive said", "0x" in error.get("why", ""), error)
    refused(stage, guest, "one that is dead", f"nvme:{nodes[3]}", 6, "peer")
    stage.kernel_is_content(guest)


# NVME_IOCTL_ADMIN_CMD, which strace may or may not know by its name.
COMMAND = re.compile(r"\bioctl\(\d+, (NVME_IOCTL_ADMIN_CMD|_IOC\(_IOC_READ\|_IOC_WRITE, 0x4e, 0x41, 0x48\))")
BEFORE = 3  # the list of protocols, discovery, and what waits


def counted(guest, command):
    """How many commands the drive was sent, and how many of them are beside two for each exchange."""
    result = guest.run(f"strace -f -e trace=ioctl -o /tmp/trace {command} --json", 120)
    sent = len(COMMAND.findall(guest.run("cat /tmp/trace").stdout))
    return result.status, sent, sent - 2 * (pick(result.json(), "devices.0.traffic.round_trips") or 0)


def refusals(stage):
    """Targets that cannot be asked, or not now, and what others leave behind in a drive."""
    guest, (good, mute, old) = boot(stage, ["nvme:good", "nvme:mute", "nvme:old-answer"])
    refused(stage, guest, "a namespace", f"nvme:{good}n1", 2, "usage")
    refused(stage, guest, "no such node", "nvme:/dev/nvme9", 3, "no-device")
    refused(stage, guest, "no drive of this kind", f"scsi:{good}", 2, "usage")
    result = guest.run(f"chmod 666 {good}; su -s /bin/sh nobody -c 'spdmctl auth nvme:{good} --json'")
    stage.equal("not root: exit code", result.status, 4)
    stage.fields("not root", result.json()["devices"][0], {"error.id": "permission"})
    result = guest.run(f"spdmctl auth nvme:{mute} >/dev/null & sleep 2; spdmctl auth nvme:{mute} --json; second=$?; wait $!; echo $second $? >&2", 120)
    stage.equal("two at once", result.stderr.split()[-2:], ["5", "5"])
    stage.fields("the second", result.json()["devices"][0], {"error.id": "busy"})
    # An old answer is received, and pending info asked once more.
    stage.equal("an old answer", counted(guest, f"spdmctl auth nvme:{old}")[::2], (0, BEFORE + 2))
    # Killed between the first message and its response, in the process that has the drive, a requester leaves the response behind.
    killed = guest.run(f"strace -f -e trace=ioctl -e inject=ioctl:signal=KILL:when={BEFORE + 2} spdmctl auth nvme:{good} 2>/dev/null", 120)
    stage.check("one is killed", killed.status != 0)
    stage.equal("the next one", counted(guest, f"spdmctl auth nvme:{good}")[::2], (0, BEFORE + 2))
    stage.kernel_is_content(guest)


def commands(stage):
    """Two commands for an exchange."""
    guest, (node,) = boot(stage, ["nvme:good"])
    status, sent, beside = counted(guest, f"spdmctl measurements nvme:{node}")
    stage.equal("under strace", status, 0)
    stage.equal("beside two for each exchange", beside, BEFORE)
    stage.note(f"{sent} commands for {(sent - beside) // 2} exchanges")
    stage.kernel_is_content(guest)


def listed(stage):
    """What there is of drives, and what arrives."""
    guest, (own, _) = boot(stage, ["nvme:good", "good"])
    plain = guest.run("spdmctl list --json")
    stage.check("list asks no drive if it is not told to", not plain.json().get("drives"), plain.stdout)
    result = guest.run("spdmctl list --drives --json")
    stage.equal("list --drives: exit code", result.status, 0)
    drives = result.json().get("drives") or []
    # The other one does not list E8h.
    stage.equal("it shows what speaks SPDM", [entry.get("bdf") for entry in drives], [ADDRESSES[0]])
    stage.fields("the drive", drives[0] if drives else {}, {
        "target": f"nvme:{own}", "spdm": True, "serial": stage.devices[0].name, "mailbox": False, "transport": "pcie"})
    stage.kernel_is_content(guest)


def heard(guest, node, occasion):
    """What the watch has written down of a drive for this reason."""
    line = f"grep '\"drive\":\"{node}\"' {LINES} | grep '\"occasion\":\"{occasion}\"'"
    return json.loads(guest.run(line).stdout.splitlines()[-1]) if guest.until(f"{line} >/dev/null", 30) else {}


def watched(stage):
    """Drives that are there, and that arrive, are judged by their own way; nothing is done to them."""
    guest, (own,) = boot(stage, ["nvme:good"], spare_ports=2)
    guest.run(f"(spdmctl watch --drives --enforce --mode enforce --format ndjson >{LINES} 2>/tmp/words; echo $? >{STATUS}) & sleep 0.5")
    judged = {"decision": "audited", "verdict": "pass", "exit_code": 0, "bdf": ADDRESSES[0]}
    stage.fields("what was there", heard(guest, own, "start"), judged)
    guest.plug(stage.device("nvme:untrusted"), 1)
    stage.check("an untrusted drive arrives", guest.until(present(ADDRESSES[1])))
    there = guest.until(f"ls /sys/bus/pci/devices/{ADDRESSES[1]}/nvme/nvme*/nvme*n1 >/dev/null 2>&1")
    stage.check("its driver binds", there)
    other = "/dev/" + guest.run(f"ls /sys/bus/pci/devices/{ADDRESSES[1]}/nvme").stdout.strip()
    stage.fields("it is judged once its driver is bound", heard(guest, other, "arrival"), {"verdict": "fail", "exit_code": 10, "bdf": ADDRESSES[1]})
    stage.check("and keeps it", guest.until(f"test -e /sys/bus/pci/devices/{ADDRESSES[1]}/driver", 2))
    guest.run("kill -TERM $(pidof -s spdmctl) $(pidof spdmctl)")
    stage.check("it ends when it is told to", guest.until(f"test -s {STATUS}"))
    stage.equal("its exit code", guest.read(STATUS), "0")
    stage.check("no process of it is left", guest.until("! pidof spdmctl"))
    stage.kernel_is_content(guest)


def removal(stage):
    """Drives that go while they are asked."""
    guest, (mute, late) = boot(stage, ["nvme:mute", "nvme:asks-for-time"])
    command = f"spdmctl auth nvme:{mute} --json >/tmp/out; echo $? >/tmp/status"
    result = guest.run(f"({command}) & until grep -q . /run/spdmctl/lock/{ADDRESSES[0]}; do sleep 0.1; done; sleep 2; echo 1 >/sys/bus/pci/devices/{ADDRESSES[0]}/remove; wait; cat /tmp/out; exit $(cat /tmp/status)", 60)
    stage.check("removed while it is polled: exit code", result.status == 3, f"{result.status} {result.stdout[-600:]}")
    stage.fields("removed while it is polled", result.json()["devices"][0], {"error.id": "no-device"})
    result = guest.pulled_during(f"spdmctl measurements nvme:{late} --json", ADDRESSES[1], "nvme1")
    stage.check("pulled in the middle: exit code", result.status == 3, f"{result.status} {result.json()['devices'][0].get('error')}")
    stage.check("it is gone", guest.until(f"! {present(ADDRESSES[1])}"))
    refused(stage, guest, "after that", f"nvme:{late}", 3, "no-device")
    stage.kernel_is_content(guest)
