#!/usr/bin/env python3
"""Holds tests/core/rules.md to the tests: every case once, and a test case of its number where the page says so."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = range(1, 320)
STATES = ("tested", "deviation", "later")


def numbers_in(path):
    """The case numbers in the names of the test cases of a file."""
    names = re.findall(r'TEST_CASE\(\s*"([^"]*)"', path.read_text())
    return {int(number) for name in names for number in re.findall(r"\bN(\d+)\b", name)}


def main():
    faults, seen, tests = [], [], {}
    for line in (ROOT / "tests/core/rules.md").read_text().splitlines():
        row = re.fullmatch(r"\| N(\d+) \| (\w+) \|([^|]*)\|([^|]*)\|", line)
        if not row:
            continue
        number, state, files, remark = int(row[1]), row[2], [name.strip() for name in row[3].split(",") if name.strip()], row[4].strip()
        seen.append(number)
        if state not in STATES:
            faults.append(f"N{number}: state '{state}' does not exist")
        if state != "tested" and not remark:
            faults.append(f"N{number}: no reason given")
        if state != "later" and not files:
            faults.append(f"N{number}: no file given")
        for name in files:
            path = ROOT / name
            if path not in tests:
                tests[path] = numbers_in(path) if path.is_file() else None
            if tests[path] is None:
                faults.append(f"N{number}: {name} does not exist")
            elif state == "tested" and number not in tests[path]:
                faults.append(f"N{number}: no test case of this number in {name}")
    faults += [f"N{number}: listed {seen.count(number)} times" for number in CASES if seen.count(number) != 1]
    faults += [f"N{number}: is no case" for number in seen if number not in CASES]
    print("\n".join(faults) or f"{len(seen)} cases, each in its place")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
