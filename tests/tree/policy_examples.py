#!/usr/bin/env python3
"""The policies in README.md, in the manual and in dist/ are what the program given understands."""

import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = ["README.md", "man/spdmctl-policy.1", "man/spdmctl-gate.1", "dist/policy.d/README"]


def examples(text):
    """Blocks that begin with a version, to the next line that is not theirs: empty, the end of the block, a command."""
    for block in re.findall(r"^ *version: 1\n(?:(?!```|# spdmctl|\.Ed|$).+\n)+", text, re.M):
        yield textwrap.dedent(block).replace("\\&", "").replace("\\(dq", '"')


def main():
    problems, count = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for place in PLACES:
            found = [block for block in examples((ROOT / place).read_text()) if "\ncases:" not in block]
            if not found:
                problems.append(f"{place}: no policy was found")
            for block in found:
                file = pathlib.Path(scratch) / f"{count}.yaml"
                file.write_text(block)
                count += 1
                # An empty keyring has none of the roots that an example names.
                done = subprocess.run([sys.argv[1], "policy", "check", file], capture_output=True, text=True)
                unwrapped = re.sub(r"\n +", " ", done.stdout)
                if done.returncode != 0 or "1 file" not in done.stdout or "warning" in re.sub(r".*names a root, and the keyring is empty.*", "", unwrapped):
                    problems.append(f"{place}: {done.stdout}{done.stderr}\n{block}")
                file.write_text(block + "surprise: 1\n")
                if subprocess.run([sys.argv[1], "policy", "check", file], capture_output=True).returncode != 2:
                    problems.append(f"{place}: a spoiled policy is not noticed")
    print("\n".join(problems) or f"{count} policies")
    return 1 if problems else 0


sys.exit(main())
