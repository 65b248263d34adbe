"""Sleep, and a kernel that is locked down."""

import time

from scenarios.gate import states

GOOD = "0000:01:00.0"


def lockdown(stage):
    guest = stage.boot(["good"], append="lockdown=integrity")
    stage.check("the kernel is locked down", "[integrity]" in guest.read("/sys/kernel/security/lockdown"))
    result = guest.run(f"spdmctl auth {GOOD} --json")
    stage.equal("exit code", result.status, 4)
    error = result.json()["devices"][0].get("error", {})
    stage.equal("error", error.get("id"), "lockdown")
    stage.check("advice", error.get("remedy"), error)
    text = guest.run(f"spdmctl auth {GOOD}")
    stage.check("the advice reaches people", "lock" in (text.stdout + text.stderr), text.stdout + text.stderr)
    listed = guest.run("spdmctl list --json")
    stage.equal("list works all the same", listed.status, 0)
    stage.check("and finds it", GOOD in listed.stdout)
    doctor = guest.run("spdmctl doctor --json")
    stage.check("doctor knows", "integrity" in doctor.stdout, doctor.stdout[:300])
    stage.kernel_is_content(guest, but="Lockdown: spdmctl: direct PCI access is restricted")


# SeaBIOS does not put back the base of extended configuration space on q35: without this it reads as zeros after sleep.
SAVE = "a=$(setpci -s 0:0.0 60.L); b=$(setpci -s 0:1f.0 40.L); c=$(setpci -s 0:1f.0 44.B)"
RESTORE = "setpci -s 0:0.0 60.L=$a; setpci -s 0:1f.0 40.L=$b; setpci -s 0:1f.0 44.B=$c"


def wake_up(guest):
    guest.wait_for_event("SUSPEND", 60)
    time.sleep(2.5)  # how long it slept is known to the second: less is not seen as sleep by who looks at clocks
    guest.qmp("system_wakeup")


def sleep(guest):
    """Suspends to RAM and wakes up through QMP."""
    sequence = guest.send(f"{SAVE}; echo deep >/sys/power/mem_sleep; echo mem >/sys/power/state; s=$?; {RESTORE}; exit $s")
    wake_up(guest)
    return guest.receive(sequence, 60)


def suspend(stage):
    guest = stage.boot(["good", "untrusted"])
    stage.load(guest)
    stage.equal("before", guest.run(f"spdmctl auth {GOOD}").status, 0)
    for turn in ("first", "second"):
        stage.equal(f"{turn} sleep", sleep(guest).status, 0)
        result = guest.run(f"spdmctl auth {GOOD} --json")
        stage.equal(f"{turn} sleep: exit code after it", result.status, 0)
        stage.fields(f"{turn} sleep", result.json()["devices"][0], {"verdict": "pass", "host.driver": "nvme"})
    result = guest.run("spdmctl gate --enforce --mode enforce --occasion resume --json", 60)
    stage.equal("gate after sleep: exit code", result.status, 10)
    found = states(guest)
    stage.fields("the good one", found.get(GOOD), {"occasion": "resume", "verdict": "pass"})
    stage.fields("the other", found.get("0000:02:00.0"), {"occasion": "resume", "decision": "late", "exit_code": 10})
    stage.kernel_is_content(guest)
