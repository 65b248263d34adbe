#!/usr/bin/env python3
"""Writes the reports of a made-up fleet, the same ones each time: most devices pass, some do not, a few are unlike their
siblings, and certificates end at all times.

  fleet.py FOLDER [--hosts 20] [--devices 3] [--as documents|lines|one]

`documents`: a JSON document per host, HOST.json. `lines`: NDJSON per host, HOST.ndjson. `one`: all.ndjson with a line per
device, each with the name of its host. What the devices are is not judged by anybody here: these are reports, not evidence.
"""
import argparse
import hashlib
import json
import pathlib
import random

MODELS = [
    # vendor, device, class, name, firmware, root, algorithms, version
    ("1b36", "0010", "010802", "CN=Storage", "2.3", "CN=Storage root", ("ECDSA-P384", "SHA-384"), "1.2"),
    ("10de", "2330", "030200", "CN=Accelerator", "96.00.5e", "CN=Accelerator root", ("ECDSA-P384", "SHA-384"), "1.3"),
    ("15b3", "1021", "020000", "CN=Adapter", "28.39.1002", "CN=Adapter root", ("ECDSA-P256", "SHA-256"), "1.1"),
    ("144d", "a80a", "010802", "CN=Disk", "GDC7302Q", "CN=Disk root", ("RSAPSS-3072", "SHA-384"), "1.2"),
]
BLOCKS = [(1, "immutable-rom"), (2, "mutable-firmware"), (3, "hardware-configuration"), (4, "firmware-configuration")]
HOSTILE = '</script><img src=x onerror="document.title=1"> \\x1b[31mred & <b>bold</b>'


def digest(*words):
    return hashlib.sha384(" ".join(map(str, words)).encode()).hexdigest()


def sha256(*words):
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()


def certificate(subject, issuer, key, not_after, **more):
    return {"subject": subject, "issuer": issuer, "serial": key[:32], "not_before": "2024-01-01T00:00:00Z", "not_after": not_after, "key": "EC P-384",
            "signature_algorithm": "ecdsa-with-SHA384", "sha256": key, "ca": "cma_identities" not in more, **more}


def device(chance, host, slot):
    """The report on one device."""
    vendor, product, kind, name, firmware, root, (asym, hashing), version = MODELS[slot % len(MODELS)]
    serial = sha256(host, slot)[:8]
    identity = f"Vendor={vendor}:Device={product}:CC={kind}:REV=02:SSVID=1af4:SSID=1100"
    fate = chance.random()
    blocks = {index: digest(name, firmware, index) for index, _ in BLOCKS}
    if fate < 0.02:
        firmware = "1.9-beta" if fate < 0.005 else firmware + ".1"
        blocks[2] = digest(name, firmware, 2)
    elif fate < 0.03:
        blocks[4] = digest(name, host, "configured by hand")
    verdict, code, reason, findings, result, trusted = "pass", 0, "authenticated", [], "good", True
    if 0.030 <= fate < 0.036:
        verdict, code, result = "fail", 11, "bad"
        reason = f"slot 0, CHALLENGE_AUTH: the {asym} signature does not verify with the key of the leaf certificate"
        findings = [("bad-signature", "signature")]
    elif 0.036 <= fate < 0.044:
        verdict, code, trusted, root = "fail", 10, False, "CN=Unheard-of root"
        reason = "slot 0: no certificate of the keyring vouches for the chain, which ends in the root CN=Unheard-of root"
        findings = [("not-trusted", "trust")]
    month, day = chance.randrange(48), 1 + chance.randrange(28)
    ends = "9999-12-31T23:59:59Z" if slot % len(MODELS) == 1 else f"{2026 + (9 + month) // 12}-{(9 + month) % 12 + 1:02}-{day:02}T12:00:00Z"
    if 0.044 <= fate < 0.047:
        name = "CN=" + HOSTILE
    anchor = sha256(root)
    chain = {"model": "DeviceCert", "sound": True, "trusted": trusted, "root_sha256": anchor}
    if trusted:
        chain["anchor"] = {"subject": root, "sha256": anchor, "file": "/etc/spdmctl/keyring.d/roots.pem"}
    chain["certificates"] = [
        certificate(root, root, anchor, "2044-01-01T00:00:00Z", key_usage=["keyCertSign", "cRLSign"]),
        certificate(root.replace("root", "intermediate"), root, sha256(root, "intermediate"), f"20{27 + slot % len(MODELS) * 3}-03-09T12:00:00Z", path_length=0),
        certificate(f"{name} {serial}", root.replace("root", "intermediate"), sha256(serial, name), ends, key_usage=["digitalSignature"],
                    extended_key_usage=["responder-auth"], device_info=f"{root[3:]}:{name[3:]}:{serial}", cma_identities=[identity]),
    ]
    chain["findings"] = []
    address = f"0000:{slot + 1:02x}:00.0"
    out = {"verdict": verdict, "exit_code": code, "reason": reason, "source": address,
           "host": {"target": address, "bdf": address, "identity": identity, "driver": "nvme"}, "time": "2026-11-26T06:00:00Z",
           "collector": "spdmctl 0.1.0", "binding": "doe"}
    if 0.047 <= fate < 0.053:
        out.update(verdict="undetermined", exit_code=5, reason="the device did not answer CHALLENGE within 10 s",
                   error={"id": "timeout", "why": "the device did not answer CHALLENGE within 10 s", "remedy": "try again", "device": address},
                   traffic={"connections": 1, "round_trips": 3, "messages": 6, "bytes": 600},
                   connection={"offered_versions": ["1.0.0", version + ".0"], "version": version}, checks=[], findings=[], slots=[], signatures=[], measurements=[])
        return out
    out.update(
        traffic={"connections": 1, "round_trips": 7, "messages": 14, "bytes": 2509},
        connection={"offered_versions": ["1.0.0", "1.1.0", version + ".0"], "version": version,
                    "capabilities": {"flags": "0x00020036", "names": ["CERT_CAP", "CHAL_CAP", "MEAS_CAP(signature)", "MEAS_FRESH_CAP"], "ct_exponent": 20},
                    "algorithms": {"asym": asym, "hash": hashing, "measurement_hash": hashing}, "multi_key": False},
        checks=[{"check": check, "status": "pass", "why": "as it should be"} for check in ("protocol", "signature", "chain", "trust", "identity", "measurements")],
        findings=[{"id": id, "severity": "failure", "check": check, "where": "slot 0", "why": reason} for id, check in findings],
        slots=[{"slot": 0, "used": True, "digest": digest(serial), "chain": chain}],
        signatures=[{"message": message, "slot": 0, "message_index": index, "algorithm": asym, "hash": hashing, "result": result, "fresh": True}
                    for message, index in (("CHALLENGE_AUTH", 10), ("MEASUREMENTS", 12))],
        measurements=[{"index": index, "type": type, "form": "digest", "value": blocks[index], "signed": True} for index, type in BLOCKS]
        + [{"index": 6, "type": "mutable-firmware-version", "form": "raw", "value": firmware.encode().hex(), "signed": True, "text": firmware},
           {"index": 7, "type": "mutable-firmware-security-version", "form": "raw", "value": "0500000000000000", "signed": True, "security_version": 5}])
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--devices", type=int, default=3)
    parser.add_argument("--as", dest="layout", choices=["documents", "lines", "one"], default="documents")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    head = {"schema": "spdmctl.report/2", "tool": "spdmctl 0.1.0"}
    chance = random.Random(4)
    everything = open(args.folder / "all.ndjson", "w") if args.layout == "one" else None
    for i in range(args.hosts):
        host = f"rack{i // 10:02}-node{i % 10}"
        devices = [device(chance, host, slot) for slot in range(args.devices)]
        if args.layout == "documents":
            worst = max(devices, key=lambda entry: entry["exit_code"])
            document = {**head, "devices": devices, "verdict": worst["verdict"], "exit_code": worst["exit_code"]}
            (args.folder / f"{host}.json").write_text(json.dumps(document, indent=2) + "\n")
        elif args.layout == "lines":
            (args.folder / f"{host}.ndjson").write_text("".join(json.dumps({**head, **entry}) + "\n" for entry in devices))
        else:
            everything.writelines(json.dumps({**head, "hostname": host, **entry}) + "\n" for entry in devices)


if __name__ == "__main__":
    main()
