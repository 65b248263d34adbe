"""Writes a certificate of a PEM file in another way, without the key of its issuer: what is signed stays as it is.

reencode.py FILE NUMBER s|length    s: the other good ECDSA signature (P-384); length: a byte too many in the outer algorithm
"""
import base64
import re
import sys

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973  # of P-384


def take(data):
    """The first element: its header, its content, and what follows."""
    length, header = data[1], 2
    if length >= 0x80:
        header += length & 0x7F
        length = int.from_bytes(data[2:header], "big")
    return data[:header], data[header : header + length], data[header + length :]


def element(tag, content):
    size = len(content)
    length = bytes([size]) if size < 0x80 else (lambda b: bytes([0x80 | len(b)]) + b)(size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + length + content


def number(value):
    return element(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def other_signature(bits):
    _, pair, _ = take(bits[1:])
    _, r, rest = take(pair)
    _, s, _ = take(rest)
    return b"\0" + element(0x30, number(int.from_bytes(r, "big")) + number(ORDER - int.from_bytes(s, "big")))


def reencoded(der, how):
    _, parts, _ = take(der)
    header, tbs, rest = take(parts)
    tbs = header + tbs
    header, algorithm, rest = take(rest)
    algorithm = (bytes([header[0], 0x81]) + header[1:] if how == "length" else header) + algorithm
    header, bits, _ = take(rest)
    signature = element(3, other_signature(bits)) if how == "s" else header + bits
    return element(0x30, tbs + algorithm + signature)


path, which, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
blocks = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", open(path, encoding="ascii").read(), re.S)
certificates = [base64.b64decode(block) for block in blocks]
certificates[which - 1] = reencoded(certificates[which - 1], how)
with open(path, "w", encoding="ascii") as file:
    for der in certificates:
        file.write(f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n")
