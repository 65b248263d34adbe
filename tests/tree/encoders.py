#!/usr/bin/env python3
"""The program cannot write a message of IDE_KM or TDISP that changes a device: the structs only decode, and no source puts such a code
into a message."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("core", "transport", "certstore", "cmd")
# What tests write them with. It has to be found by what looks for them here.
WRITER_OF_TESTS = ROOT / "tests/support/pci_requests.cpp"

ONLY_READ = {
    "core/wire/ide_km.h": ["IdeKmKeyProg"],
    "core/wire/tdisp.h": ["LockInterface", "StartInterface", "P2pStream", "SetMmioAttribute"],
}
CODES = (
    r"IdeKmObject::(?:key_prog|k_set_go|k_set_stop)\b",
    r"TdispCode::(?:lock_interface|start_interface|stop_interface|bind_p2p_stream|unbind_p2p_stream|set_mmio_attribute|vdm)_request\b",
)
# A call or an initializer that makes bytes of the code. encode_done() takes a request, and writes the response to it.
WRITES = r"\b(u8|begin|key_set|encode_key_set|push_back|TdispHeader|Writer)\b[^;{}]*[({][^;]*?(" + "|".join(CODES) + ")"


def body_of(struct, text):
    found = re.search(rf"^struct {struct} {{\n(.*?)^}};", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else None


def written(text):
    """The codes that a source puts into messages."""
    return sorted({match[2] for match in re.finditer(WRITES, re.sub(r"//[^\n]*", "", text))})


def main():
    faults = []
    for header, structs in ONLY_READ.items():
        text = (ROOT / header).read_text()
        for struct in structs:
            body = body_of(struct, text)
            if body is None or "decode(" not in body:
                faults.append(f"{header}: {struct} is not there, or is not read")
            elif re.search(r"encode|write|Writer", body):
                faults.append(f"{header}: {struct} can be written")
    if set(re.findall(r"\bencode\w*", body_of("IdeKmKeySet", (ROOT / "core/wire/ide_km.h").read_text()))) != {"encode_ack"}:
        faults.append("core/wire/ide_km.h: of IdeKmKeySet, only K_GOSTOP_ACK may be written")
    sources = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*")) if path.suffix in (".cpp", ".h")]
    for path in sources:
        text = path.read_text()
        faults += [f"{path.relative_to(ROOT)}: writes {code}" for code in written(text)]
        if "pci_requests" in text:
            faults.append(f"{path.relative_to(ROOT)}: has the requests of tests")
    if len(written(WRITER_OF_TESTS.read_text())) != 9:
        faults.append(f"{WRITER_OF_TESTS.relative_to(ROOT)}: not all of its codes are found, so the same would not be in a source")
    print("\n".join(faults) or f"{len(sources)} sources, none writes what changes a device")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
