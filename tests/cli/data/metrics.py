"""metrics.py FILE: the text format of Prometheus read strictly, and its samples without what differs from run to run."""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
VARIES = ("spdmctl_audit_timestamp_seconds", "spdmctl_audit_duration_seconds")

text = open(sys.argv[1], encoding="utf-8").read()
assert text.endswith("\n")
family, typed, samples = None, set(), set()
for number, line in enumerate(text[:-1].split("\n"), 1):
    if match := re.fullmatch(rf"# HELP ({NAME}) [^\n]+", line):
        assert match[1] not in typed, f"line {number}: {match[1]} a second time"
        family = match[1]
    elif match := re.fullmatch(rf"# TYPE ({NAME}) gauge", line):
        assert match[1] == family, f"line {number}: TYPE of another family"
        typed.add(family)
    else:
        match = re.fullmatch(rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? (-?[0-9]+(?:\.[0-9]+)?)", line)
        assert match and match[1] == family and family in typed, f"line {number}: {line}"
        assert (match[1], match[2]) not in samples, f"line {number}: twice: {line}"
        samples.add((match[1], match[2]))
        print(match[1] + (match[2] or ""), "..." if family in VARIES else match[3])
