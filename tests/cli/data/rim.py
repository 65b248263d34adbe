#!/usr/bin/env python3
"""A signed TCG RIM, by openssl and no library of XML: the document is written in its canonical form.

rim.py KEY INDEX:HASH[,HASH...] ...   to standard output; an index with "-" in front of it is not active

A hash is one hex digit, for a digest of it alone. KEY is a P-384 key in PEM; without one ("-") nothing is signed.
"""
import base64
import hashlib
import subprocess
import sys

SWID = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
END = "</SoftwareIdentity>"


def entry(word):
    index, digits = word.split(":")
    hashes = " ".join(f'h:Hash{i}="{digit * 96}"' for i, digit in enumerate(digits.split(",")))
    active, index = ("False", index[1:]) if index[0] == "-" else ("True", index)
    return (f'<Resource active="{active}" alternatives="{digits.count(",") + 1}" index="{index}" name="Measurement_{index}" size="48"'
            f' type="Measurement" {hashes}></Resource>')


def signature(document, key):
    digest = base64.b64encode(hashlib.sha384(document.encode()).digest()).decode()
    inside = (
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{MORE}ecdsa-sha384"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{DSIG}enveloped-signature"></ds:Transform><ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{MORE}sha384"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>'
        f"</ds:Reference></ds:SignedInfo>"
    )
    signed = f'<ds:SignedInfo xmlns:ds="{DSIG}">{inside}'.encode()
    der = subprocess.run(["openssl", "dgst", "-sha384", "-sign", key], input=signed, capture_output=True, check=True).stdout
    # SEQUENCE of two INTEGERs to r || s.
    at, raw = 2, b""
    for _ in range(2):
        size = der[at + 1]
        raw += der[at + 2 : at + 2 + size].lstrip(b"\0").rjust(48, b"\0")
        at += 2 + size
    return (f'<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{inside}<ds:SignatureValue>{base64.b64encode(raw).decode()}</ds:SignatureValue>'
            f"</ds:Signature>")


def main():
    key, *words = sys.argv[1:]
    # The exclusive canonical form shows a namespace where it is used first; so each entry would show it, had the root not used it.
    document = (f'<SoftwareIdentity xmlns="{SWID}"><Meta colloquialVersion="1.2" product="X100"></Meta>'
                f'<Payload xmlns:h="http://www.w3.org/2001/04/xmlenc#sha384" h:use="1">{"".join(map(entry, words))}</Payload>{END}')
    print(document if key == "-" else document[: -len(END)] + signature(document, key) + END, end="")


main()
