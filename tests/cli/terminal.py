#!/usr/bin/env python3
"""What somebody at a terminal sees: --help of every verb, colours, and progress, which is for terminals only.

  terminal.py SPDMCTL"""

import os
import pathlib
import pty
import re
import select
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
SCREEN = 70  # lines; the longest is that of measurements
WIDTH = 80
# What the option library would say in its own words.
LEAKS = r"\bTEXT\b|\bUINT\b|\bINT\b|\bFLOAT\b|\bBOOLEAN\b|Needs:|Excludes:|REQUIRED|\[Option Group|\(Env:|SUBCOMMAND|Positionals"
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm", "SPDMCTL_CONFROOT": str(own_root.CONFROOT)}
problems = []


def check(what, holds):
    if not holds:
        problems.append(what)


def run(*arguments, **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=ENVIRONMENT | more, timeout=60)


def on_terminal(*arguments, stdout=None, **more):
    """What the program writes to a terminal; its standard output may go elsewhere."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=stdout or follower, stderr=follower,
                               env=ENVIRONMENT | more)
    os.close(follower)
    out = b""
    while True:
        select.select([leader], [], [], 60)
        try:
            part = os.read(leader, 65536)
        except OSError:  # the last one who had it open is gone
            break
        if not part:
            break
        out += part
    process.wait(timeout=60)
    os.close(leader)
    return out.decode()


def below(text):
    """The verbs, or the sub-verbs, that a --help lists."""
    found = re.search(r"^(?:Verbs|Sub-verbs):\n((?:  .*\n)+)", text, re.M)
    return re.findall(r"^  ([a-z]+)\b", found.group(1), re.M) if found else []


def look_at_help(*words):
    name = " ".join(words) or "spdmctl"
    plain, whole = run(*words, "--help").stdout, run(*words, "--help-all").stdout
    check(f"{name} --help: is empty", plain)
    for text in (plain, whole):
        for line in text.splitlines():
            check(f"{name} --help: a line is too long: {line}", len(line) <= WIDTH or line in text.split("Examples:")[-1] or " " not in line.strip())
            check(f"{name} --help: words of the option library: {line}", not re.search(LEAKS, line))
    check(f"{name} --help: has {plain.count(chr(10))} lines", plain.count("\n") <= SCREEN)
    more = len(whole) > len(plain)
    check(f"{name} --help: the last line does not tell of --help-all", more == plain.endswith("More options: --help-all\n"))
    check(f"{name} --help-all: tells of itself", "More options" not in whole)
    check(f"help {name}: is not --help", not words or run("help", *words).stdout == plain)
    check(f"{name} --help: has no example", not words or "Examples:\n  " in plain)
    if len(words) == 2:
        check(f"{name} --help: no example of its own", f"spdmctl {name}" in plain.split("Examples:")[1])
    for sub in below(plain):
        look_at_help(*words, sub)


def look_at_progress(folder):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"emu://127.0.0.1:{silent.getsockname()[1]}"
        asked = ("auth", "--timeout", "2500ms", target)
        seen = on_terminal(*asked)
        check(f"no progress on a terminal: {seen!r}", "\r\x1b[Kspdmctl: 0 of 1 device, after 1 s" in seen)
        check(f"progress is not gone before the report: {seen!r}", re.search(r"device, after \d s\r\x1b\[K", seen))
        check(f"progress stays behind: {seen!r}", "0 of 1 device" not in seen.split("\x1b[K")[-1])
        for quiet in (on_terminal(*asked, "--quiet"), on_terminal(*asked, TERM="dumb"), run(*asked).stderr):
            check(f"progress where none belongs: {quiet!r}", "of 1 device" not in quiet)
        with (folder / "report").open("w") as file:
            seen = on_terminal(*asked, stdout=file)
        check("no progress when only standard output is a file", "0 of 1 device" in seen)
        check("progress in a file", "of 1 device" not in (folder / "report").read_text())


def look_at_colours(folder):
    profile = folder / "device"
    run("emulate", "--init", str(profile))
    asked = ("auth", "--root", str(profile / "root.pem"), f"emulated:{profile}/profile.yaml")

    def coloured(text):
        return "\x1b[" in text.replace("\r\x1b[K", "")

    for name, wanted, options, variables in [
        ("auto", False, [], {}), ("always", True, ["--color", "always"], {}), ("never", False, ["--color", "never"], {}),
        ("FORCE_COLOR", True, [], {"FORCE_COLOR": "1"}), ("CLICOLOR_FORCE", True, [], {"CLICOLOR_FORCE": "1"}),
        ("FORCE_COLOR=0", False, [], {"FORCE_COLOR": "0"}), ("both", False, [], {"FORCE_COLOR": "1", "NO_COLOR": "x"}),
        ("an option over NO_COLOR", True, ["--color=always"], {"NO_COLOR": "1"}),
        ("an option over FORCE_COLOR", False, ["--no-color"], {"FORCE_COLOR": "1"}),
    ]:
        out = run(*asked, *options, **variables).stdout
        check(f"colours in a pipe, {name}: {out!r}", coloured(out) == wanted)
    check("no colours on a terminal", coloured(on_terminal(*asked)))
    check("colours on a terminal in spite of NO_COLOR", not coloured(on_terminal(*asked, NO_COLOR="1")))
    check("colours in spite of --color never", not coloured(on_terminal(*asked, "--color", "never")))
    file = folder / "text"
    for options, variables, wanted in [([], {"FORCE_COLOR": "1"}, False), (["--color", "always"], {}, True)]:
        run(*asked, *options, "-o", str(file), **variables)
        check(f"colours in a file, {options}", coloured(file.read_text()) == wanted)


def main():
    look_at_help()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        look_at_colours(folder)
        look_at_progress(folder)
    print("\n".join(problems) or "help, colours and progress")
    return 1 if problems else 0


sys.exit(main())
