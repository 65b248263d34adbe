#!/usr/bin/env python3
"""The hall of the verbs stays small, and the straight line is written once: no verb opens a device or confines the program on its
own, nor does the gate: cmd/attest does. The exceptions have a row in HEADERS. And no verb meets a device, a peer or a file of others
without confining itself."""

import pathlib
import re
import sys

from cpp import COMMENT_OR_STRING

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST = 60
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# What opens, wakes and confines, and who in cmd may include it beside cmd/attest and cmd/host.
HEADERS = {
    r"cmd/host/(privileges|syscall_filter)\.h": (),
    r"transport/target\.h": ("cmd/doctor.cpp", "cmd/gate/gatekeeper_attest.cpp"),  # for the table of kinds: see OPEN
    r"transport/pci/(open|doe\w*|config_space)\.h": ("cmd/list.cpp",),  # --discover asks mailboxes what they carry
    r"transport/pci/lock\.h": ("cmd/tsm_connection.cpp",),  # nothing is read of the device
    r"transport/pci/power\.h": ("cmd/list.cpp", "cmd/main.cpp"),
    r"transport/socket/\w+\.h": (),
    r"transport/mctp/(kernel_socket|mctp_link|open|netlink)\.h": ("cmd/doctor_mctp.cpp", "cmd/emulate.cpp", "cmd/list_endpoints.cpp"),
}
# Who has transport/target.h could open by it under many names.
OPEN = re.compile(r"(?<!\w)open\b")
# The steps of the line, and where in cmd each may be named: where it is written, and where it is called.
STEPS = {
    "drop_privileges": ("cmd/host/privileges", "cmd/host/drive_processes.cpp", "cmd/attest/pipeline.cpp"),
    "open_targets": ("cmd/attest/targets", "cmd/attest/pipeline.cpp"),
    "install_syscall_filter": ("cmd/host/syscall_filter", "cmd/host/privileges.cpp"),
    # The right to drives stays with the broker, which is there before anything is opened.
    "start_drive_broker": ("cmd/host/drive_broker", "cmd/attest/pipeline.cpp", "cmd/gate.cpp", "cmd/list.cpp", "cmd/watch.cpp"),
    "direct_opener": ("cmd/host/drive_broker.h", "cmd/host/drive_processes.cpp"),
    "transport::open": ("cmd/attest/targets.cpp", "cmd/attest/gather.cpp"),
}
# What lets in what others have made, and the calls that confine a verb.
MEETS = re.compile(
    r"\b(read_file|read_found|open_file|open_found|read_recording|read_kernel_log_entry|load_profile|attend|gather|scan|find_device|open_config|tsms_of)\s*\("
    r"|\b(Server|Gatekeeper|UeventSocket|PciLock|EvidenceFiles)\s+\w+\s*[({;]"
)
CONFINES = re.compile(r"\b(attest|open_and_confine|work_on_files|work_on_host|confine_to_keyring|attest_one)\s*(<\w+>)?\(|\bAttestation\b")
# Sources that need not confine, and why.
UNCONFINED = {
    "cmd/options.cpp": "is no verb: reads what options name for the verbs, before they confine themselves",
    "cmd/tsm_connection.cpp": "is no verb: cmd/tsm.cpp confines before it calls",
    "cmd/signer.cpp": "is no verb: reads the owner's file of --signer for the verbs, before they confine themselves",
    "cmd/session_options.cpp": "is no verb: reads the owner's keys for the verbs, before they confine themselves",
    "cmd/image_survey.cpp": "is no verb: reads the configuration that an image takes",
    "cmd/status.cpp": "reads what the gate has left in /run, and policy; of devices only what the kernel shows",
    "cmd/doctor_host.cpp": "looks all over the system; of devices only what the kernel shows",
    "cmd/doctor_encryption.cpp": "is a part of that; of devices the registers that configuration space shows",
}


def meets_others(code):
    return MEETS.search(code) is not None


def is_named(step, code):
    return re.search(rf"(?<!\w){step}(?!\w)", code) is not None


def problems_of(name, text):
    out = []
    code = COMMENT_OR_STRING.sub("", text)
    if not name.startswith(("cmd/host/", "cmd/attest/")):
        included = INCLUDE.findall(text)
        out += [f"{name}: includes {header}, which is for cmd/attest" for header in included
                for pattern, others in HEADERS.items() if re.fullmatch(pattern, header) and name not in others]
        if "transport/target.h" in included and OPEN.search(code):
            out.append(f"{name}: has transport/target.h and says open, which is for cmd/attest")
    out += [f"{name}: names {step}, which is for {places[-1]}" for step, places in STEPS.items()
            if is_named(step, code) and not name.startswith(places)]
    return out


def main():
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / "cmd").rglob("*.[ch]*")) if path.suffix in (".h", ".cpp")}
    problems = [problem for name, text in sources.items() for problem in problems_of(name, text)]
    verbs = [name for name in sources if re.fullmatch(r"cmd/[^/]+\.cpp", name)]
    if not 20 < len(verbs) <= MOST:
        problems.append(f"cmd has {len(verbs)} sources, at most {MOST} are wanted: what is no verb and no option has a room of its own")
    for step, places in STEPS.items():
        if not is_named(step, COMMENT_OR_STRING.sub("", sources[places[-1]])):
            problems.append(f"{places[-1]} no longer names {step}: bring this table up to the tree")
    codes = {name: COMMENT_OR_STRING.sub("", sources[name]) for name in verbs}
    for name, code in codes.items():
        if meets_others(code) and not CONFINES.search(code) and name not in UNCONFINED:
            problems.append(f"{name}: meets what others have made ({MEETS.search(code).group().strip()}...), and does not confine itself")
    problems += [f"{name}: is in UNCONFINED without need" for name in UNCONFINED
                 if name not in codes or not meets_others(codes[name]) or CONFINES.search(codes[name])]
    if not meets_others("transport::Server server(profile, how);") or not meets_others("Bytes x = read_file(name, kind);"):
        problems.append("a verb that meets a peer or a file is not noticed")
    # A check that takes everything would prove nothing.
    wrong = [
        '#include "cmd/host/privileges.h"',
        '#include "cmd/host/syscall_filter.h"',
        '#include "transport/target.h"\nauto o = open(name, options);',
        '#include "transport/target.h"\nauto o = transport::kind_of(n).open(n, options);',
        '#include "transport/pci/open.h"',
        '#include "transport/pci/doe_link.h"',
        '#include "transport/pci/lock.h"',
        '#include "transport/socket/emu.h"',
        "auto f = &drop_privileges;",
        "install_syscall_filter();",
        "open_targets(x, y);",
        "auto o = transport::open(name, options);",
    ]
    problems += [f"{name} that has this is not noticed: {text}" for name in ("cmd/auth.cpp", "cmd/gate/gatekeeper.cpp", "cmd/doctor.cpp")
                 for text in wrong if not problems_of(name, text)]
    if problems_of("cmd/list.cpp", '// drop_privileges() is above\nvoid f() { transport::open_config(host, bdf); say("open_targets (x)"); }\n'):
        problems.append("a verb that does nothing of it is blamed")
    print("\n".join(problems) or f"{len(verbs)} sources of verbs, none opens or confines on its own, {len(UNCONFINED)} need not be confined")
    return 1 if problems else 0


sys.exit(main())
