#!/usr/bin/env python3
"""Text fits 80 columns: what the golden sessions show of it, in its default form. A line may be wider only where it is one word, or a
command to copy.

  columns.py [--list]     --list: also what was left out, and why
"""
import pathlib
import re
import sys
import unicodedata

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
WIDTH = 80
# What a command has that shows no text, or not as it comes: why its lines are not looked at.
LEFT_OUT = [
    (r"--json|--format|-f (json|yaml|ndjson|text)|_FORMAT=|-o ?=?json", "a document"),
    (r" -v\b|--verbose", "values in full"),
    (r"2>&1|2> ?[a-z]|cat (err|told)", "errors are one line each, for logs"),
    (r"--help|--version", "the options"),
    (r"policy generate|reference import|spdmctl collect|--save-reference|spdmctl watch|--metrics|--openssl|--manifest", "a file, or lines for a log"),
    (r"spdmctl-rim", "another program"),
    (r"^[^|;]*at\.py|\| *python3|pty\.spawn|import base64|\btr\b|\bsed (-[Ez] )?['\"]s|\bcut -c|\bls\b|\bcat\b|head -c", "another program changes or shows it"),
]
# Text of each of these must be among what is looked at.
VERBS = ["auth", "measurements", "info", "certs", "inspect", "list", "doctor", "verify", "audit", "report", "keyring show", "keyring explain",
         "policy show", "policy explain", "reference show", "status", "decode"]
COMMANDS = ("spdmctl ", "(spdmctl ", "-> spdmctl ", "man ", "openssl ")


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def is_too_wide(line):
    return columns(line) > WIDTH and len(line.split()) > 1 and not line.strip().startswith(COMMANDS)


def main():
    problems, seen, left_out = [], {verb: 0 for verb in VERBS}, {}
    for session in sorted(GOLDEN.glob("*.txt")):
        command, why = "", ""
        for number, line in enumerate(session.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("$ "):
                command = line[2:]
                why = next((reason for pattern, reason in LEFT_OUT if re.search(pattern, command)), "")
                left_out[why] = left_out.get(why, 0) + 1
            elif line and not why and not line.startswith(("# ", "! ", "? ")):
                for verb in VERBS:
                    seen[verb] += bool(re.search(rf"\bspdmctl {verb}\b", command))
                if is_too_wide(line):
                    problems.append(f"{session.name}:{number}: {columns(line)} columns: {line}")
    problems += [f"no text of {verb} is looked at" for verb, lines in seen.items() if lines == 0]
    # A check that cannot fail is worth nothing.
    if not is_too_wide("word " * 17) or is_too_wide("word " * 16) or is_too_wide("w" * 81):
        problems.append("the width of a line is not measured")
    if "--list" in sys.argv[1:]:
        print("\n".join(f"{count} commands: {why or 'looked at'}" for why, count in left_out.items()))
    print("\n".join(problems) or f"{sum(seen.values())} lines of {len(VERBS)} verbs")
    return 1 if problems else 0


sys.exit(main())
