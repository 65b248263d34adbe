"""Writes evidence with one bit of its last message changed: the end of a signature, behind which two bytes of
padding stand."""
import base64
import json
import sys

evidence = json.load(open(sys.argv[1], encoding="utf-8"))
last = bytearray(base64.b64decode(evidence["messages"][-1]["data"]))
last[int(sys.argv[2]) if len(sys.argv) > 2 else -3] ^= 1
evidence["messages"][-1]["data"] = base64.b64encode(last).decode()
json.dump(evidence, sys.stdout, separators=(",", ":"))
