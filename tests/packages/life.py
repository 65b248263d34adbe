"""The life of the packages on a clean system: an earlier version is installed, upgraded, used, and purged."""

import re
import shutil

from roots import run

# In place of a running systemd: writes down what it is asked.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/systemctl.log
"""
OWNERS = {
    "policy.d/10-site.yaml": "version: 1\ngate: {mode: enforce}\n",
    "keyring.d/pins/site.yaml": "the owner's pins\n",
    "keyring.d/README": "the owner's words\n",  # shipped, and changed
    "references.d/site.yaml": "version: 1\ndevices: []\n",
}
GENERATED = ("var/lib/spdmctl/images/6.1.0.json", "var/lib/spdmctl/spdmctl.prom", "run/spdmctl/devices/0000:01:00.0.json",
             "run/spdmctl/lock/0000:01:00.0", "run/spdmctl/mode.json", "run/spdmctl/clock.json")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def earlier(package, version, out):
    """The package as an earlier version would have been: its number, and other words in a file of the configuration."""
    tree = out / "tree"
    run("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN/control"
    text = re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE)
    control.write_text(re.sub(r"spdmctl \(>= [^)]*\)", f"spdmctl (>= {version})", text))
    readme = tree / "etc/spdmctl/policy.d/README"
    if readme.exists():
        readme.write_text("words of the earlier version\n")
    run("dpkg-deb", "-b", tree, out)
    shutil.rmtree(tree)


def named(root):
    """What has the name of the program, and what is in its directories."""
    told = root.inside("find", "/", "-xdev", "-path", "/packages*", "-prune", "-o", "(", "-path", "*spdmctl*", "-o", "-path", "/run/systemd/system", "-prune", ")",
                       "!", "-type", "d", "-print")
    return set(told.split("\n")) - {""}


def asked_of_systemd(root):
    """The calls since last time that name our units."""
    log = root.path / "systemctl.log"
    calls = [line.split() for line in log.read_text().splitlines() if "spdmctl" in line] if log.exists() else []
    log.write_text("")
    return [" ".join(word for word in call if not word.startswith("-")) for call in calls]


def install(root, folder):
    return root.apt("install", *(f"/packages/{folder}/{path.name}" for path in sorted((root.path / "packages" / folder).glob("*.deb"))))


def live(root, packages, tests, version, checks):
    """`root` is a clean one; `packages` are the files of .deb; `tests` is the folder of the packages' own tests."""
    new, old = root.path / "packages/new", root.path / "packages/old"
    new.mkdir(parents=True)
    old.mkdir()
    for package in packages:
        shutil.copy(package, new)
        earlier(package, "0.1.0-0spdmctl1", old)
    (root.path / "run/systemd/system").mkdir(parents=True)
    # Some package that ours need brings systemd's own.
    root.inside("dpkg-divert", "--local", "--no-rename", "--divert", "/usr/bin/systemctl.real", "--add", "/usr/bin/systemctl")
    write(root.path / "usr/bin/systemctl", SYSTEMCTL)
    (root.path / "usr/bin/systemctl").chmod(0o755)
    root.apt("update")

    install(root, "old")
    configuration = root.path / "etc/spdmctl"
    checks.equal("asked of systemd by an installation", asked_of_systemd(root), [])
    checks.equal("units that are enabled", [str(path) for path in (root.path / "etc/systemd").rglob("*spdmctl*")], [])
    for name, text in OWNERS.items():
        write(configuration / name, text)
    for name in GENERATED:
        write(root.path / name, "{}\n")
    root.inside("sh", "-c", "cd /tmp && spdmctl emulate --init device && cp device/root.pem /etc/spdmctl/keyring.d/owner.pem && rm -r device")
    anchor = (configuration / "keyring.d/owner.pem").read_text()

    told = install(root, "new")
    checks.holds("the upgrade tells of changed defaults", "spdmctl: changed in 0.2.0: " in told, told[-500:])
    checks.equal("asked of systemd by an upgrade", asked_of_systemd(root), ["try-restart spdmctl-watch.service"])
    checks.equal("the owner's, after the upgrade", {name: (configuration / name).read_text() for name in OWNERS}, OWNERS)
    checks.holds("a shipped file that nobody has changed is the new one", "earlier version" not in (configuration / "policy.d/README").read_text())
    checks.equal("version", root.inside("spdmctl", "--version").split()[1:2], [version])
    told = root.apt("install", "--reinstall", *(f"/packages/new/{path.name}" for path in new.glob("spdmctl_*.deb")))
    checks.holds("the same version has no changed defaults", "changed in" not in told, told[-500:])
    asked_of_systemd(root)

    # The owner's policy asks for what is no part of their tests.
    shutil.copytree(tests, root.path / "packages/tests")
    root.apt("install", "jq")
    for name in re.findall(r"^Tests: (.*)$", (tests / "control").read_text(), re.MULTILINE):
        root.inside(f"/packages/tests/{name}")
        checks.count += 1

    names = sorted(path.name.partition("_")[0] for path in packages)
    root.apt("remove", *names)
    checks.equal("asked of systemd by a removal", asked_of_systemd(root), ["stop spdmctl-audit.timer spdmctl-watch.service"])
    root.apt("purge", *names)
    # What dpkg has from its owner goes with what it shipped, also where it was changed.
    left = {f"/etc/spdmctl/{name}" for name in OWNERS if name != "keyring.d/README"} | {"/etc/spdmctl/keyring.d/owner.pem"}
    checks.equal("left by a purge", sorted(named(root)), sorted(left))
    checks.equal("the owner's anchor", (configuration / "keyring.d/owner.pem").read_text(), anchor)
    checks.equal("directories left", [name for name in ("var/lib/spdmctl", "run/spdmctl", "usr/share/spdmctl") if (root.path / name).exists()], [])
