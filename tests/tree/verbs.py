#!/usr/bin/env python3
"""The hall of the verbs stays small, and the straight line is written once: no verb opens a device or confines the program on its
own, it has cmd/attest do so."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST = 60
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"', re.S)
PRIVILEGES = re.compile(r'^\s*#\s*include\s*"cmd/host/privileges\.h"', re.M)
# The steps of the line, and the one place where each is called.
STEPS = {
    "drop_privileges": "cmd/attest/pipeline.cpp",
    "open_targets": "cmd/attest/pipeline.cpp",
    "transport::open": "cmd/attest/gather.cpp",
}


def is_called(step, code):
    """Not as part of a longer name, and not where a variable of that name is."""
    return re.search(rf"(?<![\w:]){step}\s*\(", code) is not None


def problems_of(name, text):
    out = []
    if PRIVILEGES.search(text):
        out.append(f"{name}: includes cmd/host/privileges.h, which is for cmd/attest")
    code = COMMENT_OR_STRING.sub("", text)
    out += [f"{name}: calls {step}, which is for {place}" for step, place in STEPS.items() if is_called(step, code)]
    return out


def main():
    verbs = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / "cmd").glob("*.cpp"))}
    problems = [problem for name, text in verbs.items() for problem in problems_of(name, text)]
    if not 20 < len(verbs) <= MOST:
        problems.append(f"cmd has {len(verbs)} sources, at most {MOST} are wanted: what is no verb and no option has a room of its own")
    for step, place in STEPS.items():
        if not is_called(step, COMMENT_OR_STRING.sub("", (ROOT / place).read_text())):
            problems.append(f"{place} no longer calls {step}: bring this table up to the tree")
    # A check that takes everything would prove nothing.
    wrong = '#include "cmd/host/privileges.h"\nvoid f() {\n  drop_privileges({});\n  open_targets(x, y);\n  auto o = transport::open(name, options);\n}\n'
    if len(problems_of("wrong", wrong)) != 1 + len(STEPS):
        problems.append("a verb that does it on its own is not noticed")
    if problems_of("right", '// drop_privileges() is above\nvoid f() { transport::open_config(host, bdf); say("open_targets (x)"); }\n'):
        problems.append("a verb that does nothing of it is blamed")
    print("\n".join(problems) or f"{len(verbs)} sources of verbs, none opens or confines on its own")
    return 1 if problems else 0


sys.exit(main())
