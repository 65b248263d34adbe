"""The service that attests devices again when something happens to them."""

import json

from scenarios.gate import driver, states
from scenarios.power import RESTORE, SAVE, wake_up
from scenarios.presence import present

HERE, NEW, OTHER = (f"0000:{bus:02x}:00.0" for bus in range(1, 4))
LINES, WORDS, STATUS = "/tmp/decisions", "/tmp/words", "/tmp/status"
MOST_MEMORY = 64 << 10  # KiB
LOST = "the session for events was lost"
BUSY = 5


def start(guest, options=""):
    guest.run(f"rm -f {STATUS}; (spdmctl watch --enforce --mode enforce --format ndjson {options} >{LINES} 2>{WORDS}; echo $? >{STATUS}) & sleep 0.5")


def heard(guest, address, occasion, times=1):
    """Waits until a decision on the device was written down for this reason."""
    return guest.until(f"test $(grep '\"bdf\":\"{address}\"' {LINES} | grep -c '\"occasion\":\"{occasion}\"') -ge {times}", 30)


def heard_at_once(guest, address, occasion):
    return any(line["bdf"] == address and line["occasion"] == occasion for line in map(json.loads, guest.read(LINES).splitlines()))


def last(guest, address):
    lines = [json.loads(line) for line in guest.read(LINES).splitlines()]
    return next((line for line in reversed(lines) if line["bdf"] == address), {})


def stop(stage, guest):
    guest.run("kill -TERM $(pidof spdmctl)")
    stage.check("it ends when it is told to", guest.until(f"test -s {STATUS}"))
    stage.equal("its exit code", guest.read(STATUS), "0")


def watch(stage):
    guest = stage.boot(["good", "good"], spare_ports=4)
    stage.load(guest)
    stage.check("the driver is there first", guest.until(f"test -e /sys/bus/pci/devices/{HERE}/driver"))
    start(guest)
    stage.check("what was there is judged", heard(guest, HERE, "start") and heard(guest, NEW, "start"), guest.read(WORDS))
    stage.fields("it is late for that", states(guest).get(HERE), {"decision": "late", "verdict": "pass", "exit_code": 0})

    guest.plug(stage.device("untrusted"), 2)
    stage.check("an untrusted device arrives", heard(guest, OTHER, "arrival"))
    stage.check("and loses its driver", guest.until(f"! test -e /sys/bus/pci/devices/{OTHER}/driver"))
    stage.fields("its state", states(guest).get(OTHER), {"occasion": "arrival", "exit_code": 10, "verdict": "fail"})
    guest.run(f"echo >/sys/bus/pci/devices/{OTHER}/driver_override; echo {OTHER} >/sys/bus/pci/drivers/nvme/bind")
    stage.check("a driver that is forced on it is heard of", heard(guest, OTHER, "bind"))
    stage.check("and taken away", guest.until(f"! test -e /sys/bus/pci/devices/{OTHER}/driver"))

    guest.run(f"echo 1 >/sys/bus/pci/devices/{HERE}/reset")
    stage.check("a reset is heard of", heard(guest, HERE, "reset"))
    stage.fields("it is the same device", last(guest, HERE), {"occasion": "reset", "verdict": "pass", "same_device": True})

    slow = stage.device("slow")
    guest.plug(slow, 3)
    stage.check("a slow device arrives", guest.until(present("0000:04:00.0")))
    guest.unplug(f"nvme-{slow.name}")
    stage.check("and goes while it is asked", guest.until(f"! {present('0000:04:00.0')}"))

    # Where the policy cannot be read any more, what arrives is not let in, good or not.
    guest.run("mkdir -p /etc/spdmctl/policy.d; echo 'rules: [' >/etc/spdmctl/policy.d/50.yaml")
    guest.plug(stage.device("good"), 4)
    blind = "0000:05:00.0"
    stage.check("a device arrives that cannot be judged", heard(guest, blind, "arrival"))
    stage.check("and loses its driver", guest.until(f"! test -e /sys/bus/pci/devices/{blind}/driver"))
    stage.fields("its state", states(guest).get(blind), {"verdict": "undetermined", "exit_code": 2})
    stage.equal("those that are in use keep theirs", driver(guest, NEW), "nvme")
    guest.run("rm /etc/spdmctl/policy.d/50.yaml")

    # It stands still until the firmware's omission is repaired.
    pause, go = (f"kill -{signal} $(pidof spdmctl)" for signal in ("STOP", "CONT"))
    sequence = guest.send(f"{SAVE}; {pause}; echo deep >/sys/power/mem_sleep; echo mem >/sys/power/state; {RESTORE}; {go}")
    wake_up(guest)
    guest.receive(sequence, 60)
    stage.check("it hears of the end of sleep", heard(guest, HERE, "resume") and heard(guest, NEW, "resume"))
    guest.run("kill -HUP $(pidof spdmctl)")
    stage.check("a hang-up has all judged again", heard(guest, HERE, "request") and heard(guest, NEW, "request"))
    stage.fields("all is well after that", last(guest, NEW), {"verdict": "pass", "exit_code": 0})
    # Not of the broker of drives, which it has started.
    memory = max(int(line.split()[1]) for line in guest.run("for p in $(pidof spdmctl); do grep VmHWM /proc/$p/status; done").stdout.splitlines())
    stage.check("its memory is bounded", memory < MOST_MEMORY, memory)
    stage.note(f"{memory} KiB at most")
    stop(stage, guest)
    stage.kernel_is_content(guest)


def ask_beside(guest):
    """Asks the device until that has ended a session of the watch. Where the host is slow, opening one takes longer than others wait."""
    statuses = set()
    for _ in range(10):
        statuses.add(guest.run(f"spdmctl auth {HERE}", 90).status)
        if guest.until(f"grep -q '{LOST}' {WORDS}", 5):
            break
    return statuses


def events(stage):
    """A session stays open with each device that passed, and the mailbox is free between two questions."""
    guest = stage.boot(["events", "good"])
    start(guest, "--events 1s")
    stage.check("what was there is judged", heard(guest, HERE, "start") and heard(guest, NEW, "start"), guest.read(WORDS))
    stage.check("a change that it tells of has it judged again", heard(guest, HERE, "event"), guest.read(WORDS))
    stage.fields("which it passes", last(guest, HERE), {"occasion": "event", "verdict": "pass", "exit_code": 0, "same_device": True})
    stage.check("the event is named", "it reported an event, measurement-changed" in guest.read(WORDS), guest.read(WORDS))
    statuses = ask_beside(guest)
    stage.equal("others can ask the device, once it is free", statuses - {BUSY}, {0})
    stage.check("that ends the session, which is told as well", heard(guest, HERE, "event", 2), guest.read(WORDS))
    stage.check("and named", LOST in guest.read(WORDS), guest.read(WORDS))
    stage.check("a device without events is left alone", not heard_at_once(guest, NEW, "event"))
    stop(stage, guest)
    stage.equal("the mailbox works on", guest.run(f"spdmctl auth {HERE}", 90).status, 0)
    stage.kernel_is_content(guest)


def hold(stage):
    """With autoprobe off from 6.19 on: no driver before the judgement."""
    guest = stage.boot(["good"], spare_ports=2)
    stage.load(guest)
    stage.check("the driver is there", guest.until(f"test -e /sys/bus/pci/devices/{HERE}/driver"))
    start(guest, "--hold")
    stage.check("what was there is judged", heard(guest, HERE, "start"), guest.read(WORDS))
    autoprobe = "/sys/bus/pci/drivers_autoprobe"
    holds = guest.read(autoprobe) == "0"
    stage.equal("it holds where the kernel can", holds, stage.kernel.name == "7.3")
    guest.plug(stage.device("good"), 1)
    guest.plug(stage.device("untrusted"), 2)
    stage.check("both are judged", heard(guest, NEW, "arrival") and heard(guest, OTHER, "arrival"))
    stage.check("the good one gets its driver", guest.until(f"test -e /sys/bus/pci/devices/{NEW}/driver"))
    stage.check("the other has none", guest.until(f"! test -e /sys/bus/pci/devices/{OTHER}/driver"))
    guest.run(f"echo add >/sys/bus/pci/devices/{NEW}/uevent; sleep 1")  # as udevadm trigger does: nothing has arrived
    found = states(guest)
    stage.fields("the good one", found.get(NEW), {"decision": "allowed" if holds else "late", "exit_code": 0})
    stage.fields("the other", found.get(OTHER), {"decision": "blocked" if holds else "late", "exit_code": 10})
    bound = [line for line in guest.run("dmesg").stdout.splitlines() if f"nvme {OTHER}" in line or "nvme nvme2" in line]
    stage.equal("no driver has ever seen it", not bound, holds)
    stop(stage, guest)
    stage.equal("autoprobe is as it was", guest.read(autoprobe), "1")
    stage.equal("no driver comes to it afterwards", driver(guest, OTHER), "")
    stage.kernel_is_content(guest)


def hold_others(stage):
    """What was not judged itself meets no driver: not at the address of another, and not when the service ends."""
    guest = stage.boot(["good"], spare_ports=2, append="no_timer_check")
    start(guest, "--hold")
    stage.check("what was there is judged", heard(guest, HERE, "start"), guest.read(WORDS))
    stage.equal("it holds", guest.read("/sys/bus/pci/drivers_autoprobe"), "0")
    good = stage.device("good")
    guest.plug(good, 1)
    stage.check("a good device arrives", heard(guest, NEW, "arrival"))
    stage.fields("and is allowed", states(guest).get(NEW), {"decision": "allowed", "exit_code": 0})
    # Nobody hears that another takes its place.
    guest.run("kill -KILL $(pidof spdmctl)")
    guest.unplug(f"nvme-{good.name}")
    stage.check("it goes", guest.until(f"! {present(NEW)}", 30))
    guest.plug(stage.device("untrusted"), 1)
    stage.check("another one comes", guest.until(present(NEW)))
    start(guest, "--hold")
    stage.load(guest)
    stage.check("the driver comes to what was judged", guest.until(f"test -e /sys/bus/pci/devices/{HERE}/driver"))
    stage.check("the other is judged itself", guest.until(f"grep -q '\"exit_code\": 10' /run/spdmctl/devices/{NEW}.json", 30))
    stage.equal("it has no driver", driver(guest, NEW), "")

    guest.run("kill -STOP $(pidof spdmctl)")
    guest.plug(stage.device("untrusted"), 2)
    stage.check("one arrives that nobody asks", guest.until(present(OTHER)))
    guest.run("kill -TERM $(pidof spdmctl); kill -CONT $(pidof spdmctl)")
    stage.check("it ends when it is told to", guest.until(f"test -s {STATUS}"))
    stage.equal("autoprobe is as it was", guest.read("/sys/bus/pci/drivers_autoprobe"), "1")
    guest.run("rmmod nvme")
    stage.load(guest)
    stage.check("the driver comes again", guest.until(f"test -e /sys/bus/pci/devices/{HERE}/driver"))
    stage.equal("not to what was refused, nor to what was not judged", [driver(guest, NEW), driver(guest, OTHER)], ["", ""])
    stage.fields("which waits", states(guest).get(OTHER), {"decision": "pending", "exit_code": 5})
    bound = [line for line in guest.run("dmesg").stdout.splitlines() if f"nvme {NEW}" in line or f"nvme {OTHER}" in line]
    stage.equal("no driver has ever seen them", bound, [])
    stage.kernel_is_content(guest)
