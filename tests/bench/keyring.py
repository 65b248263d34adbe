#!/usr/bin/env python3
"""CPU of `spdmctl auth` by the size of its keyring: one anchor, many in one bundle, many in files of their own.

  keyring.py [--spdmctl build/release/spdmctl] [--anchors 10000] [--runs 11] [--folder DIR]

The device is an emulated one, whose root is the last that is read. All other anchors are one self-signed certificate of RSA 3072 with
other digits in its serial number and names: they are trusted for their bytes, so nobody has to sign them. A bundle of 10,000 has 14 MB.
The three are measured in turn. The aims: a bundle of 10,000 costs 0.1 s, 10,000 files 0.3 s. --folder keeps what was made.
"""

import argparse
import base64
import os
import statistics
import subprocess
import sys
import tempfile

CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", "/dev/null", "-subj", "/O=bench/CN=anchor 00000000",
               "-set_serial", "0x7730303030303030", "-days", "3650", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-outform", "DER"]


def pem(der):
    text = base64.b64encode(der).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def anchors(count):
    der = subprocess.run(CERTIFICATE, check=True, capture_output=True).stdout
    assert der.count(b"anchor 00000000") == 2 and der.count(b"w0000000") == 1
    for number in range(count):
        yield pem(der.replace(b"anchor 00000000", b"anchor %08d" % number).replace(b"w0000000", b"w%07d" % number))


def make(program, folder, count):
    subprocess.run([program, "emulate", "--init", "device"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(f"{folder}/device/root.pem") as file:
        root = file.read()
    names = ("one", "bundle", "files")
    for name in names:
        os.mkdir(f"{folder}/{name}")
        with open(f"{folder}/{name}/zz-device.pem", "w") as out:
            out.write(root)
    with open(f"{folder}/bundle/anchors.pem", "w") as bundle:
        for number, anchor in enumerate(anchors(count - 1)):
            bundle.write(anchor)
            with open(f"{folder}/files/anchor{number:06}.pem", "w") as out:
                out.write(anchor)
    return names


def cpu(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime, usage.ru_stime, child.returncode


def measure(program, folder, count, runs):
    if not os.path.exists(f"{folder}/files"):
        make(program, folder, count)
    target = f"emulated:{folder}/device/profile.yaml"
    commands = {name: [program, "auth", "--keyring", f"{folder}/{name}", target] for name in ("one", "bundle", "files")}
    found = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(cpu(command))
    label = {"one": "1 anchor", "bundle": f"{count} anchors in a bundle", "files": f"{count} files"}
    for name, results in found.items():
        user, system = (statistics.median(one[i] for one in results) for i in (0, 1))
        codes = sorted({one[2] for one in results})
        print(f"{label[name]:28} cpu {statistics.median(one[0] + one[1] for one in results) * 1e3:8.1f} ms (user {user * 1e3:.1f}, system {system * 1e3:.1f})"
              + ("" if codes == [0] else f"; exit codes {codes}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spdmctl", default="build/release/spdmctl")
    parser.add_argument("--anchors", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--folder", help="an existing directory, to keep what is made and to measure it again")
    args = parser.parse_args()
    program = os.path.abspath(args.spdmctl)
    if args.folder:
        measure(program, os.path.abspath(args.folder), args.anchors, args.runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(program, folder, args.anchors, args.runs)


if __name__ == "__main__":
    sys.exit(main())
