#!/usr/bin/env python3
"""Installs the build tree given into a scratch directory and looks whether everything is where it belongs."""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Whole folders, and where they go. The operating system looks for its own in its own places, whatever the prefix is.
PLACES = {
    "dist/ansible": "usr/share/spdmctl/ansible",
    "dist/examples": "usr/share/spdmctl/examples",
    "dist/systemd": "usr/lib/systemd/system",
    "dist/udev": "usr/lib/udev/rules.d",
    "dist/dracut": "usr/lib/dracut/modules.d",
    "dist/initramfs-tools": "usr/share/initramfs-tools",
}


def main():
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            ["cmake", "--install", sys.argv[1], "--prefix", "/usr"],
            env={"PATH": "/usr/bin:/bin", "DESTDIR": scratch},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        top = pathlib.Path(scratch)
        found = {path.relative_to(top).as_posix() for path in top.rglob("*") if not path.is_dir()}
        wanted = {
            "usr/bin/spdmctl",
            "usr/share/bash-completion/completions/spdmctl",
            "usr/share/zsh/site-functions/_spdmctl",
            "usr/share/fish/vendor_completions.d/spdmctl.fish",
            "etc/spdmctl/keyring.d/README",
            "etc/spdmctl/policy.d/README",
            "etc/spdmctl/references.d/README",
        }
        wanted |= {f"usr/share/man/man{page.suffix[1:]}/{page.name}" for page in (ROOT / "man").glob("*.[17]")}
        for folder, place in PLACES.items():
            wanted |= {f"{place}/{path.relative_to(ROOT / folder)}" for path in (ROOT / folder).rglob("*") if path.is_file()}
        wanted = {path.removesuffix(".in") for path in wanted}
        scripts = [path for path in top.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"#!"]
        lame = [path.relative_to(top).as_posix() for path in scripts if not path.stat().st_mode & 0o100]
        wanted |= {f"usr/share/spdmctl/schema/{schema.name}" for schema in (ROOT / "dist/schema").glob("*.json")}
        version = subprocess.run([top / "usr/bin/spdmctl", "--version"], capture_output=True, text=True, check=True)
    for path in sorted(found - wanted):
        print(f"installed, but nobody expects it: /{path}")
    for path in sorted(wanted - found):
        print(f"not installed: /{path}")
    for path in lame:
        print(f"a script that cannot be run: /{path}")
    if found == wanted:
        print(f"{len(found)} files; {version.stdout.strip()}")
    return 0 if found == wanted and not lame else 1


sys.exit(main())
