#!/usr/bin/env python3
"""No two headers define a type of one name in one namespace: the linker takes either of their members for both, without a word."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{")
TYPE = re.compile(r"^(?:struct|class|enum class|enum|union) (\w+)(?: final)?(?: : [^;]*)?(?: \{.*)?$")


def types_of(path):
    """(namespace::name, line) of each type that the header defines outside of other types."""
    namespace = ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if match := NAMESPACE.match(line):
            namespace = match[1]
        elif match := TYPE.match(line):
            yield f"{namespace}::{match[1]}", number


def main():
    places = {}
    for folder in ("cmd", "core", "transport", "certstore"):
        for path in sorted((ROOT / folder).rglob("*.h")):
            for name, number in types_of(path):
                places.setdefault(name, []).append(f"{path.relative_to(ROOT)}:{number}")
    problems = [f"{name}: {' and '.join(where)}" for name, where in places.items() if len(where) > 1]
    print("\n".join(problems) or f"{len(places)} types, each with a name of its own")
    return 1 if problems or len(places) < 100 else 0


sys.exit(main())
