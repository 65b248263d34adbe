"""What a guest is made of besides ourselves: stock Debian kernels and a QEMU that knows SPDM, kept in a cache directory.

apt is used with sources and state of its own below the cache; the sources of the host are read, never written. Nothing is
installed, so root is not needed.
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
# The first whose drives speak SPDM by Security Send and Receive (spdm_trans=nvme), too.
QEMU_WANTED, QEMU_SUITES = (11, 1), ["trixie", "trixie-backports"]


class Unfit(Exception):
    """This host cannot do it, and the message says what would help."""


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


class Apt:
    """apt with configuration, sources, lists and cache below `folder`. To it nothing is installed."""

    def __init__(self, folder, suites):
        self.folder, self.suites = folder, suites
        self.environment = dict(os.environ, APT_CONFIG=str(folder / "apt.conf"), DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
        self.ready = False

    def prepare(self):
        if self.ready:
            return
        if not shutil.which("apt-get") or not os.path.exists(KEYRING):
            raise Unfit("kernels and QEMU come from Debian's archive: this needs apt and debian-archive-keyring")
        # The archive that this system itself uses.
        targets = output("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Label: Debian").split()
        if not targets:
            raise Unfit("no Debian archive is configured for apt on this host")
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text("".join(f"deb [signed-by={KEYRING}] {targets[0]} {suite} main\n" for suite in self.suites))
        (self.folder / "apt.conf").write_text(
            f'Dir::State "{self.folder}/state";\nDir::State::status "{self.folder}/status";\nDir::Cache "{self.folder}/cache";\n'
            f'Dir::Etc::SourceList "{self.folder}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
            'Dir::Etc::Preferences "/dev/null";\nDir::Etc::PreferencesParts "/dev/null";\n'
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
        self.apt = Apt(self.folder / "apt", SUITES.values())

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
        """The words that start it. It runs with the C library that it was built for, whatever this host has."""
        root = self.folder / f"qemu-{QEMU_WANTED[0]}.{QEMU_WANTED[1]}"
        libraries = root / "usr/lib/x86_64-linux-gnu"
        command = ["env", "-u", "LD_LIBRARY_PATH", "-u", "LD_PRELOAD", f"QEMU_MODULE_DIR={libraries}/qemu"]
        command += [libraries / "ld-linux-x86-64.so.2", "--library-path", f"{libraries}:{libraries}/systemd", "--argv0", "qemu-system-x86_64"]
        command += [root / "usr/bin/qemu-system-x86_64"]
        for firmware in ("qemu", "seabios"):
            command += ["-L", root / "usr/share" / firmware]
        command = [*map(str, command), "-L", f"{root}/usr/lib/ipxe/qemu"]
        if not (root / ".complete").exists():
            self.fetch_qemu(root, command)
        return command

    def fetch_qemu(self, root, command):
        """All that it depends on, unpacked beside each other."""
        apt = Apt(self.folder / "apt-qemu", QEMU_SUITES)
        apt.prepare()
        print(f"fetching QEMU from {QEMU_SUITES[-1]}", flush=True)
        shutil.rmtree(root, ignore_errors=True)
        debs = root / "debs"
        (debs / "partial").mkdir(parents=True)
        # With nothing installed, everything is to be.
        apt.run("apt-get", "-qq", "install", "-y", "--download-only", "--no-install-recommends", "-t", QEMU_SUITES[-1],
                "-o", f"Dir::Cache::archives={debs}", "qemu-system-x86")
        for deb in debs.glob("*.deb"):
            subprocess.run(["dpkg", "-x", deb, root], check=True)
        shutil.rmtree(debs)
        found = output(*command, "--version")
        version = re.search(r"version (\d+)\.(\d+)", found)
        if not version or tuple(map(int, version.groups())) < QEMU_WANTED:
            raise Unfit(f"the guests need QEMU {QEMU_WANTED[0]}.{QEMU_WANTED[1]}, and {QEMU_SUITES[-1]} has {found.strip()}")
        (root / ".complete").touch()
