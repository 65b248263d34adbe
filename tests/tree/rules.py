#!/usr/bin/env python3
"""Holds tests/core/rules.md to the sources and to the tests: every number has a row, every row its test, every test its row."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "tests/core/rules.md"
SOURCES = ("core", "transport", "certstore", "cmd", "tests")
STATES = ("tested", "deviation", "later")
NUMBER = r"[NQA]\d{1,3}"
COLUMNS = 7


def comments_of(text):
    """The comments of a C++ file, strings apart."""
    pieces = re.findall(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', text, re.DOTALL)
    return "\n".join(piece for piece in pieces if not piece.startswith('"'))


def read_page(faults):
    """The rows by number: state, tests as (file, case), remark."""
    rows = {}
    for line in PAGE.read_text().splitlines():
        if not re.match(rf"\| {NUMBER} \|", line):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != COLUMNS:
            faults.append(f"{cells[0]}: {len(cells)} cells, {COLUMNS} are expected")
            continue
        number, clause, case, outcome, state, tests, remark = cells
        if number in rows:
            faults.append(f"{number}: listed twice")
        if not (clause and case and outcome):
            faults.append(f"{number}: clause, input or outcome is empty")
        if state not in STATES:
            faults.append(f"{number}: state '{state}' does not exist")
        if state != "tested" and not remark:
            faults.append(f"{number}: no reason for '{state}'")
        if state == "tested" and not tests:
            faults.append(f"{number}: no test")
        rows[number] = (state, set(re.findall(r'(\S+) "([^"]*)"', tests)))
    return rows


def labels(path, faults):
    """Pairs (number, case): what is named by a string that begins with the number, be it a case, a subcase or a row of a table."""
    found, case = set(), None
    for literal in re.finditer(r'(TEST_CASE|SUBCASE)?\(?"((?:\\.|[^"\\\n])*)"', path.read_text()):
        kind, text = literal.groups()
        if kind == "TEST_CASE":
            case = text
        number = re.match(rf"({NUMBER})(?= |$)", text)
        others = re.findall(rf"\b{NUMBER}\b", text)
        if (kind or number) and len(others) > 1 or kind and others and not number:
            faults.append(f"{path.relative_to(ROOT)}: '{text}': one number, and in front")
        if number and case is None:
            faults.append(f"{path.relative_to(ROOT)}: '{text}' stands in no test case")
        elif number:
            found.add((number[1], case))
    return found


def cited(path):
    """The numbers that the comments of a source name, or the text of a page."""
    text = path.read_text()
    return set(re.findall(rf"\b{NUMBER}\b", comments_of(text) if path.suffix in (".cpp", ".h") else text))


def main():
    faults, tests = [], {}
    rows = read_page(faults)
    for room in SOURCES:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix not in (".cpp", ".h", ".md", ".py") or not path.is_file():
                continue
            name = path.relative_to(ROOT)
            faults += [f"{name}: cites {number}, which is in no row" for number in sorted(cited(path) - rows.keys())]
            if room == "tests" and path.suffix in (".cpp", ".h"):
                for number, case in labels(path, faults):
                    tests.setdefault(number, set()).add((str(path.relative_to(ROOT / "tests")), case))
    for number, (state, listed) in rows.items():
        found = tests.get(number, set())
        faults += [f'{number}: {file} "{case}" does not bear this number' for file, case in sorted(listed - found)]
        faults += [f'{number}: the row does not name {file} "{case}"' for file, case in sorted(found - listed)]
        if state == "later" and found:
            faults.append(f"{number}: is tested, and the row says later")
    faults += [f"{file}: '{case}' bears {number}, which is in no row" for number in sorted(tests.keys() - rows.keys()) for file, case in tests[number]]
    last = max(int(number[1:]) for number in rows if number[0] == "N")
    faults += [f"N{n}: is missing; a number is never given up" for n in range(1, last + 1) if f"N{n}" not in rows]
    print("\n".join(faults) or f"{len(rows)} rules, each with its clause and its tests")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
