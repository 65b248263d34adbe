"""Devices that come and go."""

from scenarios.gate import driver, states

HERE, NEW, OTHER = (f"0000:{bus:02x}:00.0" for bus in range(1, 4))
LIST = "spdmctl list --json"


def present(address):
    return f"test -e /sys/bus/pci/devices/{address}/config"


def hotplug(stage):
    """Plugged in through QMP while the driver is loaded."""
    guest = stage.boot(["good"], spare_ports=2)
    stage.load(guest)
    stage.check("the driver is on the first", guest.until(f"test -e /sys/bus/pci/devices/{HERE}/driver"))
    guest.plug(stage.device("good"), 1)
    stage.check("a good device arrives", guest.until(present(NEW)))
    guest.plug(stage.device("untrusted"), 2)
    stage.check("an untrusted device arrives", guest.until(present(OTHER)))
    # Without a gate drivers bind at once, on every kernel.
    stage.check("the driver binds to it", guest.until(f"test -e /sys/bus/pci/devices/{OTHER}/driver"))
    found = [entry["bdf"] for entry in guest.run(LIST).json()["devices"]]
    stage.equal("list finds them", found, [HERE, NEW, OTHER])
    stage.equal("auth of the good one", guest.run(f"spdmctl auth {NEW}").status, 0)
    stage.equal("auth of the other", guest.run(f"spdmctl auth {OTHER}").status, 10)
    result = guest.run(f"spdmctl gate --enforce --mode enforce --occasion arrival {NEW} {OTHER} --json")
    stage.equal("gate: exit code", result.status, 10)
    state = states(guest)
    # Its driver was there first: allowed it was not, and late is what that is called.
    stage.fields("the good one stays", state.get(NEW), {"decision": "late", "verdict": "pass", "occasion": "arrival", "exit_code": 0})
    stage.equal("and keeps its driver", driver(guest, NEW), "nvme")
    stage.fields("the other is found late", state.get(OTHER), {"decision": "late", "occasion": "arrival", "exit_code": 10})
    stage.equal("and loses its driver", driver(guest, OTHER), "")
    guest.unplug("nvme-" + stage.devices[2].name)
    stage.check("it goes", guest.until(f"! {present(OTHER)}"))
    stage.equal("list no longer finds it", [entry["bdf"] for entry in guest.run(LIST).json()["devices"]], [HERE, NEW])
    stage.kernel_is_content(guest)


def held(stage):
    """What a gate can promise of devices that are plugged in while autoprobe is off: from 6.19 on nothing binds."""
    guest = stage.boot(["good"], spare_ports=1)
    stage.load(guest)
    guest.run("echo 0 >/sys/bus/pci/drivers_autoprobe")
    guest.plug(stage.device("untrusted"), 1)
    stage.check("it arrives", guest.until(present(NEW)))
    bound = guest.until(f"test -e /sys/bus/pci/devices/{NEW}/driver", 3)
    stage.equal("drivers bind to it all the same", bound, stage.kernel.name in ("6.1", "6.12"))
    doctor = guest.run("spdmctl doctor").stdout
    said = " ".join(doctor.split())  # lines are broken where they are too wide
    stage.check("doctor tells what this kernel can do", ("those that are added later" in said) != bound, doctor)
    stage.kernel_is_content(guest)


def removal(stage):
    """A device that goes in the middle of an exchange: it is told as such, soon, and nothing is left behind."""
    guest = stage.boot(["silent", "asks-for-time"])
    # The first answers nothing, so it goes while the program polls for an answer.
    command = f"spdmctl auth {HERE} --json >/tmp/out; echo $? >/tmp/status"
    result = guest.run(f"({command}) & sleep 0.6; echo 1 >/sys/bus/pci/devices/{HERE}/remove; wait; cat /tmp/out; exit $(cat /tmp/status)")
    stage.equal("gone while it is polled: exit code", result.status, 3)
    stage.fields("gone while it is polled", result.json()["devices"][0], {"error.id": "no-device"})
    # The second asks for time before its last answer, more than the host needs to pull it, however busy that is.
    result = guest.pulled_during(f"spdmctl measurements {NEW} --json", NEW, "nvme1")
    stage.check("pulled in the middle: exit code", result.status == 3, f"{result.status} {result.json()['devices'][0].get('error')}")
    stage.check("it is gone", guest.until(f"! {present(NEW)}"))
    stage.equal("list is empty", guest.run(LIST).json()["devices"], [])
    stage.equal("auth says so", guest.run(f"spdmctl auth {NEW}").status, 3)
    stage.kernel_is_content(guest)
