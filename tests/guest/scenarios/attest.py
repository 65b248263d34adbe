"""Verbs that read devices, through real configuration space."""

import hashlib
import re

import devices
from stage import pick
from store import Unfit

GOOD, UNTRUSTED, TAMPERED, SILENT = (f"0000:{bus:02x}:00.0" for bus in range(1, 5))


def by_address(document):
    return {entry.get("bdf") or entry.get("host", {}).get("bdf") or entry.get("source"): entry for entry in document["devices"]}


def passes(address):
    return {"verdict": "pass", "exit_code": 0, "binding": "doe", "host.bdf": address, "host.identity": devices.IDENTITY,
            "connection.version": "1.4", "connection.algorithms.asym": "ECDSA-P384", "connection.algorithms.hash": "SHA-384"}


def attest(stage):
    guest = stage.boot(["good", "untrusted", "tampered", "silent"])
    listed(stage, guest)
    good_device(stage, guest)
    all_at_once(stage, guest)
    stage.kernel_is_content(guest)


def listed(stage, guest):
    result = guest.run("spdmctl list --json")
    stage.equal("list ends well", result.status, 0)
    entries = by_address(result.json())
    stage.equal("list finds the four", sorted(entries), [GOOD, UNTRUSTED, TAMPERED, SILENT])
    for address, entry in entries.items():
        stage.equal(f"list: identity of {address}", entry.get("identity"), devices.IDENTITY)
        stage.equal(f"list: driver of {address}", entry.get("driver"), None)
        # QEMU knows neither; both could be read.
        stage.fields(f"list: encryption of {address}", entry, {"tee_io": False, "ide": None})


def platform(stage):
    """From 6.15 on the kernel tells what mailboxes carry, and from 6.19 on which TSM has a device."""
    guest = stage.boot(["good", "silent"])
    result = guest.run("strace -f -e trace=pwrite64,openat -o /tmp/trace spdmctl list --json", 60)
    entries = by_address(result.json())
    stage.equal("list finds them", sorted(entries), [GOOD, UNTRUSTED])
    for address, entry in entries.items():
        stage.fields(f"list: {address}", entry, {"features_from": "kernel", "may_attest": True})
        stage.check(f"list: features of {address}", "0001:01" in (entry.get("features") or []), entry.get("features"))
    trace = guest.run("cat /tmp/trace").stdout
    stage.check("strace saw it", "/config" in trace)
    stage.check("without any write to configuration space", "pwrite64" not in trace and not re.search(r'/config", O_(RDWR|WRONLY)', trace))
    status = guest.run("spdmctl tsm show --json")
    stage.equal("tsm show: exit code", status.status, 0)
    stage.equal("no TSM is here", status.json()["tsms"], [])
    stage.equal("tsm connect without one", guest.run(f"spdmctl tsm connect {GOOD}").status != 0, True)
    doctor = guest.run("spdmctl doctor").stdout
    stage.check("doctor knows what this kernel does", "doe_features" in doctor, doctor)
    stage.equal("auth", guest.run(f"spdmctl auth {GOOD}").status, 0)
    stage.kernel_is_content(guest)


def good_device(stage, guest):
    result = guest.run(f"spdmctl auth {GOOD} --json")
    stage.equal("auth: exit code", result.status, 0)
    stage.fields("auth", result.json()["devices"][0], passes(GOOD))
    checks = {check["check"]: check["status"] for check in result.json()["devices"][0]["checks"]}
    stage.fields("auth", checks, {"protocol": "pass", "signature": "pass", "chain": "pass", "trust": "pass", "identity": "pass"})

    result = guest.run(f"spdmctl measurements {GOOD} --json --record /tmp/good.json")
    stage.equal("measurements: exit code", result.status, 0)
    stage.fields("measurements", result.json()["devices"][0], passes(GOOD))
    read = {entry["index"]: entry for entry in result.json()["devices"][0]["measurements"]}
    stage.equal("measurements: indices", sorted(read), [1, 2, 3, 4, 6, 7, 254])
    stage.check("measurements: all of them signed", all(entry["signed"] for entry in read.values()))
    stage.fields("measurement 1", read.get(1), {"type": "immutable-rom", "value": hashlib.sha384(b"boot ROM 1.0").hexdigest()})
    stage.fields("measurement 6", read.get(6), {"type": "mutable-firmware-version", "form": "raw", "text": "2.3"})
    verified = guest.run("spdmctl verify /tmp/good.json --json")
    stage.fields("verify what was recorded", verified.json()["devices"][0], {"verdict": "pass", "exit_code": 0})

    result = guest.run(f"spdmctl certs {GOOD} --json")
    stage.equal("certs: exit code", result.status, 0)
    stage.equal("certs: slots", [slot["slot"] for slot in result.json()["devices"][0]["slots"]], [0])
    certificates = pick(result.json(), "devices.0.slots.0.chain.certificates") or []
    stage.equal("certs: subjects", [entry["subject"] for entry in certificates],
                ["CN=Throw-away root", "CN=Throw-away intermediate", "CN=Throw-away device"])
    result = guest.run(f"spdmctl info {GOOD} --json")
    stage.fields("info", result.json()["devices"][0], {"connection.version": "1.4", "binding": "doe", "host.bdf": GOOD})


def all_at_once(stage, guest):
    result = guest.run("spdmctl measurements all --json", 90)
    found = by_address(result.json())
    stage.fields("good among bad", found[GOOD], passes(GOOD))
    stage.fields("untrusted", found[UNTRUSTED], {"verdict": "fail", "exit_code": 10, "connection.version": "1.4"})
    stage.fields("tampered", found[TAMPERED], {"verdict": "fail", "exit_code": 11, "connection.version": "1.4"})
    stage.fields("silent", found[SILENT], {"verdict": "undetermined", "exit_code": 5, "error.id": "timeout"})
    stage.equal("the worst exit code is that of the run", result.status, result.json()["exit_code"])
    stage.check("and it is that of one of them", result.status in (5, 10, 11), result.status)
    stage.check("bad ones have their finding", "bad-signature" in [finding["id"] for finding in found[TAMPERED]["findings"]])


def parallel(stage):
    guest = stage.boot(["good", "not-ready", "impostor", "slow"])
    result = guest.run("spdmctl measurements 01:00.0 02:00.0 03:00.0 04:00.0 --json", 90)
    found = result.json()["devices"]
    stage.equal("in the order of the command line", [entry["host"]["bdf"] for entry in found], [GOOD, UNTRUSTED, TAMPERED, SILENT])
    for index, kind in ((0, "good"), (1, "not ready at first"), (3, "slow")):
        stage.fields(kind, found[index], {"verdict": "pass", "exit_code": 0})
    stage.fields("with the certificate of another device", found[2], {"verdict": "fail", "exit_code": 10})
    again = guest.run("for i in 1 2 3; do spdmctl auth all --json > /tmp/$i; echo $?; done", 120)
    stage.equal("again and again", again.stdout.split(), ["10"] * 3)
    stage.kernel_is_content(guest)


def reference(stage):
    if not devices.Reference.program:
        raise Unfit("SPDMCTL_RESPONDER names no reference responder")
    guest = stage.boot(["reference", "good"], files={"tmp/reference.der": devices.Reference.root()})
    result = guest.run(f"spdmctl measurements {GOOD} --root /tmp/reference.der --identity-match none --json", 90)
    stage.equal("exit code", result.status, 0)
    stage.fields("reference", result.json()["devices"][0], {"verdict": "pass", "connection.version": "1.2", "connection.algorithms.asym": "ECDSA-P384"})
    result = guest.run(f"spdmctl auth {GOOD} --root /tmp/reference.der --json", 90)
    stage.fields("its certificate names no PCI identity", result.json()["devices"][0], {"verdict": "undetermined", "exit_code": 10})
    stage.kernel_is_content(guest)


DOE = 0x100  # where the capability is in QEMU's NVMe device
CONTROL, STATUS, WRITE, READ = (DOE + offset for offset in (0x08, 0x0C, 0x10, 0x14))
CALL = re.compile(r'(pread64|pwrite64)\(\d+, "((?:\\x[0-9a-f]{2}){4})", 4, (\d+)\) = 4')


def accesses(stage):
    """Counts what strace sees, and measures what an exchange costs beyond the accesses that nobody can avoid."""
    guest = stage.boot(["good"], files={"bare": stage.workshop.helper("bare")})
    result = guest.run(f"strace -f -xx -e trace=pread64,pwrite64 -o /tmp/trace spdmctl measurements {GOOD} --json", 120)
    stage.equal("under strace", result.status, 0)
    calls = [(call[1], int.from_bytes(bytes.fromhex(call[2].replace("\\x", "")), "little"), int(call[3]))
             for call in CALL.finditer(guest.run("cat /tmp/trace").stdout)]
    count(stage, calls, pick(result.json(), "devices.0.traffic.round_trips"))
    marginal_time(stage, guest)
    stage.kernel_is_content(guest)


def count(stage, calls, round_trips):
    counts = {name: sum(1 for call, _, offset in calls if (call, offset) == wanted) for name, wanted in
              {"sent": ("pwrite64", WRITE), "read": ("pread64", READ), "popped": ("pwrite64", READ), "polls": ("pread64", STATUS)}.items()}
    exchanges = sum(1 for call, value, offset in calls if (call, offset) == ("pwrite64", CONTROL) and value >> 31)
    # An exchange has to look four times: idle before, answered, still READY before the last pop, no ERROR after it.
    forced = counts["sent"] + exchanges + 2 * counts["read"] + 4 * exchanges
    total = sum(1 for _, _, offset in calls if DOE + 0x08 <= offset <= READ)
    stage.check("exchanges are those of the report and of discovery", exchanges > round_trips > 5, f"{exchanges}, {round_trips}")
    stage.equal("each dword that was read is popped", counts["popped"], counts["read"])
    stage.equal("objects are sent as long as they say", counts["sent"], lengths(calls, "pwrite64", WRITE))
    stage.equal("objects are read as long as they say", counts["read"], lengths(calls, "pread64", READ))
    stage.check("accesses at most 1.05 of what is forced", total <= 1.05 * forced, f"{total} of {forced}")
    stage.note(f"{total} accesses for {exchanges} exchanges, {total / forced:.3f} of what is forced")


def lengths(calls, name, register):
    """The sum of the lengths in the headers of all objects that went through a register."""
    dwords = [value for call, value, offset in calls if (call, offset) == (name, register)]
    total = 0
    while total + 1 < len(dwords):
        total += dwords[total + 1] & 0x3FFFF
    return total


def marginal_time(stage, guest):
    """Small transfers make many exchanges of one conversation: what each of them adds, beside a loop without any overhead."""
    bare = min(float(guest.run(f"/bare /sys/bus/pci/devices/{GOOD}/config 200").stdout) for _ in range(3))
    runs = {}
    for limit in (4600, 64) * 8:  # the shortest of them: whatever else the host does only adds
        result = guest.run(f"t=$(/bare); spdmctl auth '{GOOD}?max={limit}' --json; s=$?; /bare >&2; echo $t >&2; exit $s", 90)
        stage.equal(f"max={limit}", result.status, 0)
        end, begin = map(int, result.stderr.split()[-2:])
        runs[limit] = min(runs.get(limit, (1e9, 0)), ((end - begin) / 1e6, pick(result.json(), "devices.0.traffic.round_trips")))
    (many_ms, many), (few_ms, few) = runs[64], runs[4600]
    each = (many_ms - few_ms) / (many - few)
    stage.check("many exchanges", many > few + 30, f"{many}, {few}")
    stage.note(f"{each:.2f} ms an exchange, {bare:.2f} in a bare loop")


def refusals(stage):
    guest = stage.boot(["good", "dying"])
    for target, code, identifier in (("0000:1f:00.0", 3, "no-device"), ("0000:00:1f.2", 3, "no-spdm"), ("00:00.0", 3, "no-spdm")):
        result = guest.run(f"spdmctl auth {target} --json")
        stage.equal(f"{target}: exit code", result.status, code)
        error = result.json()["devices"][0].get("error", {}) if result.json().get("devices") else result.json().get("error", {})
        stage.equal(f"{target}: error", error.get("id"), identifier)
    result = guest.run(f"spdmctl auth {UNTRUSTED} --json")
    stage.fields("falls silent in the middle", result.json()["devices"][0], {"verdict": "undetermined", "exit_code": 5})
    result = guest.run(f"su -s /bin/sh nobody -c 'spdmctl auth {GOOD} --json'")
    stage.equal("not root: exit code", result.status, 4)
    stage.fields("not root", result.json()["devices"][0], {"error.id": "permission"})
    # Two at once on one device: the second is told so, or waits; never do both fail.
    result = guest.run(f"spdmctl auth {GOOD} --json >/tmp/1 & spdmctl auth {GOOD} --json >/tmp/2; a=$?; wait $!; echo $a $?", 90)
    codes = sorted(int(code) for code in result.stdout.split())
    stage.check("two at once", codes in ([0, 0], [0, 5]), codes)
    # What a program leaves behind that died between two dwords of an object.
    guest.run("setpci -s 01:00.0 110.L=00010001; setpci -s 01:00.0 110.L=00000003")
    stage.equal("after half an object of somebody else", guest.run(f"spdmctl auth {GOOD}").status, 0)
    # An answer that nobody has fetched is an exchange of somebody else.
    guest.run("for dword in 00010001 00000003 00008410; do setpci -s 01:00.0 110.L=$dword; done; setpci -s 01:00.0 108.L=80000000")
    stage.equal("an answer of somebody else is left alone", guest.run(f"spdmctl auth {GOOD}").status, 5)
    stage.equal("unless it is forced", guest.run(f"spdmctl auth --force {GOOD}").status, 0)
    stage.kernel_is_content(guest)
