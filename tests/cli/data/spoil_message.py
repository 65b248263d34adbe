"""Writes evidence with the last byte of one message changed, counted from 1."""
import base64
import json
import sys

evidence = json.load(open(sys.argv[1], encoding="utf-8"))
message = evidence["messages"][int(sys.argv[2]) - 1]
data = bytearray(base64.b64decode(message["data"]))
data[-1] ^= 1
message["data"] = base64.b64encode(data).decode()
json.dump(evidence, sys.stdout, separators=(",", ":"))
