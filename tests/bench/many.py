#!/usr/bin/env python3
"""Attests many devices on sockets at once, some of them silent: how long the others take, and all of them, CPU and peak memory.

  many.py --spdmctl PROGRAM [--other PROGRAM] [--devices 1000] [--silent 64] [--answers 200] [--timeout 5] [--runs 1]
          [--algorithm ECDSA-P256] [--where end|spread|front] [--verb auth] [-- OPTIONS FOR spdmctl]

A few emulated devices serve on all addresses 127.x.y.z: each target has an address of its own, and so is a device of its own to the
requester. Each takes so many milliseconds in all to answer. A silent one is a listener that accepts and never answers. The results come
as lines, in the order of the targets: with the silent ones at the end, the last line of the others tells when those were done.
"""

import argparse
import asyncio
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

PER_SERVER = 16  # connections that one emulated device serves at a time
AT_ONCE = 512    # that all of them serve


def address(number):
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"


class Silent(threading.Thread):
    """Listens, accepts, and never answers."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ready = threading.Event()

    def run(self):
        async def hold(reader, _writer):
            with contextlib.suppress(ConnectionError):
                while await reader.read(4096):
                    pass

        async def serve():
            server = await asyncio.start_server(hold, "0.0.0.0", 0, backlog=1024)
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await server.serve_forever()

        asyncio.run(serve())


def make_device(args, folder):
    subprocess.run([args.spdmctl, "emulate", "--init", "device", "--algorithm", args.algorithm], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with (folder / "device/profile.yaml").open("a") as profile:
        profile.write("faults:\n" + "".join(f"  - {{on: {name}, do: delay {args.answers // 5}, times: 1}}\n"
                                            for name in ("VERSION", "CAPABILITIES", "ALGORITHMS", "DIGESTS", "CHALLENGE_AUTH")))


@contextlib.contextmanager
def servers(args, folder):
    """The ports of the emulated devices."""
    running, ports = [], []
    try:
        for i in range(AT_ONCE // PER_SERVER):
            command = [args.spdmctl, "emulate", "--listen", "emu://0.0.0.0:0", "--port-file", f"port{i}", "device/profile.yaml"]
            running.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for i, server in enumerate(running):
            while not (folder / f"port{i}").exists():
                if server.poll() is not None:
                    raise SystemExit("an emulated device does not start")
                time.sleep(0.01)
            ports.append(int((folder / f"port{i}").read_text()))
        yield ports
    finally:
        for server in running:
            server.terminate()
        for server in running:
            server.wait()


def targets(args, ports, silent):
    """All targets in their order."""
    good = [f"emu://{address(i)}:{ports[i % len(ports)]}" for i in range(args.devices - args.silent)]
    dead = [f"emu://{address(i)}:{silent}" for i in range(args.silent)]
    if args.where == "end":
        return good + dead
    if args.where == "front":
        return dead + good
    step = len(good) // (len(dead) + 1) or 1
    return [name for i in range(0, len(good), step) for name in good[i:i + step] + dead[i // step:i // step + 1]] + dead[-(-len(good) // step):]


def run(program, args, folder, names):
    """One run: when the others were done, when all were, CPU seconds, peak MiB, how many passed."""
    command = [program, args.verb, *names, "--timeout", str(args.timeout), "--root", "device/root.pem", "--format", "ndjson", *args.extra]
    begin = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    passed, others = 0, 0.0
    for line in child.stdout:
        if b'"verdict":"pass"' in line:
            passed, others = passed + 1, time.monotonic() - begin
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {"others": others, "all": time.monotonic() - begin, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024, "passed": passed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spdmctl", default="build/release/spdmctl")
    parser.add_argument("--other", help="another spdmctl, to be timed in turn")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--silent", type=int, default=64)
    parser.add_argument("--answers", type=int, default=200, help="milliseconds that a device takes in all")
    parser.add_argument("--timeout", type=float, default=5)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--algorithm", default="ECDSA-P256")
    parser.add_argument("--where", choices=("end", "spread", "front"), default="end", help="where the silent ones are among the targets")
    parser.add_argument("--verb", default="auth")
    parser.add_argument("extra", nargs="*")
    args = parser.parse_args()
    programs = [str(pathlib.Path(name).resolve()) for name in (args.spdmctl, args.other) if name]
    args.spdmctl = programs[0]
    silent = Silent()
    silent.start()
    silent.ready.wait()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_device(args, folder)
        with servers(args, folder) as ports:
            names = targets(args, ports, silent.port)
            results = [[] for _ in programs]
            for _ in range(args.runs):
                for program, seen in zip(programs, results):
                    seen.append(run(program, args, folder, names))
    good = args.devices - args.silent
    for label, seen in zip(("spdmctl", "other"), results):
        middle = {key: statistics.median(one[key] for one in seen) for key in seen[0]}
        print(f"{label:8} the {good} that answer: {middle['others']:.2f} s; all {args.devices}: {middle['all']:.2f} s;"
              f" CPU {middle['cpu']:.2f} s, {middle['cpu'] / args.devices * 1e3:.2f} ms each; peak {middle['peak']:.0f} MiB;"
              f" {middle['passed']:.0f} passed", flush=True)


if __name__ == "__main__":
    main()
