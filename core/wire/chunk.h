// CHUNK_SEND / CHUNK_SEND_ACK and CHUNK_GET / CHUNK_RESPONSE (DSP0274, "Large SPDM message transfer mechanism"): large messages in pieces.
#pragma once

#include <optional>

#include "core/wire/negotiate.h"

namespace spdm {

// CHUNK_SEND and CHUNK_RESPONSE have one layout.
struct Chunk {
  bool last = false;
  std::uint8_t handle = 0;
  std::uint32_t sequence = 0;
  std::uint32_t large_message_size = 0;  // only in chunk 0
  Bytes data;

  static std::size_t header_size(std::uint32_t sequence) { return sequence == 0 ? 16 : 12; }
  Bytes encode(Code code, std::uint8_t version) const;
  static Chunk decode(Reader& reader, Code code, std::uint8_t version);
};

struct ChunkGet {
  std::uint8_t handle = 0;
  std::uint32_t sequence = 0;

  Bytes encode(std::uint8_t version) const;
  static ChunkGet decode(Reader& reader, std::uint8_t version);
};

struct ChunkSendAck {
  bool early_error = false;
  std::uint8_t handle = 0;
  std::uint32_t sequence = 0;
  Bytes response;  // ResponseToLargeRequest: everything after the fixed part, padding of the binding included

  static std::size_t header_size(std::uint8_t version) { return version >= k14 ? 8 : 6; }
  Bytes encode(std::uint8_t version) const;
  // Checks the echo, and that a response is there exactly when it must be (DSP0274 CHUNK_SEND_ACK, N293, N294, N296, N297).
  static ChunkSendAck decode(Reader& reader, const Chunk& request, std::uint8_t version);
};

// Puts the chunks of one large message together, and checks every bound of DSP0274 CHUNK_RESPONSE (N282 to N289). A
// requester uses it for CHUNK_RESPONSE, a responder for CHUNK_SEND, the reader of captures for both.
class ChunkAssembler {
 public:
  // `limit` is the receiver's MaxSPDMmsgSize.
  ChunkAssembler(std::uint8_t version, std::uint8_t handle, std::uint64_t limit) : version_(version), handle_(handle), limit_(limit) {}

  void add(const Chunk& chunk, std::string_view message);
  std::uint32_t next_sequence() const { return next_; }
  bool complete() const { return complete_; }
  Bytes take() { return std::move(data_); }

 private:
  std::uint8_t version_;
  std::uint8_t handle_;
  std::uint64_t limit_;
  std::uint32_t next_ = 0;
  std::uint64_t total_ = 0;
  bool complete_ = false;
  Bytes data_;
};

}  // namespace spdm
