#!/usr/bin/env python3
"""man/spdmctl-troubleshooting.7 quotes what the program says: each message is in the sources, word by word, and each finding is one
that there is. "..." stands for what the program puts in. An entry has its meaning below it, or below the next one."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "man/spdmctl-troubleshooting.7"
# What the C library says, and no source of ours.
OF_OTHERS = {"Permission denied"}
LEAST = 3  # letters of a piece that is looked up; what is shorter is in any text


def texts():
    """What the sources say: string literals, those that follow one another joined, and scripts as they are."""
    out = []
    for folder in ("core", "transport", "certstore", "cmd"):
        for source in (ROOT / folder).rglob("*"):
            if source.suffix in (".cpp", ".h"):
                joined = re.sub(r'(?<!\\)"\s*\n\s*"', "", source.read_text())
                out += [text.replace(r"\"", '"') for text in re.findall(r'(?<!\\)"((?:\\.|[^"\\\n])*)"', joined)]
    for folder in ("image", "initramfs-tools", "dracut"):
        out += [script.read_text() for script in (ROOT / "dist" / folder).rglob("*") if script.is_file()]
    return out


def is_in(piece, said):
    return len(piece) < LEAST or any(piece in text for text in said)


def is_said(message, said):
    """Each piece is in one text, or in two: the program puts some sentences together."""
    for piece in map(str.strip, message.split("...")):
        cuts = [at for at, letter in enumerate(piece) if letter == " "]
        if not is_in(piece, said) and not any(is_in(piece[:at], said) and is_in(piece[at + 1 :], said) for at in cuts):
            return False
    return True


def main():
    page = PAGE.read_text()
    entries = page.split("\n.Sh NO DEVICE IS FOUND\n")[1].split("\n.Sh SEE ALSO\n")[0]
    messages, findings = re.findall(r"^\.It Dq (.*)$", entries, re.M), re.findall(r"^\.It Li (.*)$", entries, re.M)
    said = texts()
    known = set(re.findall(r'FindingRow\{\w+, "([a-z0-9-]+)"', (ROOT / "core/finding.cpp").read_text()))
    problems = [f"no source says: {message}" for message in messages if message not in OF_OTHERS and not is_said(message, said)]
    problems += [f"no such finding: {name}" for name in findings if name not in known]
    everything = messages + findings
    problems += [f"more than once: {name}" for name in sorted(set(everything)) if everything.count(name) > 1]
    if missed := entries.count("\n.It ") - len(everything):
        problems.append(f"entries of another form: {missed}")
    problems += [f"without a meaning: {entry}" for entry in re.findall(r"^\.It (.*)\n\.El", entries, re.M)]
    print("\n".join(problems) or f"{len(messages)} messages, {len(findings)} findings")
    return 1 if problems or len(everything) < 60 else 0


sys.exit(main())
