// The tags of one connection with an endpoint.
#pragma once

#include <deque>
#include <memory>

#include "transport/mctp/socket.h"

namespace spdm::transport {

// Numbers of tags: bit N is tag N.
using TagSet = std::uint8_t;

// Two tags in turn: an answer that comes twice is not taken for that to the next request. A tag whose request was given up is not taken
// again, because the kernel hands an answer to whoever has the tag when it comes.
class MctpTags {
 public:
  // `avoid`: by these, answers to requests of others may still come. Throws as MctpSocket::take_tag.
  MctpTags(MctpSocket& socket, const MctpAddress& peer, TagSet avoid);

  // Of the request that is to be sent. Throws Error{busy} where all that are left were given up.
  const MctpTag& next();
  // Of the one that was sent last.
  const MctpTag& current() const { return *held_.front(); }
  // The answer to the request that was sent last may still come.
  void give_up();

  TagSet in_use() const;
  TagSet given_up() const { return given_up_; }

 private:
  std::unique_ptr<MctpTag> take() const;
  void fill();

  MctpSocket& socket_;
  MctpAddress peer_;
  TagSet avoid_, given_up_ = 0;
  std::deque<std::unique_ptr<MctpTag>> held_;  // the current one first
};

}  // namespace spdm::transport
