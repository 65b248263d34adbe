"""A far end by hand: answers that are late, false, of somebody else, or in pieces."""

import pathlib
import time

import devices
from scenarios.mctp import boot, far_end, passes, refused, rules, stays
from store import Unfit

TIMEOUT = 5
GET_VERSION, GET_DIGESTS, CHALLENGE = "84", "81", "83"


def late(stage):
    """An answer may take longer than the six seconds that the kernel keeps a tag of its own choice."""
    guest = boot(stage)
    far_end(stage, guest, "patient")
    rules(guest, f"{CHALLENGE}:delay=7")
    begin = time.monotonic()
    passes(stage, guest, "an answer after seven seconds")
    stage.check("it took that long", time.monotonic() - begin > 7)
    # Given up after a second, and run again at once: the tag has the same number, and the answer to the first comes before that to the second.
    for name, code in (("VERSION", GET_VERSION), ("DIGESTS", GET_DIGESTS), ("CHALLENGE_AUTH", CHALLENGE)):
        rules(guest, f"{code}:delay=2")
        refused(stage, guest, f"{name} that is late", TIMEOUT, "timeout", "--timeout 1s")
        rules(guest, f"{GET_VERSION}:delay=2")
        passes(stage, guest, f"{name} of the one before", options="--timeout 5s")
    stage.kernel_is_content(guest)


FALSE = {"another endpoint": "eid", "another tag": "tag", "a request": "owner", "a secured message": "type=06", "an integrity check": "type=85",
         "another type": "type=7e", "another network": "network", "a lost packet": "fragment", "packets in another order": "order",
         "a damaged frame": "checksum", "no frames": "garbage"}


def wrong(stage):
    """What does not answer the request is not heard; then the true answer counts, or the time is up."""
    guest = boot(stage)
    far_end(stage, guest, "good", "--other 3")
    for name, action in FALSE.items():
        rules(guest, f"any:{action}")
        passes(stage, guest, f"{name}, and the true answer", target="mctp:1:9")
        rules(guest, f"{CHALLENGE}:{action},lose")
        refused(stage, guest, f"{name} alone", TIMEOUT, "timeout", "--timeout 1s", target="mctp:1:9")
    rules(guest, "any:twice")
    passes(stage, guest, "answers that come twice")
    stage.kernel_is_content(guest)


def silent(stage):
    """Endpoints without SPDM: one that says so, one that does not, one that says nothing at all."""
    guest = boot(stage)
    far_end(stage, guest, "good", "--types 0,1")
    refused(stage, guest, "no SPDM", 3, "no-spdm")
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
