#!/usr/bin/env python3
"""man/spdmctl-findings.7 has each finding of core/finding.cpp once, with its check, its severity and its exit code."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = r'FindingRow\{\w+, "([a-z0-9-]+)", Check::(\w+), (\w+), Exit::(\w+)\}'


def findings_of_the_program():
    source = (ROOT / "core/finding.cpp").read_text()
    numbers = dict(re.findall(r"^  (\w+) = (\d+),$", (ROOT / "core/error.h").read_text(), re.M))
    rows = re.findall(ROW, source)
    assert len(rows) == source.count("FindingRow{") > 60, len(rows)
    return [(name, check, severity, numbers[code] if code != "ok" else "") for name, check, severity, code in rows]


def findings_of_the_page(text):
    """By section. An entry of another form than the others, or without a word about it, is missed, and so counted."""
    text = text.split(".Sh FINDINGS\n")[1]
    out = []
    for check, section in re.findall(r"^\.Ss (\w+)\n(.*?)(?=^\.S[hs] )", text, re.M | re.S):
        entries = re.findall(r"^\.It Li (\S+) Pq (\w+)(?: , (\d+))?\n(?!\.(?:It|El)\b)", section, re.M)
        out += [(name, check.lower(), severity, code) for name, severity, code in entries]
    return out, text.count("\n.It ") - len(out)


def main():
    wanted = findings_of_the_program()
    found, missed = findings_of_the_page((ROOT / "man/spdmctl-findings.7").read_text())
    problems = [f"missing, or not as in core/finding.cpp: {row}" for row in wanted if row not in found]
    problems += [f"not in core/finding.cpp: {row}" for row in found if row not in wanted]
    problems += [f"more than once: {name}" for name in sorted({row[0] for row in found}) if [row[0] for row in found].count(name) > 1]
    if missed:
        problems.append(f"entries of another form, or without a word: {missed}")
    print("\n".join(problems) or f"{len(wanted)} findings, each in its place")
    return 1 if problems else 0


sys.exit(main())
