#!/usr/bin/env python3
"""Installs the build tree given with its own prefix, and has the hook of initramfs-tools and the module of dracut make images of
systems on which something is wrong. Each runs in a mount namespace, where the installation lies over this system."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

KERNEL = "6.12.0-test"
# $1: the installation, $2: a scratch directory; then the command.
NAMESPACE = """
set -eu
tree=$1 scratch=$2; shift 2
mount -t overlay overlay -o "lowerdir=$tree/etc:/etc" /etc
mount --bind "$scratch/boot" /boot
mount --bind "$scratch/lib" /var/lib
mount -t overlay overlay -o "lowerdir=$tree/usr:/usr" /usr
exec "$@"
"""
UNSHARE = ["unshare", "--mount", "--propagation", "private", *([] if os.geteuid() == 0 else ["--map-root-user"])]
ENFORCE, AUDIT = "version: 1\ngate: {mode: enforce}\n", "version: 1\ngate: {mode: audit} # enforce later\n"
POLICY, ANCHOR, PROGRAM = "etc/spdmctl/policy.d/50-site.yaml", "etc/spdmctl/keyring.d/site.crl", "usr/local/bin/spdmctl"
GONE, DANGLING = object(), object()
DOES_NOT_START = "#!/no/such/interpreter\n"

# What is there, whether an image is made, what is told, and whether the gate is in the image.
CASES = [
    ("all is well", {POLICY: ENFORCE}, True, "", True),
    ("no policy", {}, True, "", False),
    ("a mask hides a policy", {POLICY: AUDIT, "usr/lib/spdmctl/policy.d/70-vendor.yaml": ENFORCE, "etc/spdmctl/policy.d/70-vendor.yaml": "/dev/null"}, True, "", True),
    ("a policy of the vendor", {"usr/lib/spdmctl/policy.d/70-vendor.yaml": ENFORCE}, True, "", True),
    ("no program, enforce", {POLICY: ENFORCE, PROGRAM: GONE}, False, "/usr/local/bin/spdmctl is not there", False),
    ("no program, enforce in a weaker layer", {POLICY: AUDIT, "usr/lib/spdmctl/policy.d/70.yaml": ENFORCE, PROGRAM: GONE}, False, "is not there", False),
    ("no program, a policy that cannot be read", {POLICY: DANGLING, PROGRAM: GONE}, False, "is not there", False),
    ("no program, audit", {POLICY: AUDIT, PROGRAM: GONE}, True, "/usr/local/bin/spdmctl is not there", False),
    ("a program that does not start, enforce", {POLICY: ENFORCE, PROGRAM: DOES_NOT_START}, False, "cannot be run", False),
    ("a program that does not start, audit", {POLICY: AUDIT, PROGRAM: DOES_NOT_START}, True, "cannot be run", False),
    ("a policy with a slip, enforce", {POLICY: ENFORCE + "rules: [{nmae: x}]\n"}, False, "50-site.yaml:3", False),
    ("a policy with a slip, audit", {POLICY: AUDIT + "rules: [{nmae: x}]\n"}, True, "50-site.yaml:3", True),
    ("nothing but a wrong ending: .yml", {"etc/spdmctl/policy.d/50.yml": AUDIT}, False, "50.yml is not read; name it .yaml", False),
    ("nothing but a wrong ending: .bak", {"etc/spdmctl/policy.d/50.yaml.bak": AUDIT}, False, "50.yaml.bak is not read; name it .yaml", False),
    ("nothing but a wrong ending: .json", {"etc/spdmctl/policy.d/50.json": "{}"}, False, "50.json is not read; name it .yaml", False),
    ("a file that cannot be read, enforce", {POLICY: ENFORCE, ANCHOR: DANGLING}, False, ANCHOR, False),
    ("a file that cannot be read, audit", {POLICY: AUDIT, ANCHOR: DANGLING}, True, ANCHOR, True),
    ("a reference with a slip, enforce", {POLICY: ENFORCE, "etc/spdmctl/references.d/x.yaml": "x"}, False, "references.d/x.yaml:1", False),
]


class System:
    """A system with our installation, and what a case adds to it."""

    def __init__(self, installed, folder, files):
        self.tree, self.scratch = folder / "tree", folder / "scratch"
        shutil.copytree(installed, self.tree, symlinks=True)
        for name in ("boot", "lib", "image", "none", "tmp"):
            (self.scratch / name).mkdir(parents=True)
        modules = self.tree / "usr/lib/modules" / KERNEL
        modules.mkdir(parents=True)
        (modules / "vmlinuz").touch()
        for name, contents in files.items():
            self.put(name, contents)

    def put(self, name, contents):
        path = self.tree / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        if contents is DANGLING:
            path.symlink_to("/no/such/file")
        elif contents == "/dev/null":
            path.symlink_to(contents)
        elif contents is not GONE:
            path.write_text(contents)
            if contents.startswith("#!"):
                path.chmod(0o755)

    def run(self, *command, **environment):
        command = [*UNSHARE, "sh", "-c", NAMESPACE, "sh", self.tree, self.scratch, *command]
        environment = {"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "TMPDIR": str(self.scratch / "tmp"), "LC_ALL": "C.UTF-8", **environment}
        return subprocess.run([str(part) for part in command], env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def by_initramfs_tools(system):
    """The hook alone, as mkinitramfs runs it. Then the image appears."""
    image = system.scratch / "image"
    for link in ("bin", "lib", "lib64", "sbin"):
        (image / "usr" / link).mkdir(parents=True)
        (image / link).symlink_to(f"usr/{link}")
    done = system.run("/usr/share/initramfs-tools/hooks/spdmctl", DESTDIR=str(image), version=KERNEL, verbose="n")
    if done.returncode == 0:
        (system.scratch / f"boot/initrd.img-{KERNEL}").write_text("image")
    return done, image, system.scratch / f"lib/spdmctl/images/{KERNEL}.json"


def by_dracut(system):
    """All of dracut, with no module but ours. It keeps what it packs."""
    command = ["dracut", "--force", "--no-kernel", "--no-early-microcode", "--keep", "--conf", "/dev/null", "--confdir", system.scratch / "none"]
    command += ["--tmpdir", system.scratch / "tmp", "--modules", "spdmctl", "--no-compress", f"/boot/initrd.img-{KERNEL}", KERNEL]
    done = system.run(*command)
    made = (system.scratch / f"boot/initrd.img-{KERNEL}").exists()
    if made != (done.returncode == 0):
        done.stdout += f"\nstatus {done.returncode}, and an image: {made}"
        done.returncode = 99
    image = next((system.scratch / "tmp").glob("dracut.*/initramfs"), system.scratch / "image")
    return done, image, system.scratch / f"lib/spdmctl/images/boot-initrd.img-{KERNEL}.json"


def play(name, tool, installed, case, problems):
    what, files, made, told, gate = case
    with tempfile.TemporaryDirectory() as folder:
        system = System(installed, pathlib.Path(folder), files)
        done, image, note = tool(system)
        where = f"{name}: {what}"

        def expect(claim, good, detail=""):
            if not good:
                problems.append(f"{where}: {claim} {detail}".rstrip())

        expect(f"status {done.returncode}", (done.returncode == 0) == made, done.stdout)
        expect(f"does not tell {told!r}", told in done.stdout, done.stdout)
        expect("tells something", told or "spdmctl:" not in done.stdout, done.stdout)
        if not made:
            return expect("leaves a note", not note.exists())
        program = image / "usr/bin/spdmctl"
        expect(f"the program is there: {not gate}", program.exists() == gate)
        expect("the note does not go with the program", note.exists() == gate)
        if not gate or not note.exists():
            return None
        expect("libpci, which the program opens, is not in the image", any(image.rglob("libpci.so.3")))
        expect("the program has not its name of the system", (image / PROGRAM).is_symlink() and os.readlink(image / PROGRAM).endswith("/bin/spdmctl"), list(image.glob("usr/local/**/*")))
        manifest = json.loads(note.read_text())
        expect("the manifest in the image is another one", json.loads((image / "etc/spdmctl/image.json").read_text()) == manifest)
        expect("the kernel is another one", manifest["kernel"] == KERNEL)
        expect("the program is another one", manifest["program"]["path"] == f"/{PROGRAM}")
        expect("problems", bool(manifest["problems"]) == bool(told), manifest["problems"])
        for file in manifest["configuration"]:
            expect(f"{file['path']} is not in the image", os.path.lexists(image / file["path"][1:]))
        look(system, expect, bool(told))
        return None


def look(system, expect, trouble):
    """What doctor says of the image, and once something has changed."""

    def lines():
        told = system.run("spdmctl", "doctor", "--json", PATH="/usr/local/bin:/usr/bin:/bin")
        return [check for check in json.loads(told.stdout)["checks"] if check["topic"] == "image"]

    [fresh] = lines()
    expect("doctor is not content", fresh["state"] == ("limited" if trouble else "ok") and f"/boot/initrd.img-{KERNEL}" in fresh["why"], fresh)
    system.put("etc/spdmctl/policy.d/90-new.yaml", "version: 1\n")
    [stale] = lines()
    expect("doctor does not see a new file", stale["state"] == "limited" and "/etc/spdmctl/policy.d/90-new.yaml is new" in stale["why"], stale)
    expect("doctor does not say what to do", f"update-initramfs -u -k {KERNEL}" in stale["remedy"] or f"dracut --force /boot/initrd.img-{KERNEL} {KERNEL}" in stale["remedy"], stale)
    system.put("etc/spdmctl/policy.d/90-new.yaml", GONE)
    program = system.tree / PROGRAM
    program.write_bytes(program.read_bytes() + b"\0")
    [stale] = lines()
    expect("doctor does not see another program", f"/{PROGRAM} changed" in stale["why"], stale)
    os.utime(system.scratch / f"boot/initrd.img-{KERNEL}", (1, 1))
    (system.scratch / "boot/initrd.img-5.0").write_text("of somebody else")
    told = lines()
    expect("doctor takes a note for one of another image", len(told) == 2 and all("cannot tell" in line["why"] for line in told), told)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    tools = []
    if pathlib.Path("/usr/share/initramfs-tools/hook-functions").exists():
        tools.append(("initramfs-tools", by_initramfs_tools))
    if shutil.which("dracut"):
        tools.append(("dracut", by_dracut))
    if not tools or subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL).returncode:
        print("skipped: neither initramfs-tools nor dracut is here, or no namespace can be made")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        installed = pathlib.Path(folder) / "installed"
        subprocess.run(["cmake", "--install", build, "--prefix", "/usr/local", "--strip"], env={"PATH": "/usr/bin:/bin", "DESTDIR": str(installed)}, check=True, stdout=subprocess.DEVNULL)
        for name, tool in tools:
            for case in CASES:
                if name == "dracut" and not case[1]:
                    continue  # who names the module gets it without a policy, too
                play(name, tool, installed, case, problems)
        # A prefix of its own, and one in which all tools look.
        for prefix, place, unit in (("/opt/spdmctl", "/opt/spdmctl/bin/spdmctl", "/opt/spdmctl/bin/spdmctl"), ("/usr", "/usr/bin/spdmctl", "spdmctl")):
            tree = pathlib.Path(folder) / prefix.replace("/", "-")
            subprocess.run(["cmake", "--install", build, "--prefix", prefix], env={"PATH": "/usr/bin:/bin", "DESTDIR": str(tree)}, check=True, stdout=subprocess.DEVNULL)
            for hook in ("usr/share/initramfs-tools/hooks/spdmctl", "usr/lib/dracut/modules.d/95spdmctl/module-setup.sh"):
                if f'spdmctl_program="{place}"\n' not in (tree / hook).read_text():
                    problems.append(f"prefix {prefix}: {hook} does not name {place}")
            if f"ExecStart={unit} watch" not in (tree / "usr/lib/systemd/system/spdmctl-watch.service").read_text():
                problems.append(f"prefix {prefix}: the unit does not name {unit}")
    print("\n".join(problems) or f"{len(CASES)} cases for each of {len(tools)} tools")
    return 1 if problems else 0


sys.exit(main())
