// One packet of MCTP (DSP0236) in a capture, and where it lies there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace spdm {

inline constexpr std::size_t kMctpHeader = 4;  // version, destination, source, flags
inline constexpr std::uint8_t kMctpVersion = 1;

// A packet of a capture, to tell what is wrong with it.
struct PacketPlace {
  std::string_view file;                           // how errors call it
  std::size_t number = 0, offset = 0;              // the number counts from 1
  std::optional<std::chrono::nanoseconds> time{};  // when it was captured, since 1970; nothing: nobody knows

  // Throws Error{bad_input}.
  [[noreturn]] void fail(std::string_view why, std::string hint = {}) const;
};

struct MctpPacket {
  PacketPlace place;
  std::uint8_t version = 0, destination = 0, source = 0;
  bool begins = false, ends = false;  // a message (SOM, EOM)
  std::uint8_t sequence = 0;          // modulo 4
  bool owns_tag = false;              // its sender does (TO): it asks
  std::uint8_t tag = 0;               // 0 to 7
  View payload;
  std::optional<std::uint32_t> interface;  // Linux's number of it, where the capture has one
};

// Nothing where the bytes are fewer than those of a header.
std::optional<MctpPacket> parse_mctp(View bytes, const PacketPlace& place);

// Two endpoints, by who asks and who answers.
struct MctpPair {
  std::uint8_t requester = 0, responder = 0;
  std::optional<std::uint32_t> interface;

  // Null endpoints on both sides: whoever wrote the capture does not know who spoke. The DMTF emulator does so.
  bool is_unknown() const { return requester == 0 && responder == 0; }
  auto operator<=>(const MctpPair&) const = default;  // NOLINT(modernize-use-nullptr): the 0 is the compiler's
};

// The requester owns the tag (DSP0236 TO bit).
MctpPair pair_of(const MctpPacket& packet);

}  // namespace spdm
