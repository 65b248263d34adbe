"""Variants of a reference responder: tables of options. Of each table all combinations, or a selection that has each pair of values of
two columns once: what goes wrong, goes wrong by one option or by two that meet."""

import itertools

VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4"]
ROOTS = {"RSASSA_2048": "rsa2048", "RSAPSS_2048": "rsa2048", "RSASSA_3072": "rsa3072", "RSAPSS_3072": "rsa3072", "RSASSA_4096": "rsa4096",
         "RSAPSS_4096": "rsa4096", "ECDSA_P256": "ecp256", "ECDSA_P384": "ecp384", "ECDSA_P521": "ecp521"}
HASHES = ["SHA_256", "SHA_384", "SHA_512", "SHA3_256", "SHA3_384", "SHA3_512"]
# The sample chains of the others are longer than the 64 KiB that the reference holds.
SLH_DSA = [f"SLH_DSA_{hash_name}_{size}" for size in ("128S", "128F", "192S") for hash_name in ("SHA2", "SHAKE")]
OWN_KEY = ["--requester-key", "{key}", "--requester-cert", "{cert}"]

# Exit codes that are right: no verdict is good where nothing was signed, and a responder that lacks what is asked for is told as that.
PASS, LACKS, BREAKS, FAILS = 0, 3, 6, 10


def signature(version, asym, hash_name):
    return {"binding": "mctp", "responder": ["--ver", version, "--asym", asym, "--hash", hash_name, "--meas_hash", hash_name], "root": ROOTS[asym]}


def limit(version, binding, most):
    most = min(most, 65533) if binding == "tcp" else most  # its length field has 16 bits
    return {"binding": binding, "responder": ["--ver", version], "query": f"&max={most}"}


def of_slot(slot, several_keys):
    """Slots 0 and 1 have a chain, each its root; slot 4 has one where a connection has several keys."""
    there = ("0", "1", "4") if several_keys else ("0", "1")
    return {"spdmctl": ["--slot", slot], "root": "ecp384:1" if slot == "1" else "ecp384", "code": PASS if slot in there else LACKS}


def slots(version, count, slot):
    return {"responder": ["--ver", version, "--slot_count", count], **of_slot(slot, version >= "1.3")}


def measurements(version, meas_hash, ours):
    raw = meas_hash == "RAW_BIT"
    # As a bit stream the reference does not give its index 17: an error of its own.
    code = BREAKS if raw and ours != "--index 1" else PASS
    return {"binding": "mctp", "responder": ["--ver", version, "--meas_hash", meas_hash], "spdmctl": (["--raw"] if raw else []) + ours.split(), "code": code}


def capabilities(version, challenge, measured, more):
    caps = ",".join(part for part in ("CERT", challenge, measured, more) if part)
    # An identity that nothing proves is an answer that breaks a rule.
    code = PASS if "MEAS_SIG" in measured else BREAKS if not challenge else FAILS if measured else LACKS
    return {"responder": ["--ver", version, "--cap", caps], "code": code}


def multi_key(version, cap, other, slot):
    caps = f"CERT,CHAL,MEAS_SIG,MEAS_FRESH,CHUNK,GET_KEY_PAIR_INFO{cap}"
    return {"responder": ["--ver", version, "--cap", caps, "--other_param", other], **of_slot(slot, bool(cap))}


def mutual(version, basic, asked, ours):
    return {"responder": ["--ver", version, "--asym", "ECDSA_P384", "--req_asym", "ECDSA_P384", "--basic_mut_auth", basic, "--mut_auth", asked],
            "spdmctl": (["--in-session"] if "session" in ours else []) + (OWN_KEY if "key" in ours else [])}


def slh_dsa(asym):
    # In its other mode, keys as PEM, the reference signs what no verifier takes.
    return {"responder": ["--ver", "1.4", "--asym", "NONE", "--pqc_asym", asym, "--priv_key_mode", "RAW", "--cap", "CERT,CHAL,MEAS_SIG,MEAS_FRESH,CHUNK"],
            "root": asym.lower().replace("_", "-"), "optional": True}


TABLES = [
    (signature, {"version": VERSIONS, "asym": list(ROOTS), "hash_name": HASHES}),
    (limit, {"version": VERSIONS[2:], "binding": ["doe", "mctp", "tcp"], "most": [42, 63, 64, 100, 128, 255, 256, 512, 1024, 4096, 4600, 16384, 65536]}),
    (slots, {"version": VERSIONS[2:], "count": list("138"), "slot": list("01234567")}),
    (measurements, {"version": VERSIONS, "meas_hash": ["RAW_BIT", *HASHES], "ours": ["", "--each", "--index 1", "--no-signature"]}),
    (capabilities, {"version": VERSIONS, "challenge": ["", "CHAL"], "measured": ["", "MEAS_NO_SIG", "MEAS_SIG", "MEAS_SIG,MEAS_FRESH"],
                    "more": ["", "CACHE", "CHUNK", "ALIAS_CERT"]}),
    (multi_key, {"version": VERSIONS[3:], "cap": ["", ",MULTI_KEY_ONLY", ",MULTI_KEY_NEG"], "other": ["OPAQUE_FMT_1", "OPAQUE_FMT_1,MULTI_KEY_CONN"],
                 "slot": ["0", "1", "4"]}),
    (mutual, {"version": VERSIONS[1:], "basic": ["NO", "BASIC"], "asked": ["NO", "WO_ENCAP", "W_ENCAP", "DIGESTS"],
              "ours": ["nothing", "key", "session", "session with key"]}),
    (slh_dsa, {"asym": SLH_DSA}),
]


def selected(columns, everything):
    """Rows of a table, as dictionaries: all of them, or those that have a pair of values which none before them had."""
    seen = set()
    for values in itertools.product(*columns.values()):
        row = dict(zip(columns, values))
        pairs = set(itertools.combinations(row.items(), 2)) or set(row.items())
        if everything or pairs - seen:
            seen |= pairs
            yield row


def variants(everything):
    """Names, and what a case is made of."""
    for make, columns in TABLES:
        for row in selected(columns, everything):
            made = make(**row)
            if made is not None:
                yield f"{make.__name__.replace('_', ' ')}: {' '.join(str(value).strip(',-') or 'none' for value in row.values())}", made
