// Keys and what they are made from: bytes that are locked in memory, left out of core dumps and overwritten when nobody needs them any
// more. The type cannot be copied or printed; its pages are its own.
#pragma once

#include "core/bytes.h"

namespace spdm {

class SecretBytes {
 public:
  SecretBytes() = default;
  // Zeros, to be written to. Throws Error{internal} where the system gives no memory. Locking is best effort: a limit of the system
  // (RLIMIT_MEMLOCK) is no reason to do without.
  explicit SecretBytes(std::size_t size);
  // Takes the bytes over, and overwrites where they came from.
  static SecretBytes take(Bytes&& bytes);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  View view() const { return {data_, size_}; }
  std::span<std::uint8_t> writable() { return {data_, size_}; }
  // A second one with the same bytes, where two owners are meant.
  SecretBytes duplicate() const;

 private:
  void clear() noexcept;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace spdm
