"""Images that dracut and initramfs-tools make with what we install, and a root file system behind them.

Both tools take everything from where it is installed. They run in a mount namespace in which our files and the modules of
the guest's kernel lie over those of the host; the host itself keeps what it has.
"""

import os
import shutil
import subprocess

from images import HERE, MODULES, find, libraries
from store import Unfit

# What changes in the namespace, then the command. $1: the tree of our files, $2: the kernel, $3: a scratch directory.
NAMESPACE = """
set -eu
tree=$1 kernel=$2 scratch=$3; shift 3
mount -t overlay overlay -o "lowerdir=$tree/etc:/etc" /etc
mount --bind "$scratch/boot" /boot
mount --bind "$scratch/lib" /var/lib
mount -t overlay overlay -o "lowerdir=$tree/usr:$kernel/usr:/usr" /usr
exec "$@"
"""


def install(build, tree):
    """What an installation of this build puts on a system, stripped, as the README has it: with the default prefix."""
    environment = {**os.environ, "DESTDIR": str(tree)}
    subprocess.run(["cmake", "--install", build, "--strip"], env=environment, check=True, stdout=subprocess.DEVNULL)


def overlaid(tree, kernel, scratch, command):
    boot = scratch / "boot"
    boot.mkdir(parents=True, exist_ok=True)
    (scratch / "lib").mkdir(exist_ok=True)  # where the hooks leave their notes
    for name in (f"vmlinuz-{kernel.version}", f"config-{kernel.version}"):
        for source in (kernel.root / "boot" / name, kernel.modules / name.split("-")[0]):
            if source.exists():
                shutil.copy(source, boot / name)
                break
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        unshare.append("--map-root-user")
    command = [*unshare, "sh", "-c", NAMESPACE, "sh", tree, kernel.root, scratch, *command]
    environment = {**os.environ, "TMPDIR": str(scratch), "LC_ALL": "C.UTF-8"}
    result = subprocess.run([str(part) for part in command], env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        raise RuntimeError(f"{command[7]} ended with {result.returncode}:\n{result.stdout[-3000:]}")
    return result.stdout


def dracut_image(tree, kernel, target, scratch, extra=()):
    if not find("dracut"):
        raise Unfit("there is no dracut here; dist/packages guest installs it")
    (scratch / "none").mkdir(parents=True)
    command = ["dracut", "--force", "--no-hostonly", "--no-early-microcode", "--conf", "/dev/null", "--confdir", scratch / "none", "--tmpdir", scratch]
    command += ["--drivers", " ".join(MODULES), "--compress", "gzip -1", "--kver", kernel.version, *extra, target, kernel.version]
    return overlaid(tree, kernel, scratch, command)


# An ordinary system with systemd and udev needs little more than an initrd with them.
UNITS = ["suspend.target", "sleep.target", "systemd-suspend.service", "spdmctl-watch.service", "spdmctl-device@.service", "spdmctl-resume.service"]
TOOLS = ["setpci", "base64", "gzip", "stty", "dmesg", "systemctl", "udevadm", "kill", "/usr/lib/systemd/systemd-sleep", "/usr/lib/udev/rules.d/85-spdmctl.rules"]


def system_image(tree, kernel, target, scratch):
    files = TOOLS + [f"/usr/lib/systemd/system/{unit}" for unit in UNITS]
    extra = ["--install", " ".join(files), "--include", find("busybox"), "/bin/busybox", "--include", HERE / "inside/agent", "/agent"]
    extra += ["--include", HERE / "inside/system-init", "/system-init"]
    for unit in ("guest.target", "guest-agent.service"):
        extra += ["--include", HERE / "inside" / unit, f"/etc/systemd/system/{unit}"]
    extra += ["--include", HERE / "inside/ecam.conf", "/etc/systemd/system/systemd-suspend.service.d/ecam.conf"]
    return dracut_image(tree, kernel, target, scratch, extra)


CONFIGURATION = "MODULES=list\nBUSYBOX=y\nKEYMAP=n\nCOMPRESS=gzip\nCOMPRESSLEVEL=1\nDEVICE=\nNFSROOT=auto\nRUNSIZE=10%\nFSTYPE=ext4\n"


def initramfs_tools_image(tree, kernel, target, scratch, modules=MODULES):
    if not find("mkinitramfs"):
        raise Unfit("there is no initramfs-tools here; dist/packages guest installs it")
    configuration = scratch / "initramfs-tools"
    for directory in ("conf.d", "hooks", "scripts"):
        (configuration / directory).mkdir(parents=True)
    (configuration / "initramfs.conf").write_text(CONFIGURATION)
    (configuration / "modules").write_text("".join(f"{module}\n" for module in modules))
    return overlaid(tree, kernel, scratch, ["mkinitramfs", "-d", configuration, "-o", target, kernel.version])


def root_disk(program, target, scratch, fill=None, size="64M"):
    """A root file system: busybox, the program and the agent, and what `fill` puts there. Root owns all of it."""
    root = scratch / "root"
    for directory in ("bin", "sbin", "proc", "sys", "dev", "run", "tmp", "etc", "var", "usr/lib", "usr/bin", "usr/sbin"):
        (root / directory).mkdir(parents=True)
    for source in (find("busybox"), program, *libraries(program)):
        place = root / {find("busybox"): "bin/busybox", program: "usr/bin/spdmctl"}.get(source, str(source).lstrip("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    (root / "bin/sh").symlink_to("busybox")
    (root / "etc/os-release").write_text("ID=guest\n")
    shutil.copy(HERE / "inside/init", root / "sbin/init")
    shutil.copy(HERE / "inside/agent", root / "agent")
    if fill:
        fill(root)
    command = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
    command += [find("mke2fs"), "-q", "-t", "ext4", "-L", "guest", "-d", root, target, size]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return target
