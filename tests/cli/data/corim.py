#!/usr/bin/env python3
"""A CoRIM of many reference values, to standard output.

corim.py digests COUNT   SHA-384 digests, spread over indices and environments
corim.py raw COUNT NAME  raw values of 65,000 bytes each, for the model NAME
"""
import hashlib
import sys


def head(major, number):
    for info, size in ((24, 1), (25, 2), (26, 4)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * size:
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError(number)


def cbor(value):
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(key) + cbor(one) for key, one in value.items())
    tag, inner = value
    return head(6, tag) + cbor(inner)


def environment(model):
    return {0: {1: "ACME", 2: model}}


def digests(count):
    models = {}
    for number in range(count):
        digest = hashlib.sha384(str(number).encode()).digest()
        models.setdefault(f"Disk {number % 12}", []).append({0: number // 12 % 250 + 1, 1: {2: [[7, digest]]}})
    return [[environment(model), measurements] for model, measurements in models.items()]


def raw(count, model):
    return [[environment(model), [{0: index + 1, 1: {4: (560, bytes([index, ord(model[0])]) * 32500)}} for index in range(count)]]]


triples = digests(int(sys.argv[2])) if sys.argv[1] == "digests" else raw(int(sys.argv[2]), sys.argv[3])
comid = cbor({1: {0: "many"}, 4: {0: triples}})
sys.stdout.buffer.write(cbor((501, {0: "many", 1: [(506, comid)]})))
