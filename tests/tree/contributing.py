#!/usr/bin/env python3
"""Each path in the pages for developers exists, and the lists of CONTRIBUTING.md are complete: what has the example of a list
is in the list, and each numbered place has it."""

import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "README.md"]
FOLDERS = {".ci", ".github", "certstore", "cmd", "completions", "core", "dist", "man", "tests", "transport"}
# Made by a build, or by a command that the page shows.
MADE = re.compile(r"build/|.*/fuzz_\w+$")

# Tests use what there is: of those the lists name the ones that have to be changed, and these are looked at in both directions.
TESTS_THAT_COUNT = ("tests/fuzz/*.*", "tests/tree/*.py")
NOT_LOOKED_AT = ("CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "tests/tree/contributing.py", ".github/*")

# list: {a file that has the example and needs no change for the next one: why}
EXCEPTIONS = {
    "A transport": {
        "cmd/auth.cpp": "an example in its help",
        "cmd/info.cpp": "an example in its help",
        "cmd/measurements.cpp": "an example in its help",
        "man/spdmctl-auth.1": "an example",
        "man/spdmctl-info.1": "an example",
        "man/spdmctl-measurements.1": "an example",
        "transport/socket/address.h": "what sockets have in common",
    },
    "A message": {
        "core/appraisal/eat_writer.cpp": "what tokens cannot carry",
    },
    "A verb": {
        "certstore/keyring.h": "certs/x509_certificate_list, a file of the kernel",
        "man/spdmctl-keyring.1": "the same, and a page to see",
        "certstore/trust.cpp": "advice to use it",
        "cmd/keyring_change.cpp": "advice to use it",
        "cmd/output/openssl_recipe.cpp": "advice to use it",
        "cmd/pinning.cpp": "advice to use it",
        "core/protocol/collect.cpp": "advice to use it",
        "core/fleet/result_reader.cpp": "it judges nothing, and the error says so",
        "core/appraisal/report.h": "it judges nothing",
        "man/spdmctl-auth.1": "a page to see",
        "man/spdmctl-info.1": "a page to see",
        "man/spdmctl-report.1": "a page to see",
        "man/spdmctl-troubleshooting.7": "advice to use it",
    },
    "An output format": {
        "core/appraisal/measurement.cpp": "a column of the types of measurements: Redfish's word",
        "core/appraisal/measurement.h": "the same",
        "cmd/options.cpp": "answers of Redfish that are read",
        "cmd/reference.cpp": "the same",
        "man/spdmctl-reference.1": "the same",
        "tests/fuzz/seeds.py": "the same",
        "core/evidence/document.cpp": "the same",
        "core/evidence/document.h": "the same",
        "core/evidence/load.h": "the same",
        "dist/schema/spdmctl.evidence-2.json": "the same",
        "man/spdmctl-certs.1": "the same",
        "man/spdmctl-inspect.1": "the same",
        "man/spdmctl-info.1": "the same",
        "man/spdmctl-keyring.1": "the same",
        "man/spdmctl-policy.1": "the same",
    },
    "An exit code": {
        "core/finding.h": "a comment on a finding",
        "core/appraisal/comparison.cpp": "the words in a message",
        "core/appraisal/corim.cpp": "the words in a message",
        "completions/spdmctl.fish": "numbers of PCRs",
    },
    "An input kind": {
        "quickstart": "an example",
        "tests/fuzz/session_seeds.py": "the captures that the seeds of sessions come from",
        "tests/fuzz/pci_seeds.py": "the same",
        "tests/fuzz/secrets.cpp": "the capture that secrets open",
    },
    "A kind of file": {
        "core/evidence/kernel_log.cpp": "takes the limit from the table",
    },
}


def fits(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def is_path(word):
    """What stands between backticks and begins with a folder of the tree, or is a file at its top."""
    first, slash, _ = word.partition("/")
    return re.fullmatch(r"[\w./*\[\]-]+", word) and not MADE.match(word) and (first in FOLDERS if slash else word.endswith(".md"))


def sources():
    """Name and text of each file of the tree, its name in the text: a file that is called after the example has it."""
    out = {}
    for top in sorted(FOLDERS):
        for path in sorted((ROOT / top).rglob("*")):
            out[path.relative_to(ROOT).as_posix()] = path
    for path in ROOT.iterdir():
        out[path.name] = path
    return {name: name + "\n" + path.read_bytes().decode(errors="replace") for name, path in out.items()
            if path.is_file() and "__pycache__" not in name and not name.startswith("tests/fuzz/corpus/")}


def paths_of_pages(names):
    """Problems with the paths that the pages name."""
    problems, count = [], 0
    for page in PAGES:
        for word in sorted(set(re.findall(r"`([^`\n]+)`", (ROOT / page).read_text()))):
            if is_path(word):
                count += 1
                if not ((ROOT / word).exists() or fnmatch.filter(names, word)):
                    problems.append(f"{page}: {word} does not exist")
    return problems, count


def lists():
    """(title, pattern of the example, numbered places, other places)"""
    text = (ROOT / "CONTRIBUTING.md").read_text().split("## How to add\n")[1]
    for title, body in re.findall(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", text, re.M | re.S):
        pattern = re.search(r"^Example `[^`]+`, pattern `([^`]+)`$", body, re.M)
        body = body[pattern.end():]
        items = re.findall(r"^\d+\. .*\n(?:   +.*\n)*", body, re.M)
        rest = body
        for item in items:
            rest = rest.replace(item, "")
        places = [[word for word in re.findall(r"`([^`\n]+[^`/])`", part) if is_path(word)] for part in [*items, rest]]
        yield title, re.compile(pattern[1], re.I), places[:-1], places[-1]


def check(title, pattern, numbered, others, texts):
    having = {name for name, text in texts.items() if pattern.search(text)}
    problems = [f"{title}: item {number} names no file" for number, places in enumerate(numbered, 1) if not places]
    required = [place for places in numbered for place in places]
    problems += [f"{title}: {place} does not have the example" for place in required if not fnmatch.filter(having, place)]
    excused = EXCEPTIONS.get(title, {})
    for name in sorted(having):
        counts = not name.startswith("tests/") or fits(name, TESTS_THAT_COUNT)
        if counts and not fits(name, NOT_LOOKED_AT) and not fits(name, required + others) and name not in excused:
            problems.append(f"{title}: {name} has the example, and is not in the list")
    problems += [f"{title}: {name} no longer needs its exception" for name in excused if name not in having or fits(name, required + others)]
    return problems


def main():
    texts = sources()
    problems, count = paths_of_pages(texts)
    found = list(lists())
    for title, pattern, numbered, others in found:
        if len(numbered) < 4:
            problems.append(f"{title}: only {len(numbered)} numbered places were found")
        problems += check(title, pattern, numbered, others, texts)
    problems += [f"{title}: has exceptions, and is no list" for title in EXCEPTIONS if title not in [row[0] for row in found]]
    # A check that takes everything would prove nothing.
    title, pattern, numbered, others = found[0]
    if not check(title, pattern, numbered[1:], others, texts):
        problems.append("a list that misses a place is not noticed")
    if not check(title, pattern, [*numbered, ["core/error.h"]], others, texts):
        problems.append("a list with a place too many is not noticed")
    if len(found) < 11 or count < 100:
        problems.append(f"only {len(found)} lists and {count} paths were found")
    print("\n".join(problems) or f"{len(found)} lists, {count} paths")
    return 1 if problems else 0


sys.exit(main())
