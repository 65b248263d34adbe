// Words of the command line to values. Everything here throws Error{usage} naming the option and what it takes; algorithms that
// the crypto library lacks are Error{unsupported}.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/host/console.h"
#include "core/appraisal/appraise.h"
#include "core/bytes.h"
#include "core/wire/algorithms.h"
#include "core/wire/vendor_defined.h"

namespace spdm::cmd {

Format parse_format(std::string_view text, std::string_view option = "--format");
// "30", "0.5s", "2m" (core/calendar.h): at least a millisecond, at most an hour, if no other limit is given.
std::chrono::steady_clock::duration parse_duration(std::string_view text, std::string_view option = "--timeout",
                                                   std::chrono::hours most = std::chrono::hours(1));
// "2026-06-01", "2026-06-01T00:00:00Z", "2026-06-01T02:00:00+02:00".
std::time_t parse_time(std::string_view text);
// 0 to 7 or 255; nothing for "all".
std::optional<std::uint8_t> parse_slot(std::string_view text);
inline constexpr std::size_t kMaxJobs = 1'024;  // each takes a thread
// 1 to kMaxJobs.
std::size_t parse_jobs(std::string_view text);
// "1.2" to the version byte of messages, 0x12.
std::uint8_t parse_version(std::string_view text);
const AsymAlgorithm* parse_asym(std::string_view text, std::string_view option = "--asym");
const HashAlgorithm* parse_hash(std::string_view text);
const KeyExchangeAlgorithm* parse_key_exchange(std::string_view text);
const AeadAlgorithm* parse_aead(std::string_view text);
PciIdentity parse_identity(std::string_view text);
IdentityMatch parse_identity_match(std::string_view text);
// 64 hex digits.
Block<32> parse_nonce(std::string_view text);
// DER or PEM SubjectPublicKeyInfo to DER; throws Error{bad_input} naming `what`.
Bytes parse_public_key(View file, const std::string& what);

// "vendor=1b36,device=0010": the keys of a match in a file of reference values (device_match.h).
DeviceMatch parse_match(std::string_view text);

// "STANDARD:VENDOR:PAYLOAD", hex digits each: registry (16 bits), vendor id as on the wire, payload; the last two may be empty.
VendorDefined parse_vendor_request(std::string_view text);

// The parts between commas of each argument: --asym A,B --asym C. An argument of commas alone is an error: taken for no argument, it would
// leave the option out.
std::vector<std::string_view> split_lists(std::string_view option, const std::vector<std::string>& arguments);

}  // namespace spdm::cmd
