"""The gate in the initrd: real udev, a root file system on the good device, and drivers on nothing that failed."""

import re
import time

GOOD, UNTRUSTED, TAMPERED, SILENT = ADDRESSES = [f"0000:{bus:02x}:00.0" for bus in range(1, 5)]
BAD = {UNTRUSTED: 10, TAMPERED: 11, SILENT: 5}


def boot(stage, image, append=""):
    # The root file system is on the first device: getting there takes its driver, and udev.
    guest = stage.boot(["good", "untrusted", "tampered", "silent"], image=image, append=append)
    stage.note(f"up after {guest.booted:.0f} s")
    guest.run("udevadm settle 2>/dev/null; true")
    return guest


def driver(guest, address):
    return guest.run(f"basename $(readlink /sys/bus/pci/devices/{address}/driver) 2>/dev/null").stdout.strip()


def disks(guest):
    """PCI addresses below which the kernel has block devices."""
    links = guest.run("for disk in /sys/class/block/nvme*; do readlink -f $disk; done").stdout.split()
    return {address for address in ADDRESSES if any(f"/{address}/" in link for link in links)}


def states(guest):
    return {entry["bdf"]: entry for entry in guest.run("spdmctl status --json").json()["devices"]}


def enforce(stage, image):
    guest = boot(stage, image)
    stage.equal("nvme is bound to the good device", driver(guest, GOOD), "nvme")
    stage.equal("block devices", disks(guest), {GOOD})
    stage.equal("controllers", guest.run("cat /sys/class/nvme/*/address").stdout.split(), [GOOD])
    for address in BAD:
        stage.equal(f"no driver on {address}", driver(guest, address), "")
        stage.equal(f"override of {address}", guest.read(f"/sys/bus/pci/devices/{address}/driver_override"), "spdmctl-blocked")
    stage.check("no override on the good one", guest.read(f"/sys/bus/pci/devices/{GOOD}/driver_override") in ("", "(null)"))
    stage.equal("autoprobe is as it was", guest.read("/sys/bus/pci/drivers_autoprobe"), "1")
    found = states(guest)
    stage.equal("states", sorted(found), ADDRESSES)
    stage.fields("state of the good one", found.get(GOOD), {"decision": "allowed", "verdict": "pass", "exit_code": 0, "occasion": "boot", "bound_before": None})
    for address, code in BAD.items():
        stage.fields(f"state of {address}", found.get(address), {"decision": "blocked", "exit_code": code, "driver": None})
    log = guest.run("dmesg").stdout
    stage.check("the console tells how to let them go", wait_for(guest, "3 devices are held back.*spdmctl gate --release", 5), guest.console()[-600:])
    stage.check("the log tells of each device", all(re.search(f"spdmctl(\\[\\d+\\])?: {address}:? ", log) for address in ADDRESSES), log[-800:])
    # What is blocked stays blocked when a driver is asked to probe.
    guest.run(f"echo {UNTRUSTED} >/sys/bus/pci/drivers_probe; echo {UNTRUSTED} >/sys/bus/pci/drivers/nvme/bind")
    stage.equal("not by asking for it either", driver(guest, UNTRUSTED), "")
    stage.kernel_is_content(guest)


def broken(stage, image):
    """A gate whose program does not work is a closed one: nothing that loads drivers runs without it."""
    disk = stage.workshop.disk
    files = {"usr/bin/spdmctl": "#!/bin/sh\necho the program is broken >/dev/kmsg\nexit 1\n"}
    guest = stage.start(["good", "untrusted"], image, "root=LABEL=guest rootfstype=ext4 rw loglevel=7", files, memory=1024, root_disk=disk)
    stage.check("the gate was tried", wait_for(guest, "the program is broken", 60), guest.console()[-600:])
    stage.check("the boot stops for somebody to look", wait_for(guest, "mergency|[Ss]pawning shell|rescue|did not run", 30), guest.console()[-600:])
    stage.check("the console tells how to let devices go", wait_for(guest, "spdmctl gate --release", 10), guest.console()[-600:])
    time.sleep(3)  # for drivers to come, if they could
    stage.check("no driver met a device", not re.search(r"nvme nvme\d", guest.console()), re.findall(r".*nvme.*", guest.console()))
    stage.check("no root file system", "READY" not in guest.console() and "EXT4-fs" not in guest.console())


# Runs where the rescue shell would, after what tells how to go on.
RELEASE = """
echo "held: $(cat /sys/bus/pci/devices/0000:01:00.0/driver_override)" >/dev/kmsg
spdmctl gate --release >/dev/kmsg 2>&1
i=0; while [ ! -e /sys/bus/pci/devices/0000:01:00.0/driver ] && [ $i -lt 100 ]; do sleep 0.2; i=$((i+1)); done
echo "after: $(cat /sys/bus/pci/devices/0000:01:00.0/driver_override), $(ls -d /sys/bus/pci/devices/0000:01:00.0/driver)" >/dev/kmsg
"""


def rescue(stage, image):
    """The root file system is on a device that failed: the boot stops, and the shell tells what can be done."""
    files = {"usr/lib/dracut/hooks/emergency/60-test.sh": RELEASE, "scripts/panic/ORDER": f'/scripts/panic/spdmctl "$@"\n{RELEASE}'}
    append = "root=LABEL=guest rootfstype=ext4 rw rootdelay=2 rd.retry=4 rd.timeout=4 loglevel=7 panic="  # without a time limit, there is a shell
    guest = stage.start(["untrusted"], image, append, files, memory=1024, root_disk=stage.workshop.disk)
    stage.check("the shell tells what is held back", wait_for(guest, "the gate holds back: 0000:01:00.0", 120), guest.console()[-900:])
    stage.check("it was held", wait_for(guest, "held: spdmctl-blocked", 20), guest.console()[-600:])
    stage.check("it is let go", wait_for(guest, "0000:01:00.0  released", 20), guest.console()[-600:])
    stage.check("and its driver comes", wait_for(guest, r"after: (\(null\))?, \S+/driver", 20), guest.console()[-600:])


def unreadable(stage, image):
    """A policy that nobody can read, in an image that was made to enforce: the gate stays closed."""
    files = {"etc/spdmctl/policy.d/50-guest.yaml": "rules: [\n"}
    append = "root=LABEL=guest rootfstype=ext4 rw rootdelay=2 rd.retry=4 rd.timeout=4 loglevel=7 panic="  # without a time limit, there is a shell
    guest = stage.start(["good"], image, append, files, memory=1024, root_disk=stage.workshop.disk)
    stage.check("the shell tells what is held back", wait_for(guest, "the gate holds back: 0000:01:00.0", 120), guest.console()[-900:])
    stage.check("the console tells why", "50-guest.yaml" in guest.console(), guest.console()[-900:])
    stage.check("no driver met the device", not re.search(r"nvme nvme\d", guest.console()), re.findall(r".*nvme.*", guest.console()))


def wait_for(guest, pattern, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if re.search(pattern, guest.console()):
            return True
        time.sleep(0.2)
    return False


def audit(stage, image):
    guest = boot(stage, image, "spdmctl.gate=audit")
    stage.check("every device gets its driver", guest.until(f"test $(ls -d /sys/class/nvme/nvme* | wc -l) = {len(ADDRESSES)}"))
    stage.equal("on all of them", [driver(guest, address) for address in ADDRESSES], ["nvme"] * 4)
    stage.equal("block devices", disks(guest), set(ADDRESSES))
    found = states(guest)
    stage.equal("decisions", {address: entry["decision"] for address, entry in found.items()}, dict.fromkeys(ADDRESSES, "audited"))
    stage.equal("exit codes", {address: entry["exit_code"] for address, entry in found.items()}, {GOOD: 0, **BAD})
    stage.equal("autoprobe is as it was", guest.read("/sys/bus/pci/drivers_autoprobe"), "1")
    stage.kernel_is_content(guest)


def off(stage, image):
    guest = boot(stage, image, "spdmctl.gate=off")
    stage.check("every device gets its driver", guest.until(f"test $(ls -d /sys/class/nvme/nvme* | wc -l) = {len(ADDRESSES)}"))
    stage.equal("on all of them", [driver(guest, address) for address in ADDRESSES], ["nvme"] * 4)
    stage.equal("no states", guest.run("ls /run/spdmctl/devices 2>/dev/null").stdout, "")
    stage.kernel_is_content(guest)


def clock(stage, image):
    """A clock that nobody has set: the good device has the root file system, and its certificate is not valid yet by it."""
    options = {"memory": 1024, "root_disk": stage.workshop.disk, "clock": "2001-01-01T00:00:00", "timeout": 300}
    guest = stage.start(["good", "untrusted"], image, "root=LABEL=guest rootfstype=ext4 rw loglevel=7", {}, **options)
    guest.wait_for_agent()
    # systemd puts a clock that is older than itself forward to when it was built.
    stage.check("the clock is wrong", int(guest.run("date +%s").stdout) < time.time() - 86400, guest.run("date").stdout)
    stage.equal("the root file system is on the good one", disks(guest), {GOOD})
    found = states(guest)
    stage.fields("the good one", found.get(GOOD), {"decision": "allowed", "verdict": "pass", "exit_code": 0})
    stage.fields("the other", found.get(UNTRUSTED), {"decision": "blocked", "exit_code": 10})
    told = "the clock says 20.* before this image was made: certificates are judged at 20[2-9]"
    stage.check("the log tells at which time", re.search(told, guest.run("dmesg").stdout), guest.run("dmesg | grep spdmctl").stdout[-800:])
    # What comes later is judged at no earlier time, although the image is out of sight.
    later = guest.run(f"spdmctl gate --enforce --occasion arrival --json {UNTRUSTED}").json()
    stage.check("later, too", later["judged_at_from"] in ("image", "last-verdict"), later)


def later(stage, image):
    """Devices that appear in the initrd after the gate, the one with the root file system among them."""
    options = {"memory": 1024, "spare_ports": 2, "timeout": 300}
    guest = stage.start([], image, "root=LABEL=guest rootfstype=ext4 rw rootdelay=60 loglevel=7", {}, **options)
    if not stage.check("it watches in the initrd", wait_for(guest, "watching PCI devices", 300), guest.console()[-600:]):
        return
    time.sleep(5)
    guest.plug(stage.device("untrusted"), 0)
    time.sleep(5)
    guest.plug(stage.device("good"), 1, stage.workshop.disk)
    guest.wait_for_agent()
    stage.note(f"up after {guest.booted:.0f} s")
    bad, root = ADDRESSES[:2]
    holds = stage.kernel.name == "7.3"
    stage.equal("the root file system is on the good one", disks(guest), {root})
    stage.equal("no driver on the other", driver(guest, bad), "")
    found = states(guest)
    # Where the kernel cannot hold it, it depends on who comes first: its driver, which may not be loaded yet, or the watch.
    for name, address, code, decision in (("the other", bad, 10, "blocked"), ("the good one", root, 0, "allowed")):
        stage.fields(name, found.get(address), {"exit_code": code, "occasion": "arrival"})
        stage.check(f"decision on {name}", found[address]["decision"] in ([decision] if holds else [decision, "late"]), found[address])
    late = found[root]["decision"] == "late"
    status = guest.run(f"spdmctl status {root}")
    stage.equal("status of the good one", status.status, 13 if late else 0)
    stage.equal("it says what was not held", "6.19" in status.stdout, late)
    stage.equal("autoprobe is as it was", guest.read("/sys/bus/pci/drivers_autoprobe"), "1")
    stage.check("the watch has ended", guest.run("pidof spdmctl || test -e /run/spdmctl/gate.json -o -e /run/spdmctl/initrd-watch.pid").status != 0)
    if holds:
        log = [line for line in guest.run("dmesg").stdout.splitlines() if f"nvme {bad}" in line]
        stage.equal("no driver has ever seen the other", log, [])
    stage.kernel_is_content(guest)
