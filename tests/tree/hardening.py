#!/usr/bin/env python3
"""Reads from the program what a hole in it could be used for: relocations are read-only (full RELRO), it is position-independent, no
stack is executable, and of both programs only spdmctl-rim links a reader of XML. What goes into an initrd links what the gate
needs, and nothing else. Where it is optimised (what is installed): FORTIFY, CET, stack clash protection, and no path of the build.

  hardening.py PROGRAM TYPE [FOLDER ...]   TYPE: of the build, such as Release; FOLDERs: paths that must not be in it
"""
import os
import pathlib
import re
import struct
import sys

OPTIMISED = ("Release", "RelWithDebInfo", "MinSizeRel")
# Of libraries that read XML, and the symbols that they are called by.
XML = re.compile(rb"lib(xml|xslt|expat)|xml(Sec|Parse|Read|Doc|Ctxt)|XML_Parse")
# What spdmctl links: it is all that goes into an initrd. The names stand without their versions.
NEEDED = {"libc", "libm", "libgcc_s", "libstdc++", "ld-linux-x86-64", "ld-linux-aarch64",  # of the compiler
          "libcrypto", "libseccomp", "libcap-ng", "libyaml-cpp"}
SANITIZERS = {"libasan", "libubsan", "librt", "libpthread", "libdl", "libresolv"}
PT_LOAD, PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY = 1, 2, 0x6474E551, 0x6474E552, 0x6474E553
PF_X = 1
ET_DYN, EM_X86_64, EM_AARCH64 = 3, 62, 183
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_FLAGS, DT_FLAGS_1 = 1, 5, 10, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 0x8, 0x1, 0x08000000
X86_FEATURE_1_AND, SHSTK = 0xC0000002, 2
ENDBR64 = b"\xf3\x0f\x1e\xfa"
# What GCC and Clang write into each page of a large frame: orq $0,(%rsp) and movq $0,(%rsp).
PROBES = (b"\x48\x83\x0c\x24\x00", b"\x48\xc7\x04\x24\x00\x00\x00\x00")


class Elf:
    """What is needed of a 64-bit little-endian ELF file."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            sys.exit("no 64-bit little-endian ELF file")
        self.data = data
        self.type, self.machine = struct.unpack_from("<HH", data, 16)
        table, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
        # (type, flags, offset, address, size in the file)
        self.segments = [(*struct.unpack_from("<IIQQ", data, table + i * size), struct.unpack_from("<Q", data, table + i * size + 32)[0]) for i in range(count)]
        dynamic = self.segment(PT_DYNAMIC)
        entries = [struct.unpack_from("<QQ", dynamic, at) for at in range(0, len(dynamic or b""), 16)]
        self.dynamic, self.needed = dict(entries), [value for tag, value in entries if tag == DT_NEEDED]

    def of_type(self, kind):
        return [segment for segment in self.segments if segment[0] == kind]

    def segment(self, kind):
        """The contents of the first of a type; nothing where there is none."""
        return next((self.data[offset : offset + size] for _, _, offset, _, size in self.of_type(kind)), None)

    def names(self):
        """The names of the dynamic symbols, and of libraries."""
        return self.strings().split(b"\0")

    def strings(self):
        at = self.dynamic[DT_STRTAB]
        offset = next(offset + at - address for _, _, offset, address, size in self.of_type(PT_LOAD) if address <= at < address + size)
        return self.data[offset : offset + self.dynamic[DT_STRSZ]]

    def libraries(self):
        """What it links, without versions."""
        strings = self.strings()
        return {strings[at : strings.index(b"\0", at)].decode().partition(".so")[0] for at in self.needed}

    def code(self):
        return b"".join(self.data[offset : offset + size] for _, flags, offset, _, size in self.of_type(PT_LOAD) if flags & PF_X)

    def x86_features(self):
        note = self.segment(PT_GNU_PROPERTY) or b""
        at = 16  # behind the head of the note: sizes, type, "GNU\0"
        while at + 8 <= len(note):
            kind, size = struct.unpack_from("<II", note, at)
            if kind == X86_FEATURE_1_AND:
                return struct.unpack_from("<I", note, at + 8)[0]
            at += 8 + (size + 7) // 8 * 8
        return 0


def always(elf):
    flags, flags_1 = elf.dynamic.get(DT_FLAGS, 0), elf.dynamic.get(DT_FLAGS_1, 0)
    yield "position-independent (PIE)", elf.type == ET_DYN and flags_1 & DF_1_PIE
    yield "relocations read-only (GNU_RELRO)", elf.of_type(PT_GNU_RELRO)
    yield "all of them before it starts (BIND_NOW)", flags & DF_BIND_NOW or flags_1 & DF_1_NOW
    yield "no executable stack", elf.of_type(PT_GNU_STACK) and not any(flags & PF_X for _, flags, *_ in elf.of_type(PT_GNU_STACK))


def readers_of_xml(program, elf):
    """What a device or a service sends reaches no parser of XML: that is in a program of its own."""
    found = {name.decode() for name in elf.names() if XML.match(name)}
    if program.name == "spdmctl":
        yield "no library of XML, but has " + ", ".join(sorted(found)[:3]), not found
    else:
        yield "the library of XML that this test looks for", found


def libraries(program, elf, kind):
    """Each library that is linked grows an initrd, and is one more that reads what devices send."""
    if program.name == "spdmctl":
        others = elf.libraries() - NEEDED - (set() if kind in OPTIMISED else SANITIZERS)
        yield "no library that the gate does not need, but has " + ", ".join(sorted(others)), not others
        yield "the libraries that this test looks for", "libcrypto" in elf.libraries()


def when_optimised(elf, folders):
    yield "checked copies (FORTIFY: __*_chk)", any(name.startswith(b"__") and name.endswith(b"_chk") for name in elf.names())
    if elf.machine == EM_X86_64:
        code = elf.code()
        yield "targets of indirect branches are marked (endbr64)", code.count(ENDBR64) > 1000
        yield "may run with a shadow stack (SHSTK)", elf.x86_features() & SHSTK
        yield "large frames are touched page by page (stack clash protection)", any(probe in code for probe in PROBES)
    for folder in folders:
        yield f"no path of the build ({folder})", os.fsencode(folder.rstrip("/") + "/") not in elf.data


def main():
    program, kind, *folders = sys.argv[1:]
    elf = Elf(pathlib.Path(program).read_bytes())
    wanted = [*always(elf), *readers_of_xml(pathlib.Path(program), elf), *libraries(pathlib.Path(program), elf, kind)]
    if kind in OPTIMISED:
        wanted += when_optimised(elf, folders)
    missing = [what for what, there in wanted if not there]
    for what in missing:
        print(f"{program} ({kind or 'no build type'}) lacks: {what}")
    if not missing:
        print(f"{kind or 'no build type'}: {len(wanted)} as they should be")
    return 1 if missing else 0


sys.exit(main())
