#!/usr/bin/env python3
"""Plays the sections of README.md, or of a manual page, that promise a session: the commands after "$ ", all in one folder
and one environment, as somebody does who reads on. How sessions are written is told in support/sessions.py.

  readme.py SPDMCTL [--page FILE] SECTION ...
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test
import sessions

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 120  # seconds for one command


def play(section, blocks, folder, environment):
    problems = []
    steps = sessions.steps(blocks)
    for step in steps:
        if name := re.fullmatch(r"export (\w+)=(\S+)", step.command):
            environment[name.group(1)] = name.group(2)
            continue
        done = subprocess.run(["/bin/bash", "-c", step.command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
        problems += [f"{section}: {problem}" for problem in sessions.problems(step, done.stdout, done.returncode)]
    print(f"{section}: {len(steps)} commands")
    if not steps:
        problems.append(f"{section}: there is nothing to play")
    return problems


def main():
    program, *wanted = sys.argv[1:]
    program = pathlib.Path(program).resolve()
    if not os.access(program, os.X_OK) or program.name != "spdmctl":
        sys.exit(f"{program} is not spdmctl")
    blocks_of, file = sessions.of_markdown, ROOT / "README.md"
    if wanted[0] == "--page":
        blocks_of, file, wanted = sessions.of_page, wanted[1], wanted[2:]
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "SPDMCTL_CONFROOT": str(own_root.CONFROOT)}
        problems = [problem for section in wanted for problem in play(section, blocks_of(file, section), folder, environment)]
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
