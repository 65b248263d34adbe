"""A copy of the tree in which each point can be switched on at run time. The checkout stays as it is."""

import json
import shutil
import subprocess

PER_FILE = 4096  # numbers of a source, so that an edit in one does not renumber the others
HEAD = '#include "tests/mutation/mutant.h"\n#line 1\n'


def changed(text, numbered):
    """The text with the edits of all points; `numbered` are (number, point), outer ones first."""
    edits = []
    for order, (number, point) in enumerate(numbered):
        edits += [(at, 0, -order, at, what.replace("@", str(number))) for at, what in point.behind]
        edits += [(begin, 1, order, end, what) for begin, end, what in point.replaced]
        edits += [(at, 2, order, at, what.replace("@", str(number))) for at, what in point.before]
    out, done = [HEAD], 0
    for begin, _, _, end, what in sorted(edits):
        out += [text[done:begin], what, "\n" * text.count("\n", begin, end)]
        done = end
    return "".join([*out, text[done:]])


def write(path, contents):
    """Only what differs, so that no more than that is built again."""
    if path.exists() and path.read_bytes() == contents:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def copy_tree(root, copy, but):
    """All files that git knows or would take, and no other; without those that are written by `write_points`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True
    ).stdout
    names = {name for name in listed.split("\0") if name and (root / name).is_file()}
    for name in sorted(names - but):
        write(copy / name, (root / name).read_bytes())
        shutil.copymode(root / name, copy / name)
    for top in sorted(copy.iterdir()):
        for path in [top, *top.rglob("*")] if top.name != "build" else []:
            if path.is_file() and path.relative_to(copy).as_posix() not in names:
                path.unlink()


def write_points(root, copy, found):
    """Writes the sources of `found` (file: points) into the copy, and returns {number: point}."""
    numbers = {}
    for index, (file, of_file) in enumerate(sorted(found.items())):
        if len(of_file) > PER_FILE:
            raise SystemExit(f"{file}: more than {PER_FILE} points")
        numbered = [(index * PER_FILE + at, point) for at, point in enumerate(of_file)]
        text = (root / file).read_bytes().decode("latin-1")
        write(copy / file, changed(text, numbered).encode("latin-1"))
        numbers.update(numbered)
    return numbers


def configure(copy, build, options):
    command = ["cmake", "-S", str(copy), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g0"]
    subprocess.run([*command, *(f"-D{option}" for option in options)], check=True, stdout=subprocess.DEVNULL)


def tests_of(build):
    """Tests of ctest by name: command and environment."""
    listed = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], check=True, capture_output=True, text=True).stdout
    out = {}
    for test in json.loads(listed)["tests"]:
        properties = {entry["name"]: entry["value"] for entry in test["properties"]}
        out[test["name"]] = (test.get("command", []), dict(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", [])))
    return out


def build_all(build, jobs):
    targets = ["spdmctl", "test_core", "test_certstore", "test_transport", "test_cmd"]
    subprocess.run(["ninja", "-C", str(build), "-j", str(jobs), "--quiet", *targets], check=True)
