#!/usr/bin/env python3
"""Tests that run the program do so in a root of their own: they pass on a machine whose configuration lets no device pass.

Plays some of them in a mount namespace in which /etc/spdmctl is hostile, and in an environment that is. (In ctest all tests
have that environment: tests/CMakeLists.txt.) Also: each script in tests/ that runs the program takes its root from
tests/support/own_root.py.

  own_root.py SPDMCTL           is a test
  own_root.py --hostile FOLDER  makes such a configuration below FOLDER
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77
# Run in roots of another kind: virtual machines, network namespaces, or by hand.
ELSEWHERE = ("guest/", "fleet/", "bench/", "fuzz/", "mutation/", "cli/data/", "support/")
STARTS = re.compile(r"\b(sys\.argv\[1\]|PROGRAM|program)\b")
# Of each kind one: sessions, README, and one that has no environment of its own.
PLAYED = (
    ["tests/cli/run.py", "{program}", "trust", "policy", "keyring"],
    ["tests/cli/readme.py", "{program}", "From a device to a fleet"],
    ["tests/tree/policy_examples.py", "{program}"],
)
MOUNT = 'mount -t tmpfs none /etc/spdmctl && {python} {script} --hostile / && exec "$@"'

POLICY = """version: 1
defaults: {require: {measurements: true, references: true}}
gate: {mode: enforce}
"""
REFERENCES = f"""version: 1
devices:
  - match: {{target: "*"}}
    hash: SHA-384
    measurements:
      - {{index: 1, type: immutable-rom, digest: "{'00' * 48}"}}
"""


def make_hostile(folder):
    layer = folder / "etc/spdmctl"
    for name, text in (("policy.d/10-all.yaml", POLICY), ("references.d/all.yaml", REFERENCES), ("keyring.d/broken.pem", "no certificate\n")):
        (layer / name).parent.mkdir(parents=True, exist_ok=True)
        (layer / name).write_text(text)


def scripts_without():
    """Scripts that get the program as an argument and run it, and do not take a root."""
    out = []
    for script in sorted((ROOT / "tests").rglob("*.py")):
        name = script.relative_to(ROOT / "tests").as_posix()
        text = script.read_text()
        if name.startswith(ELSEWHERE) or script == pathlib.Path(__file__).resolve() or "subprocess" not in text or not STARTS.search(text):
            continue
        if not re.search(r"^(import own_root|from own_root import)", text, re.M):
            out.append(f"tests/{name}: runs the program, and does not import tests/support/own_root.py")
    return out


def in_a_namespace(command):
    """The command line that runs a command where the configuration is hostile."""
    script = MOUNT.format(python=sys.executable, script=pathlib.Path(__file__).resolve())
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command]


def main():
    if sys.argv[1] == "--hostile":
        make_hostile(pathlib.Path(sys.argv[2]))
        return 0
    program = str(pathlib.Path(sys.argv[1]).resolve())
    problems = scripts_without()
    with tempfile.TemporaryDirectory() as folder:
        make_hostile(pathlib.Path(folder))
        hostile = {name: value for name, value in os.environ.items() if not name.startswith("SPDMCTL_")}
        told = subprocess.run([program, "policy", "show"], capture_output=True, text=True, env={**hostile, "SPDMCTL_CONFROOT": folder})
        if f"{folder}/etc/spdmctl/policy.d/10-all.yaml" not in told.stdout:
            problems.append(f"the hostile configuration is not read: {told.stdout}{told.stderr}")
        ours = os.geteuid() == 0 and pathlib.Path("/etc/spdmctl").is_dir()
        if not ours or subprocess.run(in_a_namespace(["true"]), capture_output=True).returncode != 0:
            print("\n".join(problems) or "skipped: nothing can be mounted upon /etc/spdmctl here")
            return 1 if problems else SKIP
        hostile |= {"SPDMCTL_POLICY": f"{folder}/etc/spdmctl/policy.d", "SPDMCTL_TIMEOUT": "1ms", "SPDMCTL_SYSROOT": folder, "SPDMCTL_FORMAT": "json"}
        told = subprocess.run(in_a_namespace([program, "policy", "show"]), capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
        if "/etc/spdmctl/policy.d/10-all.yaml" not in told.stdout:
            problems.append(f"the hostile /etc/spdmctl is not read: {told.stdout}{told.stderr}")
        for words in PLAYED:
            command = [sys.executable, "-B", *(word.format(program=program) for word in words)]
            done = subprocess.run(in_a_namespace(command), cwd=ROOT, env=hostile, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                problems.append(f"{' '.join(words)}: fails where /etc/spdmctl is hostile:\n{done.stdout[-2000:]}")
    print("\n".join(problems) or f"{len(PLAYED)} tests pass where the machine's configuration is hostile")
    return 1 if problems else 0


sys.exit(main())
