#!/usr/bin/env python3
"""What a policy can ask is the same in the program, in the schema and in the manual: keys of rules and of matches, and their words."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows(file, kind, most):
    """The names that stand in rows of a table, in their order. A row of another form is missed, and so counted."""
    source = (ROOT / file).read_text()
    found = re.findall(rf"^ +{kind}\(\s*(?:\w+::\w+, )?\"([a-z0-9-]+)\",", source, re.M)
    assert len(found) == len(re.findall(rf"^ +{kind}\(", source, re.M)) >= most, (file, found)
    return found


def proofs():
    """The keys of what a device proves."""
    found = re.findall(r'^ +ProofRow\{"([a-z-]+)", &DeviceMatch', (ROOT / "core/appraisal/device_match.cpp").read_text(), re.M)
    assert len(found) >= 4, found
    return found


def words(enumeration):
    source = (ROOT / "core/appraisal/policy_words.h").read_text()
    found = re.findall(rf'Word\{{{enumeration}::\w+, "([a-z-]+)"\}}', source)
    assert len(found) == source.count(f"Word{{{enumeration}::") > 1, found
    return found


def entries_below(page, entry):
    """The keys of the list that follows an entry of the manual."""
    text = page.split(f"\n.It Cm {entry}\n", 1)[1]
    text = text[text.index(".Bl -tag"):]
    depth, out = 0, []
    for line in text.splitlines():
        depth += line.startswith(".Bl") - line.startswith(".El")
        if depth == 1 and (found := re.match(r"\.It Cm (\S+)", line)):
            out.append(found[1].split(".")[0])
        if depth == 0:
            return out
    return out


def main():
    schema = json.loads((ROOT / "dist/schema/spdmctl.policy-file-1.json").read_text())
    page = (ROOT / "man/spdmctl-policy.1").read_text()
    require, match = schema["$defs"]["require"]["properties"], schema["$defs"]["match"]["properties"]
    requirements = rows("core/appraisal/requirements.cpp", "RequirementRow", 10)
    keys = rows("core/appraisal/device_match.cpp", "KeyRow", 10) + proofs()
    told = re.search(r"\n\.It Cm match\n(.*?)\n\.It ", page, re.S)[1]
    told_actions = re.search(r"\n\.It Cm on-failure\n(.*?)\n\.El", page, re.S)[1]
    problems = []

    def same(what, found, wanted):
        if sorted(found) != sorted(wanted):
            problems.append(f"{what}: {', '.join(found)}; the program has {', '.join(wanted)}")

    same("schema, require", require, requirements)
    of_rules = schema["$defs"]["own-require"]["anyOf"][1]["properties"]
    same("schema, require of rules", of_rules, requirements)
    problems += [f"schema, require of rules: {key} cannot be none" for key in of_rules if key != "identity" and {"const": "none"} not in of_rules[key]["anyOf"]]
    same("manual, require", entries_below(page, "require"), requirements)
    same("schema, match", match, keys)
    problems += [f"manual, match: lacks {key}" for key in keys if not re.search(rf"\.Cm (?:[\w-]+ , )*{key}\b", told)]
    same("schema, identity", require["identity"]["enum"], words("IdentityMatch"))
    same("schema, negotiation", require["negotiation"]["enum"], words("NegotiationState"))
    same("schema, debug", require["debug"]["enum"], words("DebugState"))
    same("schema, on-failure", schema["$defs"]["actions"]["items"]["enum"], words("FailureAction"))
    same("schema, mode", schema["properties"]["mode"]["enum"], words("Matching"))
    same("schema, gate.mode", schema["properties"]["gate"]["properties"]["mode"]["enum"], words("GateMode"))
    versions = re.findall(r'Word\{k1\d, "([0-9.]+)"\}', (ROOT / "core/wire/algorithms.h").read_text())
    same("schema, min-version", require["min-version"]["enum"], versions)
    problems += [f"manual: lacks the action {word}" for word in words("FailureAction") if f".Cm {word}" not in told_actions and f".Li [{word}]" not in told_actions]
    print("\n".join(problems) or f"{len(requirements)} requirements, {len(keys)} keys of a match")
    return 1 if problems else 0


sys.exit(main())
