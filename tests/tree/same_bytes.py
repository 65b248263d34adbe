#!/usr/bin/env python3
"""What is compiled in another folder is the same bytes: anybody can find out whether a program was made from these sources. Compiles
some of them twice, optimised and with debug information, which would name the folders."""
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A small one, one with a namespace without a name and objects that are made at the start, and one that lies in the build folder.
OBJECTS = ("core.dir/core/error.cpp.o", "core_wire.dir/core/wire/algorithms.cpp.o", "cmd_output.dir/generated/report_page.cpp.o")


def run(*command):
    done = subprocess.run(command, env={**os.environ, "CCACHE_DISABLE": "1"}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-3000:]}")


def compile_in(folder, sources):
    """Copies the product's sources and compiles the objects; returns where they are."""
    shutil.copytree(ROOT, folder / sources, ignore=lambda _, names: [name for name in names if name in (".git", "build", "tests")])
    run("cmake", "-S", folder / sources, "-B", folder / "out", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DBUILD_TESTING=OFF")
    run("ninja", "-C", folder / "out", *(f"CMakeFiles/{name}" for name in OBJECTS))
    return folder / "out/CMakeFiles"


def main():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first, second = compile_in(pathlib.Path(one), "sources"), compile_in(pathlib.Path(other), "another folder")
        differ = [name for name in OBJECTS if not filecmp.cmp(first / name, second / name, shallow=False)]
        told = [name for name in OBJECTS if os.fsencode(one) in (first / name).read_bytes()]
    for name in differ:
        print(f"{name}: other bytes, when it is compiled in another folder")
    for name in told:
        print(f"{name}: holds the path of the folder in which it was compiled")
    if not differ and not told:
        print(f"{len(OBJECTS)} objects: the same bytes in two folders")
    return 1 if differ or told else 0


sys.exit(main())
