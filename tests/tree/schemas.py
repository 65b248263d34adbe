#!/usr/bin/env python3
"""Real outputs of the program given fit the published schemas, and have no field that the schema does not describe."""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test
from layered_device import layered

try:
    import jsonschema
    import yaml
except ImportError:
    print("skipped: python3-jsonschema or python3-yaml is not there")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]


# What the device of emulate --init does not have.
MORE = """
log:
  - {measurement: 8, type: informational, text: "module a"}
endpoint-info:
  - {registry: 3, vendor: 361b, sub-ids: ["0100"]}
"""


def strict(schema):
    """The schema as it is published lets fields be added; here none may come that it does not describe."""
    schema = copy.deepcopy(schema)
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if "properties" in part:
                part["additionalProperties"] = False
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
    return schema


# The schema of what a verb prints, and with it of its errors. Sub-verbs and options that differ stand behind the verb.
SCHEMAS = {
    **{verb: "report-2" for verb in ("info", "auth", "measurements", "certs", "verify", "audit", "keyring explain")},
    "list": "list-2", "decode": "messages-2", "report": "summary-2", "reference": "references-2", "reference needed": "needed-1", "gate": "gate-2", "status": "status-1", "tsm": "tsm-1",
    "keyring": "keyring-2", "policy": "policy-2", "policy explain": "policy-2", "doctor": "doctor-2", "emulate": "emulated-server-1",
    "emulate --init": "emulated-device-1", "inspect": "inspect-1", "gate --manifest": "image-1", "watch": "state-1",
}
# Their documents are about devices: "devices" is there, however a run ends.
ABOUT_DEVICES = {"info", "inspect", "auth", "measurements", "certs", "verify", "audit", "keyring explain", "list", "reference", "gate", "status", "tsm", "policy explain", "reference needed"}
HAVE_A_VERDICT = {"info", "inspect", "auth", "measurements", "certs", "verify", "audit", "keyring explain", "report"}
# Names that documents had beside "why" and "remedy" before version 2; "message" is a message of SPDM, and nothing else.
NO_KEYS = {"hint", "detail", "details", "explanation", "advice", "fix", "words", "problem"}


def keys_and_values(part, key=None):
    """(key, the enumerated values it may have) of all that a schema describes."""
    if isinstance(part, list):
        for item in part:
            yield from keys_and_values(item)
    elif isinstance(part, dict):
        if key is not None:
            items = part.get("items", {})
            values = [part.get("const"), *part.get("enum", []), *(items.get("enum", []) if isinstance(items, dict) else [])]
            yield key, [value for value in values if isinstance(value, str)]
        for name, value in part.items():
            if name == "properties":
                for one, described in value.items():
                    yield from keys_and_values(described, one)
            else:
                yield from keys_and_values(value)


def names_are_joined_in_one_way(problems):
    """Words are joined by '_' in keys and by '-' in values, in all documents; files that people write have '-' in both."""
    # Evidence has its keys of version 1. "message" is a message of SPDM there, and in signatures of reports.
    for file in sorted((ROOT / "dist/schema").glob("*.json")):
        if file.name.startswith(("spdmctl.evidence", "spdmctl.policy-file")):
            continue
        for key, values in keys_and_values(json.loads(file.read_text())):
            if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", key) or key in NO_KEYS:
                problems.append(f"{file.name}: the key {key}")
            # As DSP0274 calls them, and the Open Profile for DICE.
            if key == "schema" or values == ["CHALLENGE_AUTH", "MEASUREMENTS", "ENDPOINT_INFO", "KEY_EXCHANGE_RSP"] or "notInitialized" in values:
                continue
            problems.extend(f"{file.name}: the value {value} of {key}" for value in values if not re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", value))


def verbs_of(program):
    """All that --help lists, one a line."""
    told = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
    return re.findall(r"^  ([a-z]+) {2,}", told[told.index("Verbs:"):], re.M)


def validator(name):
    schema = json.loads((ROOT / "dist/schema" / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(strict(schema))


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    report, evidence, listing, tsm, doctor = (
        validator(f"spdmctl.{name}.json") for name in ("report-2", "evidence-1", "list-2", "tsm-1", "doctor-2")
    )
    problems, documents = [], []
    names_are_joined_in_one_way(problems)

    def check(what, schema, text):
        document = json.loads(text)
        documents.append(document)
        if (error := jsonschema.exceptions.best_match(schema.iter_errors(document))) is not None:
            problems.append(f"{what}: {'/'.join(map(str, error.absolute_path))}: {error.message[:500]}")
        return document

    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, ROOT / "tests/cli/data/sysfs.py", "host", "plain", "mailboxes", "tsm"], cwd=scratch, check=True)
        environment = dict(os.environ)

        def run(*arguments, code, **more):
            done = subprocess.run([program, *arguments], capture_output=True, text=True, cwd=scratch, env={**environment, **more})
            if done.returncode != code:
                problems.append(f"{arguments}: exit code {done.returncode}, not {code}: {done.stderr}")
            return done.stdout

        def attest(*arguments, code=0):
            return check(" ".join(arguments), report, run(*arguments, "--json", code=code))

        # A command line that cannot be understood: nothing is known but the verb, and its schema is that of the error.
        program_verbs = verbs_of(program)
        if missing := set(program_verbs) ^ {words.split()[0] for words in SCHEMAS} ^ {"collect"}:
            problems.append(f"verbs without a schema, or schemas without a verb: {missing}")
        for words, name in SCHEMAS.items():
            for wrong in ("--no-such-option", ""):
                if wrong == "" and words not in ("verify", "keyring", "policy", "reference", "emulate", "decode", "report", "policy explain"):
                    continue  # without arguments these have something to do
                value = ["x"] if words == "emulate --init" else []
                for form in ("json", "yaml", "ndjson"):
                    text = run(*words.split(), *value, *([wrong] if wrong else []), "-f", form, code=2)
                    document = yaml.safe_load(text) or {}
                    check(f"{words} {wrong} {form}", validator(f"spdmctl.{name}.json"), json.dumps(document))
                    expected = {"schema", "tool", "exit_code", "error"} | ({"devices"} if words in ABOUT_DEVICES else set())
                    if set(document) != expected | ({"verdict"} if words in HAVE_A_VERDICT else set()) or document.get("devices", []) != []:
                        problems.append(f"{words} {wrong}: an error has {sorted(document)}")
        for words in ((), ("no-such-verb",)):
            check(f"no verb: {words}", report, run(*words, "--json", code=2))
        if told := run("collect", "--no-such-option", "--json", code=2):
            problems.append(f"collect writes evidence, and no error among it: {told}")

        run("emulate", "--init", "device", code=0)
        with open(pathlib.Path(scratch) / "device/profile.yaml", "a") as profile:
            profile.write(MORE)
        device, root = "emulated:device/profile.yaml", ("--root", "device/root.pem")
        attest("info", device)
        attest("certs", device)
        attest("auth", device, *root, "--record", "device.json")
        attest("auth", device, *root, "--spdm-version", "1.0", "--slot", "all")
        attest("auth", device, *root, "--tolerate", "all", code=2)
        attest("measurements", device, *root, "--extension-log", "--endpoint-info", "--record", "measured.json")
        (pathlib.Path(scratch) / "tools").mkdir()
        (pathlib.Path(scratch) / "tools/tpm2_pcrextend").symlink_to("/bin/true")
        environment["PATH"] = f"{scratch}/tools:{environment['PATH']}"
        run("measurements", device, "emu://127.0.0.1:1", *root, "--extend-pcr", "16", "--pcr-log", "pcr.log", code=3)
        for line in (pathlib.Path(scratch) / "pcr.log").read_text().splitlines():
            check("--pcr-log", validator("spdmctl.pcr-event-1.json"), line)
        (pathlib.Path(scratch) / "empty").mkdir()
        attest("auth", device, "--keyring", "empty", code=10)
        attest("verify", "device.json", *root)
        attest("verify", "device.json", "missing.json", *root, code=2)
        # Sessions, with every field that they have.
        run("emulate", "--init", "inside", "--json", code=0)
        with open(pathlib.Path(scratch) / "inside/profile.yaml", "a") as profile:
            profile.write("sessions: {mutual-authentication: encapsulated, heartbeat-period: 9, psk: [{hint: x, key-hex: 00}]}\n")
        (pathlib.Path(scratch) / "psk").touch(mode=0o600)
        (pathlib.Path(scratch) / "psk").write_bytes(b"\0")
        inside, ours = ("emulated:inside/profile.yaml", "--root", "inside/root.pem"), ("--requester-key", "device/key.pem", "--requester-cert", "device/chain.pem")
        (pathlib.Path(scratch) / "device/key.pem").chmod(0o600)
        attest("info", inside[0])
        attest("measurements", *inside, "--in-session", *ours, "--exercise", "--session-secrets", "secrets.json", "--record", "inside.json")
        attest("measurements", *inside, "--in-session", "--psk", "psk", "--mac-only")
        attest("verify", "inside.json", *inside[1:])
        attest("verify", "inside.json", *inside[1:], "--session-secrets", "secrets.json")
        check("inside.json", evidence, (pathlib.Path(scratch) / "inside.json").read_text())
        check("secrets.json", validator("spdmctl.session-secrets-1.json"), (pathlib.Path(scratch) / "secrets.json").read_text())
        references = validator("spdmctl.references-2.json")
        attest("measurements", device, *root, "--save-reference", "refs.yaml")
        attest("measurements", device, *root, "--reference", "refs.yaml")
        check("reference show", references, run("reference", "show", "--json", "refs.yaml", code=0))
        check("reference check", references, run("reference", "check", "--json", "refs.yaml", code=0))
        needed = validator("spdmctl.needed-1.json")
        run("emulate", "--init", "gpu", "--device-info", "NVIDIA:GH100:1", code=0)
        (pathlib.Path(scratch) / "gpu/profile.yaml").open("a").write("opaque-data: {measurements: 03000400312e3000060008000074009620000000}\n")
        attest("measurements", "emulated:gpu/profile.yaml", "--root", "gpu/root.pem", "--spdm-version", "1.1", "--record", "gpu.json")
        check("reference needed", needed, run("reference", "needed", "--json", "gpu.json", "device.json", "refs.yaml", code=2))
        refs = pathlib.Path(scratch) / "refs.yaml"
        refs.write_text(refs.read_text().replace("index: 2\n", "index: 5\n").replace("min-svn: 5", "min-svn: 6"))
        attest("measurements", device, *root, "--reference", "refs.yaml", code=12)
        refs.write_text("refs")
        attest("measurements", device, *root, "--reference", "refs.yaml", code=2)
        attest("verify", "device.json", *root, "--at", "2001-01-01T00:00:00Z", code=10)
        attest("auth", device, "emu://127.0.0.1:1", *root, code=3)
        attest("auth", "--slot", "9", device, code=2)
        for line in run("verify", "device.json", "measured.json", *root, "-f", "ndjson", code=0).splitlines():
            check("ndjson", report, line)
        for name in ("device.json", "measured.json"):
            check(name, evidence, (pathlib.Path(scratch) / name).read_text())

        for name in ("device.json", "measured.json", "missing.json"):
            check(f"collect {name}", evidence, run("collect", f"file:{name}", code=2 if name == "missing.json" else 0))
        check("collect", evidence, run("collect", device, "--nonce", "5a" * 32, "--extension-log", "--endpoint-info", code=0))
        (pathlib.Path(scratch) / "hosts").mkdir()
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "ed25519", "-out", "host.key"], cwd=scratch, check=True)
        name = pathlib.Path(scratch) / "hosts" / f"{os.uname().nodename}.pem"
        subprocess.run(["openssl", "pkey", "-in", "host.key", "-pubout", "-out", name], check=True, cwd=scratch)
        signed = run("collect", device, "--sign-key", "host.key", code=0)
        check("collect --sign-key", evidence, signed)
        (pathlib.Path(scratch) / "signed.json").write_text(signed)
        attest("verify", "signed.json", *root, "--host-keys", "hosts")
        attest("verify", "signed.json", *root)
        attest("verify", "device.json", *root, "--host-keys", "hosts")
        (pathlib.Path(scratch) / "altered.json").write_text(signed.replace("emulated:device", "emulated:other"))
        attest("verify", "altered.json", *root, "--host-keys", "hosts", code=11)
        name.rename(name.with_name("another.pem"))
        attest("verify", "signed.json", *root, "--host-keys", "hosts", code=11)
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "ed25519", "-out", "other.key"], cwd=scratch, check=True)
        (pathlib.Path(scratch) / "signed.json").write_text(run("collect", device, "--sign-key", "other.key", code=0))
        attest("verify", "signed.json", *root, "--host-keys", "hosts")
        check("collect, nobody there", evidence, run("collect", "emu://127.0.0.1:1", code=3))

        summary = validator("spdmctl.summary-2.json")
        subprocess.run([sys.executable, ROOT / "tests/cli/data/fleet.py", "fleet"], cwd=scratch, check=True)
        fleet = sorted(str(path) for path in (pathlib.Path(scratch) / "fleet").iterdir())
        check("report", summary, run("report", "--json", *fleet, code=10))
        check("report, with what is no report", summary, run("report", "--json", "device.json", "missing.json", code=2))
        check("report, nothing named", summary, run("report", "--json", code=2))

        keyring, messages = validator("spdmctl.keyring-2.json"), validator("spdmctl.messages-2.json")
        (pathlib.Path(scratch) / "keyring").mkdir()
        on = ("--keyring", "keyring", "--json")
        check("keyring add", keyring, run("keyring", "add", *on, "device/root.pem", code=0))
        (pathlib.Path(scratch) / "keyring/junk.pem").write_text("junk")
        check("keyring show", keyring, run("keyring", "show", *on, code=0))
        check("keyring check", keyring, run("keyring", "check", *on, code=2))
        full = pathlib.Path(scratch) / "keyring"
        (full / "root.yaml").write_text('version: 1\nvouches-for: [{target: "emulated:*"}]\nmodels: [DeviceCert]\nnot-after: 2099-01-01T00:00:00Z\ncritical-extensions: [1.2.3.4]\ncomment: x\n')
        (full / "stranger.crl").write_bytes((ROOT / "tests/cli/data/stranger.crl").read_bytes())
        (full / "x.yaml").write_text("version: 1\nvendor: x\n")
        check("keyring pin", keyring, run("keyring", "pin", *on, device, code=0))
        check("keyring deny", keyring, run("keyring", "deny", *on, "--comment", "why", "0" * 64, code=0))
        check("keyring deny --key", keyring, run("keyring", "deny", *on, "--key", "0" * 64, code=0))
        check("keyring show, all kinds", keyring, run("keyring", "show", *on, code=2))
        attest("auth", device, "--keyring", "keyring")
        check("keyring explain", report, run("keyring", "explain", *on, device, code=0))
        check("keyring unpin", keyring, run("keyring", "unpin", *on, device, code=0))
        check("keyring import, offered", keyring, run("keyring", "import", *on, device, code=2))
        check("keyring import", keyring, run("keyring", "import", *on, "--yes", "--name", "again", device, code=0))
        (full / "again.pem").unlink()
        check("keyring deny, a file", keyring, run("keyring", "deny", *on, "device/root.pem", code=0))
        subprocess.run(["sh", ROOT / "tests/cli/data/pki.sh", "pki"], cwd=scratch, check=True)
        layered(pathlib.Path(scratch))
        attest("certs", "emulated:layers/profile.yaml", "--root", "layers/root.pem")
        pki, revoking = pathlib.Path(scratch) / "pki", pathlib.Path(scratch) / "revoking"
        (revoking / "anchors").mkdir(parents=True)
        (pki / "middle.pem").rename(revoking / "anchors/middle.pem")
        for name in ("root.pem", "middle.crl"):
            (pki / name).rename(revoking / name)
        (pki / "below.yaml").write_text("slots: [{slot: 0, chain: device.pem, root: ../revoking/anchors/middle.pem, key: key.pem}]\n")
        attest("auth", "emulated:pki/below.yaml", "--keyring", "revoking", code=10)
        # A device that is ready for PCI encryption, and that somebody has locked; on a host, and with an algorithm that it refuses.
        inspect, data = validator("spdmctl.inspect-1.json"), ROOT / "tests/cli/data"
        ready = (data / "tee-io.yaml").read_text()
        (pathlib.Path(scratch) / "device/locked.yaml").write_text(ready.replace("\ntdisp:", "\ntdisp:\n  state: run"))
        (pathlib.Path(scratch) / "device/refusing.yaml").write_text(ready.replace("AES-256-GCM", "ChaCha20-Poly1305"))
        check("inspect", inspect, run("inspect", "emulated:device/locked.yaml", *root, "--json", "--function-id", "01:00.0", "--record", "locked.json", code=13))
        check("inspect, refused", inspect, run("inspect", "emulated:device/refusing.yaml", *root, "--json", code=13))
        there = subprocess.run([sys.executable, data / "on_a_host.py", "locked.json"], cwd=scratch, capture_output=True, text=True, check=True).stdout
        (pathlib.Path(scratch) / "there.json").write_text(there)
        whole = ("file:there.json", *root, "--identity-match", "none")
        check("inspect, claimed", inspect, run("inspect", *whole, "--json", code=13))
        check("inspect, trusted", inspect, run("inspect", *whole, "--trust-host", "--json", code=0))
        check("inspect, several", inspect, run("inspect", *whole, "device/none.json", "--json", code=2))
        attest("verify", *whole[:-2], "--identity-match", "none", "--trust-host", code=0)
        (revoking / "middle.crl").unlink()
        for name, code in (("good.ocsp", 0), ("revoked.ocsp", 10)):
            (pki / name).rename(revoking / name)
            attest("auth", "emulated:pki/below.yaml", "--keyring", "revoking", code=code)
        check("keyring show, OCSP responses", keyring, run("keyring", "show", "--json", "--keyring", "revoking", code=0))
        (full / "deny.yaml").write_text("x")
        check("keyring check, a broken deny list", keyring, run("keyring", "check", *on, code=2))
        attest("auth", device, "--keyring", "keyring", code=2)
        check("keyring remove", keyring, run("keyring", "remove", *on, "root", code=0))
        check("keyring, a failure", keyring, run("keyring", "remove", *on, "root", code=2))
        check("decode", messages, run("decode", "--json", "measured.json", code=0))
        run("measurements", device, "--record", "seen.pcap", code=10)
        several = [sys.executable, data / "mctp.py", "276", "bmc.pcap", "seen.pcap=9", "seen.pcap=10", "drop=40"]
        subprocess.run(several, cwd=scratch, check=True)
        check("decode, several devices, one of them broken", messages, run("decode", "--json", "bmc.pcap", code=2))
        check("decode, broken", messages, run("decode", "--json", "10ff", code=6))
        (pathlib.Path(scratch) / "key.hex").write_text("12fe0000030002010030000002000005001201" + 32 * "a5" + "0000000001000000\n")
        check("decode, a key that is not shown", messages, run("decode", "--json", "key.hex", code=0))
        (pathlib.Path(scratch) / "report.hex").write_text("0100000007800000000000000100000000e00f0000000000040000000100020003000000616263\n")
        check("decode --tdisp-report", messages, run("decode", "--json", "--tdisp-report", "report.hex", code=0))
        check("decode --tdisp-report, ndjson", messages, run("decode", "-f", "ndjson", "--tdisp-report", "report.hex", code=0))
        (pathlib.Path(scratch) / "cut.hex").write_text("0100\n")
        check("decode --tdisp-report, broken", messages, run("decode", "--json", "--tdisp-report", "cut.hex", code=6))
        (pathlib.Path(scratch) / "odd.hex").write_text("10840000\n1204000000010012\n")  # a VERSION that says it is of 1.2
        check("decode, tolerated", messages, run("decode", "--tolerate", "all", "--json", "odd.hex", code=6))
        for line in run("decode", "-f", "ndjson", "measured.json", code=0).splitlines():
            check("decode, ndjson", messages, line)
        made = run("emulate", "--init", "another", "--json", code=0)
        check("emulate --init", validator("spdmctl.emulated-device-1.json"), made)
        server = subprocess.Popen([program, "emulate", "--json", "--listen", "emu://127.0.0.1:0", "device/profile.yaml"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, cwd=scratch, env=environment)
        text = b"".join(iter(server.stdout.readline, b"}\n")) + b"}"
        served = check("emulate", validator("spdmctl.emulated-server-1.json"), text)
        endpoint = {key: value for key, value in served.items() if key != "port"} | {"target": "mctp:1:9"}
        check("emulate, an MCTP endpoint", validator("spdmctl.emulated-server-1.json"), json.dumps(endpoint))
        drive = f"emu://127.0.0.1:{served['port']}?binding=storage"
        attest("auth", drive, *root, "--record", "drive.json")
        attest("verify", "drive.json", *root)
        check("drive.json", evidence, (pathlib.Path(scratch) / "drive.json").read_text())
        server.terminate()
        server.wait()

        told = json.loads((pathlib.Path(scratch) / "device.json").read_text())
        told["host"]["platform"] = {
            "grammar": "tsm", "authenticated": "tsm0", "is_authenticated": True, "tsm_connected": "tsm0", "tsm_bound": "",
            "tsm_dsm": "0000:03:00.0", "certificate_slots": [0, 7], "signatures": 2,
        }
        # A link stream that is on, and a selective one with an address association.
        registers = "".join(register.to_bytes(4, "little").hex() for register in (0x43, 4, 0x05000001, 2, 1, 0x07400001, 2, 0, 1, 1, 0, 0))
        told["host"]["encryption"] = {
            "tee_io": True, "ide": registers, "root_port": "0000:00:01.0", "root_port_ide": registers, "msix_control": 31,
            "bars": [{"index": 0, "begin": "00000000fe800000", "size": "0000000000004000"}],
        }
        (pathlib.Path(scratch) / "told.json").write_text(json.dumps(told))
        check("evidence of a platform", evidence, json.dumps(told))
        attest("verify", "told.json", *root)
        del told["host"]["encryption"]["root_port_ide"]
        told["host"]["encryption"]["root_port_unread"] = "it sleeps"
        (pathlib.Path(scratch) / "told.json").write_text(json.dumps(told))
        check("evidence of a root port that was not read", evidence, json.dumps(told))
        attest("verify", "told.json", *root)
        # The same answer for another target: the first report is taken back.
        told["host"]["target"] = "another"
        (pathlib.Path(scratch) / "copied.json").write_text(json.dumps(told))
        attest("verify", "told.json", "copied.json", *root, code=10)

        environment["SPDMCTL_SYSROOT"] = str(pathlib.Path(scratch) / "host")
        check("list", listing, run("list", "--all", "--json", code=0))
        check("list --discover", listing, run("list", "--discover", "--json", "--timeout", "0.01", "2:0.0", code=5))
        check("list, nothing", listing, run("list", "--json", "8:0.0", code=3))
        check("list, no such function", listing, run("list", "--json", "9:0.0", code=3))
        nvme = pathlib.Path(scratch) / "bare/sys/class/nvme/nvme0"
        nvme.mkdir(parents=True)
        (nvme / "transport").write_text("tcp\n")
        (pathlib.Path(scratch) / "bare/dev").mkdir()
        check("list --drives", listing, run("list", "--drives", "--json", code=3, SPDMCTL_SYSROOT="bare"))
        check("list --mctp", listing, run("list", "--mctp", "--json", code=0))
        check("tsm show", tsm, run("tsm", "show", "--json", code=0))
        subprocess.run([sys.executable, ROOT / "tests/cli/data/sysfs.py", "bridges", "bridges"], cwd=scratch, check=True)
        check("tsm show, host bridges", tsm, run("tsm", "show", "--json", code=0, SPDMCTL_SYSROOT="bridges"))
        check("tsm connect", tsm, run("tsm", "connect", "--json", "5:0.0", code=0))
        check("tsm connect, once more", tsm, run("tsm", "connect", "--json", "5:0.0", code=4))
        check("doctor", doctor, run("doctor", "--json", code=0))
        subprocess.run([sys.executable, ROOT / "tests/cli/data/sysfs.py", "encryption", "encryption"], cwd=scratch, check=True)
        check("list, encryption", listing, run("list", "--all", "--json", code=0, SPDMCTL_SYSROOT="encryption"))
        check("doctor, encryption", doctor, run("doctor", "--json", code=0, SPDMCTL_SYSROOT="encryption"))

        gate, status, state = (validator(f"spdmctl.{name}.json") for name in ("gate-2", "status-1", "state-1"))
        (pathlib.Path(scratch) / "policy").mkdir()
        rules = pathlib.Path(scratch) / "policy/rules.yaml"
        environment["SPDMCTL_POLICY"] = "policy"
        rules.write_text('version: 1\ntrust-host: [web1, "db*"]\nrules: [{name: x, match: {bdf: "0000:09:00.0"}, expected: true, shared: true}, {match: {bdf: "0000:0[13-7]:*"}, exempt: true}, {name: y, match: {model: "A *", serial: "S*", firmware-revision: "2.*", transport: sata}}]\n')
        host = pathlib.Path(scratch) / "host"
        (host / "sys/bus/pci/drivers_probe").touch()
        image = validator("spdmctl.image-1.json")
        (host / "etc/spdmctl/keyring.d").mkdir(parents=True)
        (host / "etc/spdmctl/policy.d").mkdir()
        (host / "etc/spdmctl/policy.d/mask.yaml").symlink_to("/dev/null")
        (host / "etc/spdmctl/policy.d/whole.yaml").write_text("version: 1\n")
        check("gate --manifest", image, run("gate", "--manifest", "--json", "--kernel", "6.12", "--image", "/boot/x", code=0))
        (host / "etc/spdmctl/keyring.d/x.crl").symlink_to("nowhere")
        (host / "etc/spdmctl/policy.d/x.yml").write_text("x")
        check("gate --manifest, with problems", image, run("gate", "--manifest", "--json", code=2))
        check("gate", gate, run("gate", "--json", code=13))
        check("gate --enforce", gate, run("gate", "--enforce", "--json", code=13))
        check("gate --mode off", gate, run("gate", "--mode", "off", "--json", code=0))
        check("gate 9:0.0", gate, run("gate", "--json", "9:0.0", code=3))
        for file in sorted((host / "run/spdmctl/devices").iterdir()):
            check(file.name, state, file.read_text())
        # What nobody has judged before is judged when watch starts.
        subprocess.run([sys.executable, ROOT / "tests/cli/data/sysfs.py", "watched", "plain", "mailboxes"], cwd=scratch, check=True)
        (pathlib.Path(scratch) / "watched/sys/bus/pci/drivers_probe").touch()
        watch = subprocess.Popen([program, "watch", "--enforce", "-f", "ndjson", "--timeout", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=scratch,
                                 env={**environment, "SPDMCTL_SYSROOT": str(pathlib.Path(scratch) / "watched")})
        patience = threading.Timer(30, watch.kill)
        patience.start()
        check("watch", state, watch.stdout.readline() or "{}")
        patience.cancel()
        watch.terminate()
        watch.wait()
        (host / "run/spdmctl/devices/x.json").write_text("x")
        check("status", status, run("status", "--json", code=13))
        check("status 7:0.0", status, run("status", "--json", "7:0.0", code=3))
        policy = validator("spdmctl.policy-2.json")
        check("policy check", policy, run("policy", "check", "--json", code=0))
        check("policy show", policy, run("policy", "show", "--json", code=0))
        check("policy explain", policy, run("policy", "explain", "--json", "told.json", *root, code=0))
        cases = pathlib.Path(scratch) / "cases.yaml"
        cases.write_text("version: 1\ncases: [{name: x, evidence: told.json, root: device/root.pem, expect: {verdict: fail, rule: y, exit: 3, findings: [expired]}}]\n")
        check("policy test", policy, run("policy", "test", "--json", "cases.yaml", code=13))
        audited = run("audit", "--json", "--total", "1", "--timeout", "0.01", device, "all", *root, code=13)
        (pathlib.Path(scratch) / "audited.json").write_text(audited)
        check("audit", report, audited)
        check("audit --since", report, run("audit", "--json", "--since", "audited.json", device, *root, code=0))
        for line in run("audit", "-f", "ndjson", device, *root, code=0).splitlines():
            check("audit, ndjson", report, line)
        written = validator("spdmctl.policy-file-1.json")
        check("policy file", written, json.dumps(yaml.safe_load(run("policy", "show", code=0))))
        check("policy generate", written, json.dumps(yaml.safe_load(run("policy", "generate", device, *root, code=0))))
        check("gate --release", gate, run("gate", "--release", "--json", code=0))
        rules.write_text("rules")
        check("policy check, broken", policy, run("policy", "check", "--json", code=2))
        check("gate with a broken policy", gate, run("gate", "--json", "2:0.0", code=2))

    # A schema that takes everything would prove nothing.
    broken = copy.deepcopy(next(one for one in documents if one.get("schema") == "spdmctl.report/2" and one["devices"]))
    broken["devices"][0]["unheard_of"] = 1
    if report.is_valid(broken):
        problems.append("the schema takes fields that it does not describe")
    print("\n".join(problems) or f"{len(documents)} documents")
    return 1 if problems else 0


sys.exit(main())
