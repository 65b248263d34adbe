#!/usr/bin/env python3
"""Puts what a host sees of a PCI function with IDE into evidence: on_a_host.py EVIDENCE [KEY=VALUE ...]. A value is JSON; null takes a
member away; "+" turns a bit of the registers of the function."""

import base64
import json
import sys


def registers(evidence):
    """What the emulated device tells of its second port, in QUERY_RESP."""
    for message in evidence["messages"]:
        raw = base64.b64decode(message["data"])
        # VENDOR_DEFINED_RESPONSE of PCI-SIG: IDE_KM, QUERY_RESP, PortIndex 1.
        if raw[1] == 0x7E and raw[4:9] == bytes.fromhex("0300020100") and raw[11:13] == b"\0\1" and raw[14] == 1:
            return raw[19:].hex()
    sys.exit("no QUERY_RESP of port 1")


evidence = json.loads(open(sys.argv[1]).read())
ide = registers(evidence)
bar = {"index": 0, "begin": f"{0xC0000000:016x}", "size": f"{0x20000:016x}"}
view = {"tee_io": True, "ide": ide, "root_port": "0000:00:01.0", "root_port_ide": ide, "msix_control": 0x1F, "bars": [bar]}
host = evidence["host"]
host["bdf"] = "0000:01:00.0"
for argument in sys.argv[2:]:
    key, value = argument.split("=", 1)
    if value == "+":
        view[key] = view[key][:-1] + ("0" if view[key][-1] == "1" else "1")
    else:
        (host if key in ("owner", "bdf") else view)[key] = json.loads(value)
host["encryption"] = {key: value for key, value in view.items() if value is not None}
print(json.dumps(evidence, separators=(",", ":")))
