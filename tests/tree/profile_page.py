#!/usr/bin/env python3
"""man/spdmctl-emulate.1 names every key of a profile and every fault, and the program given takes the profile in it."""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1]


def words_of_the_program():
    """Keys and choices are the strings of the loader; of a fault there is how it is written."""
    names = ("profile.cpp", "profile_sessions.cpp", "profile_events.cpp", "profile_pci.cpp", "profile_storage.cpp")
    loader = "".join((ROOT / "transport/emulated" / name).read_text() for name in names)
    lists = re.findall(r"(?<!Renamed)\{(\"[a-z-]+\"(?:,\s+\"[a-z-]+\")+)\}", loader)
    words = {word for one in lists for word in re.findall(r'"([a-z-]+)"', one)}
    words |= set(re.findall(r'(?:Choice|TypeRow)\{"([A-Za-z][^"]*)"', loader))
    faults = re.findall(r'Row\{"[a-z-]+", \w+, Arguments::\w+, "([^"]+)"\}', (ROOT / "core/responder/faults.cpp").read_text())
    assert len(words) > 80 and len(faults) > 25, (words, faults)
    return words, faults


def entry_of(usage):
    """How the page writes it: "flip BYTE[.BIT]" as what the macros of mdoc make of it."""
    return [word for word in re.split(r"[\s\[\].]+", usage) if word]


def main():
    page = (ROOT / "man/spdmctl-emulate.1").read_text()
    text, _, example = page.partition(".Ss A complete profile\n")
    text = text.split(".Ss The profile\n")[1]
    entries = [[word for word in line.split() if word not in ("Ar", "Op", "Ns", ".")] for line in re.findall(r"\.It Li (.*)", text)]
    entries = [part.split() for entry in entries for part in " ".join(entry).replace(" , Li ", " , ").split(" , ")]
    words, faults = words_of_the_program()
    named = set(re.findall(r"[\w.-]+", text))
    problems = [f"the page does not name {word}" for word in sorted(words - named)]
    problems += [f"the page does not say: {usage}" for usage in faults if entry_of(usage) not in entries]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "device"
        subprocess.run([PROGRAM, "emulate", "--init", folder], check=True, capture_output=True)
        profile = folder / "example.yaml"
        profile.write_text(re.search(r"\.Bd.*\n((?:(?!\.Ed).*\n)+)", example)[1])
        for verb, wanted in (("auth", 0), ("measurements", 11)):
            done = subprocess.run([PROGRAM, verb, "--root", folder / "root.pem", f"emulated:{profile}"], capture_output=True, text=True)
            if done.returncode != wanted:
                problems.append(f"{verb} of the example ends with {done.returncode}, not {wanted}:\n{done.stdout}{done.stderr}")
    print("\n".join(problems) or f"{len(words)} words, {len(faults)} faults, and an example")
    return 1 if problems else 0


sys.exit(main())
