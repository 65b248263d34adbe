// CoRIM (draft-ietf-rats-corim): reference values as vendors publish them, in CBOR. Values for SPDM measurements and for concise evidence
// become the reference values of references.h.
#pragma once

#include <functional>
#include <optional>
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
  std::string signer;                     // who it says has signed it (corim-meta); raw, empty when it does not say
  std::string signature_not_after;        // RFC 3339; empty when it does not say
};

struct CorimOptions {
  std::optional<DeviceMatch> match;  // of all environments; without it each must name a PCI vendor and device, as four hex digits
  // The key that must have signed, from the certificates that the signature carries (x5chain, the signer's first; mostly none). It
  // throws where it has none. Where this is empty no signature is checked; else there must be one.
  std::function<crypto::PublicKey(const std::vector<Bytes>& carried)> key_of;
  bool environments = false;  // numbers as keys are of concise evidence, too, and no indices of measurements
};

// Reads an unsigned CoRIM (tag 501), a signed one (tag 18), or either in the wrappers of earlier drafts (500, 502), as a map without a
// tag, and with CoMIDs in all forms that signers write. Where the key of a measurement is a number from 1 to 254 it is the index of
// an SPDM measurement; values with other keys become those of environments. No list is taken for complete. Throws Error: bad_input for a
// file that is no CoRIM, for one without a reference value for SPDM, and for a signature that does not verify; unsupported for a
// signature that cannot be checked; and what key_of throws.
Corim read_corim(View file, const CorimOptions& options);

// The algorithm of a digest of CoRIM and concise evidence, by its number or name; nullptr when it is not known, or has another size.
const HashAlgorithm* hash_of(const cbor::Item& alg, std::size_t size);

}  // namespace spdm
