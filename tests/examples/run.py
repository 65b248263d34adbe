#!/usr/bin/env python3
"""The recipes of dist/examples against stand-ins: a service of Project Veraison, a plugin of Trustee, a TPM and Keylime's side of it.

  run.py SPDMCTL
"""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test
from veraison import Service

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "dist/examples"
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
TIMEOUT = 120
problems = []


def check(what, holds):
    if not holds:
        problems.append(what)


class Bed:
    """A folder with two devices, keys, and nothing of this machine."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8",
                            "SPDMCTL_CONFROOT": str(own_root.CONFROOT), "SPDMCTL_KEYRING": str(folder / "keyring")}
        (folder / "keyring").mkdir()
        for name in ("dev", "two", "other"):
            self.run(PROGRAM, "emulate", "--init", name, code=0)
        for name in ("dev", "two"):
            shutil.copy(folder / name / "root.pem", folder / "keyring" / f"{name}.pem")

    def run(self, *command, code=None, text=None, **more):
        done = subprocess.run(command, cwd=self.folder, env=self.environment | more, capture_output=True, text=True, timeout=TIMEOUT,
                              input=text or "", check=False)
        if code is not None and done.returncode != code:
            problems.append(f"{' '.join(map(str, command))}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
        return done


def veraison(bed):
    for name, curve in (("ear", "P-256"), ("other", "P-256"), ("p384", "P-384")):
        bed.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", f"{name}.key", code=0)
        bed.run("openssl", "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pem", code=0)
        point = subprocess.run(["openssl", "pkey", "-in", f"{name}.key", "-pubout", "-outform", "DER"], cwd=bed.folder, capture_output=True,
                               check=True).stdout
        half = 32 if curve == "P-256" else 48
        jwk = {"kty": "EC", "crv": curve, "x": point[-2 * half:-half], "y": point[-half:]}
        jwk = {key: value if isinstance(value, str) else base64.urlsafe_b64encode(value).decode().rstrip("=") for key, value in jwk.items()}
        (bed.folder / f"{name}.jwk").write_text(json.dumps(jwk))
    device = "emulated:dev/profile.yaml"
    bed.run(PROGRAM, "collect", "--nonce", "00" * 32, "--format", "eat", "-o", "zeros.cbor", device, code=0)
    service = Service(str(PROGRAM), bed.folder, {key: value for key, value in bed.environment.items() if key != "SPDMCTL_KEYRING"})

    def ask(mode, key="ear.pem", code=0, says="", devices=(device,), opened=True, deleted=True):
        service.sessions.clear()
        service.deleted.clear()
        done = bed.run(EXAMPLES / "veraison-challenge-response", service.base(mode), key, *devices, POLLS="4", POLL_SECONDS="0.01", code=code)
        check(f"{mode}: no result, and {done.stdout!r} on standard output", code != 2 or done.stdout == "")
        check(f"{mode}: does not say {says!r}: {done.stderr}", says in done.stderr)
        check(f"{mode}: {len(service.sessions)} sessions", len(service.sessions) == (1 if opened else 0))
        check(f"{mode}: sessions are left over", service.deleted == (list(service.sessions) if deleted else []))
        return done.stdout.strip()

    for mode, key in (("plain", "ear.pem"), ("2026", "ear.jwk"), ("slow", "ear.pem"), ("absolute", "ear.pem"), ("whole", "ear.pem"), ("number", "ear.pem"),
                      ("p384", "p384.pem"), ("p384", "p384.jwk")):
        result = ask(mode, key)
        claims = json.loads(base64.urlsafe_b64decode(result.split(".")[1] + "=="))
        check(f"{mode}: {claims}", claims["eat_profile"] == ("tag:ietf.org,2026:rats/ear#03" if mode == "2026" else "tag:github.com,2023:veraison/ear"))
        check(f"{mode}: {claims}", len(claims["submods"]) == 1)
    ask("undeletable", deleted=False, says="was not deleted")
    check("untrusted: no result", ask("untrusted", code=1, says="contraindicated") != "")
    ask("400", code=2, says="nonceSize must be in range", opened=False)
    ask("415", code=2, says="it takes: application/psa-attestation-token")
    ask("picky", code=2, says="accepts no token of devices")
    ask("short", code=2, says="32 bytes")
    ask("500", code=2, says="error encountered")
    ask("failed", code=2, says="could not judge")
    ask("stuck", code=2, says="still at work")
    ask("forgotten", code=2, says="forgot the session")
    ask("elsewhere", code=2, says="names a session elsewhere", deleted=False)
    ask("warning", code=1, says="another: warning")
    ask("empty", code=1)
    ask("bare", code=1, says="null")
    for mode in ("none", "crit", "lie", "altered", "other-key"):
        ask(mode, code=2, says="is not signed with")
    ask("plain", "p384.pem", code=2, says="is not signed with")
    ask("replay", code=2, says="for another nonce")
    ask("plain", devices=("emulated:missing.yaml",), code=2, says="nothing is sent")
    ask("plain", "ear.key", code=2, says="no public key", opened=False)
    ask("plain", "keyring/dev.pem", code=2, says="no public key", opened=False)
    done = bed.run(EXAMPLES / "veraison-challenge-response", "http://127.0.0.1:9", "ear.pem", device, code=2)
    check(f"nobody there: {done.stderr}", "opens no session" in done.stderr)
    check("usage", "KEY is the public key" in bed.run(EXAMPLES / "veraison-challenge-response", code=2).stdout)
    problems.extend(service.problems)
    service.shutdown()
    service.server_close()


def trustee(bed):
    data = bytes(range(64))
    nonce = data[:32].hex()
    record = json.loads(bed.run(PROGRAM, "collect", "--nonce", nonce, "--format", "eat", "--cmw", "json", "emulated:dev/profile.yaml",
                                "emulated:two/profile.yaml", code=0).stdout)

    def ask(code, says="", options=(), path=None, text=None, **request):
        request = {"evidence": record, "report_data": base64.b64encode(data).decode(), "init_data_hash": None} | request
        more = {"PATH": f"{path}:{bed.environment['PATH']}"} if path else {}
        done = bed.run(EXAMPLES / "trustee-spdm-verifier", *options, text=json.dumps(request) if text is None else text, code=code, **more)
        check(f"trustee: does not say {says!r}: {done.stderr}", says in done.stderr)
        check(f"trustee: refused, and {done.stdout!r}", code == 0 or done.stdout == "")
        return json.loads(done.stdout) if code == 0 and done.stdout else None

    pairs = ask(0)
    check(f"trustee: {pairs}", len(pairs or []) == 2)
    for claims, kind in pairs or []:
        check(f"trustee: {claims}", kind == "device" and claims["spdm"] == "1.4" and claims["measurements"]["6"] and claims["leaf_key_sha256"])
    short = json.loads(bed.run(PROGRAM, "collect", "--nonce", b"short".hex().ljust(64, "0"), "--format", "eat", "--cmw", "json",
                               "emulated:dev/profile.yaml", code=0).stdout)
    ask(0, evidence=short, report_data=base64.b64encode(b"short").decode())
    ask(1, "for another nonce", report_data=base64.b64encode(data[::-1]).decode())
    ask(1, "ended with 10", options=("--keyring", "other"))
    ask(1, "no report data", report_data=None)
    ask(1, "is empty", report_data="")
    ask(1, "no base64", report_data="!")
    ask(1, "init data", init_data_hash="AAAA")
    ask(1, "neither an object", evidence="text")
    ask(1, "nothing else", more=1)
    ask(1, "no JSON", text="{")
    ask(1, "ended with 2", evidence={})
    # Only exit code 0 affirms, whatever the report says; and 0 does not where the report says something else.
    document = bed.run(PROGRAM, "verify", "--json", "--measurements", "--nonce", nonce, "-", text=json.dumps(record), code=0).stdout
    whole = json.loads(document)
    contradictions = [json.dumps(whole | change) for change in ({"verdict": "fail"}, {"exit_code": 3}, {"devices": []})]
    (bed.folder / "fake").mkdir()
    fake = bed.folder / "fake/spdmctl"
    for ending, report in [(f"exit {code}", document) for code in (1, 2, 3, 9, 10, 11, 12, 13, 14, 99, 255)] + [("kill -9 $$", document)] + [
            ("exit 0", wrong) for wrong in ("", "{}", document.replace('"verdict": "pass"', '"verdict": "undetermined"', 1),
                                            document.replace('"fresh": true', '"fresh": false'), document[: len(document) // 2], *contradictions)]:
        (bed.folder / "fake/report").write_text(report)
        fake.write_text(f'#!/bin/sh\ncat "{bed.folder}/fake/report"\n{ending}\n')
        fake.chmod(0o755)
        ask(1, "refused", path=bed.folder / "fake")
    fake.write_text(f'#!/bin/sh\ncat "{bed.folder}/fake/report"\n')
    (bed.folder / "fake/report").write_text(document)
    ask(0, path=bed.folder / "fake")


# A TPM that has but one command.
TPM = """#!/usr/bin/python3
import hashlib, os, sys
number, _, digest = sys.argv[1].partition(":sha256=")
file = f"pcr{number}"
value = bytes.fromhex(open(file).read()) if os.path.exists(file) else bytes(32)
if os.path.exists("broken"):
    sys.exit(1)
open(file, "w").write(hashlib.sha256(value + bytes.fromhex(digest)).hexdigest())
"""


def keylime(bed):
    folder = bed.folder
    (folder / "tpm").mkdir()
    (folder / "tpm/tpm2_pcrextend").write_text(TPM)
    (folder / "tpm/tpm2_pcrextend").chmod(0o755)
    bed.environment["PATH"] = f"{folder / 'tpm'}:{bed.environment['PATH']}"
    log, pcr = folder / "run/pcr.log", folder / "pcr13"

    def boot(*devices, code=0):
        """The PCR, and its log."""
        log.unlink(missing_ok=True)
        pcr.unlink(missing_ok=True)
        bed.run(EXAMPLES / "keylime-extend-devices", "13", *[f"emulated:{name}/profile.yaml" for name in devices], code=code, LOG=str(log))
        return pcr.read_text(), log.read_text()

    def replay(*options, code=0, says=""):
        done = bed.run(EXAMPLES / "keylime-replay-pcr", "13", log, *options, code=code)
        check(f"keylime: does not say {says!r}: {done.stderr}", says in done.stderr)
        check(f"keylime: {done.stdout}", code == 0 or done.stdout == "")
        return done.stdout

    first, text = boot("dev", "two")
    check("keylime: the order of the targets counts", boot("two", "dev") == (first, text))
    lines = text.splitlines()
    check(f"keylime: {lines}", len(lines) == 2 and lines == sorted(lines) and all(json.loads(line)["verdict"] == "pass" for line in lines))
    value = bytes(32)
    for line in lines:
        value = hashlib.sha256(value + hashlib.sha256(line.encode()).digest()).digest()
    check("keylime: the PCR is not what the log gives", value.hex() == first)
    check("keylime: no policy", json.loads(replay("--quote", first)) == {"13": [first]} == json.loads(replay()))
    done = bed.run(EXAMPLES / "keylime-extend-devices", "13", "emulated:dev/profile.yaml", code=2, LOG=str(log))
    check(f"keylime: measured twice: {done.stderr}", "is there" in done.stderr and pcr.read_text() == first)

    for wrong in (lines[:1], lines[1:], lines[::-1], lines + lines[:1], [lines[0].replace("pass", "p4ss"), lines[1]]):
        log.write_text("\n".join(wrong) + "\n")
        replay("--quote", first, code=1, says="missing in it, or was altered")
    for wrong, why in (("", "empty"), (text[:-1], "to its end"), ("{}\n", "no event"), ("[]\n", "no event"), ("x\n", "no event"),
                       (text.replace("pcr-event/1", "pcr-event/2"), "no event")):
        log.write_text(wrong)
        replay(code=1, says=why)

    profile = folder / "two/profile.yaml"
    good = profile.read_text()
    profile.write_text(good.replace("firmware 2.3", "firmware 2.4"))
    check("keylime: another firmware, and the same PCR", boot("dev", "two")[0] != first and json.loads(replay())["13"][0] == pcr.read_text())
    profile.write_text(good)
    (folder / "keyring/two.pem").unlink()
    failing, _ = boot("dev", "two", code=10)
    check("keylime: a failure, and the same PCR", failing != first)
    replay("--quote", failing, code=1, says="emulated:two/profile.yaml: fail")
    # Who goes on with a log goes on with the PCR, too.
    one, _ = boot("dev")
    bed.run(PROGRAM, "measurements", "--extend-pcr", "13", "--pcr-log", log, "emulated:dev/profile.yaml", code=0)
    check("keylime: a second run", json.loads(replay("--quote", pcr.read_text()))["13"] == [pcr.read_text()] and pcr.read_text() != one)
    (folder / "broken").touch()
    bed.run(PROGRAM, "measurements", "--extend-pcr", "13", "--pcr-log", log, "emulated:dev/profile.yaml", code=1)
    replay("--quote", pcr.read_text(), code=1, says="missing in it, or was altered")


def main():
    for tool in ("curl", "jq", "openssl", "basenc"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not there")
            sys.exit(77)
    os.umask(0o077)
    for part in (veraison, trustee, keylime):
        with tempfile.TemporaryDirectory() as name:
            part(Bed(pathlib.Path(name).resolve()))
    print("\n".join(problems) or "the examples do what they say")
    sys.exit(1 if problems else 0)


main()
