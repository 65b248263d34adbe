#!/usr/bin/env python3
"""The exit codes in README, manual and schema are those of core/error.cpp, in number, in words and in order."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def table_of_the_program():
    """The worst first."""
    numbers = dict(re.findall(r"^  (\w+) = (\d+),$", (ROOT / "core/error.h").read_text(), re.M))
    rows = re.findall(r'ExitRow\{Exit::(\w+), "([^"]+)"\}', (ROOT / "core/error.cpp").read_text())
    assert len(rows) == len(numbers) > 10, (rows, numbers)
    return {int(numbers[name]): meaning for name, meaning in rows}


def main():
    wanted = table_of_the_program()
    readme = re.findall(r"^\| (\d+) \| (.+?) \|$", (ROOT / "README.md").read_text(), re.M)
    manual = re.findall(r"^\.It (\d+)\n(.+)$", (ROOT / "man/spdmctl.1").read_text(), re.M)
    found = {
        "README.md": {int(number): meaning for number, meaning in readme},
        "man/spdmctl.1": {int(number): meaning.rstrip(".") for number, meaning in manual},
    }
    problems = [f"{where}: {table} is not {wanted}" for where, table in found.items() if table != wanted]
    for where in found:
        orders = re.findall(r"The worst first: ((?:\d+,\s)*\d+)", (ROOT / where).read_text())
        if [re.findall(r"\d+", order) for order in orders] != [[str(code) for code in wanted]]:
            problems.append(f"{where}: {orders} is not one order, {list(wanted)}")
    schema = json.loads((ROOT / "dist/schema/spdmctl.report-2.json").read_text())
    codes = schema["$defs"]["exit_code"]["enum"]
    if codes != sorted(wanted):
        problems.append(f"schema: {codes} are not {sorted(wanted)}")
    print("\n".join(problems) or f"{len(wanted)} exit codes, the same everywhere")
    return 1 if problems else 0


sys.exit(main())
