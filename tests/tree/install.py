#!/usr/bin/env python3
"""Installs the build tree given into a scratch directory and looks whether everything is where it belongs; then removes it, and
looks what is left."""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Whole folders, and where they go. The operating system looks for its own in its own places, whatever the prefix is.
PLACES = {
    "dist/ansible": "usr/share/spdmctl/ansible",
    "dist/examples": "usr/share/spdmctl/examples",
    "dist/wireshark": "usr/share/spdmctl/wireshark",
    "dist/systemd": "usr/lib/systemd/system",
    "dist/udev": "usr/lib/udev/rules.d",
    "dist/dracut": "usr/lib/dracut/modules.d",
    "dist/initramfs-tools": "usr/share/initramfs-tools",
}


def files_below(top):
    return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_symlink() or not path.is_dir()}


def uninstall(build, scratch):
    """Runs `ninja uninstall`."""
    return subprocess.run(["cmake", "--build", build, "--target", "uninstall"], env={"PATH": "/usr/bin:/bin", "DESTDIR": str(scratch)}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def problems_of_uninstall(build, top):
    """What the owner has made and changed stays, and the directories that it is in; all else goes, and no directory of the system."""
    problems = []
    (top / "etc/spdmctl/policy.d/README").write_text("the owner's words\n")
    (top / "etc/spdmctl/keyring.d/README").unlink()
    (top / "etc/spdmctl/keyring.d/README").symlink_to("/dev/null")
    (top / "etc/spdmctl/keyring.d/.hidden").write_text("the owner's\n")
    (top / "etc/spdmctl/policy.d/10-site.yaml").write_text("version: 1\n")
    (top / "usr/lib/udev/rules.d/99-other.rules").write_text("# another's\n")
    (top / "usr/share/spdmctl/schema/spdmctl.state-1.json").unlink()  # gone already
    kept = {f"etc/spdmctl/{name}" for name in ("policy.d/README", "policy.d/10-site.yaml", "keyring.d/README", "keyring.d/.hidden")}
    kept.add("usr/lib/udev/rules.d/99-other.rules")
    with tempfile.TemporaryDirectory() as other:
        if uninstall(build, other).returncode == 0:
            problems.append("uninstall removes what was installed elsewhere")
    done = uninstall(build, top)
    if done.returncode != 0:
        problems.append(f"uninstall fails: {done.stdout}")
    if (found := files_below(top)) != kept:
        problems += [f"left: /{path}" for path in sorted(found - kept)] + [f"removed, but the owner's: /{path}" for path in sorted(kept - found)]
    for name in ("policy.d/README", "keyring.d/README"):
        if f"/etc/spdmctl/{name}" not in done.stdout:
            problems.append(f"uninstall does not tell that it keeps {name}: {done.stdout}")
    ours = [path.relative_to(top).as_posix() for path in top.rglob("*spdmctl*") if path.is_dir()]
    if ours != ["etc/spdmctl"]:
        problems.append(f"directories that are left: {ours}")
    problems += [f"a directory of the system is gone: /{name}" for name in ("usr/bin", "usr/lib/systemd/system", "usr/lib/dracut/modules.d") if not (top / name).is_dir()]
    if uninstall(build, top).returncode == 0:
        problems.append("a second uninstall has nothing to remove, and does not say so")
    return problems


def install(prefix, scratch):
    subprocess.run(["cmake", "--install", sys.argv[1], "--prefix", prefix], env={"PATH": "/usr/bin:/bin", "DESTDIR": scratch}, check=True,
                   stdout=subprocess.DEVNULL)


def texts_that_name_other_places(prefix):
    """Pages, and what else is read by people, name the places of their own installation."""
    with tempfile.TemporaryDirectory() as scratch:
        install(prefix, scratch)
        texts = [path for path in (pathlib.Path(scratch) / prefix[1:] / "share").rglob("*") if path.suffix in (".1", ".7", ".md")]
        named = {place for path in texts for place in re.findall(r"/[a-z/]*/share/spdmctl\b", path.read_text())}
        return [f"below {prefix}, a text names {place}" for place in sorted(named - {f"{prefix}/share/spdmctl"})] + (
            [] if named else [f"below {prefix}, no text names a place"])


def main():
    with tempfile.TemporaryDirectory() as scratch:
        install("/usr", scratch)
        top = pathlib.Path(scratch)
        found = files_below(top)
        wanted = {
            "usr/bin/spdmctl",
            "usr/share/bash-completion/completions/spdmctl",
            "usr/share/zsh/site-functions/_spdmctl",
            "usr/share/fish/vendor_completions.d/spdmctl.fish",
            "etc/spdmctl/keyring.d/README",
            "etc/spdmctl/policy.d/README",
            "etc/spdmctl/references.d/README",
        }
        rim = (pathlib.Path(sys.argv[1]) / "spdmctl-rim").exists()
        if rim:
            wanted |= {
                "usr/bin/spdmctl-rim",
                "usr/share/bash-completion/completions/spdmctl-rim",
                "usr/share/zsh/site-functions/_spdmctl-rim",
                "usr/share/fish/vendor_completions.d/spdmctl-rim.fish",
            }
        wanted |= {f"usr/share/man/man{page.suffix[1:]}/{page.name}" for page in (ROOT / "man").glob("*.[17]") if rim or page.stem != "spdmctl-rim"}
        for folder, place in PLACES.items():
            wanted |= {f"{place}/{path.relative_to(ROOT / folder)}" for path in (ROOT / folder).rglob("*") if path.is_file()}
        wanted = {path.removesuffix(".in") for path in wanted}
        scripts = [path for path in top.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"#!"]
        lame = [path.relative_to(top).as_posix() for path in scripts if not path.stat().st_mode & 0o100]
        wanted |= {f"usr/share/spdmctl/schema/{schema.name}" for schema in (ROOT / "dist/schema").glob("*.json")}
        version = subprocess.run([top / "usr/bin/spdmctl", "--version"], capture_output=True, text=True, check=True)
        problems = problems_of_uninstall(sys.argv[1], top)
        problems += [problem for prefix in ("/usr", "/opt/some/where") for problem in texts_that_name_other_places(prefix)]
    for path in sorted(found - wanted):
        print(f"installed, but nobody expects it: /{path}")
    for path in sorted(wanted - found):
        print(f"not installed: /{path}")
    for path in lame:
        print(f"a script that cannot be run: /{path}")
    for problem in problems:
        print(problem)
    if found == wanted:
        print(f"{len(found)} files; {version.stdout.strip()}")
    return 0 if found == wanted and not lame and not problems else 1


sys.exit(main())
