"""Secure sessions through a real mailbox: objects of type 2 beside those of type 1."""

import devices
from scenarios.attest import GOOD, SILENT, TAMPERED, UNTRUSTED
from stage import pick
from store import Unfit

ASK = "spdmctl measurements {} --in-session --json"


def sessions(stage):
    guest = stage.boot(["session", "record-cut", "psk", "good"])
    opened(stage, guest)
    by_shared_key(stage, guest)
    refused(stage, guest)
    stage.kernel_is_content(guest)


def opened(stage, guest):
    result = guest.run(ASK.format(GOOD) + " --exercise --record /tmp/evidence.json --session-secrets /tmp/secrets.json", 90)
    stage.equal("in a session: exit code", result.status, 0)
    device = result.json()["devices"][0]
    stage.fields("in a session", device, {"verdict": "pass", "exit_code": 0, "binding": "doe", "host.bdf": GOOD})
    session = (pick(device, "connection.sessions") or [{}])[0]
    stage.fields("the session", session, {"kind": "key-exchange", "state": "ended", "encrypted": True, "key_exchange": "secp384r1", "aead": "AES-256-GCM",
                                          "heartbeats": 1, "key_updates": 4})
    stage.check("every measurement is signed, and came inside",
                all(entry["signed"] and entry.get("session") == session.get("id") for entry in device["measurements"]), device["measurements"])
    plain = guest.run(f"spdmctl measurements {GOOD} --json").json()["devices"][0]
    values = [{key: entry.get(key) for key in ("index", "value")} for entry in device["measurements"]]
    stage.equal("they are those outside", values, [{key: entry.get(key) for key in ("index", "value")} for entry in plain["measurements"]])
    verified = guest.run("spdmctl verify /tmp/evidence.json --session-secrets /tmp/secrets.json --json")
    stage.fields("verify with the secrets", verified.json()["devices"][0], {"verdict": "pass", "exit_code": 0})
    stage.equal("nobody else reads the secrets", guest.run("stat -c %a /tmp/secrets.json").stdout.strip(), "600")


def by_shared_key(stage, guest):
    key = f"umask 077; echo {devices.PSK} > /tmp/key"
    result = guest.run(f"{key}; {ASK.format(TAMPERED)} --psk /tmp/key --psk-hint guest", 90)
    stage.equal("by a shared key: exit code", result.status, 0)
    stage.fields("by a shared key", result.json()["devices"][0]["connection"]["sessions"][0], {"kind": "psk", "state": "ended"})
    other = guest.run(f"umask 077; echo {devices.PSK[::-1]} > /tmp/other; {ASK.format(TAMPERED)} --psk /tmp/other --psk-hint guest", 90)
    stage.fields("by another key", other.json()["devices"][0], {"verdict": "undetermined", "exit_code": 6, "error.id": "peer"})


def refused(stage, guest):
    cut = guest.run(ASK.format(UNTRUSTED), 90)
    stage.fields("a record that is cut", cut.json()["devices"][0], {"verdict": "undetermined", "exit_code": 6, "error.id": "peer"})
    none = guest.run(ASK.format(SILENT), 90)
    stage.fields("a device without sessions", none.json()["devices"][0], {"verdict": "undetermined", "exit_code": 3, "error.id": "no-spdm"})
    stage.equal("the mailbox works on", guest.run(f"spdmctl auth {UNTRUSTED}", 90).status, 0)


def reference(stage):
    if not devices.Reference.program:
        raise Unfit("SPDMCTL_RESPONDER names no reference responder")
    guest = stage.boot(["reference", "session"], files={"tmp/reference.der": devices.Reference.root()})
    result = guest.run(ASK.format(GOOD) + " --exercise --root /tmp/reference.der --identity-match none", 90)
    stage.equal("exit code", result.status, 0)
    stage.fields("reference", result.json()["devices"][0], {"verdict": "pass", "connection.version": "1.2"})
    stage.fields("its session", result.json()["devices"][0]["connection"]["sessions"][0], {"kind": "key-exchange", "state": "ended"})
    stage.kernel_is_content(guest)
