"""Root directories of Debian releases, kept in the cache, and copies of them that live as long as the test.

To be used in namespaces that end with the test (see run): mounts are not taken down here."""

import fcntl
import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Failure(Exception):
    """A command that should have worked has not; says what it printed."""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def archive():
    """The archive that this system itself uses."""
    found = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Label: Debian").split()
    if not found:
        raise Failure("no Debian archive is configured for apt on this host")
    return found[0]


def mount(source, target, read_only=False):
    target.mkdir(parents=True, exist_ok=True)
    run("mount", "--rbind", source, target)
    if read_only:
        run("mount", "-o", "remount,bind,ro", target)


class Root:
    def __init__(self, path):
        self.path = path

    def inside(self, *command, **environment):
        variables = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        return run("chroot", self.path, *command, env={**variables, **environment})

    def apt(self, *words):
        return self.inside("apt-get", "-qq", "-y", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", *words)

    def open(self):
        """Mounts what programs inside need."""
        shutil.copyfile("/etc/resolv.conf", self.path / "etc/resolv.conf")
        run("mount", "-t", "proc", "proc", self.path / "proc")
        mount("/dev", self.path / "dev")


def kept(name, release, complete):
    """A root that is kept in the cache: made when it is not there, and made anew when `complete`, which installs into it, was cut
    off. .ci/run keeps its own in the same way. Returns it and its lock."""
    root = Root(CACHE / name)
    root.path.mkdir(parents=True, exist_ok=True)
    lock = open(f"{root.path}.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    mark = root.path / ".complete"
    if not mark.exists():
        run("find", root.path, "-mindepth", "1", "-xdev", "-delete")
        run("debootstrap", "--variant=minbase", f"--keyring={KEYRING}", release, root.path, archive())
    mark.unlink(missing_ok=True)
    complete(root)
    mark.touch()
    return root, lock


def copy_of(root, path):
    """A copy to install into. Packages that it downloads are kept with the first."""
    run("cp", "-a", "--reflink=auto", root.path, path)
    copy = Root(path)
    copy.open()
    archives = root.path / "var/cache/apt/archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    mount(archives, path / "var/cache/apt/archives")
    return copy
