"""Prints values of a JSON document on stdin, one for each path such as devices.0.verdict."""
import json
import sys

document = json.load(sys.stdin)
for path in sys.argv[1:]:
    value = document
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    print(f"{path}: {json.dumps(value)}")
