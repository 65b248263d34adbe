"""A far end by hand: answers that are late, false, of somebody else, or in pieces."""

import pathlib
import time

import devices
from scenarios.mctp import NET_RAW, VIEW, ask, boot, far_end, passes, refused, rules, stays
from store import Unfit

TIMEOUT = 5
GET_VERSION, GET_CAPABILITIES, GET_DIGESTS, GET_CERTIFICATE, CHALLENGE = "84", "e1", "81", "82", "83"


def late(stage):
    """An answer may take longer than the six seconds that the kernel keeps a tag of its own choice."""
    guest = boot(stage)
    far_end(stage, guest, "patient")
    rules(guest, f"{CHALLENGE}:delay=7")
    # While it waits it is confined, and the right to send is all that it has kept.
    result = guest.run("spdmctl auth mctp:1:9 --json & asking=$!; sleep 3; cat /proc/$asking/status >&2; wait $asking")
    stage.equal("an answer after seven seconds: exit code", result.status, 0)
    stage.fields("an answer after seven seconds", result.json()["devices"][0], {"verdict": "pass", **VIEW})
    for line in (f"CapEff:\t{NET_RAW}", f"CapPrm:\t{NET_RAW}", "NoNewPrivs:\t1", "Seccomp:\t2"):
        stage.check(f"confined: {line}", line in result.stderr.splitlines(), result.stderr)
    stage.kernel_is_content(guest)


# What is given up after a second and answered after two; and which request of the next run, at once, waits for its own answer meanwhile.
STALE = {"VERSION": (GET_VERSION, GET_VERSION), "DIGESTS, at the begin": (GET_DIGESTS, GET_VERSION),
         "DIGESTS": (GET_DIGESTS, GET_CAPABILITIES), "CHALLENGE_AUTH": (CHALLENGE, CHALLENGE)}


def stale(stage):
    """The kernel gives the next program a tag with the same number: what was asked before it must not pass for an answer to it."""
    guest = boot(stage)
    far_end(stage, guest, "patient")
    for name, (first, second) in STALE.items():
        rules(guest, f"{first}:delay=2")
        refused(stage, guest, f"{name} that is late", TIMEOUT, "timeout", "--timeout 1s")
        rules(guest, f"{second}:delay=2")
        passes(stage, guest, f"{name} of the one before", options="--timeout 5s")
        guest.run("sleep 2.5")  # nothing is on its way any more
    stage.kernel_is_content(guest)


FALSE = {"another endpoint": "eid", "another tag": "tag", "a request": "owner", "a secured message": "type=06", "an integrity check": "type=85",
         "another type": "type=7e", "another network": "network", "no frames": "garbage"}
PIECES = {"without a packet": "fragment", "in another order": "order", "with a damaged frame": "checksum"}


def wrong(stage):
    """What does not answer the request is not heard; then the true answer counts, or the time is up."""
    guest = boot(stage)
    far_end(stage, guest, "good", "--other 3")
    for name, action in FALSE.items():
        rules(guest, f"any:{action}")
        passes(stage, guest, f"{name}, and the true answer")
        rules(guest, f"{CHALLENGE}:{action},lose")
        refused(stage, guest, f"{name} alone", TIMEOUT, "timeout", "--timeout 1s")
    for name, action in PIECES.items():
        rules(guest, f"{CHALLENGE}:{action},lose")
        refused(stage, guest, f"an answer {name}", TIMEOUT, "timeout", "--timeout 1s")
    # Packets count to four: the kernel does not see that four of them are gone, and hands on what is left.
    rules(guest, f"{GET_CERTIFICATE}:fragment,lose")
    result, device = ask(guest, "auth", "--timeout 1s")
    stage.equal("a long answer without a packet", [result.status, device.get("verdict")], [6, "fail"])
    rules(guest)
    passes(stage, guest, "nothing of that is left behind")
    # No packet says which request it answers but by its tag: a copy of an answer may pass for the next one, and is seen to be none then.
    rules(guest, "any:twice")
    result, device = ask(guest)
    stage.equal("answers that come twice", [result.status, device.get("verdict")], [0, "pass"])
    stage.kernel_is_content(guest)


def silent(stage):
    """An endpoint without SPDM, one that answers nothing, and what is on the way to a true one."""
    guest = boot(stage)
    far_end(stage, guest, "good", "--types 0,1")
    refused(stage, guest, "no SPDM", TIMEOUT, "timeout", "--timeout 1s")
    rules(guest, "any:lose")
    refused(stage, guest, "no answer at all", TIMEOUT, "timeout", "--timeout 1s")
    stage.kernel_is_content(guest)


def reference(stage):
    if not devices.Reference.program:
        raise Unfit("SPDMCTL_RESPONDER names no reference responder")
    guest = boot(stage)
    # It serves one connection, finds its certificates where it runs, and says nothing when it is ready.
    program = pathlib.Path(devices.Reference.program).resolve()
    guest.run(f"bed link lo up; cd {program.parent}; {program} --trans MCTP --ip 127.0.0.1 --port 2323 --ver 1.2 --basic_mut_auth NO --mut_auth NO "
              ">/run/behind 2>&1 </dev/null &")
    stage.check("it listens", guest.until("grep -q ':0913 00000000:0000 0A' /proc/net/tcp"), guest.read("/run/behind"))
    stays(stage, guest, "far", "exec bed far 2323 /run/rules")
    trust = f"--root {program.parent / 'ecp384/ca.cert.der'}"
    for verb, options in (("auth", ""), ("measurements", ""), ("measurements", "--in-session --exercise")):
        device = passes(stage, guest, f"{verb} {options}".strip(), verb, f"{trust} {options}")
        stage.fields(verb, device, {"connection.version": "1.2", "connection.algorithms.asym": "ECDSA-P384"})
    stage.kernel_is_content(guest)
