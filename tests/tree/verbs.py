#!/usr/bin/env python3
"""The hall of the verbs stays small, and the straight line is written once: no verb opens a device or confines the program on its
own, nor does the gate: cmd/attest does."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST = 60
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"', re.S)
PRIVILEGES = re.compile(r'^\s*#\s*include\s*"cmd/host/privileges\.h"', re.M)
# The steps of the line, and where in cmd each may be: where it is written, and where it is called.
STEPS = {
    "drop_privileges": ("cmd/host/privileges", "cmd/attest/pipeline.cpp"),
    "open_targets": ("cmd/attest/targets", "cmd/attest/pipeline.cpp"),
    "transport::open": ("cmd/attest/targets.cpp", "cmd/attest/gather.cpp"),
}


def is_called(step, code):
    return re.search(rf"(?<!\w){step}\s*\(", code) is not None


def problems_of(name, text):
    out = []
    if PRIVILEGES.search(text) and not name.startswith(("cmd/host/", "cmd/attest/")):
        out.append(f"{name}: includes cmd/host/privileges.h, which is for cmd/attest")
    code = COMMENT_OR_STRING.sub("", text)
    out += [f"{name}: calls {step}, which is for {places[-1]}" for step, places in STEPS.items()
            if is_called(step, code) and not name.startswith(places)]
    return out


def main():
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / "cmd").rglob("*.[ch]*")) if path.suffix in (".h", ".cpp")}
    problems = [problem for name, text in sources.items() for problem in problems_of(name, text)]
    verbs = [name for name in sources if re.fullmatch(r"cmd/[^/]+\.cpp", name)]
    if not 20 < len(verbs) <= MOST:
        problems.append(f"cmd has {len(verbs)} sources, at most {MOST} are wanted: what is no verb and no option has a room of its own")
    for step, places in STEPS.items():
        if not is_called(step, COMMENT_OR_STRING.sub("", sources[places[-1]])):
            problems.append(f"{places[-1]} no longer calls {step}: bring this table up to the tree")
    # A check that takes everything would prove nothing.
    wrong = '#include "cmd/host/privileges.h"\nvoid f() {\n  spdm::cmd::drop_privileges({});\n  open_targets(x, y);\n  auto o = transport::open(name, options);\n}\n'
    for name in ("cmd/auth.cpp", "cmd/gate/gatekeeper.cpp"):
        if len(problems_of(name, wrong)) != 1 + len(STEPS):
            problems.append(f"{name} that does it on its own is not noticed")
    if problems_of("cmd/list.cpp", '// drop_privileges() is above\nvoid f() { transport::open_config(host, bdf); say("open_targets (x)"); }\n'):
        problems.append("a verb that does nothing of it is blamed")
    print("\n".join(problems) or f"{len(verbs)} sources of verbs, none opens or confines on its own")
    return 1 if problems else 0


sys.exit(main())
