// An MCTP network without a kernel: it hands out tags as the kernel does, and loses, reorders and answers as a test wants it.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "transport/mctp/socket.h"

namespace fake {

struct MctpNetwork {
  using Header = spdm::transport::MctpHeader;
  using Message = spdm::transport::MctpMessage;

  static constexpr std::uint8_t kTags = 8;

  std::set<std::uint8_t> taken;    // numbers of tags, by whomever
  std::vector<Message> sent;       // with the header that it was sent with
  std::deque<Message> arriving;    // what receive() returns, in this order
  std::vector<std::string> calls;  // "take 0", "send 5 0", "give 0"
  // Called after each send; answers by answer() or by `arriving` itself, or not at all.
  std::function<void(const Header& to, spdm::View message)> peer;
  std::vector<spdm::Clock::time_point> deadlines;  // of each wait
  bool without_end = false;                        // the last message arrives again and again

  // As the peer at `to` answers: with the number of the tag, without the owner bit.
  void answer(Header to, spdm::Bytes bytes) {
    to.tag &= spdm::transport::kTagNumber;
    arriving.push_back({to, std::move(bytes)});
  }
};

class MctpSocket final : public spdm::transport::MctpSocket {
 public:
  explicit MctpSocket(MctpNetwork& network) : network_(network) {}

  void send(const spdm::transport::MctpHeader& to, spdm::View message) override {
    network_.calls.push_back("send " + std::to_string(to.type) + " " + std::to_string(to.tag & spdm::transport::kTagNumber));
    network_.sent.push_back({to, spdm::to_bytes(message)});
    if (network_.peer) network_.peer(to, message);
  }
  // What does not wait here now never comes: no test waits.
  std::optional<spdm::transport::MctpMessage> receive(spdm::Clock::time_point deadline) override {
    network_.deadlines.push_back(deadline);
    if (network_.arriving.empty()) return std::nullopt;
    spdm::transport::MctpMessage out = network_.arriving.front();
    if (network_.arriving.size() > 1 || !network_.without_end) network_.arriving.pop_front();
    return out;
  }
  std::uint8_t take_tag(const spdm::transport::MctpAddress&) override {
    for (std::uint8_t tag = 0; tag < MctpNetwork::kTags; ++tag)
      if (network_.taken.insert(tag).second) {
        network_.calls.push_back("take " + std::to_string(tag));
        return tag | 0x18;  // the kernel says so that it is kept
      }
    throw spdm::Error(spdm::ErrorId::busy, "all tags are taken");
  }
  void give_back_tag(const spdm::transport::MctpAddress&, std::uint8_t tag) override {
    network_.calls.push_back("give " + std::to_string(tag & spdm::transport::kTagNumber));
    network_.taken.erase(tag & spdm::transport::kTagNumber);
  }

 private:
  MctpNetwork& network_;
};

}  // namespace fake
