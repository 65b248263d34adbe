// CoRIM (draft-ietf-rats-corim): reference values as vendors publish them, in CBOR. What is about SPDM measurements (keys
// that are measurement indices) becomes reference values as of references.h.
#pragma once

#include <string>
#include <vector>

#include "core/appraisal/references.h"
#include "core/crypto/crypto.h"

namespace spdm {

struct Corim {
  std::string id;                         // of the manifest; raw
  std::vector<DeviceReferences> devices;  // one for each environment; `source` describes it
  std::vector<std::string> notes;         // what was left out, and why, one sentence each; raw
  std::string not_after;                  // RFC 3339; empty when its validity has no end
  bool is_signed = false;                 // COSE_Sign1 around it
};

// Reads an unsigned CoRIM (tag 501), a signed one (tag 18), or either in the wrappers of earlier drafts (500, 502).
// All environments get `match`; without it each must name a PCI vendor and device, as four hex digits.
// With `signer` the signature must be there and fit. Throws Error{bad_input}: what is no CoRIM, or holds no reference
// value for SPDM; Error{unsupported}, Error{bad_input} for a signature that cannot be checked, or is wrong.
Corim read_corim(View file, const std::optional<DeviceMatch>& match, const crypto::PublicKey* signer);

}  // namespace spdm
