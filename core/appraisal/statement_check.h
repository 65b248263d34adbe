// Checks one signature of a responder: with the algorithms that were negotiated, or that are possible where nobody has seen that.
#pragma once

#include <optional>

#include "core/crypto/crypto.h"
#include "core/protocol/connection.h"

namespace spdm {

// DSP0274: M1/M2 of CHALLENGE_AUTH and IL1/IL2 begin with the negotiation in every version, L1/L2 from 1.2 on.
bool covers_negotiation(const Connection& connection, const Statement& statement);
// Whether it covers a negotiation that nobody has kept: then nobody can check it.
inline bool lacks_negotiation(const Connection& connection, const Statement& statement) {
  return connection.parameters().assumed && covers_negotiation(connection, statement);
}

// Of the wire form of ECDSA, r || s: each number with its bytes in the reverse order.
Bytes reversed_numbers(View signature);

// What a good signature was made with.
struct VerifiedStatement {
  AlgorithmPair algorithms;
  Bytes digest;              // of the transcript
  bool is_reversed = false;  // r and s are little-endian, as some read the texts of 1.0 and 1.1
};

// Tries the candidates in their order; `guesses` counts those beyond the first, and stops them at kMaxGuesses: evidence may have many
// signatures, and each costs. Nothing when none fits.
inline constexpr unsigned kMaxGuesses = 64;
std::optional<VerifiedStatement> check(const Connection& connection, const Statement& statement, const crypto::PublicKey& key,
                                       const std::vector<AlgorithmPair>& candidates, unsigned& guesses);

// The algorithms that a signature of the connection may be of: one pair where they were negotiated.
std::vector<AlgorithmPair> candidates_of(const Connection& connection);

}  // namespace spdm
