// The other end of a socketpair, played by a thread that ends on its own or when our end is closed.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <stdexcept>
#include <thread>

#include "core/error.h"
#include "transport/socket/socket.h"

inline spdm::Clock::time_point in_ms(int milliseconds) { return spdm::Clock::now() + std::chrono::milliseconds(milliseconds); }
inline spdm::Clock::time_point soon() { return in_ms(5000); }

// Declare it before what uses the stream: its destructor waits for the thread.
class Peer {
 public:
  explicit Peer(std::function<void(spdm::transport::Stream&)> play) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
    fd_ = ends[0];
    thread_ = std::thread([end = ends[1], play = std::move(play)] {
      spdm::transport::Stream stream(end);
      try {
        play(stream);
      } catch (const spdm::Error&) {  // our end was closed before the play was over
      }
    });
  }
  ~Peer() { thread_.join(); }

  // Once.
  spdm::transport::Stream stream() const { return spdm::transport::Stream(fd_); }

 private:
  int fd_ = -1;
  std::thread thread_;
};

// Takes one request, writes the bytes and closes.
inline std::function<void(spdm::transport::Stream&)> answer(std::size_t request_size, spdm::Bytes bytes) {
  return [=](spdm::transport::Stream& stream) {
    stream.read(request_size, soon());
    stream.write(bytes, soon());
  };
}

// Reads what comes and says nothing until our end is closed.
inline void stay_silent(spdm::transport::Stream& stream) {
  while (stream.read_or_end(1, soon())) continue;
}
