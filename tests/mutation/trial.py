"""Tests against mutants: which of them reach a point, and which of them see that it is changed."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

# A loop without an end is told by the time of the processor, which does not depend on what else the machine does; a wait without an
# end by the clock, with much patience.
CPU = 10  # seconds, and as many times of what the test takes
CLOCK = 60
MEMORY = 4 << 30
FILE = 256 << 20


@dataclasses.dataclass
class Test:
    name: str
    program: str  # what has to be the same for records to hold
    command: list
    environment: dict
    cpu: float = 0.0
    clock: float = 0.0
    reached: frozenset = frozenset()


def limited(test, extra, cpu, clock):
    """Runs the test: ("passed", "failed" or "hangs", seconds of the processor, seconds of the clock)."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        command = ["prlimit", f"--cpu={int(cpu) + 1}", f"--as={MEMORY}", f"--fsize={FILE}", "--core=0", *test.command]
        if "WRAPPED" in test.command:
            at = command.index("WRAPPED")
            command[at] = wrapped(pathlib.Path(scratch) / "bin" / "spdmctl", test.program, extra)
        begin = time.monotonic()
        process = subprocess.Popen(
            command,
            env={**os.environ, **test.environment, "TMPDIR": scratch, **extra},
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        late = threading.Event()

        def stop():
            late.set()
            end(process.pid)

        timer = threading.Timer(clock, stop)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        end(process.pid)  # children that it left behind
    hangs = late.is_set() or process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
    word = "hangs" if hangs else "failed" if process.returncode else "passed"
    return word, usage.ru_utime + usage.ru_stime, time.monotonic() - begin


def end(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wrapped(path, program, extra):
    """The program for sessions, which run it in an environment of their own."""
    path.parent.mkdir()
    words = " ".join(f"{name}={value}" for name, value in extra.items())
    path.write_text(f'#!/bin/sh\n{words} exec {program} "$@"\n')
    path.chmod(0o755)
    return str(path)


def all_tests(copy, build, listed, sessions):
    """One test for each file of unit tests; with `sessions` also one for each golden session, and the matrix of verdicts."""
    out = []
    for folder in ("core", "certstore", "transport", "cmd"):
        command, environment = listed[f"unit_{folder}"]
        for path in sorted((copy / "tests" / folder).rglob("*_test.cpp")):
            name = path.relative_to(copy).as_posix()
            out.append(Test(name, command[0], [*command, f"-sf=*{name}", "-aa=1"], environment))
    if sessions:
        program = str(build / "spdmctl")
        environment = listed["cli"][1]
        for path in sorted((copy / "tests/cli/golden").glob("*.txt")):
            command = [sys.executable, "-B", str(copy / "tests/cli/run.py"), "WRAPPED", path.stem]
            out.append(Test(path.relative_to(copy).as_posix(), program, command, environment))
        out.append(Test("tests/cli/matrix.py", program, [sys.executable, "-B", str(copy / "tests/cli/matrix.py"), "WRAPPED"], environment))
    return out


def record(tests, size, memory, jobs, say):
    """Runs each test without a change; what is known of a program that is still the same, is taken from the file `memory`."""
    known = json.loads(memory.read_text()) if memory.exists() else {}
    lock = threading.Lock()

    def one(test):
        about = os.stat(test.program)
        stamp = f"{test.name} {about.st_mtime_ns} {about.st_size}"
        if stamp not in known:
            with tempfile.NamedTemporaryFile(prefix="mutation-reached-") as reached:
                reached.truncate(size)
                extra = {"MUTATION_REACHED": reached.name}
                word, cpu, clock = limited(test, extra, 3600, 3600)
                if word != "passed":  # tests of time fail now and then where the machine is busy
                    word, cpu, clock = limited(test, extra, 3600, 3600)
                marks = pathlib.Path(reached.name).read_bytes()
            if word != "passed":
                say(f"{test.name} does not pass without a change, and is left out")
                return None
            with lock:
                known[stamp] = [cpu, clock, [at for at, mark in enumerate(marks) if mark]]
                memory.write_text(json.dumps(known))
            say(f"{test.name}: {cpu:.2f} s, {len(known[stamp][2])} changes within reach")
        cpu, clock, points = known[stamp]
        return stamp, dataclasses.replace(test, cpu=cpu, clock=clock, reached=frozenset(points))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        done = [each for each in pool.map(one, tests) if each is not None]
    memory.write_text(json.dumps({stamp: known[stamp] for stamp, _ in done}))
    return [test for _, test in done]


def distance(file, test):
    """Which tests are likely to see a change of `file`: those called after it, then those of its folder; quick ones first."""
    source, about = pathlib.PurePath(file), pathlib.PurePath(test.name)
    of_folder = about.parent == "tests" / source.parent
    named = of_folder and (source.stem.startswith(about.stem.removesuffix("_test")) or about.stem.startswith(source.stem))
    return ("WRAPPED" in test.command, not named, not of_folder, test.cpu)


def judge(number, file, tests):
    """The name of the test that sees the change and how, or None: it survives."""
    for test in sorted((test for test in tests if number in test.reached), key=lambda test: distance(file, test)):
        extra = {"MUTATION_CHOSEN": str(number)}
        limits = (CPU + CPU * test.cpu, CLOCK + CPU * test.clock)
        word = limited(test, extra, *limits)[0]
        # Twice, so that a test that failed because the machine is slow does not count.
        if word == "hangs" or (word == "failed" and limited(test, extra, *limits)[0] != "passed"):
            return f"{test.name} {word}"
    return None
