// Messages of SPDM put together from packets of MCTP (DSP0236 "message assembly").
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/evidence/mctp_packet.h"

namespace spdm {

inline constexpr std::size_t kMaxMctpMessage = 64U << 10;  // bytes put together, the type among them: what Linux takes
inline constexpr std::size_t kMaxOpenMctpMessages = 256;   // messages that have begun and not ended

struct MctpMessage {
  bool secured = false;
  Bytes bytes;  // behind the type
};

// Whether a message of this type is of SPDM, or claims to be.
bool is_mctp_spdm(std::uint8_t type);

// A receiver drops a message that lacks a packet, in silence. Whoever reads a capture must not: a message that is left out, or cut, only
// looks like a bad signature later. So once a message of SPDM has begun, each of its packets has to be there.
// Left out are messages of other types, and packets of messages whose beginning is not there: only the first packet has the type. It is
// known all the same where the tag is that of a request of SPDM that waits for its response: then the beginning is missing.
// Nobody can tell from a capture that four packets in a row are missing, or four times as many: the sequence has two bits.
class MctpMessages {
 public:
  // The message that the packet completes. Throws Error{bad_input} naming the packet, and what is missing or wrong.
  std::optional<MctpMessage> take(const MctpPacket& packet);
  // Forgets what has begun between these two.
  void forget(const MctpPair& pair);
  // The first packet of each message that has begun and not ended, in the order of the capture.
  std::vector<MctpPacket> open() const;
  // Memory that messages take which have begun and not ended, roughly.
  std::size_t memory() const { return bytes_; }

 private:
  // DSP0236: endpoints, tag and its owner say to which message a packet belongs. So does the interface.
  struct Key {
    std::uint8_t source = 0, destination = 0, tag = 0;
    bool owns_tag = false;
    std::optional<std::uint32_t> interface;
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr): the 0 is the compiler's
  };
  struct Open {
    MctpPacket first;      // without its payload, which has gone by
    std::size_t unit = 0;  // bytes of that
    std::uint8_t next_sequence = 0;
    std::size_t packets = 1;
    Bytes bytes;  // the type among them
  };
  std::optional<MctpMessage> begin(const Key& key, const MctpPacket& packet);
  std::optional<MctpMessage> finish(const MctpPacket& last, View bytes);
  static void assert_continues(const Open& open, const MctpPacket& packet);

  static Key key_of(const MctpPacket& packet);
  static Key key_of_response(const MctpPacket& request);

  std::map<Key, Open> open_;
  std::size_t bytes_ = 0;               // of open_
  std::map<Key, std::size_t> awaited_;  // responses of SPDM, and the number of the packet that ended their request
};

// What to do about a message of which packets are missing.
std::string advice_on_missing(const MctpPacket& first);

}  // namespace spdm
