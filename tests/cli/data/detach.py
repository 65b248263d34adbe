"""Makes of whole evidence (stdin) what others keep of it: GET_MEASUREMENTS, MEASUREMENTS and a chain beside them.

  detach.py hex                     the messages, in hex
  detach.py whole                   the same with the negotiation in front
  detach.py nvidia CHAIN.pem N      NVIDIA's JSON for N devices
  detach.py redfish [CHAIN.pem]     an answer to SPDMGetSignedMeasurements"""
import base64
import json
import pathlib
import sys

messages = [base64.b64decode(one["data"]) for one in json.load(sys.stdin)["messages"]]
form, *rest = sys.argv[1:]
pair = b"".join(messages[-2:])
if form == "hex":
    print(pair.hex())
elif form == "whole":
    print((b"".join(messages[:6]) + pair).hex())
elif form == "nvidia":
    chain = base64.b64encode(pathlib.Path(rest[0]).read_bytes()).decode()
    one = {"arch": "EXAMPLE", "certificate": chain, "evidence": base64.b64encode(pair).decode(), "nonce": pair[4:36].hex(), "version": "1.0"}
    print(json.dumps([one] * int(rest[1]), indent=1))
else:
    answer = {"SignedMeasurements": base64.b64encode(pair).decode(), "HashingAlgorithm": "TPM_ALG_SHA_384",
              "SigningAlgorithm": "TPM_ALG_ECDSA_ECC_NIST_P384", "SlotId": 0, "Version": "1.1.0"}
    if rest:
        answer["CertificateString"] = pathlib.Path(rest[0]).read_text()
    print(json.dumps(answer))
