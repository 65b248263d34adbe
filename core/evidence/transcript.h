// The signed transcripts of DSP0274, as functions over the exchanges of one connection. They keep no state, so there is
// nothing to reset. Exchanges must be trimmed to their own length (Connection does that).
#pragma once

#include "core/evidence/exchange.h"

namespace spdm {

// A: GET_VERSION .. ALGORITHMS, six messages.
Bytes vca(const Exchanges& exchanges);

// M1 = M2 for the CHALLENGE at `index`: A, B, C without the signature (DSP0274 "CHALLENGE_AUTH signature generation").
Bytes m1m2(const Exchanges& exchanges, std::size_t index);

// L1 = L2 for the signed GET_MEASUREMENTS at `index`: from 1.2 on A comes first.
Bytes l1l2(const Exchanges& exchanges, std::size_t index, std::uint8_t version);
// The first exchange that the signature at `index` covers: it also covers the unsigned ones right before its own, in the same session.
std::size_t l1l2_begin(const Exchanges& exchanges, std::size_t index);

// IL1 = IL2 for the signed GET_ENDPOINT_INFO at `index`.
Bytes il1il2(const Exchanges& exchanges, std::size_t index);

}  // namespace spdm
