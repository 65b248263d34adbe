// CHALLENGE / CHALLENGE_AUTH (DSP0274, the section of that title): the responder proves that it holds the key of a slot.
#pragma once

#include "core/wire/digests.h"
#include "core/wire/opaque.h"

namespace spdm {

// Param2 of CHALLENGE: which measurements the summary hash covers.
enum class Summary : std::uint8_t { none = 0, tcb = 1, all = 0xFF };
inline constexpr std::array kSummaries{
    Word{Summary::none, "none"},
    Word{Summary::tcb, "tcb"},
    Word{Summary::all, "all"},
};
using RequesterContext = Block<8>;  // 1.3+
inline constexpr std::string_view kChallengeAuthContext = "responder-challenge_auth signing";
// Of the CHALLENGE_AUTH that a requester returns encapsulated.
inline constexpr std::string_view kRequesterChallengeAuthContext = "requester-challenge_auth signing";

// What CHALLENGE, KEY_EXCHANGE and PSK_EXCHANGE have in common. Both throw Error{peer} for a reserved value.
std::uint8_t check_slot(const Reader& reader, std::uint8_t slot);  // 0..7 or kProvisionedKey
Summary check_summary(const Reader& reader, std::uint8_t summary);
// MeasurementSummaryHash; empty unless it was asked for and the responder has measurements.
Bytes read_summary_hash(Reader& reader, Summary asked, const Parameters& parameters);

struct Challenge {
  std::uint8_t slot = 0;  // 0..7 or kProvisionedKey
  Summary summary = Summary::none;
  Block<32> nonce{};
  RequesterContext context{};

  Bytes encode(std::uint8_t version) const;
  static Challenge decode(Reader& reader, std::uint8_t version);
};

struct ChallengeAuth {
  std::uint8_t slot = 0;
  bool basic_mut_auth = false;  // 1.1+; deprecated from 1.2 on
  std::uint8_t slot_mask = 0;
  Bytes cert_chain_hash;  // Hash(chain) or Hash(provisioned public key)
  Block<32> nonce{};
  Bytes summary_hash;  // empty unless asked for
  Bytes opaque;
  RequesterContext context{};
  Bytes signature;

  Bytes encode(std::uint8_t version) const;
  static ChallengeAuth decode(Reader& reader, const Challenge& request, const Parameters& parameters);
};

}  // namespace spdm
