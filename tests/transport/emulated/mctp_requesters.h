// Requesters of an emulated endpoint, on a network that the test plays.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "transport/mctp/socket.h"
#include "transport/socket/peer.h"

// What requesters have sent, and what comes back. Used from two threads: an endpoint serves on one of its own.
class MctpRequesters {
 public:
  void deliver(spdm::transport::MctpMessage message) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(message));
    changed_.notify_all();
  }
  std::optional<spdm::transport::MctpMessage> next_request(spdm::Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (receive_fails_) throw spdm::Error(spdm::ErrorId::io, "receiving: it was torn off");
    if (!changed_.wait_until(lock, deadline, [&] { return !requests_.empty(); })) return std::nullopt;
    spdm::transport::MctpMessage out = std::move(requests_.front());
    requests_.pop_front();
    return out;
  }
  void answer(spdm::transport::MctpMessage sent) {
    const std::lock_guard lock(mutex_);
    if (send_fails_) throw spdm::Error(*send_fails_, "no way leads there");
    answers_.push_back(std::move(sent));
    changed_.notify_all();
  }
  // The next answer, with the header that it was sent with; nothing when none has come by then.
  std::optional<spdm::transport::MctpMessage> next_answer(spdm::Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [&] { return !answers_.empty(); })) return std::nullopt;
    spdm::transport::MctpMessage out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  void note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(line);
    changed_.notify_all();
  }
  // Waits for a note that has these words.
  bool has_note(std::string_view words) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, soon(), [&] {
      return std::any_of(notes_.begin(), notes_.end(), [&](const std::string& line) { return line.find(words) != std::string::npos; });
    });
  }
  void fail_to_send(std::optional<spdm::ErrorId> how) {
    const std::lock_guard lock(mutex_);
    send_fails_ = how;
  }
  void fail_to_receive(bool fails) {
    const std::lock_guard lock(mutex_);
    receive_fails_ = fails;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<spdm::transport::MctpMessage> requests_;
  std::deque<spdm::transport::MctpMessage> answers_;
  std::vector<std::string> notes_;
  std::optional<spdm::ErrorId> send_fails_;
  bool receive_fails_ = false;
};

// The socket of the endpoint.
class EndpointSocket final : public spdm::transport::MctpSocket {
 public:
  explicit EndpointSocket(MctpRequesters& network) : network_(network) {}

  void send(const spdm::transport::MctpHeader& to, spdm::View message) override { network_.answer({to, spdm::to_bytes(message)}); }
  std::optional<spdm::transport::MctpMessage> receive(spdm::Clock::time_point deadline) override { return network_.next_request(deadline); }
  std::uint8_t take_tag(const spdm::transport::MctpAddress&) override {
    throw spdm::Error(spdm::ErrorId::internal, "an endpoint asks nothing");
  }
  void give_back_tag(const spdm::transport::MctpAddress&, std::uint8_t) override {}

 private:
  MctpRequesters& network_;
};

// The socket of the only requester, which has the address that it asks.
class RequesterSocket final : public spdm::transport::MctpSocket {
 public:
  explicit RequesterSocket(MctpRequesters& network) : network_(network) {}

  void send(const spdm::transport::MctpHeader& to, spdm::View message) override { network_.deliver({to, spdm::to_bytes(message)}); }
  std::optional<spdm::transport::MctpMessage> receive(spdm::Clock::time_point deadline) override { return network_.next_answer(deadline); }
  std::uint8_t take_tag(const spdm::transport::MctpAddress&) override {
    return spdm::transport::kTagOwner | (next_tag_++ & spdm::transport::kTagNumber);
  }
  void give_back_tag(const spdm::transport::MctpAddress&, std::uint8_t) override {}

 private:
  MctpRequesters& network_;
  std::uint8_t next_tag_ = 0;
};
