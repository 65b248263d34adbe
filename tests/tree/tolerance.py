#!/usr/bin/env python3
"""Each check that reading can go on after (Reader::breaks) is a rule of core/tolerance.cpp, and each rule a check; and
man/spdmctl-rules.7 has each rule, with its words."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "man/spdmctl-rules.7"
# Where a check stands, and of which messages it is; none: of every response.
MESSAGES = {
    "core/wire/capabilities.cpp": ["CAPABILITIES"],
    "core/wire/certificate.cpp": ["CERTIFICATE"],
    "core/wire/challenge.cpp": ["CHALLENGE_AUTH"],
    "core/wire/digests.cpp": ["DIGESTS"],
    "core/wire/endpoint_info.cpp": ["ENDPOINT_INFO"],
    "core/wire/header.cpp": [],
    "core/wire/measurements.cpp": ["MEASUREMENTS"],
    "core/wire/negotiate.cpp": ["ALGORITHMS"],
    "core/wire/opaque.cpp": ["CHALLENGE_AUTH", "MEASUREMENTS"],
    "core/wire/vendor_defined.cpp": ["VENDOR_DEFINED_RESPONSE"],
    "core/protocol/connection.cpp": [],
}
ELSEWHERE = {("core/protocol/connection.cpp", "CertModel"): ["CERTIFICATE"]}
# These end in breaks() with the field that they are called with.
HELPERS = r"\bcheck_(?:selection|defined)\(reader, "
# What is read inside of opaque data is tolerated as one: each field of it is a rule.
INSIDE = ("core/wire/opaque.cpp", r'"(Opaque(?:Data|Element)[A-Za-z.]*)"')


def rules_of_the_program():
    source = (ROOT / "core/tolerance.cpp").read_text()
    words = {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in re.findall(r"(k[A-Z]\w+) =((?:\s*\"[^\"]*\")+);", source)}
    rows = re.findall(r'Row\{("[^"]*"|k\w+), "([^"]+)", "([^"]+)"\}', source)
    assert len(rows) == source.count("Row{") > 40, len(rows)
    return {f"{message}.{field}": what for messages, field, what in rows for message in words.get(messages, messages.strip('"')).split()}


def checks_of_the_sources(every):
    out = set()
    for path in sorted([*(ROOT / "core/wire").glob("*.cpp"), *(ROOT / "core/protocol").glob("*.cpp")]):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text()
        fields = set(re.findall(rf'(?:\.breaks\(|{HELPERS})\s*"([^"]+)"', text))
        if name == INSIDE[0]:
            fields |= set(re.findall(INSIDE[1], text))
        for field in fields:
            out |= {f"{message}.{field}" for message in ELSEWHERE.get((name, field), MESSAGES[name] or every)}
    return out


def rules_of_the_page():
    text = PAGE.read_text().split(".Sh RULES\n")[1].split("\n.Sh ")[0]
    return dict(re.findall(r"^\.It Li (\S+)\n(.+)$", text, re.M)), re.findall(r"^\.It Li (\S+)$", text, re.M)


def main():
    rules = rules_of_the_program()
    checks = checks_of_the_sources(sorted({name.split(".")[0] for name in rules}))
    page, listed = rules_of_the_page()
    problems = [f"core/tolerance.cpp has no row for {name}" for name in sorted(checks - rules.keys())]
    problems += [f"no check of the sources is {name}" for name in sorted(rules.keys() - checks)]
    problems += [f"the page has not: {name}: {what}" for name, what in sorted(rules.items()) if page.get(name) != f"{what[0].upper()}{what[1:]}."]
    problems += [f"the page has a rule that does not exist, or twice: {name}" for name in sorted(set(listed)) if name not in rules or listed.count(name) > 1]
    print("\n".join(problems) or f"{len(rules)} rules, each with its check and its words")
    return 1 if problems else 0


sys.exit(main())
