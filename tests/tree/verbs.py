#!/usr/bin/env python3
"""The hall of the verbs stays small, and the straight line is written once: no verb opens a device or confines the program on its
own, nor does the gate: cmd/attest does. And no verb meets a device, a peer or a file of others without confining itself."""

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
# What lets in what others have made, and the calls that confine a verb.
MEETS = re.compile(
    r"\b(read_file|open_file|read_recording|read_kernel_log_entry|load_profile|attend|gather|scan|find_device|open_config|tsms_of)\s*\("
    r"|\b(Server|Gatekeeper|UeventSocket|PciLock|EvidenceFiles)\s+\w+\s*[({;]"
)
CONFINES = re.compile(r"\b(attest|open_and_confine|work_on_files|work_on_host|confine_to_keyring|attest_one)\s*(<\w+>)?\(|\bAttestation\b")
# Sources that need not confine, and why.
UNCONFINED = {
    "cmd/options.cpp": "is no verb: reads what options name for the verbs, before they confine themselves",
    "cmd/tsm_connection.cpp": "is no verb: cmd/tsm.cpp confines before it calls",
    "cmd/status.cpp": "reads what the gate has left in /run, and policy; of devices only what the kernel shows",
    "cmd/doctor_host.cpp": "looks all over the system; of devices only what the kernel shows",
}


def meets_others(code):
    return MEETS.search(code) is not None


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
    codes = {name: COMMENT_OR_STRING.sub("", sources[name]) for name in verbs}
    for name, code in codes.items():
        if meets_others(code) and not CONFINES.search(code) and name not in UNCONFINED:
            problems.append(f"{name}: meets what others have made ({MEETS.search(code).group().strip()}...), and does not confine itself")
    problems += [f"{name}: is in UNCONFINED without need" for name in UNCONFINED
                 if name not in codes or not meets_others(codes[name]) or CONFINES.search(codes[name])]
    if not meets_others("transport::Server server(profile, how);") or not meets_others("Bytes x = read_file(name, kind);"):
        problems.append("a verb that meets a peer or a file is not noticed")
    # A check that takes everything would prove nothing.
    wrong = '#include "cmd/host/privileges.h"\nvoid f() {\n  spdm::cmd::drop_privileges({});\n  open_targets(x, y);\n  auto o = transport::open(name, options);\n}\n'
    for name in ("cmd/auth.cpp", "cmd/gate/gatekeeper.cpp"):
        if len(problems_of(name, wrong)) != 1 + len(STEPS):
            problems.append(f"{name} that does it on its own is not noticed")
    if problems_of("cmd/list.cpp", '// drop_privileges() is above\nvoid f() { transport::open_config(host, bdf); say("open_targets (x)"); }\n'):
        problems.append("a verb that does nothing of it is blamed")
    print("\n".join(problems) or f"{len(verbs)} sources of verbs, none opens or confines on its own, {len(UNCONFINED)} need not be confined")
    return 1 if problems else 0


sys.exit(main())
