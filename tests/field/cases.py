#!/usr/bin/env python3
"""Real evidence, by the program: tests/field/cases.py SPDMCTL. SPDMCTL_FIELD names the folder; without it nothing is run (77)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # noqa: F401  # what this machine is configured with is no part of a test

NVIDIA = ["--root", "nvidia/verifier_device_root.pem"]
RAW = "cases/09-raw-report"
OWN = ["--root", f"{RAW}/root.pem", "--chain", f"{RAW}/hopper-ut.chain.pem"]

# (arguments of verify, exit code, devices, signed measurements of each, findings that there must be)
EVIDENCE = [
    ([*NVIDIA, "nvidia/evidence/gpu_evidence.json"], 0, 8, 64, {"evidence-detached", "negotiation-unproven"}),
    ([*NVIDIA, "nvidia/evidence/hopper_evidence.json"], 0, 1, 64, {"evidence-detached"}),
    ([*NVIDIA, "nvidia/evidence/switch_evidence.json"], 0, 4, 31, {"evidence-detached"}),
    ([*NVIDIA, "--chain", "nvidia/gpu/hopperCertChain.txt", "nvidia/gpu/hopperAttestationReport.txt"], 0, 1, 64, set()),
    ([*NVIDIA, "--chain", "nvidia/gpu/hopperCertChain.txt", "nvidia/gpu/hopperAttestationReportInvalidSignature.txt"], 11, 1, 0,
     {"bad-signature"}),
    # Its certificates are valid until 9999: what has expired there is no part of this evidence.
    ([*NVIDIA, "--chain", "nvidia/gpu/hopperCertChainExpired.txt", "nvidia/gpu/hopperAttestationReportExpired.txt"], 0, 1, 64, set()),
    ([*NVIDIA, "--chain", "nvidia/switch/switchCertChain.txt", "nvidia/switch/switchAttestationReport.txt"], 0, 1, 31, set()),
    ([*NVIDIA, "--chain", "nvidia/switch/switchCertChain.txt", "nvidia/switch/switchAttestationReportInvalidSignature.txt"], 11, 1, 0,
     {"bad-signature"}),
    ([*NVIDIA, "--chain", "trustee/hopper_coco_certs1.txt", "trustee/hopper_coco_report1.txt"], 0, 1, 64, {"surplus-bytes"}),
    # The chain of another device.
    ([*NVIDIA, "--chain", "nvidia/gpu/hopperCertChain.txt", "trustee/hopper_coco_report1.txt"], 11, 1, 0, {"bad-signature"}),
    ([*NVIDIA, "nvidia/gpu/hopperAttestationReport.txt"], 10, 1, 0, {"key-missing"}),
    ([*OWN, f"{RAW}/bare.json"], 0, 1, 64, {"evidence-detached"}),
    ([*OWN, f"{RAW}/with-made-up-vca.json"], 0, 1, 64, set()),
    ([*OWN, f"{RAW}/hopperAttestationReport.txt"], 0, 1, 64, set()),
    (["--measurements", "--root", "cases/01-critical-dice-tcbinfo/root.pem", "cases/01-critical-dice-tcbinfo/evidence.json"], 0, 1, 2, set()),
    (["--root", "cases/03-le-signature-1.1/root.pem", "cases/03-le-signature-1.1/evidence.json"], 0, 1, 2, {"signature-little-endian"}),
    (["--root", "cases/06-no-common-algorithm/root.pem", "cases/06-no-common-algorithm/evidence.json"], 3, 1, 0, {"no-common-algorithm"}),
    (["--measurements", "--root", "cases/07-measurements-over-4600-in-1.1/root.pem", "cases/07-measurements-over-4600-in-1.1/evidence.json"], 0, 1,
     64, {"capture-incomplete"}),
    (["--measurements", "--root", "cases/08-svn-4-bytes/root.pem", "cases/08-svn-4-bytes/evidence.json"], 0, 1, 2, {"svn-size"}),
]

# Words of profiles that have other names since; a copy of the case has them.
RENAMED = {": firmware-version": ": mutable-firmware-version", ": security-version": ": mutable-firmware-security-version",
           "[invasive-debug]": "[invasive-debug-active]"}
NO_CHALLENGE, NOT_READY = ["--root", "cases/02-no-challenge/root.pem"], ["--root", "cases/05-not-ready/root.pem"]

# (the command line, exit code, what it prints), in a copy of the folder
COMMANDS = [
    (["auth", *NO_CHALLENGE, "emulated:cases/02-no-challenge/profile.yaml"], 0, "authenticated"),
    (["measurements", *NO_CHALLENGE, "emulated:cases/02-no-challenge/profile.yaml"], 0, "authenticated"),
    (["keyring", "explain", *NO_CHALLENGE, "emulated:cases/02-no-challenge/profile.yaml"], 0, "trusted, by"),
    (["policy", "explain", *NO_CHALLENGE, "--policy", "/dev/null", "emulated:cases/02-no-challenge/profile.yaml"], 0, ""),
    (["auth", "--timeout", "30", *NOT_READY, "emulated:cases/05-not-ready/profile.yaml"], 0, "authenticated"),
    # Of the wrong kind: what it is, and who takes it.
    (["reference", "import", "--match", "vendor=10de", "nvidia/rim/1010_0205_862_9600740020_PROD.swidtag"], 2, "spdmctl-rim"),
    (["keyring", "import", "--efi", "efi/DBUpdate2024.bin"], 2, "a signed update of a variable of the firmware"),
    (["measurements", "--reference", "nvidia-corim/nvidia-cx7-28.39.4082.corim", "emulated:cases/02-no-challenge/profile.yaml"], 2,
     "spdmctl reference import"),
    (["report", "nvidia/evidence/gpu_evidence.json"], 2, "evidence that others have saved"),
]


def copy_of(folder, scratch):
    """The folder, with profiles in the words of today."""
    copy = scratch / "field"
    if not copy.exists():
        shutil.copytree(folder, copy, copy_function=shutil.copyfile)
        for profile in copy.glob("cases/*/profile.yaml"):
            text = profile.read_text()
            for old, new in RENAMED.items():
                text = text.replace(old, new)
            profile.chmod(0o600)
            profile.write_text(text)
    return copy


def problems_of(program, folder, arguments, code, devices, signed, findings):
    run = subprocess.run([program, "verify", "--json", *arguments], capture_output=True, text=True, cwd=folder, check=False)
    if run.returncode != code:
        yield f"exit code {run.returncode}, not {code}: {run.stderr}"
    document = json.loads(run.stdout)
    reports = document.get("devices", [document])
    if len(reports) != devices:
        yield f"{len(reports)} devices, not {devices}"
    for report in reports:
        count = sum(one["signed"] for one in report["measurements"])
        if count != signed:
            yield f"{report['source']}: {count} signed measurements, not {signed}"
        if missing := findings - {one["id"] for one in report["findings"]}:
            yield f"{report['source']}: no finding {', '.join(missing)}"
        if code == 0 and "nvidia" in " ".join(arguments):
            facts = {one.get("name"): one["signed"] for one in report["device_facts"]}
            if not facts.get("vbios-version"):
                yield f"{report['source']}: says no version of its VBIOS"


def main():
    if "SPDMCTL_FIELD" not in os.environ:
        return 77
    folder = pathlib.Path(os.environ["SPDMCTL_FIELD"])
    program = pathlib.Path(sys.argv[1]).resolve()
    problems = [f"{' '.join(row[0])}: {problem}" for row in EVIDENCE for problem in problems_of(program, folder, *row)]
    with tempfile.TemporaryDirectory() as scratch:
        for words, code, text in COMMANDS:
            done = subprocess.run([program, *words], capture_output=True, text=True, cwd=copy_of(folder, pathlib.Path(scratch)), check=False)
            if done.returncode != code or text not in done.stdout + done.stderr:
                problems.append(f"{' '.join(words)}: {done.returncode}, not {code}, or nothing of '{text}': {done.stdout}{done.stderr}")
    decoded = subprocess.run([program, "decode", "--json", folder / "cases/10-decode-pair/hopper-ut.hex"], capture_output=True, text=True, check=False)
    if decoded.returncode != 0 or [one["name"] for one in json.loads(decoded.stdout)["messages"]] != ["GET_MEASUREMENTS", "MEASUREMENTS"]:
        problems.append(f"decode: {decoded.returncode} {decoded.stderr}")
    print("\n".join(problems) or f"{len(EVIDENCE) + len(COMMANDS) + 1} cases")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
