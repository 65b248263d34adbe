#!/usr/bin/env python3
"""clang-tidy over sources, several at once; those apart that it had nothing against before, with the same contents and headers.

  tests/tidy.py BUILD SOURCE...   BUILD has compile_commands.json

It takes longer than all else that is not compiled, and most sources are those of the last time. What was clean is kept in the cache of
the user (XDG_CACHE_HOME), by a hash over the source as the preprocessor makes it, comments and macros with it, over the flags, the
checks and the version. Exit code 1: something is wrong, and it was printed.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "spdmctl-tidy"
KEPT = 30 * 24 * 3600  # seconds
EXTRA = "-Wno-unknown-warning-option"  # the flags are for the compiler that builds


def flags_of(entry):
    """What the preprocessor has to know: everything but the compiler and its launcher, the output and the source."""
    words = shlex.split(entry["command"])
    first = next(i for i, word in enumerate(words) if word.startswith("-"))
    out = []
    for word in words[first:]:
        if word in ("-c", "-o", entry["file"]) or word.endswith(".o"):
            continue
        out.append(word)
    return out


def key_of(entry, common):
    made = subprocess.run(["clang++", "-E", "-C", "-dD", "-P", EXTRA, *flags_of(entry), entry["file"]],
                          cwd=entry["directory"], capture_output=True, check=False)
    if made.returncode != 0:
        return None  # clang-tidy says why
    # Where the checkout lies is no part of it.
    flags = entry["command"].replace(str(ROOT), "")
    return hashlib.sha256(common + flags.encode() + made.stdout).hexdigest()


def check(build, entry, common):
    key = key_of(entry, common)
    stamp = CACHE / key if key else None
    if stamp and stamp.exists():
        stamp.touch()
        return True
    run = subprocess.run(["clang-tidy", "-p", build, f"--extra-arg={EXTRA}", "--quiet", entry["file"]], capture_output=True, text=True, check=False)
    if run.stdout.strip():
        print(run.stdout, flush=True)
    if run.returncode != 0:
        if not run.stdout.strip():
            print(f"{entry['file']}: {run.stderr}", flush=True)
        return False
    if stamp:
        stamp.touch()
    return True


def main():
    build, *sources = sys.argv[1:]
    wanted = {str(pathlib.Path(source).resolve()) for source in sources}
    entries = {entry["file"]: entry for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text())}
    if missing := wanted - entries.keys():
        sys.exit(f"{build} does not build {', '.join(sorted(missing))}")
    CACHE.mkdir(parents=True, exist_ok=True)
    for stamp in CACHE.iterdir():
        if time.time() - stamp.stat().st_mtime > KEPT:
            stamp.unlink(missing_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes() + EXTRA.encode()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = list(pool.map(lambda file: check(build, entries[file], common), sorted(wanted)))
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
