// The algorithms of SPDM that IDE and TDISP are used with (TEE-IO).
#pragma once

#include <array>

#include "core/wire/negotiate.h"

namespace spdm {

// Names of algorithms.h.
inline constexpr std::array<std::string_view, 2> kTeeIoHashes{"SHA-256", "SHA-384"};
inline constexpr std::array<std::string_view, 3> kTeeIoSignatures{"RSASSA-3072", "ECDSA-P256", "ECDSA-P384"};
inline constexpr std::array<std::string_view, 2> kTeeIoKeyExchanges{"secp256r1", "secp384r1"};
inline constexpr std::array<std::string_view, 1> kTeeIoAeads{"AES-256-GCM"};

// Takes all others out of an offer. A kind of which nothing would be left is offered as it was: whoever offers it wants that.
void narrow_to_tee_io(NegotiateAlgorithms& offer);

}  // namespace spdm
