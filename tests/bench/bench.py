#!/usr/bin/env python3
"""Times spdmctl as a whole process, beside another command in the same run, and prints ratios.

  bench.py attest [--target emu://127.0.0.1:2323] [--algorithm ecdsap384] [--other 'COMMAND ... {port}'] [--other-folder DIR]
                  [--runs 21] [-- EXTRA OPTIONS FOR spdmctl]
  bench.py start  [--other 'openssl version'] [--runs 51]
  bench.py fleet  [--devices 16] [--answers 200] [--runs 11]
  bench.py verify --evidence FILE [--keyring DIR] [--files 1000] [--algorithm ecdsap384]
  bench.py verify-stream [--devices 1000] [--rounds 100] [--runs 3] [--algorithm ecdsap384]
  bench.py report [--results 100000] [--runs 5]

`attest` runs `spdmctl auth --measurements` (chain, challenge, signed measurements) and the other command in turn, so that both
meet the same machine, and prints medians and the ratio pair by pair. Whatever listens on the target must stay for more than one
connection. Without a target `spdmctl emulate` listens: it has its answers at once, and {port} of the other command is where. The
other one does equal work if it checks as many signatures, which are printed. The requester of DMTF's spdm-emu reads the chain
before its challenge and again behind it, and checks it each time; one that reads it once is that with the second GET_DIGESTS and
GET_CERTIFICATE taken out of spdm_authentication(). It is run in the folder that has its certificates (--other-folder):
  spdm_requester_emu --trans PCI_DOE --port {port} --exe_mode CONTINUE --exe_conn DIGEST,CERT,CHAL,MEAS --slot_id 0 --cap CERT,CHAL --meas_op ALL
`fleet` attests that many emulated devices on sockets at once, whose answers take so many milliseconds in all: the aim is less than
twice that. `verify` compares with the bare signature checks of `openssl speed` on all cores. `verify-stream` makes that many
throw-away devices, each with roots and keys of its own, collects evidence of all of them in that many rounds (at most ten are
really collected, the others repeat them), and judges the lines as a stream. With one round, each chain is seen for the first time,
and its signatures count, too. Bare rate and stream are measured in turn, so that both meet the same machine. `report` summarises
so many made-up results, as one file of lines and as a thousand files of documents.
keyring.py, many.py and capture.py beside this file measure what their names say. README.md has aims and results. Figures are never
asserted here: machines differ, ratios in one run say more.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


# Of algorithms: from that of openssl speed to that of SPDM.
NAMES = {"ecdsap256": "ECDSA-P256", "ecdsap384": "ECDSA-P384", "rsa3072": "RSASSA-3072", "ed25519": "Ed25519"}
GNU_TIME = shutil.which("time")


def run(command, folder=None):
    """One run, in that folder: wall and CPU seconds, exit code, standard output."""
    with tempfile.TemporaryFile() as out:
        begin = time.monotonic()
        child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "exit": child.returncode, "out": out.read()}


def resident(command, folder=None):
    """Peak resident KiB. By GNU time, because what a child of this interpreter reports is the interpreter's own peak."""
    if GNU_TIME is None:
        return None
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([GNU_TIME, "-o", out.name, "-f", "%M", *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
        return int(out.read().split()[-1])


def table(rows):
    print(f"{'':28}{'min':>10}{'median':>10}{'max':>10}")
    for label, values, scale, unit in rows:
        print(f"{label:28}" + "".join(f"{f(values) * scale:>10.2f}" for f in (min, statistics.median, max)) + f" {unit}")


def figures(label, runs):
    return [
        (f"{label} wall", [r["wall"] for r in runs], 1e3, "ms"),
        (f"{label} cpu", [r["cpu"] for r in runs], 1e3, "ms"),
    ]


def pairs(ours, others, runs, folder=None):
    run(ours)  # warm up
    if others:
        run(others, folder)
    a, b = [], []
    for _ in range(runs):
        a.append(run(ours))
        if others:
            b.append(run(others, folder))
    rows = figures("spdmctl", a)
    if b:
        rows += figures("other", b)
        for key in ("wall", "cpu"):
            rows.append((f"ratio {key}", [x[key] / y[key] for x, y in zip(a, b) if y[key] > 0] or [float("nan")], 1, ""))
    table(rows)
    peaks = [resident(ours)] + ([resident(others, folder)] if others else [])
    if None not in peaks:
        print("peak resident: " + ", other ".join(f"{peak / 1024:.1f} MiB" for peak in peaks))
    for label, results in (("spdmctl", a), ("other", b)):
        codes = sorted({r["exit"] for r in results})
        if codes not in ([], [0]):
            print(f"exit codes of {label}: {codes}")
    return a


def measure(args, target, port, extra):
    command = [args.spdmctl, "auth", "--measurements", target, "--json"] + extra
    results = pairs(command, shlex.split(args.other.replace("{port}", port)) if args.other else None, args.runs, args.other_folder)
    device = json.loads(results[-1]["out"])["devices"][0]
    traffic = device["traffic"]
    issued = sum(len(slot["chain"]["certificates"]) - 1 for slot in device["slots"])  # a root is trusted as it is
    print(f"verdict {device['verdict']}: {traffic['round_trips']} round trips, {traffic['bytes']} bytes of SPDM; {len(device['signatures'])} signatures of "
          f"messages and {issued} of certificates")


def attest(args):
    if args.target:
        return measure(args, args.target, args.target.rpartition(":")[2], args.extra)
    program = os.path.abspath(args.spdmctl)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "emulate", "--init", "device", "--algorithm", NAMES[args.algorithm]], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        server = serve(program, folder, "port")
        try:
            port = port_in(f"{folder}/port")
            return measure(args, f"emu://127.0.0.1:{port}", port, ["--root", f"{folder}/device/root.pem", *args.extra])
        finally:
            server.terminate()
            server.wait()


def port_in(file):
    while not os.path.exists(file):
        time.sleep(0.01)
    with open(file) as text:
        return text.read().strip()


def serve(program, folder, port_file):
    return subprocess.Popen([program, "emulate", "--listen", "emu://127.0.0.1:0", "--port-file", port_file, "device/profile.yaml"],
                            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fleet(args):
    program = os.path.abspath(args.spdmctl)
    with tempfile.TemporaryDirectory() as folder:
        profile = os.path.join(folder, "device/profile.yaml")
        subprocess.run([program, "emulate", "--init", "device"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        command = [program, "measurements", "--json", "--root", f"{folder}/device/root.pem"]
        once = json.loads(run([*command, f"emulated:{profile}"])["out"])
        answers = once["devices"][0]["traffic"]["round_trips"]
        delay = -(-args.answers // answers)
        with open(profile, "a") as file:
            file.write(f"faults: [{{on: any, do: delay {delay}}}]\n")
        servers = [serve(program, folder, f"port{i}") for i in range(args.devices)]
        try:
            targets = []
            for i in range(args.devices):
                targets.append(f"emu://127.0.0.1:{port_in(os.path.join(folder, f'port{i}'))}")
            one = pairs([*command, targets[0]], None, args.runs)
            print()
            all_of_them = pairs([*command, *targets], None, args.runs)
        finally:
            for server in servers:
                server.terminate()
                server.wait()
        passed = sum(device["verdict"] == "pass" for device in json.loads(all_of_them[-1]["out"])["devices"])
    wall, alone = (statistics.median(r["wall"] for r in runs) * 1e3 for runs in (all_of_them, one))
    print(f"{args.devices} devices of {answers} answers in {delay} ms each, {passed} passed: {wall:.0f} ms together, {alone:.0f} ms for one; "
          f"the aim is {2 * args.answers} ms: {'met' if wall < 2 * args.answers else 'missed'}")


def start(args):
    pairs([args.spdmctl, "--version"], shlex.split(args.other) if args.other else None, args.runs)


def verify(args):
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, f"{i:06}.json") for i in range(args.files)]
        for name in names:
            shutil.copyfile(args.evidence, name)
        command = [args.spdmctl, "verify", "--format", "ndjson"] + (["--keyring", args.keyring] if args.keyring else []) + names
        results = pairs(command, None, args.runs)
    lines = results[-1]["out"].decode().splitlines()
    signatures = sum(len(device["signatures"]) for line in lines for device in [json.loads(line)])
    speed = subprocess.run(["openssl", "speed", "-seconds", "3", "-multi", str(cores), args.algorithm], capture_output=True, text=True, check=True).stdout
    bare = float(re.search(r"([0-9.]+)\s*$", speed.strip().splitlines()[-1]).group(1))
    rate = signatures / statistics.median(r["wall"] for r in results)
    print(f"{args.files} files, {signatures} signatures: {rate:.0f} a second; bare checks on {cores} cores: {bare:.0f} a second; ratio {rate / bare:.2f}")


def bare_rate(algorithm, cores, seconds):
    speed = subprocess.run(["openssl", "speed", "-seconds", str(seconds), "-multi", str(cores), algorithm], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"([0-9.]+)\s*$", speed.strip().splitlines()[-1]).group(1))


def verify_stream(args):
    program, cores = os.path.abspath(args.spdmctl), len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/keyring")
        for i in range(args.devices):
            subprocess.run([program, "emulate", "--init", f"device{i}", "--algorithm", NAMES[args.algorithm]], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            os.link(f"{folder}/device{i}/root.pem", f"{folder}/keyring/{i}.pem")
        targets = [f"emulated:device{i}/profile.yaml" for i in range(args.devices)]
        collected = []
        for _ in range(min(args.rounds, 10)):
            collected.append(subprocess.run([program, "collect", *targets], cwd=folder, check=True, capture_output=True).stdout)
        stream = f"{folder}/fleet.ndjson"
        with open(stream, "wb") as out:
            for i in range(args.rounds):
                out.write(collected[i % len(collected)])
        command = [program, "verify", "--format", "ndjson", "--keyring", f"{folder}/keyring", stream]
        ratios, costs, lines = [], [], args.devices * args.rounds
        for _ in range(args.runs):
            bare = bare_rate(args.algorithm, cores, 2)
            with open(f"{folder}/reports", "wb") as out:
                begin = time.monotonic()
                child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
                _, _, usage = os.wait4(child.pid, 0)
                done = {"wall": time.monotonic() - begin, "cpu": usage.ru_utime + usage.ru_stime}
            bare = (bare + bare_rate(args.algorithm, cores, 2)) / 2
            with open(f"{folder}/reports", "rb") as out:
                found, passed = map(sum, zip(*((line.count(b'"result":"good"'), line.count(b'"verdict":"pass"')) for line in out)))
            if args.rounds == 1:
                with open(f"{folder}/reports", "rb") as out:
                    found += sum(len(slot["chain"]["certificates"]) - 1 for line in out for slot in json.loads(line).get("slots", []) if "chain" in slot)
            rate = found / done["wall"]
            ratios.append(rate / bare)
            costs.append(done["cpu"] / (found / bare * cores))
            print(f"{lines} lines in {done['wall']:.2f} s ({lines / done['wall']:.0f} a second), cpu {done['cpu'] / lines * 1e6:.0f} us each, "
                  f"{passed} passed: {rate:.0f} signatures a second, bare {bare:.0f}, ratio {ratios[-1]:.2f}; cpu / that of its bare checks {costs[-1]:.2f}")
        peak = resident(command)
    print(f"medians: ratio {statistics.median(ratios):.2f}, cpu / that of its bare checks {statistics.median(costs):.2f}"
          + ("" if peak is None else f"; peak resident {peak / 1024:.1f} MiB"))


def report(args):
    fleet = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli/data/fleet.py")
    program = os.path.abspath(args.spdmctl)
    with tempfile.TemporaryDirectory() as folder:
        made = lambda *more: subprocess.run([sys.executable, fleet, os.path.join(folder, more[0]), *more[1:]], check=True)
        made("one", "--hosts", str(args.results // 4), "--devices", "4", "--as", "one")
        made("many", "--hosts", "1000", "--devices", str(args.results // 1000))
        many = sorted(os.path.join(folder, "many", name) for name in os.listdir(os.path.join(folder, "many")))
        one = os.path.join(folder, "one", "all.ndjson")
        for name, files in (("one file of lines", [one]), ("1000 files of documents", many)):
            for extra in ([], ["--html", os.path.join(folder, "page.html")]):
                size = sum(map(os.path.getsize, files)) / 1e6
                print(f"{args.results} results in {name}, {size:.0f} MB{', with a page' if extra else ''}")
                pairs([program, "report", *extra, *files], None, args.runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["attest", "fleet", "start", "verify", "verify-stream", "report"])
    parser.add_argument("--spdmctl", default="build/release/spdmctl")
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--target")
    parser.add_argument("--devices", type=int, default=16)
    parser.add_argument("--answers", type=int, default=200, help="milliseconds that the answers of a device take together")
    parser.add_argument("--other", help="command to compare with")
    parser.add_argument("--other-folder", help="where that command is run: spdm_requester_emu reads its certificates from where it was built")
    parser.add_argument("--evidence")
    parser.add_argument("--keyring")
    parser.add_argument("--rounds", type=int, default=100, help="of evidence of each device")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--algorithm", default="ecdsap384", help="as openssl speed names it")
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    args = parser.parse_args(sys.argv[1:cut])
    args.extra = sys.argv[cut + 1 :]
    if args.what == "verify" and not args.evidence:
        parser.error("verify needs --evidence")
    {"attest": attest, "fleet": fleet, "start": start, "verify": verify, "verify-stream": verify_stream, "report": report}[args.what](args)


if __name__ == "__main__":
    sys.exit(main())
