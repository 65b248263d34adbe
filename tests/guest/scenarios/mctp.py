"""Endpoints of MCTP networks, by the sockets of a kernel that has them: two of its own interfaces with a cable between them."""

import re

from stage import pick

PERMISSION, BUSY = 4, 5
NET_RAW = f"{1 << 13:016x}"  # CAP_NET_RAW alone
VIEW = {"binding": "mctp", "host.mctp.network": 1, "host.mctp.eid": 9}


def boot(stage):
    """A guest that trusts the owner of good devices."""
    guest = stage.boot_process()
    root = stage.workshop.vendor.profile("good").parent / "root.pem"
    guest.run(f"mkdir -p /run/root/etc/spdmctl/keyring.d; cp {root} /run/root/etc/spdmctl/keyring.d/owner.pem")
    return guest


def stays(stage, guest, name, command, ready="READY"):
    """Starts what does not end by itself. What it says goes to /run/NAME."""
    guest.run(f"({command}) >/run/{name} 2>&1 </dev/null & echo $! >/run/{name}.pid")
    return stage.check(f"{name} is ready", guest.until(f"grep -q '{ready}' /run/{name}"), guest.read(f"/run/{name}"))


def end(guest, name):
    guest.run(f"kill $(cat /run/{name}.pid); while kill -0 $(cat /run/{name}.pid); do sleep 0.05; done 2>/dev/null")


def endpoint(stage, guest, kind, target="mctp:2:9"):
    """One of ours, at the end of a cable."""
    stays(stage, guest, f"emulate-{kind}", f"exec spdmctl emulate --listen {target} {stage.workshop.vendor.profile(kind)}", "mctp:")


def far_end(stage, guest, kind, options=""):
    """A far end by hand, before a responder of ours."""
    profile = stage.workshop.vendor.profile(kind)
    guest.run("bed link lo up; rm -f /run/port")
    guest.run(f"spdmctl emulate --listen 'emu://127.0.0.1:0?binding=mctp' --port-file /run/port {profile} >/run/behind 2>&1 </dev/null &")
    stage.check("a responder is behind it", guest.until("test -s /run/port"), guest.read("/run/behind"))
    stays(stage, guest, "far", f"exec bed far $(cat /run/port) /run/rules {options}")


def rules(guest, *lines):
    """What becomes of answers of the far end from now on."""
    guest.run(f"printf '%s\\n' {' '.join(lines)} >/run/rules.new; mv /run/rules.new /run/rules")


def ask(guest, verb="auth", options="", target="mctp:1:9", seconds=60):
    result = guest.run(f"spdmctl {verb} {target} --json {options}", seconds)
    return result, (result.json().get("devices") or [{}])[0]


def passes(stage, guest, what, verb="auth", options="", target="mctp:1:9"):
    result, device = ask(guest, verb, options, target)
    stage.equal(f"{what}: exit code", result.status, 0)
    stage.fields(what, device, {"verdict": "pass", "exit_code": 0, **VIEW})
    return device


def refused(stage, guest, what, code, identifier, options="", target="mctp:1:9"):
    """One clear line, and nothing else."""
    result, device = ask(guest, "auth", options, target)
    error = device.get("error") or result.json().get("error") or {}
    stage.check(f"{what}: {identifier}", (result.status, error.get("id")) == (code, identifier), f"{result.status}, {error}")
    stage.check(f"{what}: one line", error.get("why") and "\n" not in error["why"], error)
    return error


def mctp(stage):
    guest = boot(stage)
    stays(stage, guest, "pair", "exec bed pair")
    endpoint(stage, guest, "session")
    # Of the requester's own endpoint, as mctpd does.
    stays(stage, guest, "control-8", "exec bed control 1 8 0")
    verbs(stage, guest)
    session(stage, guest)
    listed(stage, guest)
    confined(stage, guest)
    rights(stage, guest)
    requests(stage, guest)
    stage.kernel_is_content(guest)


def verbs(stage, guest):
    passes(stage, guest, "auth")
    refused(stage, guest, "an EID that two networks know", 2, "usage", target="mctp:9")
    passes(stage, guest, "all", target="--via mctp all")
    device = passes(stage, guest, "measurements", "measurements", "--record /run/evidence.json")
    stage.equal("measurements: indices", sorted(entry["index"] for entry in device["measurements"]), [1, 2, 3, 4, 6, 7, 254])
    stage.check("measurements: all of them signed", all(entry["signed"] for entry in device["measurements"]))
    stage.check("the interface is named", re.fullmatch(r"mctpserial\d+", pick(device, "host.mctp.interface") or ""), device.get("host"))
    verified = guest.run("spdmctl verify /run/evidence.json --json")
    stage.fields("verify what was recorded", verified.json()["devices"][0], {"verdict": "pass", **VIEW})
    result, device = ask(guest, "certs")
    stage.equal("certs: exit code", result.status, 0)
    stage.equal("certs: slots", [slot["slot"] for slot in device["slots"]], [0])
    result, device = ask(guest, "info")
    stage.fields("info", device, {"connection.version": "1.4", **VIEW})


def session(stage, guest):
    device = passes(stage, guest, "in a session", "measurements", "--in-session --exercise")
    stage.fields("the session", device, {"connection.sessions.0.state": "ended", "connection.sessions.0.encrypted": True,
                                         "connection.sessions.0.heartbeats": 1, "connection.sessions.0.key_updates": 4})


def capture(stage):
    """What a packet socket sees is evidence, too, as it is what tcpdump writes on a BMC."""
    guest = boot(stage)
    stays(stage, guest, "pair", "exec bed pair")
    endpoint(stage, guest, "good")
    stays(stage, guest, "sniff", "exec bed sniff /run/good.pcap")
    passes(stage, guest, "measurements", "measurements")
    end(guest, "sniff")
    result = guest.run("spdmctl verify /run/good.pcap --json")
    stage.equal("verify: exit code", result.status, 0)
    device = result.json()["devices"][0]
    stage.fields("verify", device, {"verdict": "pass", "binding": "mctp", "connection.version": "1.4"})
    stage.check("verify: signed measurements", [entry["signed"] for entry in device["measurements"]] == [True] * 7, device.get("measurements"))
    decoded = guest.run("spdmctl decode /run/good.pcap")
    stage.equal("decode: exit code", decoded.status, 0)
    for name in ("GET_VERSION", "CERTIFICATE", "MEASUREMENTS"):
        stage.check(f"decode: {name}", name in decoded.stdout, decoded.stdout[:300])
    stage.kernel_is_content(guest)


def listed(stage, guest):
    for options, endpoints, said in (("", ["mctp:1:8", "mctp:1:9", "mctp:2:8", "mctp:2:9"], "unknown"), ("--mctp", ["mctp:1:8", "mctp:1:9", "mctp:2:9"], "yes")):
        result = guest.run(f"spdmctl list {options}")
        stage.equal(f"list {options}: exit code", result.status, 0)
        lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.startswith("mctp:")}
        stage.equal(f"list {options}: endpoints", sorted(lines), endpoints)
        stage.check(f"list {options}: what is known of 1:9", said in lines.get("mctp:1:9", ""), result.stdout)
    doctor = guest.run("spdmctl doctor").stdout
    stage.check("doctor: there are endpoints", re.search(r"^ok +mctp +routes lead to 2 endpoints", doctor, re.M), doctor)


def confined(stage, guest):
    """CAP_NET_RAW is all that is kept, for the kernel asks for it at each message."""
    result = guest.run("spdmctl auth mctp:1:9 -v")
    stage.equal("auth -v: exit code", result.status, 0)
    stage.check("it says what it keeps", "CAP_NET_RAW" in result.stderr, result.stderr)
    status = guest.read("/proc/$(cat /run/emulate-session.pid)/status").splitlines()
    for line in (f"CapEff:\t{NET_RAW}", "NoNewPrivs:\t1", "Seccomp:\t2"):
        stage.check(f"the endpoint is confined: {line}", line in status, status)


def rights(stage, guest):
    for what, command in (("without the right to send", "setpriv --bounding-set -net_raw --inh-caps -net_raw"),
                          ("another user", "setpriv --reuid 65534 --regid 65534 --clear-groups")):
        result = guest.run(f"{command} spdmctl auth mctp:1:9 --json")
        stage.equal(f"{what}: exit code", result.status, PERMISSION)
        stage.fields(what, result.json()["devices"][0], {"error.id": "permission"})
        stage.check(f"{what}: what to do", "root" in str(pick(result.json(), "error.remedy")), result.stdout)


def requests(stage, guest):
    """Requests that no requester of ours makes."""
    version, invalid, no_session = (rf"1 9 05 \d {answer}" for answer in ("1004.*", "107f01.*", "107f02.*"))
    no_command = r"1 9 00 \d 000005"
    answers = {"05 10840000": version, "85 10840000": "", "06 10840000": no_session, "00 800005": no_command, "05 10": invalid, "05 ''": ""}
    for message, answer in answers.items():
        said = guest.run(f"bed ask 1 9 {message} --wait 0.5").stdout.strip()
        stage.check(f"asked {message}", re.fullmatch(answer, said), said)
    passes(stage, guest, "after that")
