#!/usr/bin/env python3
"""Every verb and every long option of the program given has its place in the manual and in the completions of bash, zsh
and fish, and nothing is there that the program does not know. The same for programs beside it, which have no verbs:

  man_and_completions.py SPDMCTL [SPDMCTL-RIM]"""

import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1]
OTHERS = [pathlib.Path(name) for name in sys.argv[2:]]
# Pages of programs beside it; without the option of the build they are not there.
OTHER_PAGES = {"spdmctl-rim"}
# Verbs about the program itself, which have no page and no options.
ABOUT = {"help", "version"}
LONG = r"--[a-z][a-z0-9-]*"


def run(*command, **more):
    """What a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout


def from_help(*verb, program=PROGRAM):
    """The sub-commands and all long options that there are; a program beside it shows all of them in --help."""
    sections = re.split(r"^(\S.*):$", run(program, *verb, "--help-all" if program == PROGRAM else "--help"), flags=re.M)
    verbs, options = [], set()
    for title, text in zip(sections[1::2], sections[2::2]):
        if title in ("Verbs", "Sub-verbs"):
            verbs = re.findall(r"^  ([a-z]+)\b", text, re.M)
        elif title != "Examples":
            for line in re.findall(r"^  (-.*)", text, re.M):
                options |= set(re.findall(LONG, line.split("  ")[0]))
    return verbs, options


def in_manual(page):
    """The long options that a page describes, and those that it mentions."""
    text = page.read_text()
    described = {f"-{name}" for line in re.findall(r"^\.It (Fl .*)", text, re.M) for name in re.findall(r"Fl (-[a-z][a-z0-9-]*)", line)}
    mentioned = {f"-{name}" for name in re.findall(r"Fl (-[a-z][a-z0-9-]*)", text)} | set(re.findall(rf"(?<![\w-]){LONG}", text))
    return described, mentioned


def in_bash(words):
    """What bash offers after these words: its completion function is asked."""
    script = f'''source "{ROOT}/completions/spdmctl.bash"; shopt -u failglob
        COMP_WORDS=(spdmctl {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _spdmctl; printf "%s\\n" "${{COMPREPLY[@]}}"'''
    return set(run("bash", "-c", script).split())


def in_zsh(text, path):
    """The long options in the branch of a verb, those of the arrays that it names included."""
    arrays = {name: set(re.findall(LONG, body)) for name, body in re.findall(r"^  (\w+)=\(\n(.*?)^  \)", text, re.M | re.S)}
    for indent, word in zip((4, 8), path):
        found = re.search(rf"^ {{{indent}}}{word}\)\n(.*?)^ {{{indent + 2}}};;", text, re.M | re.S)
        if not found:
            return set()
        text = found.group(1)
    out = set(re.findall(rf"['\"*,]({LONG})=?[\[}}]", text))
    for name in re.findall(r"\$(\w+)\[@\]", text):
        out |= arrays[name]
    return out


def in_fish(text, path):
    """The long options of the lines that name the verb, or verb and verb below it with a slash between them."""
    lists = {}

    def words(line):
        return re.sub(r"\$(\w+)", lambda match: lists[match.group(1)], line).split()

    for name, line in re.findall(r"^set -l (\w+) (.*)", text, re.M):
        lists[name] = line if line.endswith("\\") else " ".join(words(line))
    named = {path[0], "/".join(path)}
    return {"--" + option for verbs, option in re.findall(r'^complete -c spdmctl -n "__spdmctl_in ([^"]*)".* -l ([a-z-]+)', text, re.M) if named & set(words(verbs))}


def of_other(program, compare):
    """A program without verbs."""
    name = program.name
    wanted = from_help(program=program)[1]
    script = f'''source "{ROOT}/completions/{name}.bash"; shopt -u failglob
        COMP_WORDS=({name} --); COMP_CWORD=1; _{name.replace("-", "_")}; printf "%s\\n" "${{COMPREPLY[@]}}"'''
    compare(f"bash, {name}", {word for word in run("bash", "-c", script).split() if word.startswith("--")}, wanted)
    zsh, fish = ((ROOT / "completions" / file).read_text() for file in (f"_{name}", f"{name}.fish"))
    compare(f"zsh, {name}", set(re.findall(rf"(?:'|,)({LONG})=?(?:\[|}})", zsh)), wanted)
    compare(f"fish, {name}", {f"--{option}" for option in re.findall(rf"^complete -c {name} .*-l ([a-z-]+)", fish, re.M)}, wanted)
    compare(f"{name}.1", in_manual(ROOT / f"man/{name}.1")[0], wanted)
    return wanted


def main():
    problems = []

    def compare(where, found, wanted):
        problems.extend(f"{where}: {what} is missing" for what in sorted(wanted - found))
        problems.extend(f"{where}: {what} does not exist" for what in sorted(found - wanted))

    verbs, general = from_help()
    zsh, fish = ((ROOT / "completions" / name).read_text() for name in ("_spdmctl", "spdmctl.fish"))
    compare("man", {page.stem.removeprefix("spdmctl-") for page in (ROOT / "man").glob("spdmctl-*.1")
                    if page.stem not in OTHER_PAGES}, set(verbs))
    compare("man/spdmctl.1, verbs", set(re.findall(r"^\.Xr spdmctl-(\w+) 1", (ROOT / "man/spdmctl.1").read_text(), re.M))
            - {name.removeprefix("spdmctl-") for name in OTHER_PAGES}, set(verbs))
    compare("bash, verbs", in_bash('""'), set(verbs) | ABOUT | general)
    compare("zsh, verbs", set(re.findall(r"^    '(\w+):", zsh.split("actions=(")[0].split("verbs=(")[1], re.M)), set(verbs) | ABOUT)
    compare("fish, verbs", set(re.findall(r"^set -l verbs (.*)", fish, re.M)[0].split()), set(verbs))

    every = set(general)
    for verb in verbs:
        actions, options = from_help(verb)
        paths = {(verb, action): from_help(verb, action)[1] for action in actions} or {(verb,): options}
        for path, wanted in paths.items():
            compare(f"bash, {' '.join(path)}", {word for word in in_bash(" ".join(path) + " --")}, wanted)
            compare(f"zsh, {' '.join(path)}", in_zsh(zsh, path), wanted)
            compare(f"fish, {' '.join(path)}", in_fish(fish, path), wanted)
            options |= wanted
        if actions:
            compare(f"bash, {verb}", in_bash(f'{verb} ""') & set(actions), set(actions))
        page = ROOT / f"man/spdmctl-{verb}.1"
        if page.exists():
            compare(page.name, in_manual(page)[0], options)
        every |= options

    for program in OTHERS:
        every |= of_other(program, compare)
    for page in sorted((ROOT / "man").glob("*.[17]")):
        if page.suffix == ".1" and (OTHERS or page.stem not in OTHER_PAGES):
            problems.extend(f"{page.name}: {what} does not exist" for what in sorted(in_manual(page)[1] - every))
        if shutil.which("mandoc"):
            lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True, text=True)
            problems.extend(lint.stdout.splitlines())
    print("\n".join(problems) or f"{len(verbs)} verbs, {len(every)} long options")
    return 1 if problems else 0


sys.exit(main())
