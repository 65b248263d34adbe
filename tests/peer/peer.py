#!/usr/bin/env python3
"""Attests a reference responder through every binding, version, algorithm, slot and chunk size that it can do.

  peer.py --spdmctl PROGRAM --responder PROGRAM [--match TEXT] [--all] [--list]

The responder is DMTF's spdm_responder_emu; it runs in its own folder, where its sample certificates are. Without it
(SPDMCTL_RESPONDER not set either) the test is skipped: exit code 77. Prints one line per run. Of the tables of variants.py a selection
is run, and with --all each combination. A run in which nothing could be attested has failed.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test
import variants

PLAIN = ["--basic_mut_auth", "NO", "--mut_auth", "NO"]
BINDINGS = {"doe": "PCI_DOE", "mctp": "MCTP", "tcp": "TCP", "none": "NONE"}
VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4"]
ROOTS = {**variants.ROOTS, "ML_DSA_44": "mldsa44", "ML_DSA_65": "mldsa65", "ML_DSA_87": "mldsa87"}
EMPTY = tempfile.TemporaryDirectory()  # a keyring without a certificate
KEYS = tempfile.TemporaryDirectory()
CHUNKS = ["--cap", "CERT,CHAL,MEAS_SIG,MEAS_FRESH,CHUNK"]


# What the samples share: TestPskHint and TestPskData, both with the NUL at their end.
PSK, PSK_HINT = b"TestPskData\0".hex(), "hex:" + b"TestPskHint\0".hex()
SESSION_CAPS = "CERT,CHAL,MEAS_SIG,MEAS_FRESH,ENCRYPT,MAC,MUT_AUTH,KEY_EX,PSK_WITH_CONTEXT,ENCAP,HBEAT,KEY_UPD,CHUNK"
ASYM = ["--asym", "ECDSA_P384", "--req_asym", "ECDSA_P384"]


class Case:
    def __init__(self, name, binding="doe", responder=(), spdmctl=(), root="ecp384", query="", code=0, optional=False, verb="measurements", lines=None):
        self.name, self.binding, self.responder, self.spdmctl = name, binding, list(responder), list(spdmctl)
        self.root, self.query, self.code = root, query, code
        self.verb, self.lines = verb, lines or {}  # lines of an inspection that do not pass; those of the host are not run here
        self.optional = optional  # an algorithm that needs OpenSSL 3.5 on both sides


def cases(everything):
    for binding in BINDINGS:
        for version in VERSIONS:
            yield Case(f"{binding} {version}", binding, ["--ver", version])
            yield Case(f"{binding} {version} each", binding, ["--ver", version], ["--each"])
    for asym in ("RSASSA_2048", "RSASSA_3072", "RSASSA_4096", "RSAPSS_2048", "RSAPSS_3072", "RSAPSS_4096", "ECDSA_P256", "ECDSA_P384", "ECDSA_P521"):
        for version in VERSIONS:
            yield Case(f"{asym} {version}", "mctp", ["--ver", version, "--asym", asym], root=ROOTS[asym])
    for hash_name in ("SHA_256", "SHA_384", "SHA_512", "SHA3_256", "SHA3_384", "SHA3_512"):
        yield Case(f"P384 {hash_name}", "mctp", ["--ver", "1.2", "--hash", hash_name, "--meas_hash", hash_name])
    yield Case("raw bit streams only", "mctp", ["--ver", "1.2", "--meas_hash", "RAW_BIT"], ["--raw", "--index", "1"])
    for version in VERSIONS[2:]:
        yield Case(f"Ed25519 {version}", "mctp", ["--ver", version, "--asym", "EDDSA_25519", "--hash", "SHA_512"], root="ed25519")
        yield Case(f"Ed448 {version}", "mctp", ["--ver", version, "--asym", "EDDSA_448", "--hash", "SHA_512"], root="ed448", optional=True)
        # The sample SM2 root has pathLenConstraint 0 and an intermediate below it: signatures are good, the chain is refused.
        yield Case(f"SM2 {version}", "mctp", ["--ver", version, "--asym", "SM2_P256", "--hash", "SM3_256", "--meas_hash", "SM3_256"], root="sm2", code=10)
    for pqc in ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87"):
        yield Case(f"{pqc} 1.4", "doe", ["--ver", "1.4", "--asym", "NONE", "--pqc_asym", pqc, *CHUNKS], root=ROOTS[pqc], optional=True)
    for version in VERSIONS[2:]:
        for limit in (42, 64, 256, 1024):
            yield Case(f"our limit {limit}, {version}", "doe", ["--ver", version], query=f"&max={limit}")
    for version in VERSIONS[2:]:
        yield Case(f"slot 1, {version}", "doe", ["--ver", version], ["--slot", "1"], root="ecp384:1")
        yield Case(f"provisioned key, {version}", "doe", ["--ver", version, "--slot_id", "0xFF"], ["--provisioned-key", "ecp384/end_responder.key.pub.der"])
    for version in VERSIONS[3:]:
        yield Case(f"slot 4, {version}", "doe", ["--ver", version], ["--slot", "4"])
        yield Case(f"log and endpoint, {version}", "doe", ["--ver", version], ["--extension-log", "--endpoint-info"])
        yield Case(f"raw, {version}", "doe", ["--ver", version], ["--raw"])
    yield from session_cases()
    yield from inspection_cases()
    yield Case("no CHALLENGE, signed measurements", "doe", ["--ver", "1.2", "--cap", "CERT,MEAS_SIG"])
    yield Case("unsigned measurements only", "doe", ["--ver", "1.2", "--cap", "CERT,CHAL,MEAS_NO_SIG"], code=10)
    yield Case("no measurements", "doe", ["--ver", "1.2", "--cap", "CERT,CHAL"], code=3)
    yield Case("not trusted", "doe", ["--ver", "1.2"], root=None, code=10)
    yield Case("another root", "doe", ["--ver", "1.2"], root="ecp256", code=10)
    for name, made in variants.variants(everything):
        yield Case(name, **made)


def session_cases():
    inside, psk = ["--in-session"], ["--in-session", "--psk", "{psk}", "--psk-hint", PSK_HINT]
    mutual = ["--requester-key", "{key}", "--requester-cert", "{cert}"]
    kinds = {"none": "NO", "optimized": "WO_ENCAP", "encapsulated": "W_ENCAP", "digests": "DIGESTS"}
    for version in VERSIONS[1:]:
        base = ["--ver", version, *ASYM]
        for binding in ("doe", "mctp", "tcp"):  # without a binding nothing tells a secured message from another
            for kind, option in kinds.items():
                ours = inside + (mutual if kind != "none" else [])
                yield Case(f"session {binding} {version} {kind}", binding, [*base, "--mut_auth", option], ours)
            yield Case(f"session {binding} {version} psk", binding, base, psk)
            yield Case(f"session {binding} {version} exercised", binding, base, [*inside, "--exercise"])
        for kind, option in kinds.items():
            ours = [*inside, "--handshake-in-the-clear"] + (mutual if kind != "none" else [])
            yield Case(f"session in the clear {version} {kind}", "doe", [*base, "--mut_auth", option], ours)
        yield Case(f"session by psk without context {version}", "doe", [*base, "--cap", SESSION_CAPS.replace("_WITH_CONTEXT", "")], psk)
        yield Case(f"session by psk exercised {version}", "mctp", base, [*psk, "--exercise"])
        yield Case(f"session authenticated only {version}", "mctp", [*base, "--cap", SESSION_CAPS.replace("ENCRYPT,", "")], [*inside, "--mac-only", "--exercise"])
        yield Case(f"session of --mac-only {version}", "doe", base, [*inside, "--mac-only"])
        yield Case(f"basic mutual authentication {version}", "mctp", [*base, "--basic_mut_auth", "BASIC"], mutual)
        for group in ("FFDHE_2048", "FFDHE_3072", "FFDHE_4096", "SECP_256_R1", "SECP_384_R1", "SECP_521_R1"):
            yield Case(f"session {group} {version}", "doe", [*base, "--dhe", group], inside)
        for aead in ("AES_128_GCM", "AES_256_GCM", "CHACHA20_POLY1305"):
            yield Case(f"session {aead} {version}", "mctp", [*base, "--aead", aead], [*inside, "--exercise"])
    for version in VERSIONS[2:]:
        yield Case(f"session of slot 1, {version}", "doe", ["--ver", version, *ASYM], [*inside, "--slot", "1"], root="ecp384:1")
        yield Case(f"session of a provisioned key, {version}", "doe", ["--ver", version, *ASYM, "--slot_id", "0xFF"],
                   [*inside, "--provisioned-key", "ecp384/end_responder.key.pub.der"])
        for limit in (42, 64, 256):
            yield Case(f"session in chunks of {limit}, {version}", "doe", ["--ver", version, *ASYM], inside, query=f"&max={limit + 64}")
    for kem in ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"):
        yield Case(f"session {kem} 1.4", "doe", ["--ver", "1.4", *ASYM, "--dhe", "NONE", "--kem", kem], inside, optional=True)


# Lines that only the host of a PCI function can tell, or that compare with what it sees.
OF_HOST = dict.fromkeys(("tee-io", "ide", "root-port-ide", "free-stream", "no-owner", "ide-registers"), "not-run")
NO_SESSION = dict.fromkeys(("session", "session-measurements", "ide-km", "tdisp", "interface-state", "interface-report"), "not-run")
UNLOCKED = {"interface-report": "not-needed"}
ALONE = {"ide-km": "fail", "tdisp": "fail", "interface-state": "not-run", "interface-report": "not-run"}


def inspection_cases():
    def case(name, binding, options, lines, *more, query=""):
        return Case(f"inspect {name}", binding, [*ASYM, *options], more, query=query, code=13, verb="inspect", lines={**OF_HOST, **lines})

    for version in VERSIONS[1:]:
        old = {"spdm-version": "fail", "opaque-format": "fail"} if version == "1.1" else {}
        yield case(f"doe {version}", "doe", ["--ver", version], {**UNLOCKED, **old})
        yield case(f"mctp {version}", "mctp", ["--ver", version], {**ALONE, **old})
        yield case(f"mutual authentication {version}", "doe", ["--ver", version, "--mut_auth", "W_ENCAP"], {**UNLOCKED, **old},
                   "--requester-key", "{key}", "--requester-cert", "{cert}")
        yield case(f"in small pieces {version}", "doe", ["--ver", version], {**UNLOCKED, **old}, query="&max=320")
    yield case("another function", "doe", ["--ver", "1.2"], UNLOCKED, "--function-id", "0001:e1:1f.7")
    caps = "CERT,CHAL,MEAS_SIG,MEAS_FRESH,CHUNK"
    yield case("without key exchange", "doe", ["--ver", "1.2", "--cap", caps], {**NO_SESSION, "key-exchange": "fail", "encryption": "fail", "session": "fail"})
    yield case("authenticated only", "doe", ["--ver", "1.2", "--cap", f"{caps},KEY_EX,MAC"], {**NO_SESSION, "encryption": "fail"})
    yield case("ChaCha20 alone", "doe", ["--ver", "1.2", "--aead", "CHACHA20_POLY1305"], {**UNLOCKED, "aead": "fail"})
    yield case("secp521r1 alone", "doe", ["--ver", "1.2", "--dhe", "SECP_521_R1"], {**UNLOCKED, "key-exchange-algorithm": "fail"})
    yield case("SHA-512 alone", "doe", ["--ver", "1.3", "--hash", "SHA_512"], {**UNLOCKED, "hash": "fail"})
    yield case("unsigned measurements", "doe", ["--ver", "1.2", "--cap", "CERT,CHAL,MEAS_NO_SIG,KEY_EX,ENCRYPT,MAC"],
               {**UNLOCKED, "signed-measurements": "fail", "session-measurements": "not-run"})


def secrets(folder):
    """Keys of the samples, as files that nobody else may read."""
    own = pathlib.Path(KEYS.name)
    for name, content in {"psk": PSK.encode(), "key": (folder / "ecp384/end_requester.key").read_bytes(),
                          "cert": (folder / "ecp384/bundle_requester.certchain.der").read_bytes()}.items():
        (own / name).touch(mode=0o600)
        (own / name).write_bytes(content)
    return {name: str(own / name) for name in ("psk", "key", "cert")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port):
    wanted = f":{port:04X}"
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(wanted) and fields[3] == "0A":
            return True
    return False


def proven(case, args, folder):
    """What is wrong with the session when it is judged from its recording and its secrets; nothing when all its records hold."""
    kept = pathlib.Path(KEYS.name)
    command = [args.spdmctl, "verify", str(kept / "seen.json"), "--session-secrets", str(kept / "secrets.json"), "--json", *root_of(case, folder)]
    if "--provisioned-key" in case.spdmctl:
        command += ["--provisioned-key", case.spdmctl[case.spdmctl.index("--provisioned-key") + 1]]
    device = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120).stdout)["devices"][0]
    sessions = device.get("connection", {}).get("sessions", [])
    return "" if [one.get("proven") for one in sessions] == [True] else f"its records do not prove the session: {sessions} {device.get('findings')}"


def root_of(case, folder):
    if case.root is None:
        return ["--keyring", EMPTY.name]
    name, _, slot = case.root.partition(":")
    return ["--root", str(folder / name / f"ca{slot}.cert.der")]


def attest(case, args, folder, port):
    command = [str(args.responder), "--trans", BINDINGS[case.binding], "--ip", "127.0.0.1", "--port", str(port), *PLAIN, *case.responder]
    responder = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            if listening(port):
                break
            if responder.poll() is not None:
                return "skip", "the responder does not know these options", {}
            time.sleep(0.01)
        else:
            return "FAIL", "the responder does not listen", {}
        target = f"emu://127.0.0.1:{port}?binding={case.binding}{case.query}"
        options = [option.format(**secrets(folder)) for option in case.spdmctl]
        if "--in-session" in options:
            options += ["--session-secrets", f"{KEYS.name}/secrets.json", "--record", f"{KEYS.name}/seen.json"]
        ours = [args.spdmctl, case.verb, target, "--json", "--timeout", "20", *root_of(case, folder), *options]
        result = subprocess.run(ours, cwd=folder, capture_output=True, text=True, timeout=120)
        if not result.stdout:
            return f"FAIL exit {result.returncode}", result.stderr.strip(), {}
        document = json.loads(result.stdout)
        device = document["devices"][0] if document.get("devices") else document
        detail = device.get("reason", device.get("error", {}).get("message", ""))
        if case.optional and detail.startswith("NEGOTIATE_ALGORITHMS: the responder answered ERROR InvalidRequest"):
            return "skip", "no algorithm that both sides can do", device
        sessions = device.get("connection", {}).get("sessions", [])
        if "--in-session" in case.spdmctl and result.returncode == 0 and [one["state"] for one in sessions] != ["ended"]:
            return "FAIL", f"no session was opened and ended: {sessions}", device
        if sessions and result.returncode == 0 and (wrong := proven(case, args, folder)):
            return "FAIL", wrong, device
        if case.verb == "inspect":
            told = {one["line"]: one["status"] for one in device.get("inspection", {}).get("lines", []) if one["status"] != "pass"}
            if told != case.lines or any(one["severity"] == "failure" and one["id"] != "not-ready" for one in device["findings"]):
                return "FAIL", f"{sorted(set(told.items()) ^ set(case.lines.items()))} {device['reason']}", device
        return ("ok" if result.returncode == case.code else f"FAIL exit {result.returncode}, expected {case.code}"), detail, device
    finally:
        responder.kill()
        responder.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spdmctl", default="build/development/spdmctl")
    parser.add_argument("--responder", default=os.environ.get("SPDMCTL_RESPONDER"))
    parser.add_argument("--match", default="")
    parser.add_argument("--all", action="store_true", help="each combination of the tables of variants.py")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("\n".join(case.name for case in cases(args.all)))
        return 0
    if not args.responder or not os.access(args.responder, os.X_OK):
        print("no reference responder (SPDMCTL_RESPONDER): skipped")
        return 77
    args.responder = pathlib.Path(args.responder).resolve()
    args.spdmctl = str(pathlib.Path(args.spdmctl).resolve())
    counts = {"ok": 0, "skip": 0, "FAIL": 0}
    for case in (case for case in cases(args.all) if re.search(args.match, case.name)):
        outcome, detail, device = attest(case, args, args.responder.parent, free_port())
        counts[outcome.split()[0]] += 1
        connection = device.get("connection", {})
        algorithms = connection.get("algorithms", {})
        traffic = device.get("traffic", {})
        signatures = [signature["result"] for signature in device.get("signatures", [])]
        print(f"{outcome:8} {case.name:36} {connection.get('version', '-'):4} {algorithms.get('asym') or '-':18} {algorithms.get('hash') or '-':9}"
              f" {traffic.get('round_trips', 0):4} round trips, signatures {signatures.count('good')}/{len(signatures)}: {detail}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    if not counts["ok"]:
        print("nothing was attested")
    return 1 if counts["FAIL"] or not counts["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
