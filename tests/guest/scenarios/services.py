"""A system with systemd and udev after its boot: our units, as they are installed."""

import pathlib
import re
import shutil
import subprocess

import systems
from scenarios.gate import driver, states
from scenarios.power import wake_up
from scenarios.presence import present
from store import Unfit

HERE, NEW, OTHER = (f"0000:{bus:02x}:00.0" for bus in range(1, 4))


def show(guest, unit, *properties):
    lines = guest.run(f"systemctl show {unit} -p {','.join(properties)}").stdout.split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line)


def services(stage):
    guest = stage.boot(["good"], image="system", spare_ports=2)
    stage.note(f"up after {guest.booted:.0f} s")
    stage.check("the driver is on the first", guest.until(f"test -e /sys/bus/pci/devices/{HERE}/driver"))
    failed = guest.run("systemctl --failed --no-legend --plain").stdout.strip()
    stage.equal("no unit has failed", failed, "")
    arrival(stage, guest)
    watched(stage, guest)
    after_sleep(stage, guest)
    stage.kernel_is_content(guest)


def arrival(stage, guest):
    """udev starts a unit for a device that is plugged in."""
    guest.plug(stage.device("untrusted"), 1)
    stage.check("an untrusted device arrives", guest.until(present(NEW)))
    stage.check("udev has it judged", guest.until(f"test -e /run/spdmctl/devices/{NEW}.json"))
    unit = f"spdmctl-device@{NEW}.service"
    guest.until(f"test $(systemctl show {unit} -p ActiveState --value) != activating")
    stage.fields("its unit", show(guest, unit, "ExecMainStatus", "ConditionResult"), {"ExecMainStatus": "10", "ConditionResult": "yes"})
    stage.fields("its state", states(guest).get(NEW), {"occasion": "arrival", "exit_code": 10})
    stage.equal("no driver is left on it", driver(guest, NEW), "")


def after_sleep(stage, guest):
    """Without it the unit for sleep is there. (Nothing is plugged in after this: the firmware of these machines lets slots fall.)"""
    guest.run(f"rm /run/spdmctl/devices/{HERE}.json")
    guest.run("systemctl start --no-block suspend.target")
    wake_up(guest)
    guest.reach()
    state = f"/run/spdmctl/devices/{HERE}.json"
    stage.check("what was there is judged again after sleep", guest.until(f"grep -q resume {state} 2>/dev/null", 40))
    stage.fields("its state", states(guest).get(HERE), {"occasion": "resume", "verdict": "pass"})
    stage.equal("and its driver stays", driver(guest, HERE), "nvme")


def said(guest):
    return guest.run("journalctl -b --no-pager -u spdmctl-watch -u systemd-suspend; cat /run/spdmctl/devices/*").stdout


def watched(stage, guest):
    """With the service that watches the others step back, and it does what they did."""
    stage.equal("the watch starts", guest.run("systemctl start spdmctl-watch", 60).status, 0)
    stage.fields("the watch", show(guest, "spdmctl-watch", "ActiveState", "StatusText"), {"ActiveState": "active"})
    guest.plug(stage.device("untrusted"), 2)
    stage.check("another one arrives", guest.until(present(OTHER)))
    state = f"/run/spdmctl/devices/{OTHER}.json"
    stage.check("it attends to what arrives", guest.until(f"test -e {state}"))
    stage.check("and takes the driver away", guest.until(f"! test -e /sys/bus/pci/devices/{OTHER}/driver"))
    # Where the driver was quicker than the verdict, its binding is an occasion of its own, and it is judged twice.
    guest.until(f"sleep 1; grep -q exit_code.*10 {state}")
    found = states(guest).get(OTHER, {})
    stage.check("its exit code", found.get("exit_code") == 10, f"{found}; {said(guest)}")
    stage.check("the occasion", found.get("occasion") in ("arrival", "bind"), found.get("occasion"))
    stage.fields("the unit of udev", show(guest, f"spdmctl-device@{OTHER}.service", "ConditionResult"), {"ConditionResult": "no"})

    guest.run(f"systemctl enable spdmctl-resume.service; rm /run/spdmctl/devices/{HERE}.json")
    guest.run("systemctl start --no-block suspend.target")
    wake_up(guest)
    guest.reach()
    judged = guest.until(f"grep -q resume /run/spdmctl/devices/{HERE}.json 2>/dev/null", 20)
    stage.check("it judges again after sleep", judged, "" if judged else said(guest))
    stage.fields("the unit for sleep", show(guest, "spdmctl-resume.service", "ConditionResult"), {"ConditionResult": "no"})

    stage.equal("it reloads", guest.run("systemctl reload spdmctl-watch").status, 0)
    stage.fields("and lives", show(guest, "spdmctl-watch", "ActiveState", "NRestarts"), {"ActiveState": "active", "NRestarts": "0"})
    # Whatever ends it, the mark by which others know of it goes with it.
    guest.run("kill -9 $(systemctl show spdmctl-watch -p MainPID --value)")
    stage.check("a death is noticed", guest.until("! test -e /run/spdmctl/watch", 5))
    stage.check("and it comes back", guest.until("systemctl --quiet is-active spdmctl-watch && test -e /run/spdmctl/watch", 30))
    stage.equal("it stops", guest.run("systemctl stop spdmctl-watch; systemctl show spdmctl-watch -p Result --value").stdout.strip(), "success")
    stage.check("states outlive it", guest.run(f"test -e {state}").status == 0)


UNITS = [f"/usr/lib/systemd/system/spdmctl-{name}.service" for name in ("gate", "watch", "watch-initrd", "device@", "resume")]
MOST_EXPOSED = 2.0  # of 10, by the measure of systemd-analyze


def units(stage):
    """No guest: systemd's own opinion of our units."""
    if not shutil.which("systemd-analyze"):
        raise Unfit("there is no systemd-analyze here; dist/packages guest installs it")
    tree, scratch = stage.workshop.tree, stage.workshop.folder / "scratch-units"
    verified = systems.overlaid(tree, stage.kernel, scratch, ["sh", "-c", 'systemd-analyze --man=no verify "$@"; echo "status $?"', "sh", *UNITS])
    stage.equal("systemd-analyze verify", verified.strip(), "status 0")
    for unit in UNITS:
        name = pathlib.PurePath(unit).name
        shown = subprocess.run(["systemd-analyze", f"--root={tree}", "--no-pager", "security", "--offline=true", name], capture_output=True, text=True)
        exposure = re.search(r"exposure level for \S+: ([\d.]+)", shown.stdout)
        stage.check(f"exposure of {name}", exposure and float(exposure[1]) <= MOST_EXPOSED, shown.stdout[-200:] + shown.stderr)
        stage.note(f"{name.split('.')[0]} {exposure[1] if exposure else '?'}")
