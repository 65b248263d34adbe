// The tags of one connection with an endpoint.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "transport/mctp/socket.h"

namespace spdm::transport {

// Numbers of tags, each once; of those that were given up, the earliest first.
using TagList = std::vector<std::uint8_t>;
void add(TagList& list, std::uint8_t number);  // at the end, from wherever it was

// Two tags in turn: an answer that comes twice is not taken for that to the next request. A tag whose request was given up is not taken
// again while there is another, because the kernel hands an answer to whoever has the tag when it comes.
class MctpTags {
 public:
  // `avoid`: by these, answers to requests of others may still come. Throws as MctpSocket::take_tag.
  MctpTags(MctpSocket& socket, const MctpAddress& peer, TagList avoid);

  // Of the request that is to be sent. Throws as MctpSocket::take_tag.
  const MctpTag& next();
  // Of the one that was sent last.
  const MctpTag& current() const { return *held_.front(); }
  // The answer to the request that was sent last may still come.
  void give_up();

  TagList in_use() const;
  // With those that others have given up.
  const TagList& given_up() const { return given_up_; }

 private:
  std::unique_ptr<MctpTag> take() const;
  void fill();

  MctpSocket& socket_;
  MctpAddress peer_;
  TagList given_up_;
  std::deque<std::unique_ptr<MctpTag>> held_;  // the current one first
};

}  // namespace spdm::transport
