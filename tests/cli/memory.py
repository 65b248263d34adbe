#!/usr/bin/env python3
"""One device, and one piece of evidence, take no more than 64 MiB of memory, whatever they hold: the resident set of the real program,
over devices and evidence made to expand, verbs and formats. What is not looked at is told, and nothing of it passes.

  memory.py SPDMCTL [--verbose]   with --verbose, each run: its exit code, KiB, bytes written

Skipped (77) where the program is built with sanitizers: they take memory of their own.
"""
import base64
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
LIMIT = 64 << 10  # KiB
TIMEOUT = 60
FORMATS = ["text", "json", "ndjson", "yaml", "redfish", "ear"]


def run(folder, *arguments):
    """Exit code, KiB at the highest, bytes written, and what stands on stderr."""
    with open(folder / "stderr", "w+b") as errors, open(folder / "stdout", "wb") as out:
        process = subprocess.Popen([PROGRAM, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return process.returncode, usage.ru_maxrss, (folder / "stdout").stat().st_size, errors.read(2000).decode(errors="replace")


def holds(path, words):
    """Block by block: what this process takes would count for the next that it starts."""
    wanted, before = words.encode(), b""
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 16), b""):
            if wanted in before + block:
                return True
            before = block[-len(wanted) :]
    return False


def is_sanitized():
    with open(PROGRAM, "rb") as file:
        return any(b"__asan_init" in block or b"__tsan_init" in block for block in iter(lambda: file.read(1 << 20), b""))


# Devices: what the measurements, the log and the chains are.


def device(folder, name, measurements, blob=b"", more=""):
    os.makedirs(folder / name)
    for file in ("root.pem", "chain.pem", "key.pem"):
        os.link(folder / "dev" / file, folder / name / file)
    (folder / name / "blob").write_bytes(blob)
    slots = more if "slots:" in more else "slots:\n  - {slot: 0, chain: chain.pem, key: key.pem}\n" + more
    (folder / name / "profile.yaml").write_text(f"name: {name}\n{slots}measurements:\n{measurements}")


def measured(kind, count):
    return "".join(f"  - {{index: {index}, type: {kind}, file: blob, raw: true}}\n" for index in range(1, count + 1))


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    count = (size.bit_length() + 7) // 8
    length = bytes([size]) if size < 0x80 else bytes([0x80 | count]) + size.to_bytes(count, "big")
    return bytes([tag]) + length + body


def certificate(name, serial):
    """Not signed by anybody; what it costs is to read and to tell it."""
    ec = der(0x30, bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06082a8648ce3d030107"))
    point = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    algorithm = der(0x30, bytes.fromhex("06082a8648ce3d040302"))
    validity = der(0x30, der(0x17, b"200101000000Z"), der(0x17, b"491231235959Z"))
    tbs = der(0x30, b"\xa0\x03\x02\x01\x02", der(2, (serial + (1 << 24)).to_bytes(4, "big")), algorithm, name, validity, name, der(0x30, ec, der(3, b"\0", point)))
    return der(0x30, tbs, algorithm, der(3, b"\0", der(0x30, der(2, b"\1"), der(2, b"\1"))))


def named(text):
    return der(0x30, der(0x31, der(0x30, bytes.fromhex("0603550403"), der(0x0C, text))))


def many_names(count):
    return der(0x30, *[der(0x31, der(0x30, bytes.fromhex("0603550403"), der(0x0C, b"a"))) for _ in range(count)])


def chain_of(certificates):
    body = bytes(48) + b"".join(certificates)
    return struct.pack("<HH", 4 + len(body), 0) + body


def make_devices(folder):
    """By name; each with what has to be told of it (empty: nothing, it may pass)."""
    array = b"\x99" + struct.pack(">H", 64_900)
    device(folder, "raw", measured("informational", 254), os.urandom(65_000))
    device(folder, "text", measured("informational", 254), b"\\" * 65_000)
    device(folder, "wide", measured("measurement-manifest", 254), array + b"\xf4" * 64_900)
    device(folder, "deep", measured("measurement-manifest", 1), b"\x81" * 59 + array + b"\xf4" * 64_900)
    device(folder, "keys", measured("measurement-manifest", 1), b"\xa1" * 40 + b"\0" * 41)
    device(folder, "escapes", measured("measurement-manifest", 3), b"\x81\x79" + struct.pack(">H", 60_000) + b"\1" * 60_000)
    device(folder, "fits", measured("informational", 60), os.urandom(65_000))
    device(folder, "log", "  - {index: 8, type: hash-extended}\n", more='log:\n  - {measurement: 8, type: informational, hex: ""}\n')
    slots = "slots:\n" + "".join(f"  - {{slot: {slot}, raw-chain: blob, key: key.pem}}\n" for slot in range(8))
    small = "  - {index: 1, type: immutable-rom, text: a}\n"
    device(folder, "certificates", small, chain_of([certificate(named(b"\1" * 200), n) for n in range(90)])[:65_000], slots)
    device(folder, "name", small, chain_of([certificate(named(b"\1" * 15_000), n) for n in range(2)]), slots)
    device(folder, "names", small, chain_of([certificate(many_names(1_900), n) for n in range(1)]), slots)
    return {
        "raw": "one device is 4194304 bytes", "text": "one device is 4194304 bytes", "wide": "not decoded", "deep": "not decoded", "keys": "not decoded",
        "escapes": "not decoded", "fits": "", "certificates": "", "name": "", "names": "",
    }


# Evidence: messages that were made up.


def both(count, request, response):
    return [("requester", request), ("responder", response)] * count


def evidence(folder, name, messages):
    with open(folder / name, "w") as out:
        out.write('{"schema":"spdmctl.evidence/1","collector":"","time":"","live":false,"binding":"none","host":{"target":"x"},"nonces":[],"messages":[')
        comma = ""
        for sender, message in messages:
            out.write(f'{comma}{{"from":"{sender}","data":"{base64.b64encode(message).decode()}"}}')
            comma = ","
        out.write("]}\n")


def negotiated(folder):
    """The beginning of a real conversation, up to ALGORITHMS."""
    code, _, _, errors = run(folder, "collect", "-o", "real.json", "emulated:log/profile.yaml")
    if code != 0:
        sys.exit(errors)
    messages = json.loads((folder / "real.json").read_text())["messages"]
    return [(message["from"], base64.b64decode(message["data"])) for message in messages[:6]]


def documents(folder):
    """What others keep: GET_MEASUREMENTS and MEASUREMENTS of SPDM 1.1, and a chain."""
    def report(blocks, size):
        request = bytes.fromhex("11e001ff") + bytes(33)
        record = b"".join(struct.pack("<BBHBH", n, 1, 3 + size, 0x81, size) + bytes([n]) * size for n in range(1, blocks + 1))
        return request + bytes([0x11, 0x60, 0, 0, blocks]) + len(record).to_bytes(3, "little") + record + bytes(34) + bytes(96)

    def device(data):
        return {"evidence": base64.b64encode(data).decode(), "certificate": chain}

    chain = base64.b64encode((folder / "dev/chain.pem").read_bytes()).decode()
    large, larger = report(16, 65_000), report(60, 65_000)
    (folder / "document.json").write_text(json.dumps([device(large)]))
    (folder / "report.txt").write_text(large.hex())
    (folder / "larger.txt").write_text(larger.hex())
    (folder / "devices.json").write_text(json.dumps([device(report(4, 48))] * 1000))
    (folder / "too-many.json").write_text("[" + '{"evidence":"","certificate":""},' * 1100 + "1]")
    (folder / "arrays.json").write_text("[" + "1," * 4_000_000 + "1]")


def make_evidence(folder):
    """By name; each with what has to be told of it."""
    begin = negotiated(folder)
    version = both(1, bytes.fromhex("10840000"), bytes.fromhex("1004000000010014"))
    evidence(folder, "connections.json", version * 9_900)
    evidence(folder, "broken.json", both(9_900, bytes.fromhex("10840000"), bytes.fromhex("1004000000050014")))
    evidence(folder, "errors.json", begin + both(9_900, bytes.fromhex("14810000"), bytes.fromhex("147f0700")))
    nonce = bytes(32)
    challenge = bytes([0x14, 0x83, 0, 0]) + nonce + bytes(8)
    answer = bytes([0x14, 0x03, 0, 1]) + bytes(48) + nonce + bytes(2) + bytes(8) + bytes(96)
    evidence(folder, "signatures.json", begin + both(9_000, challenge, answer))
    kinds = []
    for number in range(9_900):
        index, kind = 1 + number % 250, 0x80 | (number // 250) % 127
        record = struct.pack("<BBHBH", index, 1, 4, kind, 1) + b"a"
        request = bytes([0x14, 0xE0, 0, index]) + bytes(8)
        kinds += both(1, request, bytes([0x14, 0x60, 0, 0, 1]) + len(record).to_bytes(3, "little") + record + nonce + bytes(2) + bytes(8))
    evidence(folder, "kinds.json", begin + kinds)
    for name, entries in ("log.json", 20_000), ("log-fits.json", 16_000):
        log = struct.pack("<IIQ", entries, entries * 11, 0) + b"".join(struct.pack("<IB3xBH", n, 8, 0x8A, 0) for n in range(1, entries + 1))
        portions = []
        for at in range(0, len(log), 60_000):
            portion = log[at : at + 60_000]
            rest = len(log) - at - len(portion)
            portions += both(1, b"\x14\xef\0\0" + struct.pack("<II", at, 60_000), b"\x14\x6f\0\0" + struct.pack("<II", len(portion), rest) + portion)
        evidence(folder, name, begin + portions)
    request = b"\x14\xfe\0\0" + struct.pack("<HB", 3, 2) + b"\x36\x1b" + struct.pack("<H", 1) + b"a"
    evidence(folder, "vendor.json", begin + both(9_900, request, b"\x14\x7e" + request[2:]))
    evidence(folder, "many.json", begin + both(10_100, bytes.fromhex("14810000"), bytes.fromhex("147f0700")))
    evidence(folder, "large.json", begin + both(70, bytes.fromhex("14810000"), b"\x14\x7f\x07\0" + bytes(65_000)))
    documents(folder)
    text = "\\u0080" * 200_000
    (folder / "words.json").write_text((folder / "real.json").read_text().replace('"collector":"', f'"collector":"{text}', 1))
    return {
        "connections.json": "more than 1024 connections", "broken.json": "more than 1", "errors.json": "", "signatures.json": "more than 4096 signatures",
        "kinds.json": "", "vendor.json": "", "many.json": "the limit of 20000 messages", "large.json": "all messages is 4194304 bytes",
        "words.json": "a text in evidence is 16384", "log.json": "no more than 16384", "log-fits.json": "",
        "document.json": "", "devices.json": "", "report.txt": "", "larger.txt": "", "arrays.json": "without evidence", "too-many.json": "more than 1024 devices",
    }


# Captures that are much larger than what may be kept of them.


def segments(client, server, size, asks=True, first=0, unit=60_000):
    """Frames of raw IP: so many bytes of one end of a TCP connection, from the SYN on; its first bytes may be missing."""
    def frame(sequence, flags, data=b""):
        tcp = struct.pack(">HHIIHHHH", *((client, server) if asks else (server, client)), sequence, 1, 0x5000 | flags, 0xFFFF, 0, 0) + data
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + tcp
        return struct.pack("<IIII", 1, 0, len(ip), len(ip)) + ip

    return frame(0, 2) + b"".join(frame(1 + first + at, 16, b"x" * unit) for at in range(0, size, unit))


def make_captures(folder):
    """By name; each with what has to be told of it."""
    begin = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 101)
    with open(folder / "traffic.pcap", "wb") as out:
        out.write(begin)
        for port in range(1000, 1100):
            out.write(segments(port, 443, 1_000_000, port % 2 == 0))
    with open(folder / "waiting.pcap", "wb") as out:
        out.write(begin)
        for port in range(10_000, 10_100):
            out.write(segments(port, 4194, 1_000_000, first=1))
    with open(folder / "undecided.pcap", "wb") as out:
        out.write(begin)
        for port in range(10_000, 10_100):
            out.write(segments(port, 443, 1_000_000, first=1))
    return {"traffic.pcap": "holds no SPDM message", "waiting.pcap": "bytes of memory", "undecided.pcap": "holds no SPDM message"}


def commands(devices, pieces, captures):
    """What is run: arguments, and what has to be told."""
    for name, told in devices.items():
        target = f"emulated:{name}/profile.yaml"
        chains = name in ("certificates", "name", "names")
        asked = ["--slot", "all"] if chains else []
        raw = [] if chains else ["--raw"]
        for form in FORMATS if name in ("raw", "fits", "certificates") else ["json", "yaml"]:
            yield ["measurements", "-f", form, "--root", "dev/root.pem", *raw, *asked, target], told if form in FORMATS[:4] else ""
        yield ["measurements", "-v", "--root", "dev/root.pem", *raw, *asked, target], told
        yield ["measurements", "--root", "dev/root.pem", *raw, *asked, "--save-reference", f"{name}.yaml", target], told
        yield ["collect", "-o", f"{name}.json", target], ""
    for verb in ("info", "certs", "auth"):
        for name in ("certificates", "name", "names"):
            for form in ("text", "json"):
                yield [verb, "-f", form, f"emulated:{name}/profile.yaml"], ""
    for name in ("certificates", "fits", "wide"):
        yield ["audit", "-f", "json", f"emulated:{name}/profile.yaml"], ""
        yield ["keyring", "explain", "--keyring", "keyring", f"emulated:{name}/profile.yaml"], ""
        yield ["keyring", "pin", "--keyring", "keyring", f"emulated:{name}/profile.yaml"], ""
        yield ["policy", "generate", "-o", f"{name}-policy.yaml", f"emulated:{name}/profile.yaml"], ""
        yield ["policy", "explain", "--policy", "policy.yaml", f"emulated:{name}/profile.yaml"], ""
    pieces = {**pieces, "fits.json": "", "certificates.json": ""}
    for name, told in pieces.items():
        for form in FORMATS if name in ("fits.json", "kinds.json", "log-fits.json") else ["text", "yaml"]:
            yield ["verify", "-f", form, "--root", "dev/root.pem", "--measurements", name], told if form in FORMATS[:4] else ""
        for form in FORMATS[:4] if name == "fits.json" else ["json"]:
            yield ["decode", "-f", form, name], ""
    for name, told in captures.items():
        yield ["verify", "--root", "dev/root.pem", name], told
        yield ["decode", "--brief", name], told


def main():
    if is_sanitized():
        sys.exit(77)
    worst, problems, number = (0, []), [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        if run(folder, "emulate", "--init", "dev")[0] != 0:
            sys.exit("emulate --init fails")
        (folder / "keyring").mkdir()
        (folder / "policy.yaml").write_text("version: 1\nrules:\n  - {name: all, match: {}, require: {measurements: true}}\n")
        for arguments, told in commands(make_devices(folder), make_evidence(folder), make_captures(folder)):
            code, memory, size, errors = run(folder, *arguments)
            number += 1
            worst = max(worst, (memory, arguments))
            words = " ".join(arguments)
            if "--verbose" in sys.argv:
                print(code, memory, size, words, flush=True)
            if memory > LIMIT:
                problems.append(f"{memory} KiB ({size} bytes written): {words}")
            if code < 0 or code == 1:
                problems.append(f"exit code {code}: {words}: {errors}")
            if told and code == 0:
                problems.append(f"passes: {words}")
            if told and told not in errors and not holds(folder / "stdout", told):
                problems.append(f"does not tell '{told}': {words}: {errors}")
    print("\n".join(problems) or f"{number} runs, at most {worst[0]} KiB: {' '.join(worst[1])}")
    return 1 if problems else 0


sys.exit(main())
