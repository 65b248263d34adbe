"""What guests boot: a busybox initramfs, and images that dracut and initramfs-tools make with what we install."""

import gzip
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ["nvme", "ext4"]


class Archive:
    """A cpio archive in the format that the kernel unpacks (newc)."""

    def __init__(self):
        self.data, self.names, self.links = bytearray(), set(), 0
        self.number = 0

    def entry(self, name, mode, content=b"", major=0, minor=0):
        name = name.strip("/")
        if name in self.names:
            return
        if "/" in name:
            self.entry(name.rsplit("/", 1)[0], stat.S_IFDIR | 0o755)
        self.names.add(name)
        self.write(name, mode, content)

    def write(self, name, mode, content):
        self.number += 1
        fields = (self.number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        self.data += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self.data += b"\0" * (-len(self.data) % 4) + content
        self.data += b"\0" * (-len(self.data) % 4)

    def file(self, name, content, mode=0o644):
        self.entry(name, stat.S_IFREG | mode, content.encode() if isinstance(content, str) else content)

    def copy(self, source, name=None):
        source = pathlib.Path(source)
        self.file(name or str(source), source.read_bytes(), stat.S_IMODE(source.stat().st_mode))

    def program(self, source, name=None):
        """A program with the libraries it needs, each where its loader looks for it."""
        self.copy(pathlib.Path(source).resolve(), name or str(source))
        for library in libraries(source):
            self.copy(library.resolve(), str(library))

    def link(self, name, to):
        self.entry(name, stat.S_IFLNK | 0o777, to.encode())

    def finish(self):
        self.write("TRAILER!!!", 0, b"")
        return bytes(self.data)


def overlay(files):
    """An archive that adds to an image, or replaces what is there."""
    archive = Archive()
    for name, content in files.items():
        archive.file(name, content, 0o755 if content[:2] in ("#!", b"#!", b"\x7fE") else 0o644)
    return gzip.compress(archive.finish(), 1)


def libraries(program):
    # A static program has none, and ldd says so with a failure. libpci is opened by the program itself.
    opened = {"LD_PRELOAD": "libpci.so.3"} if pathlib.Path(program).name == "spdmctl" else {}
    listed = subprocess.run(["ldd", program], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C", **opened}).stdout
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", listed)]


def module_files(kernel, names):
    """The files of these modules, each after those that it depends on."""
    depends = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        depends[path] = needs.split()
    paths = {re.sub(r"\.ko(\.\w+)?$", "", pathlib.PurePath(path).name).replace("-", "_"): path for path in depends}
    ordered = {}
    for name in names:
        path = paths[name.replace("-", "_")]
        for each in [*reversed(depends[path]), path]:
            ordered[each] = None
    return list(ordered)


def module_bytes(path):
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def find(program):
    """Where it is, be it in a directory for root only."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def busybox_initramfs(kernel, program, target, extra=()):
    """Nothing but busybox, the program and the agent; modules are loaded by the init if /modules lists them."""
    archive = Archive()
    archive.copy(find("busybox"), "bin/busybox")
    archive.link("bin/sh", "busybox")
    archive.copy(HERE / "inside/init", "init")
    archive.copy(HERE / "inside/agent", "agent")
    archive.program(program, "usr/bin/spdmctl")
    for path in extra:
        archive.program(path)
    for directory in ("proc", "sys", "dev", "run", "tmp", "etc/spdmctl/keyring.d", "etc/spdmctl/policy.d"):
        archive.entry(directory, stat.S_IFDIR | 0o755)
    archive.file("etc/passwd", "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    names = []
    for path in module_files(kernel, MODULES):
        names.append(f"/lib/modules/{kernel.version}/{re.sub(r'[.]xz$', '', path)}")
        archive.file(names[-1], module_bytes(kernel.modules / path))
    archive.file("modules.list", "\n".join(names) + "\n")
    target.write_bytes(gzip.compress(archive.finish(), 1))
    return target
