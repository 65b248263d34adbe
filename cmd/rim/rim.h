// TCG RIM in its first form: a SWID tag (ISO/IEC 19770-2:2015) whose payload lists measurements, as NVIDIA publishes it for GPUs and
// switches. They become the reference values of core/appraisal/references.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/references.h"

namespace spdm::rim {

// An index of a RIM counts from 0, one of an SPDM block from 1 (DSP0274 10.11): so NVIDIA's verifiers compare them.
inline constexpr unsigned kIndexShift = 1;
inline constexpr unsigned kLastIndex = 0xFE;  // of a measurement block

struct Rim {
  std::string product, version;           // "GH100", "96.00.74.00.20", as it says; raw
  std::vector<DeviceReferences> devices;  // one for each algorithm of its digests
  std::size_t inactive = 0;               // entries that it says do not count; left out
  std::vector<std::string> notes;         // what else was left out, and why; raw
  bool is_signed = false;                 // there is a signature; whether it fits is known only when a signer was given
};

// Reads a document. All its values get `match`, and block `index + shift`. With a `signer` (DER SubjectPublicKeyInfo) there must be a
// signature over the whole document, and it must verify: what is read then is the very document that was verified. Throws
// Error{bad_input} for a file that is no TCG RIM, contradicts itself, or has no measurement, and as check_signature().
Rim read_rim(View file, const DeviceMatch& match, unsigned shift, const Bytes* signer);

}  // namespace spdm::rim
