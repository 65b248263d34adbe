#!/usr/bin/env python3
"""Lets a reference requester open sessions with the emulated device: each version, binding, algorithm and way of authentication, and
IDE_KM and TDISP inside.

  requester.py --spdmctl PROGRAM --requester PROGRAM [--match TEXT] [--list]

The requester is DMTF's spdm_requester_emu; it runs in its own folder, where its sample certificates are. Without it
(SPDMCTL_REQUESTER not set either) the test is skipped: exit code 77. Prints one line per run.
"""

import argparse
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

VERSIONS = ["1.1", "1.2", "1.3", "1.4"]
BINDINGS = {"doe": "PCI_DOE", "mctp": "MCTP", "tcp": "TCP"}
GROUPS = ["SECP_256_R1", "SECP_384_R1", "SECP_521_R1", "FFDHE_2048", "FFDHE_3072", "FFDHE_4096"]
AEADS = ["AES_128_GCM", "AES_256_GCM", "CHACHA20_POLY1305"]
ASYM = {"ecp256": "ECDSA_P256", "ecp384": "ECDSA_P384", "ecp521": "ECDSA_P521", "rsa2048": "RSAPSS_2048", "rsa3072": "RSASSA_3072",
        "rsa4096": "RSAPSS_4096", "ed25519": "EDDSA_25519"}
HASHES = ["SHA_256", "SHA_384", "SHA_512", "SHA3_256", "SHA3_384", "SHA3_512"]
CAPS = "CHAL,ENCRYPT,MAC,MUT_AUTH,KEY_EX,PSK,ENCAP,HBEAT,KEY_UPD,CHUNK"
ALL = "HEARTBEAT,KEY_UPDATE,MEAS,DIGEST,CERT"

PROFILE = """versions: ["1.0", "1.1", "1.2", "1.3", "1.4"]
algorithms: {{hash: [SHA-384, SHA-256, SHA-512, SHA3-256, SHA3-384, SHA3-512]}}
slots:
  - {{slot: 0, chain: {keys}/bundle_responder.certchain.der, key: {keys}/end_responder.key}}
  - {{slot: 4, chain: {keys}/bundle_responder.certchain.der, key: {keys}/end_responder.key, multi-key-only: true}}
measurements:
  - {{index: 1, type: immutable-rom, text: "boot ROM 1.0"}}
  - {{index: 2, type: mutable-firmware, text: "firmware 2.3"}}
data-transfer-size: {size}
sessions:
  psk: [{{hint-hex: 5465737450736b48696e7400, key-hex: 5465737450736b4461746100}}]
{sessions}
{more}
"""

# The requester says little of IDE_KM and TDISP, and its run always ends with an error: it goes on with CXL. But it stops at the first
# request that is not answered well; so its requests are counted. FINISH, QUERY; KEY_PROG and K_SET_GO for six sub-streams; TDISP without
# the report; K_SET_STOP; QUERY of CXL, which is refused.
FINISH, IDE, TDISP, STOPS, CXL = 1, 1 + 6 * 2, 9, 6, 1
PORTIONS = 2  # of the report
TO_THE_END = FINISH + IDE + TDISP + PORTIONS + STOPS + CXL
PCI = "ide: {ports: [{}, {bus: 1}]}\ntdisp: {portion: 20}\n"
# What is wrong with the device, and the requests until that is noticed.
PCI_FAULTS = {
    "ide: {ports: [{}]}\ntdisp: true": FINISH + 1,
    "ide: {ports: [{}, {}]}": FINISH + IDE + 1,
    PCI + "faults: [{on: QUERY_RESP, do: flip 2}]": FINISH + 1,
    PCI + "faults: [{on: QUERY_RESP, do: append 00}]": FINISH + 1,
    PCI + "faults: [{on: KP_ACK, do: flip 5.4, first: 2}]": FINISH + 4,
    PCI + "faults: [{on: K_GOSTOP_ACK, do: error Unspecified, first: 7}]": TO_THE_END - CXL - STOPS + 1,
    PCI + "faults: [{on: TDISP_VERSION, do: version 0x20}]": FINISH + IDE + 1,
    PCI + "faults: [{on: TDISP_CAPABILITIES, do: tdisp-error BUSY}]": FINISH + IDE + 2,
    PCI + "faults: [{on: DEVICE_INTERFACE_STATE, do: flip 4}]": FINISH + IDE + 3,
    PCI + "faults: [{on: LOCK_INTERFACE_RESPONSE, do: truncate -1}]": FINISH + IDE + 4,
    PCI + "faults: [{on: DEVICE_INTERFACE_REPORT, do: flip 18, first: 2}]": FINISH + IDE + 7,
}


class Case:
    def __init__(self, name, version, binding="doe", kind="KEY_EX", sessions="", options=(), asked=ALL, keys="ecp384", size=4600, passes=True,
                 more="", requests=None):
        self.name, self.binding, self.sessions, self.keys, self.size, self.passes = name, binding, sessions, keys, size, passes
        self.more, self.requests = more, requests  # of the profile; how many requests inside until the run ends with an error
        self.options = ["--ver", version, "--exe_conn", "DIGEST,CERT,CHAL,MEAS", "--exe_session", f"{kind},{asked}", *options]

    def profile(self, folder):
        part = "".join(f"  {line}\n" for line in self.sessions.split("; ") if line)
        part = re.sub(r"\b(\w+)/(\S+)", rf"{folder}/\1/\2", part)
        return PROFILE.format(keys=folder / self.keys, size=self.size, sessions=part, more=self.more)


def cases():
    for version in VERSIONS:
        for binding in BINDINGS:
            for clear in ("false", "true"):
                way = f"heartbeat-period: 30; key-update: both; handshake-in-the-clear: {clear}"
                for kind in ("KEY_EX", "PSK"):
                    for update in ("REQ", "ALL", "RSP"):
                        yield Case(f"{version} {binding} {kind} clear={clear} {update}", version, binding, kind, way, ["--key_upd", update])
                for mutual in ("encapsulated", "digests", "optimized"):
                    way = f"mutual-authentication: {mutual}; handshake-in-the-clear: {clear}; requester-root: rsa3072/ca.cert.der"
                    way += "; requester-chain: rsa3072/bundle_requester.certchain.der" if mutual == "optimized" else ""
                    yield Case(f"{version} {binding} {mutual} clear={clear}", version, binding, "KEY_EX", way, ["--req_asym", "RSASSA_3072"])
            yield Case(f"{version} {binding} basic", version, binding, "KEY_EX", "basic-mutual-authentication: true")
            yield Case(f"{version} {binding} PSK without context", version, binding, "PSK", "psk-context: false", asked="KEY_UPDATE,MEAS")
            for kind in ("KEY_EX", "PSK"):
                yield Case(f"{version} {binding} {kind} MAC only", version, binding, kind, "encrypt: false", asked="KEY_UPDATE,MEAS")
                if version >= "1.2":
                    way = "mutual-authentication: encapsulated; heartbeat-period: 30"
                    yield Case(f"{version} {binding} {kind} in chunks", version, binding, kind, way, size=128)
        for group in GROUPS:
            for aead in AEADS:
                yield Case(f"{version} {group} {aead}", version, "mctp", options=["--dhe", group, "--aead", aead], asked="KEY_UPDATE,MEAS")
        for secured in ("1.0", "1.1", "1.2"):
            yield Case(f"{version} secured messages {secured}", version, options=["--sec_ver", secured], asked="MEAS")
        for operation, attribute, summary in itertools.product(("ONE_BY_ONE", "ALL"), ("HASH", "RAW"), ("NO", "TCB", "ALL")):
            options = ["--meas_op", operation, "--meas_att", attribute, "--meas_sum", summary]
            yield Case(f"{version} measurements {operation} {attribute} {summary}", version, "mctp", options=options, asked="MEAS")
        way = "mutual-authentication: encapsulated; requester-key: ecp384/end_requester.key.pub.der"
        key = ["--cap", f"{CAPS},PUB_KEY_ID" if version >= "1.2" else f"{CAPS},PUB_KEY_ID".replace(",CHUNK", ""), "--req_slot_id", "0xFF"]
        yield Case(f"{version} provisioned requester", version, sessions=way, options=["--req_asym", "ECDSA_P384", *key], asked="MEAS")
        way = "mutual-authentication: encapsulated; requester-root: ecp256/ca.cert.der"
        yield Case(f"{version} another root", version, sessions=way, options=["--req_asym", "RSASSA_3072"], passes=False)
        for kind in ("KEY_EX", "PSK"):
            yield Case(f"{version} PCI {kind}", version, "doe", kind, asked="APP", more=PCI, requests=TO_THE_END)
        yield Case(f"{version} PCI MAC only", version, sessions="encrypt: false", asked="APP", more=PCI, requests=FINISH + 1)
    for more, requests in PCI_FAULTS.items():
        yield Case(f"1.2 PCI {more.replace(PCI, '').strip()}".replace("\n", " "), "1.2", asked="APP", more=more, requests=requests)
    for keys, asym in ASYM.items():
        for hash_name in HASHES:
            options = ["--asym", asym, "--req_asym", asym, "--hash", hash_name]
            yield Case(f"{asym} {hash_name}", "1.2", sessions="mutual-authentication: encapsulated", options=options, asked="MEAS", keys=keys)
    for version in VERSIONS[2:]:
        for multi in ("", ",MULTI_KEY_ONLY"):
            for ours in ("OPAQUE_FMT_1", "OPAQUE_FMT_1,MULTI_KEY_CONN"):
                options = ["--cap", f"CERT,{CAPS}{multi}", "--other_param", ours]
                yield Case(f"{version} keys{multi} {ours}", version, sessions="mutual-authentication: digests", options=options, asked="MEAS")


def run(case, program, requester):
    """What went wrong; empty when nothing did."""
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        (scratch / "profile.yaml").write_text(case.profile(requester.parent))
        command = [program, "emulate", "--once", "--listen", "emu://127.0.0.1:0", "--port-file", scratch / "port", scratch / "profile.yaml"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
            try:
                if not server.stdout.readline():  # it is written once the port is open
                    return "the emulated device does not start"
                command = [requester, "--trans", BINDINGS[case.binding], "--port", (scratch / "port").read_text().strip(), *case.options]
                command += ["--pcap", scratch / "seen.pcap"] if case.requests else []
                done = subprocess.run(command, cwd=requester.parent, capture_output=True, text=True, errors="replace", timeout=60, check=False)
            except subprocess.TimeoutExpired:
                return "no end after a minute"
            finally:
                server.terminate()
        if case.requests:
            seen = subprocess.run([program, "decode", scratch / "seen.pcap"], capture_output=True, text=True, check=False).stdout
            requests = len(re.findall(r"-> secured message", seen))
            return "" if requests == case.requests else f"{requests} requests inside, {case.requests} are expected"
    out = done.stdout + done.stderr
    if "[--trans MCTP" in out:
        return "the requester does not know an option"
    # Its exit code is no more reliable than what it prints.
    passed = done.returncode == 0 and "ERROR" not in out
    return "" if passed == case.passes else f"exit code {done.returncode}: " + "; ".join(re.findall(r".*ERROR.*", out)[:3])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spdmctl", required=True, type=pathlib.Path)
    parser.add_argument("--requester", default=os.environ.get("SPDMCTL_REQUESTER"))
    parser.add_argument("--match", default="")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    chosen = [case for case in cases() if arguments.match in case.name]
    if arguments.list:
        print("\n".join(case.name for case in chosen))
        return 0
    if not arguments.requester:
        print("no reference requester (SPDMCTL_REQUESTER): skipped")
        return 77
    failed = 0
    for case in chosen:
        why = run(case, arguments.spdmctl.resolve(), pathlib.Path(arguments.requester).resolve())
        failed += bool(why)
        print(f"{'FAIL' if why else 'pass'}  {case.name}{': ' + why if why else ''}", flush=True)
    print(f"{len(chosen)} runs, {failed} failed")
    return 1 if failed or not chosen else 0


sys.exit(main())
