"""What a guest is made of besides ourselves: stock Debian kernels and a QEMU that knows SPDM, kept in a cache directory.

apt is used with sources and state of its own below the cache; the sources of the host are read, never written.
"""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The full kernels: there nvme is a module, so something can come before it binds.
SUITES = {"6.1": "bookworm", "6.12": "bookworm-backports", "7.3": "trixie-backports"}
QEMU = "qemu-system-x86_64"
QEMU_WANTED = 10  # the first with SPDM in its NVMe device


class Unfit(Exception):
    """This host cannot do it, and the message says what would help."""


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


class Apt:
    """apt with configuration, sources, lists and cache below `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, APT_CONFIG=str(folder / "apt.conf"), DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
        self.ready = False

    def prepare(self):
        if self.ready:
            return
        if not shutil.which("apt-get") or not os.path.exists(KEYRING):
            raise Unfit("the kernels come from Debian's archive: this needs apt and debian-archive-keyring")
        # The archive that this system itself uses.
        targets = output("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Label: Debian").split()
        if not targets:
            raise Unfit("no Debian archive is configured for apt on this host")
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        suites = dict.fromkeys([*SUITES.values(), release(), f"{release()}-backports"])
        (self.folder / "sources.list").write_text("".join(f"deb [signed-by={KEYRING}] {targets[0]} {suite} main\n" for suite in suites))
        (self.folder / "apt.conf").write_text(
            f'Dir::State "{self.folder}/state";\nDir::State::status "/var/lib/dpkg/status";\nDir::Cache "{self.folder}/cache";\n'
            f'Dir::Etc::SourceList "{self.folder}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
            'APT::Sandbox::User "";\nAcquire::Languages "none";\nDpkg::Use-Pty "0";\nDPkg::Lock::Timeout "300";\n'
        )
        self.run("apt-get", "-qq", "update")
        self.ready = True

    def run(self, *command, cwd=None):
        result = subprocess.run(command, env=self.environment, cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode:
            raise Unfit(f"{' '.join(command)} failed:\n{result.stdout.strip()}")
        return result.stdout

    def dependencies(self, package):
        shown = self.run("apt-cache", "show", "--no-all-versions", package)
        depends = re.search(r"^Depends: (.*)$", shown, re.M)
        return re.findall(r"(?:^|[,|] *)([a-z0-9][a-z0-9.+-]*)", depends[1]) if depends else []


def release():
    """The code name of this Debian."""
    match = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)
    return match[1] if match else "bookworm"


class Kernel:
    def __init__(self, name, root):
        self.name, self.root = name, root
        self.version = next(path.name for path in (root / "lib/modules").iterdir())
        self.modules = root / "lib/modules" / self.version
        self.image = next(path for path in (root / f"boot/vmlinuz-{self.version}", self.modules / "vmlinuz") if path.exists())


class Store:
    def __init__(self, folder=None):
        self.folder = folder or pathlib.Path(os.environ.get("XDG_CACHE_HOME", "/var/cache")) / "spdmctl-guest"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock = open(self.folder / "lock", "w")
        except OSError as error:
            raise Unfit(f"cannot use the cache directory {self.folder}: {error.strerror}; XDG_CACHE_HOME can name another") from None
        self.apt = Apt(self.folder / "apt")

    def __enter__(self):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        fcntl.flock(self.lock, fcntl.LOCK_UN)

    def kernel(self, name):
        """Downloaded and unpacked, never installed; once it is here the network is not asked again."""
        root = self.folder / "kernels" / name
        if not (root / ".complete").exists():
            self.fetch_kernel(name, root)
        return Kernel(name, root)

    def fetch_kernel(self, name, root):
        self.apt.prepare()
        print(f"fetching kernel {name} from {SUITES[name]}", flush=True)
        shutil.rmtree(root, ignore_errors=True)
        debs = root / "debs"
        debs.mkdir(parents=True)
        # The meta package names the image of today; newer kernels are split over several packages.
        packages, todo = set(), [f"linux-image-amd64/{SUITES[name]}"]
        while todo:
            for package in self.apt.dependencies(todo.pop()):
                if re.match(r"linux-(image|binary|modules|base)-\d", package) and package not in packages:
                    packages.add(package)
                    todo.append(package)
        self.apt.run("apt-get", "-qq", "download", *sorted(packages), cwd=debs)
        for deb in debs.iterdir():
            subprocess.run(["dpkg", "-x", deb, root], check=True)
        shutil.rmtree(debs)
        if (root / "lib").exists():  # older packages; below /usr an overlay is enough to show them to others
            (root / "usr/lib").mkdir(parents=True, exist_ok=True)
            (root / "lib/modules").rename(root / "usr/lib/modules")
            shutil.rmtree(root / "lib")
        (root / "lib").symlink_to("usr/lib")
        version = next(path.name for path in (root / "lib/modules").iterdir())
        subprocess.run([shutil.which("depmod", path=f"{os.environ['PATH']}:/usr/sbin:/sbin"), "-b", root, version], check=True)
        (root / ".complete").touch()

    def qemu(self):
        """The program's name, once it is new enough."""
        if qemu_major() >= QEMU_WANTED:
            return QEMU
        found = f"QEMU {qemu_major()} is here" if qemu_major() else "there is no QEMU here"
        if os.geteuid() != 0:
            raise Unfit(f"{found}, but the guests need {QEMU_WANTED}: install qemu-system-x86 (from {release()}-backports), or run this as root once")
        self.apt.prepare()
        suite = next((suite for suite in (release(), f"{release()}-backports") if self.qemu_offered(suite) >= QEMU_WANTED), None)
        if not suite:
            raise Unfit(f"{found}, and neither {release()} nor {release()}-backports has QEMU {QEMU_WANTED}")
        print(f"installing qemu-system-x86 from {suite}", flush=True)
        self.apt.run("apt-get", "-qq", "install", "-y", "--no-install-recommends", "-t", suite, "qemu-system-x86")
        return QEMU

    def qemu_offered(self, suite):
        match = re.search(r"^Version: (?:\d+:)?(\d+)", self.apt.run("apt-cache", "show", f"qemu-system-x86/{suite}"), re.M)
        return int(match[1]) if match else 0


def qemu_major():
    if not shutil.which(QEMU):
        return 0
    return int(re.search(r"version (\d+)", output(QEMU, "--version"))[1])
