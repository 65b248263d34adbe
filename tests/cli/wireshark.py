#!/usr/bin/env python3
"""What --record writes opens in tshark with dist/wireshark/spdm.lua, and shows the messages that decode shows. wireshark.py SPDMCTL"""
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import own_root  # what this machine is configured with is no part of a test

SKIPPED = 77
SCRIPT = ROOT / "dist/wireshark/spdm.lua"
HEAD = 24  # of a capture in the classic format
FRAMES = {  # by link of the emulated device: the dissectors above the exported PDU
    "none": "exported_pdu:spdm",
    "mctp": "exported_pdu:spdm_mctp:spdm",
    "doe": "exported_pdu:spdm_doe:spdm",
    "tcp": "exported_pdu:spdm_tcp:spdm",
}


FIELDS = (
    "VersionNumberEntryCount: 5",
    "DataTransferSize: ",
    "BaseAsymSel: ECDSA-P384",
    "CertChain: ",
    "RequesterContext: ",
    "Measurement block 1: immutable ROM",
    "Signature: ",
)


def run(*command, codes=(0,)):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace", timeout=120, check=False)
    if done.returncode not in codes:
        sys.exit(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def tshark(capture, *options):
    return run("tshark", "-n", "-X", f"lua_script:{SCRIPT}", "-r", capture, *options)


def fields(capture, *names):
    """One row for each packet."""
    options = [word for name in names for word in ("-e", name)]
    return [line.split("\t") for line in tshark(capture, "-T", "fields", *options).splitlines()]


def packets(data):
    at = HEAD
    while at < len(data):
        size = struct.unpack("<I", data[at + 8 : at + 12])[0]
        yield data[at + 16 : at + 16 + size]
        at += 16 + size


def capture_of(frames):
    out = struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 0x40000, 252)
    return out + b"".join(struct.pack("<IIII", 0, 0, len(one), len(one)) + one for one in frames)


def tags_of(packet):
    """The bytes of the tags, the last of which is zero."""
    at = 0
    while packet[at : at + 2] != b"\0\0":
        at += 4 + struct.unpack(">H", packet[at + 2 : at + 4])[0]
    return at + 4


def expect(what, now, wanted):
    if now != wanted:
        sys.exit(f"{what}:\n  {now}\nexpected:\n  {wanted}")


def check_names(spdmctl, capture, evidence, frame):
    """The messages of the capture are those of the evidence, in its words and from the same side. They are of two conversations."""
    logged = json.loads(run(spdmctl, "decode", "--json", evidence))["messages"]
    on_link = [one for one in logged if "name" not in one or "session" not in one]
    shown = fields(capture, "frame.protocols", "_ws.col.Info", "_ws.col.Source", "_ws.expert")
    expect(f"{capture}: messages", len(shown), len(on_link))
    for number, ((protocols, info, source, expert), one) in enumerate(zip(shown, on_link), 1):
        words = [one["name"], one["version"]] if "name" in one else ["secured", "message,"]
        expect(f"{capture}: packet {number}, name and version", info.replace(":", "").split()[:2], words)
        expect(f"{capture}: packet {number}, sender", source, one["from"])
        expect(f"{capture}: packet {number}, dissectors", protocols, frame if "name" in one else frame.replace("spdm", "spdm_secured"))
        expect(f"{capture}: packet {number}, expert information", expert, "")
    text = tshark(capture, "-V")
    for wrong in ("Lua Error", "Malformed Packet", "bytes are missing"):
        expect(f"{capture}: {wrong}", wrong in text, False)
    return text


def ask(spdmctl, target, file, *options):
    run(spdmctl, "measurements", "--root", "dev/root.pem", "--record", file, *options, target)


def ask_served(spdmctl, binding, file):
    """Over a socket of its own, with the frames of the binding."""
    port_file = pathlib.Path("port")
    port_file.unlink(missing_ok=True)
    scheme = "tcp" if binding == "tcp" else "emu"
    server = subprocess.Popen(
        [str(spdmctl), "emulate", "--listen", f"{scheme}://127.0.0.1:0", "--port-file", "port", "--once", "dev/profile.yaml"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 10
        while not (port_file.exists() and port_file.read_text()) and time.monotonic() < until:
            time.sleep(0.02)
        target = f"{scheme}://127.0.0.1:{port_file.read_text().strip()}"
        ask(spdmctl, target if binding == "tcp" else f"{target}?binding={binding}", file)
    finally:
        server.terminate()
        server.wait()


def check_frames(spdmctl):
    """The emulated device by each binding, in both formats."""
    for binding, frame in FRAMES.items():
        ask_served(spdmctl, binding, f"{binding}.json")
        for ending in ("pcap", "pcapng"):
            capture = f"{binding}.{ending}"
            ask_served(spdmctl, binding, capture)
            text = check_names(spdmctl, capture, f"{binding}.json", frame)
            for field in FIELDS:
                expect(f"{capture}: has {field}", field in text, True)
            times = [float(row[0]) for row in fields(capture, "frame.time_epoch")]
            expect(f"{capture}: times rise", times, sorted(times))
            expect(f"{capture}: times are of today", abs(times[0] - time.time()) < 600, True)
    expect("pcapng names the target", "Description = emu://127.0.0.1:" in run("capinfos", "doe.pcapng"), True)


def check_tcp():
    """Port 4194: a frame in two segments, the second of which has two more."""
    frame = bytes.fromhex("0600010510840000")
    segments = [frame[:6], frame[6:] + frame + frame]
    pathlib.Path("tcp.txt").write_text("".join(f"0000 {segment.hex(' ')}\n" for segment in segments))
    run("text2pcap", "-q", "-T", "5000,4194", "tcp.txt", "stream.pcap")
    expect("messages in segments", fields("stream.pcap", "spdm.code"), [[""], ["0x84,0x84,0x84"]])


def check_damage(seed=1):
    """Messages that are cut or changed are shown as far as they go."""
    chance = random.Random(seed)
    frames = []
    for name in ("whole.pcap", "session.pcap"):
        for packet in packets(pathlib.Path(name).read_bytes()):
            begin = tags_of(packet)
            for size in {*range(begin + 1, min(len(packet), begin + 60)), *chance.sample(range(begin + 1, len(packet) + 1), min(8, len(packet) - begin))}:
                frames.append(packet[:size])
            for _ in range(8):
                changed = bytearray(packet)
                for _ in range(chance.randrange(1, 4)):
                    changed[chance.randrange(begin, min(len(changed), begin + 60))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
                frames.append(bytes(changed))
    capture = pathlib.Path("damaged.pcap")
    capture.write_bytes(capture_of(frames))
    text = tshark(capture, "-V")
    expect("a damaged message: Lua Error", "Lua Error" in text, False)
    expect("a damaged message: tells of what is missing", "bytes are missing" in text, True)


def main(program):
    if shutil.which("tshark") is None:
        print("tshark is missing: dist/packages shells")
        sys.exit(SKIPPED)
    spdmctl = pathlib.Path(program).resolve()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        run(spdmctl, "emulate", "--init", "dev")
        check_frames(spdmctl)
        profile = pathlib.Path("dev/profile.yaml")
        profile.with_name("sessions.yaml").write_text(profile.read_text() + "sessions: true\n")
        ask(spdmctl, "emulated:dev/profile.yaml", "whole.pcap")
        for file in ("session.json", "session.pcap"):
            ask(spdmctl, "emulated:dev/sessions.yaml", file, "--in-session")
        check_names(spdmctl, "session.pcap", "session.json", FRAMES["none"])
        check_tcp()
        check_damage()
    print("tshark shows what decode shows")


main(*sys.argv[1:])
