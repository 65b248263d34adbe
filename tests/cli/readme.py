#!/usr/bin/env python3
"""Plays the sections of README.md that promise a session: the commands after "$ ", all in one folder and one environment, as
somebody does who reads on.

Behind a command stands what it shows: each line must come, in this order, and whatever is between two of them is left out;
a line of "..." only says so. "(exit code N)" is the exit code where it is not 0. Hex digits, times and numbers of bytes
differ from run to run, so runs of them count as equal.

  readme.py SPDMCTL SECTION ...
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 120  # seconds for one command

VOLATILE = [
    (re.compile(r"\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{16,}(\.\.\.)?"), "HEX"),
    (re.compile(r"\d+"), "N"),
]


def normalise(line):
    for pattern, replacement in VOLATILE:
        line = pattern.sub(replacement, line)
    return " ".join(line.split())


def sessions(section):
    """(command, lines shown, exit code), for each command of the section's code blocks."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        sys.exit(f"README.md has no section {section!r}")
    out = []
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", found.group(1), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                out.append([line[2:], [], 0])
            elif code := re.fullmatch(r"\(exit code (\d+)\)", line):
                out[-1][2] = int(code.group(1))
            elif out and out[-1][0].endswith("\\"):
                out[-1][0] += "\n" + line
            elif out and line.strip() not in ("", "..."):
                out[-1][1].append(line)
    return out


def play(section, program, folder, environment):
    problems = []
    commands = sessions(section)
    for command, shown, code in commands:
        if name := re.fullmatch(r"export (\w+)=(\S+)", command):
            environment[name.group(1)] = name.group(2)
            continue
        done = subprocess.run(["/bin/bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
        said = [normalise(line) for line in done.stdout.splitlines()]
        at = 0
        for line in shown:
            try:
                at = said.index(normalise(line), at) + 1
            except ValueError:
                problems.append(f"{section}: $ {command}\n  does not show (there, or at all): {line}\n  it says:\n    " + "\n    ".join(done.stdout.splitlines()))
                break
        if done.returncode != code:
            problems.append(f"{section}: $ {command}\n  exit code {done.returncode}, not {code}; it says:\n    " + "\n    ".join(done.stdout.splitlines()))
    print(f"{section}: {len(commands)} commands")
    if not commands:
        problems.append(f"{section}: there is nothing to play")
    return problems


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    if not os.access(program, os.X_OK) or program.name != "spdmctl":
        sys.exit(f"{program} is not spdmctl")
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "SPDMCTL_CONFROOT": str(own_root.CONFROOT)}
        problems = [problem for section in sys.argv[2:] for problem in play(section, program, folder, environment)]
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
