#!/usr/bin/env python3
"""Golden runs of the command line.

Each file of golden/ is a session: a command after "$ ", then what it must print on stdout, lines of stderr after "! ",
and its exit code after "? " unless that is 0. Commands run in a fresh copy of data/, in a bare environment. What differs
from host to host or from run to run is normalised on both sides (see VOLATILE).

  run.py SPDMCTL [NAME ...]             run all sessions, or those named
  run.py SPDMCTL --update [NAME ...]    write down what the program prints now; read the difference before a commit
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 60  # seconds for one command
FOLDER_WIDTH = 40  # columns: where a line breaks must not depend on where temporary files are

# (pattern, replacement): what no two runs need to have in common.
VOLATILE = [
    (re.compile(r"127\.0\.0\.1:\d{4,5}\b"), "127.0.0.1:PORT"),
    (re.compile(r"OpenSSL \d+\.\d+\.\d+[^\s,;()]* \d+ \w+ \d{4}"), "OpenSSL X.Y.Z"),
    (re.compile(r'("?hostname"?: ?)"[^"]*"'), r'\1"HOST"'),
    (re.compile(r"(spdmctl(?:-rim)?) \d+\.\d+\.\d+"), r"\1 X.Y.Z"),
]


def normalise(text, folder):
    text = text.replace(str(folder), "FOLDER").replace(str(own_root.CONFROOT), "")
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    return text


def run(command, folder, program):
    environment = {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "SPDMCTL_CONFROOT": str(own_root.CONFROOT),
        "SPDMCTL_KEYRING": str(folder / "keyring"),
    }
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT
    )
    lines = [f"$ {command}"]
    lines += normalise(done.stdout.decode("utf-8", "backslashreplace"), folder).splitlines()
    lines += ["! " + line for line in normalise(done.stderr.decode("utf-8", "backslashreplace"), folder).splitlines()]
    if done.returncode != 0:
        lines.append(f"? {done.returncode}")
    return lines


def replay(expected, program):
    """The session as the program plays it now: comments and empty lines between commands stay as they are."""
    played = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        folder = folder / "work".ljust(FOLDER_WIDTH - len(str(folder)) - 1, "-")
        shutil.copytree(HERE / "data", folder)
        (folder / "keyring").mkdir()
        for line in expected:
            if line.startswith("# "):
                played += ["", line] if played else [line]
            elif line.startswith("$ "):
                played += ["", *run(line[2:], folder, program)] if played and not played[-1].startswith("# ") else run(line[2:], folder, program)
    return played


def differences(expected, played, name):
    return list(difflib.unified_diff(expected, played, f"{name} (golden)", f"{name} (now)", lineterm="", n=2))


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    names = [argument for argument in arguments[1:] if argument != "--update"]
    program = pathlib.Path(arguments[0]).resolve()
    sessions = sorted((HERE / "golden").glob("*.txt"))
    # A program that the build has left out (SPDMCTL_RIM) has no session.
    sessions = [session for session in sessions if session.stem != "rim" or (program.parent / "spdmctl-rim").exists()]
    if names:
        sessions = [session for session in sessions if session.stem in names]
    if not sessions:
        sys.exit("no such session")

    failed = 0
    for session in sessions:
        expected = session.read_text(encoding="utf-8").splitlines()
        played = replay(expected, program)
        if update:
            session.write_text("\n".join(played) + "\n", encoding="utf-8")
            continue
        difference = differences(expected, played, session.stem)
        # A comparison that cannot fail is worth nothing: another exit code, and another line, must be noticed.
        for spoiled in (played + ["? 99"], [line + "x" for line in played]):
            if not differences(expected, spoiled, session.stem):
                difference.append(f"{session.stem}: the comparison does not notice a change")
        if difference:
            failed += 1
            print("\n".join(difference))
        else:
            print(f"{session.stem}: as expected")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
