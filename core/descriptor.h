// A file descriptor that closes itself.
#pragma once

namespace spdm {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  int release();
  void close();

 private:
  int fd_ = -1;
};

}  // namespace spdm
