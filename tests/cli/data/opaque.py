#!/usr/bin/env python3
"""Opaque data for a profile, in rows of type, length and value as NVIDIA's devices have them: opaque.py NAME=VALUE ..."""
import struct
import sys

TYPES = {"driver": 3, "vbios": 6, "chip-sku": 15, "project": 17, "project-sku": 18}
rows = b""
for word in sys.argv[1:]:
    name, text = word.split("=")
    if name == "vbios":  # 96.00.74.00.20 is 00 74 00 96 20 00 00 00
        digits = bytes.fromhex(text)
        value = digits[3::-1] + digits[4:] + bytes(3)
    else:
        value = text.encode() + b"\0"
    rows += struct.pack("<HH", TYPES[name], len(value)) + value
print(f"opaque-data: {{measurements: {rows.hex()}}}")
