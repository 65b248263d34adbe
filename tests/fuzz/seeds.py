#!/usr/bin/env python3
"""Writes the fuzz corpora anew from what a throw-away device says, and from recordings of the reference implementation in the folder that
SPDMCTL_VECTORS names: tests/fuzz/seeds.py build/development/spdmctl

Those of cbor, drive, references, rim and words are written by hand, and stay. The key of rim.cpp has signed its seeds
(tests/cli/data/rim.py)."""

import base64
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import drive_seeds
import pci_seeds
import responder_seeds
import session_seeds

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4"]
ASYM = {"RSASSA-2048": 0, "RSAPSS-2048": 1, "RSASSA-3072": 2, "RSAPSS-3072": 3, "ECDSA-P256": 4, "RSASSA-4096": 5, "RSAPSS-4096": 6,
        "ECDSA-P384": 7}
HASH = {"SHA-256": 0, "SHA-384": 1}
# Request code to the row of kMessages in wire.cpp.
MESSAGES = {0x84: 0, 0xE1: 1, 0xE3: 2, 0x81: 3, 0x82: 4, 0x83: 5, 0xE0: 6, 0x87: 7, 0xEF: 8, 0xFE: 12}
# A link stream, and a selective one with an address association.
REGISTERS = "".join(struct.pack("<I", word).hex() for word in (0x43, 4, 0x05000001, 2, 1, 0x07400001, 2, 0, 1, 1, 0, 0)).encode()
ENCRYPTION = (b',"encryption":{"tee_io":true,"ide":"' + REGISTERS + b'","root_port":"0000:00:01.0","root_port_unread":"it sleeps",'
              b'"msix_control":31,"bars":[{"index":0,"begin":"00000000fe800000","size":"0000000000004000"}]}')
# What the device of emulate --init does not have.
MORE = """log:
  - {measurement: 8, type: informational, text: "module a"}
endpoint-info:
  - {registry: 3, vendor: 361b, sub-ids: ["0100"]}
"""


started = set()


def write(target, name, data):
    folder = CORPUS / target
    if target not in started:
        shutil.rmtree(folder, ignore_errors=True)
        started.add(target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def wire(message, version, algorithms, flags, options, request, response):
    head = bytes([message, VERSIONS.index(version), ASYM[algorithms["asym"]], HASH[algorithms["hash"]]])
    return head + struct.pack("<IBB", flags, options, len(request)) + request + response


def kernel_log(version, messages, algorithms):
    """The input of kernel_log.cpp: what stands in the log up to CHALLENGE_AUTH, and the files that repeat parts of it."""
    end = next(i for i, message in enumerate(messages) if message[1] == 0x03)
    digest, size = (32, 64) if algorithms["asym"] == "ECDSA-P256" else (48, 96)
    answer = messages[end]
    context = b"responder-challenge_auth signing"
    prefix = b"" if version < "1.2" else f"dmtf-spdm-v{version}.*".encode() * 4 + bytes(36 - len(context)) + context
    nonce = messages[end - 1][4:36]
    files = [answer[-size:], context, algorithms["hash"].replace("-", "").lower().encode(), prefix, nonce, answer[4 + digest :][:32]]
    return b"\x1f" + b"".join(struct.pack("<H", len(file)) + file for file in files) + b"".join(messages[: end + 1])[:-size]


def seeds_of(version, evidence, device):
    messages = [base64.b64decode(message["data"]) for message in evidence["messages"]]
    pairs = list(zip(messages[::2], messages[1::2]))
    write("analysis", version, b"\0" + b"".join(struct.pack("<BH", 1 - i % 2, len(m)) + m for i, m in enumerate(messages)))
    if version in ("1.0", "1.2"):
        write("kernel_log", version, kernel_log(version, messages, device["connection"]["algorithms"]))
    connection = device["connection"]
    flags = int(connection["capabilities"]["flags"], 16)
    for request, response in pairs:
        if request[1] in MESSAGES:
            name = f"{version}-{request[1]:02x}"
            write("wire", name, wire(MESSAGES[request[1]], version, connection["algorithms"], flags, 2, request, response))
        if request[1] == 0xEF:
            write("wire", f"{version}-log", wire(13, version, connection["algorithms"], flags, 2, b"", response[12:]))
        if request[1] == 0x87:
            write("wire", f"{version}-classes", wire(13, version, connection["algorithms"], flags, 2, b"", response[-12:]))
    if version in ("1.2", "1.4"):
        # The response in two chunks, and errors that carry something.
        body = pairs[3][1]
        code = 0x10 + VERSIONS.index(version)
        first = struct.pack("<BBBBHHII", code, 6, 0, 1, 0, 0, 20, len(body)) + body[:20]
        second = struct.pack("<BBBBHHI", code, 6, 1, 1, 1, 0, len(body) - 20) + body[20:]
        write("wire", f"{version}-chunks", wire(10, version, connection["algorithms"], flags, 2, b"", first + second))
        for name, error in (("not-ready", b"\x42\0\x10\x83\x01\x02"), ("large", b"\x0f\0\x01"), ("busy", b"\x03\0")):
            if name == "not-ready":
                again = bytes([code, 0xFF, 0x83, 0x01])
                row = wire(14, version, connection["algorithms"], flags, 2, again, bytes([code, 0x7F]) + error)
                write("wire", f"{version}-again", row)
            write("wire", f"{version}-{name}", wire(9, version, connection["algorithms"], flags, 2, b"", bytes([code, 0x7F]) + error))


def documents(evidence, chain):
    """What others keep of the signed measurements."""
    messages = [base64.b64decode(message["data"]) for message in evidence["messages"]]
    at = next(i for i, message in enumerate(messages) if message[1] == 0xE0)
    pair = b"".join(messages[at : at + 2])
    write("document", "bytes", pair)
    write("document", "hex", pair.hex().encode())
    write("document", "whole", b"".join(messages[:6]) + pair)
    one = {"certificate": base64.b64encode(chain.encode()).decode(), "evidence": base64.b64encode(pair).decode()}
    write("document", "nvidia", json.dumps([one, one]).encode())
    answer = {"SignedMeasurements": one["evidence"], "HashingAlgorithm": "TPM_ALG_SHA_384", "CertificateString": chain}
    write("document", "redfish", json.dumps(answer).encode())
    write("document", "wrapped", json.dumps(["application/x", base64.urlsafe_b64encode(pair).decode().rstrip("=")]).encode())
    write("document", "chain", chain.encode())
    write("analysis", "detached", b"\x80" + b"".join(struct.pack("<BH", 1 - i, len(m)) + m for i, m in enumerate(messages[at : at + 2])))


def attest(program, scratch, version):
    """The report on the device, the evidence and the capture."""
    for name in ("seed.json", "seed.pcap"):
        command = [program, "measurements", "emulated:device/profile.yaml", "--root", "device/root.pem", "--spdm-version", version, "--json"]
        more = ["--extension-log", "--endpoint-info"] if version >= "1.3" else []
        done = subprocess.run([*command, *more, "--record", name], cwd=scratch, check=True, capture_output=True)
    return json.loads(done.stdout)["devices"][0], (scratch / "seed.json").read_bytes(), (scratch / "seed.pcap").read_bytes()


def token(program, scratch, version):
    """A device assignment token (EAT)."""
    command = [program, "collect", "emulated:device/profile.yaml", "--spdm-version", version, "--format", "eat"]
    return subprocess.run(command, cwd=scratch, check=True, capture_output=True).stdout


CA = """[ca]
default_ca = it
[it]
database = index
crlnumber = number
default_md = sha256
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
"""


def revocations(scratch):
    """A revocation list with an entry, by openssl: DER."""
    (scratch / "cnf").write_text(CA)
    (scratch / "index").write_text("R\t300101000000Z\t240101000000Z,keyCompromise\t1234\tunknown\t/CN=device\n")
    (scratch / "number").write_text("2A")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key"]
    subprocess.run(["openssl", "req", "-x509", *key, "-subj", "/CN=root", "-out", "root"], cwd=scratch, check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-config", "cnf", "-gencrl", "-keyfile", "key", "-cert", "root", "-out", "crl.pem"], cwd=scratch, check=True,
                   capture_output=True)
    return subprocess.run(["openssl", "crl", "-in", "crl.pem", "-outform", "DER"], cwd=scratch, check=True, capture_output=True).stdout


RESPONDER = "extendedKeyUsage=OCSPSigning\nnoCheck=ignored\n"


def responses(scratch):
    """Responses about a certificate that "root" has issued, by openssl: DER by name. By the issuer (good, revoked), and by a delegate."""
    def openssl(*words, text=None):
        return subprocess.run(["openssl", *words], cwd=scratch, check=True, capture_output=True, input=text).stdout

    def issue(name, serial, extensions):
        (scratch / "extensions").write_text(extensions)
        request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-CA", "root", "-CAkey", "key", "-set_serial", serial, "-days", "3650", "-extfile", "extensions", "-out", name, text=request)

    issue("leaf", "0x1234", "")
    issue("delegate", "0x50", RESPONDER)
    out = {}
    for name, line, signer, key in (("good", "V\t300101000000Z\t\t1234\tunknown\t/CN=leaf\n", "root", "key"),
                                    ("revoked", "R\t300101000000Z\t240101000000Z,keyCompromise\t1234\tunknown\t/CN=leaf\n", "root", "key"),
                                    ("delegated", "V\t300101000000Z\t\t1234\tunknown\t/CN=leaf\n", "delegate", "delegate.key")):
        (scratch / "index").write_text(line)
        openssl("ocsp", "-index", "index", "-CA", "root", "-rsigner", signer, "-rkey", key, "-issuer", "root", "-serial", "0x1234", "-ndays", "3650",
                "-noverify", "-respout", "response")
        out[name] = (scratch / "response").read_bytes()
    der = [openssl("x509", "-in", name, "-outform", "DER") for name in ("root", "leaf")]
    head = struct.pack("<BHH", 0, len(der[0]), len(der[1])) + der[0] + der[1]
    text = b"-----BEGIN OCSP RESPONSE-----\n" + base64.encodebytes(out["good"]) + b"-----END OCSP RESPONSE-----\n"
    return {**{name: head + response for name, response in out.items()}, "pem": bytes(5) + text, "unknown-issuer": b"\1" + head[1:] + out["revoked"]}


def efi(certificate):
    """A variable with a certificate and two hashes of images."""
    def signatures(kind, each):
        size = 16 + len(each[0])
        return bytes.fromhex(kind) + struct.pack("<III", 28 + size * len(each), 0, size) + b"".join(bytes(16) + one for one in each)

    return (struct.pack("<I", 0x27) + signatures("a159c0a5e494a74a87b5ab155c2bf072", [certificate])
            + signatures("2616c4c14c509240aca941f936934328", [bytes(32), bytes(range(32))]))


# Values of attestation extensions: the first byte chooses the extension (dice.cpp).
DICE = {
    "tcb-info": "00303d800441434d45830107840100a62f30" "2d0609608648016503040201042000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "flags": "003012" "870503000000018a0500f00000018902abcd",
    "multi": "03300a" "30038301053003830106",
    "ueid": "02300a" "04080102030405060708",
    "open-dice": "073029" "a0220420" + "5a" * 32 + "a6030a0101",
    "record": "048278196170706c69636174696f6e2f766e642e6578616d706c652e6d43010203",
    "json": "05" + b'\x0c\x20["application/ce+cbor", "oA", 4]'.hex(),
    "evidence": "04d9023ba100a1008182a100a400d90230420102016441434d450266576964676574030181a101a301d902280702818207"
                "5830" + "55" * 48 + "03a200f503f5",
}


OWNER = {
    "scope": b'\0version: 1\nvouches-for: [{vendor: "1b36", class: "0108"}, {bdf: "0000:03:*"}]\nmodels: [DeviceCert]\n'
             b"not-after: 2028-01-01T00:00:00Z\ncritical-extensions: [1.2.3.4]\ncomment: disks\n",
    "deny": b"\1version: 1\ndeny:\n  - {certificate: " + b"5d" * 32 + b", comment: stolen}\n  - {key: " + b"12" * 32 + b"}\n",
    "pins": b'\2version: 1\npins:\n  - match: {target: "emu://*"}\n    leaf-key: ' + b"ab" * 32 + b"\n    vouches: true\n"
            b"    first-seen: 2026-06-01T00:00:00Z\n",
}


POLICY = b"""version: 1
gate: {mode: audit, timeout: 20}
mode: all
defaults: {require: {identity: ids}, on-failure: [warn]}
rules:
  - name: disks
    match: {class: "0108", vendor: "1b36", bdf: "0000:01:*", removable: false}
    expected: true
    require: {identity: exact, measurements: true, roots: [vendor.pem, anchors/x.pem], pin: true, min-version: "1.2", min-strength: 192,
              references: true, debug: off, min-svn: 5, max-age: 7d, crl: {max-age: 30d}, session: true, cnsa2: true,
              ready-for: tee-io, inspection: [aead, ide-registers]}
    on-failure: [block, clear-bus-master, remove]
  - {match: {target: "emu://*", driver: nvme}, require: {max-age: 90s}, on-failure: block}
  - {name: "not worth it", match: {slot: "3"}, exempt: true}
"""


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    vectors = pathlib.Path(os.environ["SPDMCTL_VECTORS"])
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        subprocess.run([program, "emulate", "--init", "device"], cwd=scratch, check=True, capture_output=True)
        profile = (scratch / "device/profile.yaml").read_text() + MORE
        (scratch / "device/profile.yaml").write_text(profile)
        for version in VERSIONS:
            report, evidence, capture = attest(program, scratch, version)
            seeds_of(version, json.loads(evidence), report)
            if version == "1.1":
                documents(json.loads(evidence), (scratch / "device/chain.pem").read_text())
            if version in ("1.0", "1.4"):
                write("evidence", version, evidence)
                if version == "1.0":
                    write("evidence", "encryption", evidence.replace(b'},"nonces"', ENCRYPTION + b'},"nonces"', 1))
                if version == "1.4":
                    write("evidence", "signed", evidence.rstrip().removesuffix(b"}") + b',"signature":"e30.e30.AAAA"}\n')
                write("pcap", version, capture)
                for link in ("113", "276"):
                    command = [sys.executable, CORPUS.parents[1] / "cli/data/mctp.py", link, "bmc.pcap", "seed.pcap=9", "seed.pcap=10"]
                    subprocess.run(command, cwd=scratch, check=True)
                    write("pcap", f"{version}-{link}", (scratch / "bmc.pcap").read_bytes())
                for name in ("network.pcap", "network.pcapng"):
                    command = [sys.executable, CORPUS.parents[1] / "cli/data/network.py", name, "seed.pcap=4194", "seed.pcap=2323"]
                    subprocess.run(command, cwd=scratch, check=True)
                    write("pcap", f"{version}-{name}", (scratch / name).read_bytes())
        for version in ("1.0", "1.1", "1.2", "1.4"):
            write("eat", version, token(program, scratch, version))
        plain = token(program, scratch, "1.3")
        write("eat", "record", b"\x83\x19\x01\x0b\x59" + struct.pack(">H", len(plain)) + plain + b"\x04")
        write("eat", "collection", b"\xa1\x00\xda\x63\x74\x02\x0d\x59" + struct.pack(">H", len(plain)) + plain)
        write("eat", "sign1", b"\xd8\x3d\xd2\x84\x40\xa0\x59" + struct.pack(">H", len(plain)) + plain + b"\x40")
        chain = (scratch / "device/chain.pem").read_text()
        crl = revocations(scratch)
        write("crl", "pem", (scratch / "crl.pem").read_bytes())
        for name, data in responses(scratch).items():
            write("ocsp", name, data)
    der = [base64.b64decode(body) for body in re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", chain, re.S)]
    write("chain", "certificates", bytes([4, HASH["SHA-384"], ASYM["ECDSA-P384"], 0]) + b"".join(der))
    write("keyring", "pem", chain.encode())
    write("keyring", "der", der[0])
    write("crl", "der", crl)
    write("efi", "variable", efi(der[0]))
    responder_seeds.write_all(write)
    write("efi", "list", b"".join(der) + chain.encode())
    for name, digits in DICE.items():
        write("dice", name, bytes.fromhex(digits))
    for name, data in OWNER.items():
        write("owner", name, data)
    write("profile", "init", profile.encode())
    write("policy", "all", POLICY)
    write("lines", "stream", b"\x10\r\n \n{}\n\t{\"a\": 1} \r\nlonger than sixteen bytes\n{\n}")
    write("lines", "document", b"\xff{\n  \"a\": [\n{}\n  ]\n}\n")
    head = {"schema": "spdmctl.report/2", "tool": "spdmctl", "hostname": "h"}
    line = json.dumps({**head, **report}).encode()
    write("report", "lines", b"\x0f" + line + b"\n" + line[:900] + b"\n" + line[:60] + b"\n")
    ear = {"ear.status": "affirming", "ear.trustworthiness-vector": {"hardware": 2}, "spdmctl.report": {"verdict": "pass", "exit_code": 0, "reason": "r"}}
    old = json.dumps({"eat_profile": "tag:github.com,2023:veraison/ear", "submods": {"a": ear, "b": {**ear, "ear.status": "none"}}})
    new = json.dumps({"eat_profile": "tag:ietf.org,2026:rats/ear#03", "submods": {"a": {key.replace(".", "_"): value for key, value in ear.items()}}})
    wrapped = json.dumps(["application/eat-ucs+json", base64.urlsafe_b64encode(new.encode()).decode().rstrip("=")])
    write("report", "ear", f"\x1f{old}\n{new}\n{wrapped}\n".encode())
    write("report", "document", b"\xff" + json.dumps({"devices": [report], "verdict": "pass", "exit_code": 0, **head}, indent=1).encode())
    session_seeds.write_all(write, vectors)
    drive_seeds.write_all(write)
    pci_seeds.write_all(write)
    print(sum(1 for path in CORPUS.rglob("*") if path.is_file()), "files")


main()
