// CoRIM (draft-ietf-rats-corim): reference values as vendors publish them, in CBOR. Values for SPDM measurements (their
// keys are measurement indices) become the reference values of references.h.
#pragma once

#include <string>
#include <vector>

#include "core/appraisal/references.h"
#include "core/crypto/crypto.h"
#include "core/format/cbor.h"

namespace spdm {

struct Corim {
  std::string id;                         // of the manifest; raw
  std::vector<DeviceReferences> devices;  // one for each environment; `source` describes it
  std::vector<std::string> notes;         // what was left out, and why, one sentence each; raw
  std::string not_after;                  // RFC 3339; empty when its validity has no end
  bool is_signed = false;                 // inside of a COSE_Sign1 (RFC 9052)
};

// Reads an unsigned CoRIM (tag 501), a signed one (tag 18), or either in the wrappers of earlier drafts (500, 502).
// All environments get `match`; without it each must name a PCI vendor and device, as four hex digits.
// With `signer` there must be a signature, and it must verify; without it no signature is checked. Throws Error:
// bad_input for a file that is no CoRIM, for one without a reference value for SPDM, and for a signature that does not
// verify; unsupported for a signature that cannot be checked.
Corim read_corim(View file, const std::optional<DeviceMatch>& match, const crypto::PublicKey* signer);

// The algorithm of a digest of CoRIM and concise evidence, by its number or name; nullptr when it is not known, or has another size.
const HashAlgorithm* hash_of(const cbor::Item& alg, std::size_t size);

}  // namespace spdm
