"""A system with systemd and udev after its boot: our units, as they are installed."""

from scenarios.gate import driver, states
from scenarios.presence import present

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
