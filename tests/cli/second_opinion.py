#!/usr/bin/env python3
"""What others must be able to check is checked by openssl: signatures of devices of many kinds, and signed EARs.

  second_opinion.py SPDMCTL
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
TIMEOUT = 60

# What plain OpenSSL 3.0 can check; the newer ones are tried where this one knows them.
DEVICES = ["ECDSA-P256", "ECDSA-P384", "ECDSA-P521", "RSASSA-3072", "RSAPSS-3072", "Ed25519", "SM2-P256", "Ed448", "ML-DSA-44"]
VERSIONS = ["1.0", "1.1", "1.2", "1.4"]
KEYS = {
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ES512": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "PS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "EdDSA": ["-algorithm", "ED25519"],
}


def run(*command, cwd, code=0):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    if code is not None and done.returncode != code:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


def check_device(algorithm, version, folder):
    """The openssl commands pass, and fail once a byte of anything they go by is another."""
    name = f"{algorithm}-{version}"
    if not (folder / algorithm).exists():
        made = run(PROGRAM, "emulate", "--init", algorithm, "--algorithm", algorithm, cwd=folder, code=None)
        if made.returncode != 0:
            return None
    collected = run(PROGRAM, "collect", "--spdm-version", version, "-o", f"{name}.json", f"emulated:{algorithm}/profile.yaml", cwd=folder, code=None)
    if collected.returncode != 0:
        return None  # no such algorithm in this version
    run(PROGRAM, "decode", "--openssl", f"{name}/", f"{name}.json", cwd=folder)
    script = str(folder / name / "verify.sh")
    good = run("sh", script, cwd="/")
    signatures = [path for path in (folder / name).iterdir() if path.is_dir()]
    if len(signatures) != 2 or sum(word in good.stdout for word in ("Verified OK", "Signature Verified Successfully")) == 0:
        sys.exit(f"{name}: {good.stdout}{good.stderr}")
    for signature in signatures:
        for file in ("message.bin", "transcript.bin", "signature.der" if (signature / "signature.der").exists() else "signature.bin"):
            if not (signature / file).exists():
                continue
            content = (signature / file).read_bytes()
            (signature / file).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            if run("sh", script, cwd="/", code=None).returncode == 0:
                sys.exit(f"{name}: {signature.name}/{file} was changed, and nobody noticed")
            (signature / file).write_bytes(content)
    run("sh", script, cwd="/")
    return len(signatures)


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def der_of(pair):
    """r || s as a SEQUENCE of two INTEGER."""
    def integer(number):
        body = number.to_bytes(number.bit_length() // 8 + 1, "big")
        return bytes([2, len(body)]) + body

    half = len(pair) // 2
    body = b"".join(integer(int.from_bytes(part, "big")) for part in (pair[:half], pair[half:]))
    return bytes([0x30]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])) + body


def check_token(algorithm, folder):
    key, public = f"{algorithm}.pem", f"{algorithm}.pub"
    run("openssl", "genpkey", *KEYS[algorithm], "-out", key, cwd=folder)
    run("openssl", "pkey", "-in", key, "-pubout", "-out", public, cwd=folder)
    done = run(PROGRAM, "verify", "--root", "ECDSA-P384/root.pem", "--format", "ear", "--sign-key", key, "ECDSA-P384-1.2.json", cwd=folder)
    if done.stderr:
        sys.exit(f"{algorithm}: {done.stderr}")
    header, payload, signature = done.stdout.strip().split(".")
    if json.loads(bytes_of(header)) != {"alg": algorithm, "typ": "JWT"}:
        sys.exit(f"{algorithm}: {bytes_of(header)}")
    claims = json.loads(bytes_of(payload))
    (appraisal,) = claims["submods"].values()
    if claims["eat_profile"] != "tag:github.com,2023:veraison/ear" or appraisal["ear.status"] != "affirming":
        sys.exit(f"{algorithm}: {claims}")
    raw = bytes_of(signature)
    (folder / "signature").write_bytes(der_of(raw) if algorithm.startswith("ES") else raw)
    digest = ["-sha" + algorithm[2:]]
    if algorithm == "PS256":
        digest += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    command = ["openssl", "dgst", *digest, "-verify", public, "-signature", "signature", "input"]
    if algorithm == "EdDSA":
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", "input", "-sigfile", "signature"]
    for text, code in ((f"{header}.{payload}", 0), (f"{header}.{payload}A", 1)):
        (folder / "input").write_text(text)
        run(*command, cwd=folder, code=code)


def main():
    os.umask(0o077)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        checked = {(algorithm, version): check_device(algorithm, version, folder) for algorithm in DEVICES for version in VERSIONS}
        for must in ("ECDSA-P256", "ECDSA-P384", "ECDSA-P521", "RSASSA-3072", "RSAPSS-3072"):
            for version in VERSIONS:
                if not checked[(must, version)]:
                    sys.exit(f"{must}, SPDM {version}: was not checked")
        if not checked[("Ed25519", "1.2")] or not checked[("SM2-P256", "1.2")]:
            sys.exit("Ed25519 and SM2 were not checked")
        for algorithm in KEYS:
            check_token(algorithm, folder)
        print(f"{sum(filter(None, checked.values()))} signatures of devices, {len(KEYS)} signed EARs")


main()
