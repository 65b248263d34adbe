#!/usr/bin/env python3
"""What a shell offers for a line, with the completions from where the installation puts them. zsh and fish have to offer every
option that bash does (which man_and_completions.py compares with --help), and all of them values, files, targets and devices.

  completions.py BUILD bash|zsh|fish"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD, SHELL = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
PREFIX = "/usr/local"
FILES = {"bash": ("share/bash-completion/completions", "spdmctl"), "zsh": ("share/zsh/site-functions", "_spdmctl"), "fish": ("share/fish/vendor_completions.d", "spdmctl.fish")}
FUNCTIONS = [path.name for path in pathlib.Path("/sys/bus/pci/devices").glob("*")]

# A line, what must be offered, and what must not.
CASES = [
    ("spdmctl au", {"audit", "auth"}, {"info", "a-file"}),
    ("spdmctl --", {"--version", "--help"}, {"--format"}),
    ("spdmctl auth --format ", {"text", "json", "ndjson", "yaml", "ear"}, {"eat", "a-file"}),
    ("spdmctl verify --format e", {"ear", "eat"}, {"text"}),
    ("spdmctl verify -f ", {"ear", "eat", "text"}, set()),
    ("spdmctl collect -f ", {"ndjson", "eat"}, {"text", "ear"}),
    ("spdmctl watch -f ", {"text", "ndjson"}, {"json"}),
    ("spdmctl list -f ", {"text", "json"}, {"ear"}),
    ("spdmctl auth --asym EC", {"ECDSA-P256", "ECDSA-P384", "ECDSA-P521"}, {"RSAPSS-2048"}),
    ("spdmctl auth --asym=EC", {"ECDSA-P256"}, {"RSAPSS-2048"}),
    ("spdmctl emulate --algorithm=Ed", {"Ed25519"}, {"ECDSA-P256"}),
    ("spdmctl auth --via ", {"doe", "storage", "mctp"}, set()),
    ("spdmctl gate --occasion ", {"boot", "request"}, set()),
    ("spdmctl keyring pin --by ", {"leaf-key", "certificate", "root"}, set()),
    ("spdmctl auth --keyring a-", {"a-folder"}, {"a-file"}),
    ("spdmctl auth --root a-", {"a-file", "a-folder"}, set()),
    ("spdmctl report --html a-", {"a-file"}, set()),
    ("spdmctl keyring ", {"show", "add", "import"}, {"a-file"}),
    ("spdmctl policy ", {"check", "generate"}, {"a-file"}),
    ("spdmctl reference ", {"show", "needed"}, {"a-file"}),
    ("spdmctl tsm ", {"show", "connect"}, {"a-file"}),
    ("spdmctl keyring add a-", {"a-file"}, set()),
    ("spdmctl doctor a-", set(), {"a-file"}),
    ("spdmctl decode a-", {"a-file"}, set()),
    ("spdmctl auth ", {"all", "nvme:/dev/nvme", "scsi:/dev/sg", "mctp:", "emu://", "emulated:", "file:", "a-file", *FUNCTIONS}, set()),
    ("spdmctl keyring pin ", {"all", "emulated:", *FUNCTIONS}, set()),
    ("spdmctl auth emulated:a-", {"a-file"}, {"all"}),
    ("spdmctl gate ", set(FUNCTIONS), {"a-file"}),
    ("spdmctl status ", set(FUNCTIONS), {"a-file"}),
    ("spdmctl list ", set(FUNCTIONS), {"a-file"}),
    ("spdmctl tsm connect ", set(FUNCTIONS), {"a-file"}),
    *((f"spdmctl auth {name[:6]}", {name}, {"a-file", "all"}) for name in FUNCTIONS[:1]),
    # What another verb has is not offered, though its name is a word of the line.
    ("spdmctl decode measurements --ra", set(), {"--raw"}),
]


def run(command, where, **more):
    environment = {"PATH": f"{where}{PREFIX}/bin:{os.environ['PATH']}", "HOME": str(where), "LANG": "C.UTF-8", **more}
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: {done.stderr or done.stdout}")
    return done.stdout


def by_line(text):
    """The matches below each line "== LINE"."""
    return {part.splitlines()[0]: {match.split("\t")[0].rstrip("/") for match in part.splitlines()[1:] if match} for part in text.split("== ")[1:]}


def in_bash(where, folder, lines):
    # Its completion function is asked, with the words that readline makes of the line.
    script = f"source {folder}/spdmctl; shopt -u failglob\n"
    for line in lines:
        words = re.findall(r"[=:]+|[^\s=:]+", line) + ([""] if line[-1] in " =:" else [])
        quoted = " ".join("'" + word + "'" for word in words)
        script += f"COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}; _spdmctl; echo '== {line}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    return by_line(run(["bash", "-c", script], where))


def in_zsh(where, folder, lines):
    scratch = where / "zsh"
    scratch.mkdir(exist_ok=True)
    return by_line(run(["zsh", "-f", str(HERE / "completions.zsh"), str(scratch), str(folder), *lines], where))


def in_fish(where, folder, lines):
    """It finds the file by itself, among the data of the system."""
    script = "for line in $argv; echo \"== $line\"; complete -C $line; end"
    return by_line(run(["fish", "-c", script, *lines], where, XDG_DATA_DIRS=str(folder.parents[1])))


def looked_at(where):
    """Where a shell that nobody has configured looks."""
    if SHELL == "zsh":
        return run(["zsh", "-f", "-c", "print -rl -- $fpath"], where).split("\n")
    if SHELL == "fish":
        return run(["fish", "-c", "printf '%s\\n' $fish_complete_path"], where).split("\n")
    return [f"{PREFIX}/{FILES['bash'][0]}"]  # the default of bash-completion, whose loader need not be here


def fits(match, wanted):
    """A shell tells the whole word, or what is behind its last ":" or "/"."""
    return bool(match) and (wanted == match or (len(match) > 2 and wanted.endswith(match)) or match.endswith((":" + wanted, "/" + wanted, "=" + wanted)))


def main():
    if shutil.which(SHELL) is None:
        print(f"skipped: {SHELL} is not there")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        where = pathlib.Path(scratch)
        subprocess.run(["cmake", "--install", BUILD, "--prefix", PREFIX], env={"PATH": os.environ["PATH"], "DESTDIR": scratch}, check=True, stdout=subprocess.DEVNULL)
        (where / "a-file").touch()
        (where / "a-folder").mkdir()
        folders = {shell: next(where.rglob(name)).parent for shell, (place, name) in FILES.items() if any(where.rglob(name)) or sys.exit(f"{name} is not installed")}
        folders["bash"] = where / PREFIX[1:] / FILES["bash"][0]
        folder = folders[SHELL]
        place = "/" + str(folder.relative_to(where))
        if place not in looked_at(where):
            problems.append(f"{SHELL} does not look in {place}")
        ask = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}[SHELL]
        offered = ask(where, folder, [line for line, _, _ in CASES])
        for line, wanted, unwanted in CASES:
            found = offered.get(line, set())
            missing = {word for word in wanted if not any(fits(match, word.rstrip("/")) for match in found)}
            surplus = {word for word in unwanted if word in found}
            if missing or surplus:
                problems.append(f"{line!r}: {sorted(missing)} lacks, {sorted(surplus)} is too much: {sorted(found)[:20]}")
        problems += [] if SHELL == "bash" else problems_of_options(where, folder, folders["bash"], ask)
    print("\n".join(problems) or f"{len(CASES)} lines, from {place}")
    return 1 if problems else 0


def problems_of_options(where, folder, of_bash, ask):
    """Every verb has the options that it has in bash."""
    verbs = sorted(word for word in in_bash(where, of_bash, ["spdmctl "])["spdmctl "] if not word.startswith("-"))
    below = in_bash(where, of_bash, [f"spdmctl {verb} {more}" for verb in verbs for more in ("", "--")])
    paths = []
    for verb in verbs:
        several = below[f"spdmctl {verb} --"] == {"--help"}
        paths += [f"{verb} {action}" for action in sorted(below[f"spdmctl {verb} "])] if several else [verb]
    lines = [f"spdmctl {path} --" for path in paths]
    wanted, found = in_bash(where, of_bash, lines), ask(where, folder, lines)
    long = {line: {match for match in found[line] if match.startswith("--")} for line in lines}
    return [f"{line!r}: {sorted(wanted[line] - long[line])} lacks, {sorted(long[line] - wanted[line])} is too much" for line in lines if wanted[line] != long[line]]


sys.exit(main())
