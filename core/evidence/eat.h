// Device assignment tokens: an EAT (RFC 9711) of the profile of draft-poirier-rats-eat-da, an individual draft, so all of this is
// experimental. One claims set per device, with the transcripts that the device has signed. appraisal/eat_writer.h writes them.
#pragma once

#include <functional>

#include "core/evidence/load.h"
#include "core/format/cbor.h"
#include "core/wire/algorithms.h"

namespace spdm {

inline constexpr std::string_view kDatProfile = "tag:linaro.org,2025:device#1.0.0",
                                  kDatSpdmProfile = "tag:linaro.org,2025:device-spdm#1.0.0",
                                  kDatPciProfile = "tag:linaro.org,2025:device-pcie-legacy#1.0.0";

// Keys of claims.
namespace claim {
inline constexpr std::uint8_t nonce = 10;
inline constexpr std::uint16_t profile = 265, submods = 266, measurements = 3802, certificates = 3803, vca = 3804, challenge = 3807;
inline constexpr std::string_view signature = "signature";  // beside the measurements
}  // namespace claim

// Keys of an spdm-signature.
namespace dat_signature {
inline constexpr std::uint8_t slot = 1, requester_nonce = 2, responder_nonce = 3, prefix = 4, transcript = 5, hash = 6, signature = 7;
}

// Keys of an spdm-measurement, and the highest index that a token has room for.
namespace dat_measurement {
inline constexpr std::uint8_t type = 1, digest = 2, raw = 3, last_index = 239, last_type = 10;
}

inline constexpr std::size_t kSigningPrefixSize = 100;

// The number of a hash in a token: that of BaseHashAlgo, and 0 for SHA-256. That is how the draft has it.
std::uint64_t dat_hash(const HashAlgorithm& hash);

// Whether a map is a claims set, and no collection of something else.
bool is_token(const cbor::Item& item);

// Reads what a token has inside as bytes (a token of its own), and is given a name for it.
using ReadNested = std::function<std::vector<EvidencePart>(View bytes, std::string_view what)>;

// The devices of a token. Claims that are not known, devices without SPDM and what nobody has signed are passed over; a device that
// contradicts itself is a part with an error. Throws Error{bad_input} naming `what` where the token as a whole cannot be read.
std::vector<EvidencePart> read_token(const cbor::Item& token, std::string_view what, const ReadNested& nested);

}  // namespace spdm
