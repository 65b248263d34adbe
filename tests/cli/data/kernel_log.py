"""What a kernel with the series "PCI device authentication" shows of a device, made of a recording that ends with
CHALLENGE_AUTH (ECDSA-P384, SHA-384): kernel_log.py RECORDING DIRECTORY NUMBER"""
import base64
import json
import os
import sys

recording, directory, number = sys.argv[1:]
messages = [base64.b64decode(message["data"]) for message in json.load(open(recording))["messages"]]
chain = b"".join(m[8:] for m in messages if m[1] == 0x02)[4 + 48 :]
challenge, answer = messages[-2:]
context = b"responder-challenge_auth signing"
os.makedirs(f"{directory}/certificates", exist_ok=True)
os.makedirs(f"{directory}/signatures", exist_ok=True)
open(f"{directory}/certificates/slot0", "wb").write(chain)
open(f"{directory}/certificates/slot1", "wb")
for name, data in {
    "transcript": b"".join(messages)[:-96],
    "signature": answer[-96:],
    "type": context + b"\n",
    "hash_algorithm": b"sha384\n",
    "combined_spdm_prefix": b"dmtf-spdm-v1.2.*" * 4 + bytes(36 - len(context)) + context,
    "requester_nonce": challenge[4:36],
    "responder_nonce": answer[4 + 48 : 4 + 48 + 32],
}.items():
    open(f"{directory}/signatures/{number}_{name}", "wb").write(data)
os.symlink("../certificates/slot0", f"{directory}/signatures/{number}_certificate_chain")
