#!/usr/bin/env python3
"""Real evidence, and what vendors publish of it, by the program: tests/field/cases.py SPDMCTL. SPDMCTL_FIELD names the folder; without it nothing is run (77)."""
import json
import os
import pathlib
import re
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


# Reference values that vendors publish: (file, signer's key or None, values, words that stderr must have)
CORIM = "cases/04-nvidia-corim"
PUBLISHED = [
    (f"{CORIM}/nvidia-cx7-28.39.4082.corim", f"{CORIM}/nvidia-corim-signer-cx7-id-2.pub.pem", 5, "dependent-rims"),
    (f"{CORIM}/nvidia-cx7-28.39.4082.corim", None, 5, "the signature was not checked"),
    (f"{CORIM}/rewrapped-imports.corim", None, 5, "dependent-rims"),
    ("veraison/corim/corim-1.cbor", None, 1, ""),
    ("veraison/corim/signed-good-corim.cbor", None, 3, "validity of its signature ended"),
    ("veraison/corim/unsigned-good-corim.cbor", None, 3, ""),
]


def import_problems_of(program, folder, file, signer, values, words):
    arguments = ["--match", "vendor=15b3,device=1021", *(["--signer", signer] if signer else [])]
    run = subprocess.run([program, "reference", "import", *arguments, file], capture_output=True, text=True, cwd=folder, check=False)
    if run.returncode != 0 or words not in run.stderr:
        yield f"exit code {run.returncode}: {run.stderr}"
    found = run.stdout.count("- index: ") + run.stdout.count("- class: ")
    if found != values:
        yield f"{found} values, not {values}"
    if "complete: false" not in run.stdout:
        yield "is taken for complete"
    if signer and "signature checked" not in run.stdout:
        yield "does not say that the signature was checked"


# Which documents a device asks for. (arguments, ids of each device)
RIM = "nvidia/rim/1010_0205_862_9600740020_PROD.swidtag"
CHAIN = ["--chain", f"{RAW}/hopper-ut.chain.pem"]
NEEDED = [
    ([*CHAIN, f"{RAW}/hopperAttestationReport.txt"], [["NV_GPU_DRIVER_GH100_580.159.03", "NV_GPU_VBIOS_" + pathlib.Path(RIM).stem.removesuffix("_PROD")]]),
    (["nvidia/evidence/hopper_evidence.json"], [["NV_GPU_DRIVER_GH100_590.12", "NV_GPU_VBIOS_G520_0200_885_9600A50001"]]),
    (["nvidia/evidence/switch_evidence.json"], [["NV_SWITCH_BIOS_5612_0002_890_9610730001"]] * 4),
    ([f"{RAW}/hopperAttestationReport.txt"], [[]]),
]


def problems_of_needed(program, folder, arguments, ids):
    run = subprocess.run([program, "reference", "needed", "--json", *arguments], capture_output=True, text=True, cwd=folder, check=False)
    devices = json.loads(run.stdout)["devices"]
    if [[one["id"] for one in device["needed"]] for device in devices] != ids or run.returncode != 0:
        yield f"{run.returncode} {run.stdout}"
    if not all(one["signed"] for device in devices for one in device["needed"]):
        yield "not all is signed"


def problems_of_rim(program, folder):
    """NVIDIA's RIM of a VBIOS, and the report of a GPU that has it. The signature is checked with the key of its signer."""
    text = (folder / RIM).read_text()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "signer.pem").write_text("-----BEGIN CERTIFICATE-----\n" + re.search("<ds:X509Certificate>([^<]*)", text)[1].strip()
                                            + "\n-----END CERTIFICATE-----\n")
        rim = program.parent / "spdmctl-rim"
        for match in ([], ["--match", "device-info=NVIDIA:GH100:*"]):
            made = subprocess.run([rim, "--signer", scratch / "signer.pem", *match, "--overwrite", "-o", scratch / "rim.yaml", RIM],
                                  capture_output=True, text=True, cwd=folder, check=False)
            if made.returncode != 0 or "52 measurements that it says are not active" not in made.stderr:
                yield f"{made.returncode} {made.stderr}"
                return
            run = subprocess.run([program, "verify", "--json", *OWN, "--reference", scratch / "rim.yaml", f"{RAW}/hopperAttestationReport.txt"],
                                 capture_output=True, text=True, cwd=folder, check=False)
            results = [(one["index"], one["result"]) for one in json.loads(run.stdout)["devices"][0]["references"] if one["result"] != "no-reference"]
            # Index 9 of the RIM, which is block 10, is of another VBIOS than this.
            wanted = [(index, "mismatch" if index == 10 else "match") for index in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13)]
            if run.returncode != 12 or results != wanted:
                yield f"{match}: {run.returncode} {results}"
        # Not what NVIDIA has signed, and not the key that has signed.
        (scratch / "changed.swidtag").write_text(text.replace("Measurement_12", "Measurement_99"))
        for key, file, why in ((scratch / "signer.pem", scratch / "changed.swidtag", "signature verification failed"),
                               (folder / "nvidia/verifier_RIM_root.pem", RIM, "the key of the signer may not sign")):
            refused = subprocess.run([rim, "--signer", key, file], capture_output=True, text=True, cwd=folder, check=False)
            if refused.returncode != 2 or refused.stdout or why not in refused.stderr:
                yield f"{file} by {key}: {refused.returncode} {refused.stderr}"


def main():
    if "SPDMCTL_FIELD" not in os.environ:
        return 77
    folder = pathlib.Path(os.environ["SPDMCTL_FIELD"])
    program = pathlib.Path(sys.argv[1]).resolve()
    problems = [f"{' '.join(row[0])}: {problem}" for row in EVIDENCE for problem in problems_of(program, folder, *row)]
    problems += [f"import {row[0]}: {problem}" for row in PUBLISHED for problem in import_problems_of(program, folder, *row)]
    problems += [f"needed {' '.join(row[0])}: {problem}" for row in NEEDED for problem in problems_of_needed(program, folder, *row)]
    if (program.parent / "spdmctl-rim").exists():
        problems += [f"rim: {problem}" for problem in problems_of_rim(program, folder)]
    with tempfile.TemporaryDirectory() as scratch:
        for words, code, text in COMMANDS:
            done = subprocess.run([program, *words], capture_output=True, text=True, cwd=copy_of(folder, pathlib.Path(scratch)), check=False)
            if done.returncode != code or text not in done.stdout + done.stderr:
                problems.append(f"{' '.join(words)}: {done.returncode}, not {code}, or nothing of '{text}': {done.stdout}{done.stderr}")
    decoded = subprocess.run([program, "decode", "--json", folder / "cases/10-decode-pair/hopper-ut.hex"], capture_output=True, text=True, check=False)
    if decoded.returncode != 0 or [one["name"] for one in json.loads(decoded.stdout)["messages"]] != ["GET_MEASUREMENTS", "MEASUREMENTS"]:
        problems.append(f"decode: {decoded.returncode} {decoded.stderr}")
    print("\n".join(problems) or f"{len(EVIDENCE) + len(PUBLISHED) + len(NEEDED) + len(COMMANDS) + 2} cases")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
