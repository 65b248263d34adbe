#!/usr/bin/env python3
"""A room includes only what it links (CMakeLists.txt), files do not include each other in circles, libraries keep to their
places, and only cmd prints, reads the environment or exits."""

import pathlib
import re
import sys

from cpp import COMMENT_OR_STRING

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Libraries that are kept to one place, so that they can be replaced there.
LIBRARIES = {
    "openssl/": ("core/crypto/", "certstore/", "cmd/emulate"),
    "pci/": ("transport/pci/",),
    "seccomp.h": ("cmd/host/syscall_filter", "cmd/host/allow_list"),
    "cap-ng.h": ("cmd/host/privileges",),
    "CLI/": ("cmd/",),
    "yaml-cpp/": ("core/format/yaml_reader", "cmd/"),
    "libxml/": ("cmd/rim/",),
    "zlib.h": ("core/evidence/compression",),
    "zstd.h": ("core/evidence/compression",),
    "xmlsec/": ("cmd/rim/",),
}

FOR_CMD_ONLY = re.compile(
    r"std::(cout|cerr|clog)\b|<iostream>|\b(v?f?printf|puts|fputs|putchar|perror|getenv|secure_getenv|setenv|exit|_exit|quick_exit|abort)\s*\("
)
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def rooms():
    """Each room with all that it may include: itself, and what it links, directly or through others."""
    links = {}
    for folder, words in re.findall(r"^ *spdmctl_room\((\S+)\s*([^)]*)\)", (ROOT / "CMakeLists.txt").read_text(), re.M):
        links[folder] = [other for other in links if other.replace("/", "_") in words.split()]
    closed = {}
    for folder, others in links.items():
        closed[folder] = {folder}.union(*(closed[other] for other in others))
    return closed


def blank(match):
    """Comments and strings are not code; the lines stay where they are."""
    return "\n" * match.group().count("\n")


def room_of(name):
    return name.rpartition("/")[0]


def check(path, may_include, problems):
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text()
    room = room_of(name)
    if room not in may_include:
        problems.append(f"{name}: {room} is no room of CMakeLists.txt")
        return name, []
    own = []
    for quoted, system in INCLUDE.findall(text):
        if quoted:
            own.append(quoted)
            if not (ROOT / quoted).is_file():
                problems.append(f'{name}: "{quoted}" is not a path from the root of the tree')
            elif room_of(quoted) not in may_include[room]:
                problems.append(f"{name}: {room} must not know {quoted}")
        for library, places in LIBRARIES.items():
            if system.startswith(library) and not name.startswith(places):
                problems.append(f"{name}: <{system}> belongs into {' or '.join(places)}")
    if not name.startswith("cmd/"):
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
    may_include = rooms()
    for folder in sorted({room.split("/")[0] for room in may_include}):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                name, own = check(path, may_include, problems)
                graph[name] = own
    if cycle := find_cycle(graph):
        problems.append("in a circle: " + " -> ".join(cycle))
    print("\n".join(problems) or f"{len(graph)} files in {len(may_include)} rooms keep to the rule")
    return 1 if problems or not graph else 0


sys.exit(main())
