// What holds a private key: overwritten when it is needed no more, so that no later hole can read it.
#pragma once

#include <cstring>
#include <utility>

namespace spdm {

// Bytes or text. What is handed in must be moved in, or the copy stays behind.
template <class Buffer>
class Secret {
 public:
  explicit Secret(Buffer&& buffer) : buffer_(std::move(buffer)) {}
  ~Secret() {
    if (!buffer_.empty()) ::explicit_bzero(buffer_.data(), buffer_.size());
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&&) = delete;
  Secret& operator=(Secret&&) = delete;

  const Buffer& operator*() const { return buffer_; }

 private:
  Buffer buffer_;
};

}  // namespace spdm
