#!/usr/bin/env python3
"""Puts what a host sees of a PCI function with IDE into evidence: on_a_host.py EVIDENCE [KEY=VALUE ...]. A value is JSON; null takes a
member of host.encryption away. "registers" are those that the emulated device tells of its second port, taken out of the evidence."""

import json
import sys


def registers(evidence):
    """Of QUERY_RESP for port 1, as hex."""
    for message in evidence["messages"]:
        raw = bytes.fromhex(message["bytes"]) if "bytes" in message else b""
        at = raw.find(bytes.fromhex("0300020100"))  # PCI-SIG
        if at == 4 and raw[1] == 0x7E and raw[11:13] == b"\0\1" and raw[14] == 1:
            return raw[19:].hex()
    sys.exit("no QUERY_RESP of port 1")


evidence = json.loads(open(sys.argv[1]).read())
view = {"tee_io": True, "ide": registers(evidence), "root_port": "0000:00:01.0", "root_port_ide": registers(evidence), "msix_control": 0x1F,
        "bars": [{"index": 0, "begin": 0xC0000000, "size": 0x20000}]}
host = evidence["host"]
host["bdf"] = "0000:01:00.0"
for argument in sys.argv[2:]:
    key, value = argument.split("=", 1)
    (host if key in ("owner", "bdf") else view)[key] = json.loads(value)
host["encryption"] = {key: value for key, value in view.items() if value is not None}
evidence.pop("signature", None)
print(json.dumps(evidence))
