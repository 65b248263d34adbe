#!/usr/bin/env python3
"""What the manual promises, case by case: chain x keyring x policy x reference values x nonce x time x verb.

matrix.py SPDMCTL [--all]

The cases name the findings that must follow. spdmctl-findings(7) says what each of them comes to, and spdmctl(1) which exit code
is the worst: verdict and exit code are predicted from these two pages, and compared with what the program says."""

import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import own_root  # what this machine is configured with is no part of a test

FEW = 700  # cases of a run without --all: the same ones each time, spread over all
NOW, BEFORE = "2030-01-01T00:00:00Z", "2001-01-01T00:00:00Z"


def manual():
    """Severity and exit code of each finding, and the exit codes, the worst first."""
    page = (ROOT / "man/spdmctl-findings.7").read_text()
    findings = {name: (severity, int(code or 0)) for name, severity, code in re.findall(r"^\.It Li ([\w-]+) Pq (\w+)(?: , (\d+))?$", page, re.M)}
    order = re.search(r"The worst first: ([\d, ]+);", (ROOT / "man/spdmctl.1").read_text())[1]
    return findings, [int(code) for code in order.split(",")]


class Case:
    """One choice in each dimension, and what it comes to."""

    def __init__(self, chain, keyring, policy, references, nonce, time, verb):
        self.chain, self.keyring, self.policy, self.references, self.nonce, self.time, self.verb = chain, keyring, policy, references, nonce, time, verb

    def __str__(self):
        return f"{self.verb}: chain {self.chain}, keyring {self.keyring}, policy {self.policy}, references {self.references}, nonce {self.nonce}, time {self.time}"

    def recorded(self):
        return self.verb.startswith("verify")

    def possible(self):
        return self.recorded() or self.nonce == "none"

    def findings(self):
        """Those that keep it from a pass."""
        out = set()
        claimed = self.verb == "verify"  # what the host says is not known
        if self.chain == "liar":
            out.add("bad-signature")
        if self.time == "before":
            out.add("not-yet-valid")
        sound = self.time == "now"

        out |= {"empty": {"keyring-empty"}, "other": {"not-trusted"}, "denied": {"denied"}}.get(self.keyring, set())
        if self.keyring == "out-of-scope" and sound:
            out.add("scope-mismatch")
        if self.keyring == "scope-by-claim" and sound and claimed:
            out.add("claim-decides-trust")
        if self.keyring == "pinned-other":
            out.add("pin-mismatch")
        if self.keyring == "pin-denied" and claimed:
            out.add("claim-decides-trust")
        proven = not out  # nothing is proven by a chain that is not trusted, or without a good signature

        if self.nonce == "wrong" and self.chain == "good":
            out.add("nonce-mismatch")
            proven = False
        if self.nonce == "asked-for" and self.chain == "good":
            out.add("freshness-unproven")

        anchored = sound and self.keyring not in ("empty", "other", "denied", "out-of-scope", "pinned-other", "pin-denied" if claimed else "") and not (
            self.keyring == "scope-by-claim" and claimed)
        if self.policy == "version":
            out.add("version-too-low")
        if self.policy == "roots":
            out.add("root-not-accepted")
        if self.policy == "roots-good" and not anchored:
            out.add("root-not-accepted")
        if self.policy == "svn":  # a measurement that nobody has signed says nothing
            out.add("firmware-too-old" if self.chain == "good" else "policy-undecided")
        if self.policy == "svn-by-key" and proven:
            out.add("firmware-too-old")

        if self.references != "none":
            known = self.references == "bad-by-claim" or (proven and self.references in ("good", "bad"))
            if self.references.startswith("bad") and known:
                out.add("reference-mismatch")
            if not known:
                out.add("reference-absent")

        # Claims are weighed only where it would pass by them.
        if not out and claimed and self.policy == "lax-by-claim":
            out.add("claim-decides-rule")
        return out


KEYRINGS = ["root", "empty", "other", "denied", "out-of-scope", "scope-by-claim", "scope-by-key", "pinned", "pinned-other", "pin-denied"]
POLICIES = ["none", "version", "roots", "roots-good", "svn", "svn-by-key", "lax-by-claim", "agree-by-claim"]
REFERENCES = ["none", "good", "bad", "bad-by-claim", "elsewhere"]
NONCES = ["none", "right", "wrong", "asked-for"]
VERBS = ["auth", "measurements", "verify", "verify --trust-host"]


def every_case():
    for chosen in itertools.product(["good", "liar"], KEYRINGS, POLICIES, REFERENCES, NONCES, ["now", "before"], VERBS):
        case = Case(*chosen)
        if case.possible():
            yield case


class Bench:
    """The files of all cases."""

    def __init__(self, program, place):
        self.program, self.place = program, pathlib.Path(place)
        self.environment = {"PATH": os.environ["PATH"], "HOME": place, "LANG": "C.UTF-8", "SPDMCTL_CONFROOT": str(own_root.CONFROOT), "NO_COLOR": "1"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.nonce = "5a" * 32
        self.run("emulate", "--init", "good")
        self.run("emulate", "--init", "stranger")
        self.copy("good", "liar")
        with open(self.place / "liar/profile.yaml", "a") as profile:
            profile.write("faults: [{on: CHALLENGE_AUTH, do: bad-signature}, {on: MEASUREMENTS, do: bad-signature}]\n")
        for chain in ("good", "liar"):
            self.run("collect", "--nonce", self.nonce, "--spdm-version", "1.2", "-o", f"{chain}.json", f"emulated:{chain}/profile.yaml")
        report = json.loads(self.run("verify", "--json", "--root", "good/root.pem", "good.json"))["devices"][0]
        chain = report["slots"][0]["chain"]
        self.key, self.info = chain["leaf_key_sha256"], chain["certificates"][-1]["device_info"]
        self.write_keyrings()
        self.write_policies()
        self.write_references(report["measurements"])

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], cwd=self.place, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout if done.stdout else str(done.returncode) + done.stderr

    def copy(self, source, to):
        (self.place / to).mkdir()
        for file in (self.place / source).iterdir():
            (self.place / to / file.name).write_bytes(file.read_bytes())

    def write(self, name, text):
        (self.place / name).parent.mkdir(parents=True, exist_ok=True)
        (self.place / name).write_text(text)

    def write_keyrings(self):
        own, other = ((self.place / device / "root.pem").read_text() for device in ("good", "stranger"))
        for keyring in KEYRINGS:
            (self.place / "keyrings" / keyring).mkdir(parents=True)
            if keyring != "empty":
                self.write(f"keyrings/{keyring}/root.pem", other if keyring == "other" else own)
        zeros = "0" * 64
        self.write("keyrings/denied/deny.yaml", f"version: 1\ndeny: [{{key: {self.key}}}]\n")
        for keyring, match in (("out-of-scope", 'vendor: "8086"'), ("scope-by-claim", 'target: "emulated:*"'), ("scope-by-key", f"leaf-key: {self.key}")):
            self.write(f"keyrings/{keyring}/root.yaml", f"version: 1\nvouches-for: [{{{match}}}]\n")
        for keyring, key, target in (("pinned", self.key, "emulated:*"), ("pinned-other", zeros, "emulated:*"), ("pin-denied", zeros, "emu:*")):
            self.write(f"keyrings/{keyring}/pins/x.yaml", f'version: 1\npins: [{{match: {{target: "{target}"}}, leaf-key: {key}}}]\n')

    def write_policies(self):
        lax, strict = '{name: lax, match: {target: "emulated:*"}}', "require: {min-svn: 99}"
        rules = {
            "version": '{name: x, match: {}, require: {min-version: "1.4"}}',
            "roots": "{name: x, match: {}, require: {roots: [another.pem]}}",
            "roots-good": "{name: x, match: {}, require: {roots: [root.pem]}}",
            "svn": "{name: x, match: {}, " + strict + "}",
            "svn-by-key": f"{{name: x, match: {{leaf-key: {self.key}}}, {strict}}}",
            "lax-by-claim": lax + ", {name: x, match: {}, " + strict + "}",
            "agree-by-claim": lax + ', {name: x, match: {slot: "7"}, require: {min-version: "1.1"}}',
        }
        for policy, text in rules.items():
            self.write(f"policies/{policy}.yaml", f"version: 1\nrules: [{text}]\n")

    def write_references(self, measurements):
        values = ", ".join(f'{{index: {m["index"]}, {m["form"]}: "{m["value"]}"}}' for m in measurements)
        model = self.info.rsplit(":", 1)[0] + ":*"
        for name, match, measured in (
            ("good", f'device-info: "{model}"', values),
            ("bad", f'device-info: "{model}"', '{index: 7, svn: 99}'),
            ("bad-by-claim", 'target: "emulated:*"', '{index: 7, svn: 99}'),
            ("elsewhere", 'device-info: "Another:*"', values),
        ):
            self.write(f"references/{name}.yaml", f"version: 1\ndevices: [{{match: {{{match}}}, complete: false, measurements: [{measured}]}}]\n")

    def command(self, case):
        out = [*case.verb.split(), "--json", "--keyring", f"keyrings/{case.keyring}", "--at", NOW if case.time == "now" else BEFORE]
        out += ["--no-policy"] if case.policy == "none" else ["--policy", f"policies/{case.policy}.yaml"]
        if case.references != "none":
            out += ["--reference", f"references/{case.references}.yaml"]
        if case.nonce in ("right", "wrong"):
            out += ["--nonce", self.nonce if case.nonce == "right" else "00" * 32]
        if case.nonce == "asked-for":
            out += ["--require-fresh"]
        return out + ([f"{case.chain}.json"] if case.recorded() else ["--spdm-version", "1.2", f"emulated:{case.chain}/profile.yaml"])

    def differences(self, case, findings, order):
        done = subprocess.run([self.program, *self.command(case)], cwd=self.place, env=self.environment, capture_output=True, text=True, check=False)
        try:
            report = json.loads(done.stdout)["devices"][0]
        except (ValueError, KeyError, IndexError):
            return [f"no report: {done.stderr or done.stdout}"]
        wanted = case.findings()
        severities = {findings[name][0] for name in wanted}
        verdict = "fail" if "failure" in severities else "undetermined" if severities else "pass"
        codes = [findings[name][1] for name in wanted] or [0]
        code = min(codes, key=order.index)
        found = {finding["id"] for finding in report["findings"] if finding["severity"] in ("gap", "failure")}
        out = [] if wanted <= found else [f"lacks {', '.join(sorted(wanted - found))}"]
        if report["verdict"] != verdict:
            out.append(f"verdict is {report['verdict']}, not {verdict}")
        # What is found beside may be worse; without it the code is exact.
        if found == wanted and (report["exit_code"] != code or done.returncode != code):
            out.append(f"exit code is {done.returncode}, not {code}")
        if done.returncode != report["exit_code"]:
            out.append(f"ends with {done.returncode}, the report says {report['exit_code']}")
        if not wanted and found:
            out.append(f"found {', '.join(sorted(found))}")
        return out and [*out, f"  found: {', '.join(sorted(found)) or 'nothing'}", f"  spdmctl {' '.join(self.command(case))}"]


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    findings, order = manual()
    cases = list(every_case())
    if "--all" not in sys.argv:
        cases = sorted(cases, key=lambda case: hashlib.sha256(str(case).encode()).digest())[:FEW]
    wrong = 0
    with tempfile.TemporaryDirectory() as place, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bench = Bench(program, place)
        for case, differences in zip(cases, pool.map(lambda case: bench.differences(case, findings, order), cases)):
            if differences:
                wrong += 1
                print(case, *differences, sep="\n  ")
    print(f"{len(cases)} cases, {wrong} not as the manual says")
    return 1 if wrong else 0


sys.exit(main())
