// Dumps of the kernel's tables by netlink (rtnetlink(7)): the messages of an answer, and the socket that they come from.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include "core/bytes.h"
#include "core/descriptor.h"
#include "core/protocol/link.h"
#include "core/text.h"

namespace spdm::transport {

// Takes one message of an answer: its type (RTM_NEWROUTE, ...), and what comes behind its header.
using TakeMessage = std::function<void(std::uint16_t type, View body)>;
// Takes one attribute: its type, without flags, and its value.
using TakeAttribute = std::function<void(std::uint16_t type, View value)>;

// Throws Error{io}: the kernel's answer breaks the rules of netlink.
[[noreturn]] void fail_netlink(std::string_view why);

// Hands out the messages of one datagram that answer the request with this number; others are left out. True at the end of the answer.
// Throws Error: unsupported where the kernel knows no such request, permission, io for other errors and for what is cut off; busy where
// the tables changed meanwhile.
bool read_datagram(View datagram, std::uint32_t sequence, const TakeMessage& take);

// Hands out the attributes in it, one after the other. Throws Error{io} for one that does not fit.
void read_attributes(View attributes, const TakeAttribute& take);

// A value of this type at the beginning. The kernel and we have one byte order.
template <class Value>
Value read_head(View bytes, std::string_view what) {
  Value out{};
  if (bytes.size() < sizeof out) fail_netlink(cat(what, " is cut off"));
  std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

class Netlink {
 public:
  // Throws Error{io}.
  Netlink();

  // Asks for all of a table: `body` is what comes behind the header of the request. Throws as read_datagram(), and Error{timeout}.
  void dump(std::uint16_t request, View body, Clock::time_point deadline, const TakeMessage& take);

 private:
  Bytes receive(Clock::time_point deadline);

  Descriptor fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace spdm::transport
