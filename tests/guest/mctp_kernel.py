"""A Linux kernel with MCTP, which no kernel of Debian has: user mode Linux (ARCH=um), a program that needs neither root nor KVM.

It is made of Debian's sources when somebody asks for it by name, and is kept beside the kernels of the store. That takes some minutes
of all processors and 2 GB, so nobody has to: where it is not, its scenarios are skipped.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

from store import SUITES, Apt, Unfit

HERE = pathlib.Path(__file__).resolve().parent
CONFIGURATION = HERE / "mctp.config"
SUITE = SUITES["7.3"]
TOOLS = ["gcc", "make", "flex", "bison", "bc", "ld", "strip", "tar", "xz"]
# Most of the sources are for hardware that is not here. What configures them has to stay: all of it is read.
NEEDLESS = ["drivers/gpu/*.[ch]", "drivers/media/*.[ch]", "drivers/net/ethernet/*.[ch]", "drivers/net/wireless/*.[ch]", "drivers/infiniband/*.[ch]",
            "drivers/scsi/*.[ch]", "drivers/staging/*.[ch]", "sound/*.[ch]", "tools/testing/*", "tools/perf/*", "Documentation/*.rst", "*.dts", "*.dtsi"]


class MctpKernel:
    """Where the store has it; and which version, once it was made."""

    name = "mctp"

    def __init__(self, store):
        digest = hashlib.sha256(CONFIGURATION.read_bytes()).hexdigest()[:12]
        self.folder = store.folder / "kernels" / f"mctp-{digest}"
        self.image, self.made = self.folder / "linux", self.folder / "version"

    def need(self):
        if not self.made.exists():
            raise Unfit("no kernel with MCTP is in the cache; tests/guest/run --kernel mctp makes it, in a few minutes")


def make_mctp_kernel(store):
    """Makes it where it is not there yet; the store has to be locked."""
    kernel = MctpKernel(store)
    if kernel.made.exists():
        return
    folder = kernel.folder
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise Unfit(f"a kernel with MCTP cannot be built without {', '.join(missing)}; dist/packages mctp installs what it takes")
    apt = Apt(store.folder / "apt", SUITES.values())
    apt.prepare()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        unpack(apt, folder)
        print("building a kernel with MCTP, which takes some minutes", flush=True)
        version = build(folder)
    finally:
        for part in ("source", "build", "deb"):
            shutil.rmtree(folder / part, ignore_errors=True)
    kernel.made.write_text(f"{version}\n")


def unpack(apt, folder):
    # The meta package names the sources of today.
    package = next((name for name in apt.dependencies(f"linux-source/{SUITE}") if name.startswith("linux-source-")), None)
    if not package:
        raise Unfit(f"{SUITE} has no sources of Linux")
    print(f"fetching {package} from {SUITE}", flush=True)
    for part in ("deb", "source", "build"):
        (folder / part).mkdir()
    apt.run("apt-get", "-qq", "download", f"{package}/{SUITE}", cwd=folder / "deb")
    subprocess.run(["dpkg", "-x", next((folder / "deb").glob("*.deb")), folder / "deb"], check=True)
    archive = next((folder / "deb/usr/src").glob("linux-source-*.tar.xz"))
    excluded = [f"--exclude=*/{pattern}" for pattern in NEEDLESS]
    subprocess.run(["tar", "-xJf", archive, "-C", folder / "source", "--strip-components=1", "--wildcards", *excluded], check=True)
    shutil.rmtree(folder / "deb")


def build(folder):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "KBUILD_BUILD_USER": "guest", "KBUILD_BUILD_HOST": "guest"}
    make = ["nice", "make", "-s", "-C", folder / "source", "ARCH=um", f"O={folder / 'build'}"]

    def run(*words):
        result = subprocess.run([*make, *words], env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode:
            raise Unfit(f"a kernel with MCTP cannot be built here: make {words[-1]} failed:\n{result.stdout[-3000:].strip()}")
        return result.stdout.strip()

    run(f"KCONFIG_ALLCONFIG={CONFIGURATION}", "allnoconfig")
    made = (folder / "build/.config").read_text().splitlines()
    lacks = [line for line in CONFIGURATION.read_text().splitlines() if line.startswith("CONFIG_") and line not in made]
    if lacks:
        raise Unfit(f"these sources know nothing of {', '.join(lacks)}")
    run(f"-j{os.cpu_count()}", "linux")
    version = run("kernelrelease")
    subprocess.run(["strip", "-o", folder / "linux", folder / "build/linux"], check=True)
    return version
