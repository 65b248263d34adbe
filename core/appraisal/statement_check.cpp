#include "core/appraisal/statement_check.h"

#include <algorithm>

namespace spdm {

bool covers_negotiation(const Connection& connection, const Statement& statement) {
  return statement.kind != SignedMessage::measurements || connection.version() >= k12;
}

Bytes reversed_numbers(View signature) {
  Bytes out = to_bytes(signature);
  const auto half = static_cast<std::ptrdiff_t>(out.size() / 2);
  std::reverse(out.begin(), out.begin() + half);
  std::reverse(out.begin() + half, out.end());
  return out;
}

std::vector<AlgorithmPair> candidates_of(const Connection& connection) {
  if (!connection.candidates().empty()) return connection.candidates();
  return {{connection.parameters().asym, connection.parameters().hash}};
}

std::optional<VerifiedStatement> check(const Connection& connection, const Statement& statement, const crypto::PublicKey& key,
                                       const std::vector<AlgorithmPair>& candidates, unsigned& guesses) {
  const std::uint8_t version = connection.version();
  const Bytes transcript = connection.transcript(statement);
  for (const AlgorithmPair& pair : candidates) {
    if (&pair != &candidates.front() && ++guesses > kMaxGuesses) break;
    if (!crypto::supports(*pair.asym) || !crypto::supports(*pair.hash)) continue;
    VerifiedStatement out{pair, crypto::hash(*pair.hash, transcript), false};
    const auto fits = [&](View signature) {
      return crypto::verify(key, *pair.asym, *pair.hash, version, signing_context(statement.kind), out.digest, signature);
    };
    if (fits(statement.signature)) return out;
    // DSP0274 says since 1.2 which byte order r and s have. Before, both are in use.
    out.is_reversed = version < k12 && pair.asym->scheme == SignatureScheme::ecdsa;
    if (out.is_reversed && fits(reversed_numbers(statement.signature))) return out;
  }
  return std::nullopt;
}

}  // namespace spdm
