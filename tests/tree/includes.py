#!/usr/bin/env python3
"""Folders do not import in circles, nor do the rooms of core, and only cmd prints, reads the environment or exits."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Who may include whom.
MAY_INCLUDE = {
    "core": {"core"},
    "transport": {"core", "transport"},
    "certstore": {"core", "certstore"},
    "cmd": {"core", "transport", "certstore", "cmd"},
}

# The same inside of core, where a folder may include those before it; core/*.h itself may be included by all.
CORE = ["", "wire", "crypto", "evidence", "protocol", "appraisal"]

# Libraries that are kept to one place, so that they can be replaced there.
LIBRARIES = {
    "openssl/": ("core/crypto/", "certstore/", "cmd/emulate"),
    "pci/": ("transport/",),
    "CLI/": ("cmd/",),
    "yaml-cpp/": ("core/evidence/yaml_reader", "cmd/"),
}

FOR_CMD_ONLY = re.compile(
    r"std::(cout|cerr|clog)\b|<iostream>|\b(v?f?printf|puts|fputs|putchar|perror|getenv|secure_getenv|setenv|exit|_exit|quick_exit|abort)\s*\("
)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"', re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def blank(match):
    """Comments and strings are not code; the lines stay where they are."""
    return "\n" * match.group().count("\n")


def room(name):
    """Which room of core a file is in."""
    parts = name.split("/")
    return parts[1] if len(parts) == 3 else ""


def check(path, problems):
    name = path.relative_to(ROOT).as_posix()
    folder = name.split("/")[0]
    text = path.read_text()
    own = []
    for quoted, system in INCLUDE.findall(text):
        if quoted:
            own.append(quoted)
            if not (ROOT / quoted).is_file():
                problems.append(f'{name}: "{quoted}" is not a path from the root of the tree')
            elif quoted.split("/")[0] not in MAY_INCLUDE[folder]:
                problems.append(f"{name}: {folder} must not know {quoted}")
            elif folder == "core" and CORE.index(room(quoted)) > CORE.index(room(name)):
                problems.append(f"{name}: core/{room(name)} must not know {quoted}")
        for library, places in LIBRARIES.items():
            if system.startswith(library) and not name.startswith(places):
                problems.append(f"{name}: <{system}> belongs into {' or '.join(places)}")
    if folder != "cmd":
        for number, line in enumerate(COMMENT_OR_STRING.sub(blank, text).split("\n"), 1):
            if found := FOR_CMD_ONLY.search(line):
                problems.append(f"{name}:{number}: only cmd may use {found.group().rstrip('( ')}")
    return name, own


def find_cycle(graph):
    """A list of files that include each other in a circle, or None."""
    done = set()

    def visit(name, above):
        if name in above:
            return above[above.index(name):] + [name]
        if name in done:
            return None
        for other in graph.get(name, []):
            if cycle := visit(other, above + [name]):
                return cycle
        done.add(name)
        return None

    for name in graph:
        if cycle := visit(name, []):
            return cycle
    return None


def main():
    problems = []
    graph = {}
    for folder in MAY_INCLUDE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                name, own = check(path, problems)
                graph[name] = own
    if cycle := find_cycle(graph):
        problems.append("in a circle: " + " -> ".join(cycle))
    print("\n".join(problems) or f"{len(graph)} files keep to the rule")
    return 1 if problems or not graph else 0


sys.exit(main())
