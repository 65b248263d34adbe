// The seam to MCTP: send, receive, and the tags by which answers find their way back. Below it are the kernel's sockets; tests put a
// network there that loses, reorders and answers wrongly.
#pragma once

#include <cstdint>
#include <optional>

#include "core/protocol/link.h"
#include "core/wire/mctp.h"
#include "transport/mctp/address.h"

namespace spdm::transport {

// The most that a message has, its type not counted, in bytes: the kernel puts no more than 64 KiB together.
inline constexpr std::size_t kMostMctpMessage = 0xFFFF;

// Tags, as they are in MctpHeader::tag. Of a request they have the owner bit; of an answer only the number, 0 to 7.
inline constexpr std::uint8_t kTagOwner = 0x08, kTagNumber = 0x07;

// What a message has besides its bytes: who it is for, or from.
struct MctpHeader {
  MctpAddress peer;
  std::uint8_t type = 0;
  std::uint8_t tag = 0;
};

struct MctpMessage {
  MctpHeader from;
  Bytes bytes;  // without the type byte: the kernel adds it, and takes it off
};

class MctpSocket {
 public:
  virtual ~MctpSocket() = default;

  // Throws Error: permission (CAP_NET_RAW is asked for at each send), no_device without a route, io.
  virtual void send(const MctpHeader& to, View message) = 0;
  // The next message, whoever it is from; nothing when none has come by `deadline`. Throws Error{io}.
  virtual std::optional<MctpMessage> receive(Clock::time_point deadline) = 0;
  // A tag for requests to this peer, with the owner bit, for as long as it is not given back: the kernel takes one that it has chosen
  // itself away after six seconds. A peer has eight. The network has to be named. Throws Error: busy when all are taken, io.
  virtual std::uint8_t take_tag(const MctpAddress& peer) = 0;
  virtual void give_back_tag(const MctpAddress& peer, std::uint8_t tag) = 0;
};

// A tag, for as long as it is held. Throws as MctpSocket::take_tag.
class MctpTag {
 public:
  MctpTag(MctpSocket& socket, const MctpAddress& peer) : socket_(socket), peer_(peer), tag_(socket.take_tag(peer)) {}
  ~MctpTag() { socket_.give_back_tag(peer_, tag_); }
  MctpTag(const MctpTag&) = delete;
  MctpTag& operator=(const MctpTag&) = delete;

  std::uint8_t with_owner_bit() const { return tag_; }
  std::uint8_t number() const { return tag_ & kTagNumber; }

 private:
  MctpSocket& socket_;
  MctpAddress peer_;
  std::uint8_t tag_;
};

}  // namespace spdm::transport
