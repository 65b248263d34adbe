#include "core/secret_bytes.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

SecretBytes::SecretBytes(std::size_t size) {
  if (size == 0) return;
  void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw Error(ErrorId::internal, cat("no memory for ", size, " bytes of a key"));
  data_ = static_cast<std::uint8_t*>(pages);
  size_ = size;
  // Best effort, both: there are limits on locked memory, and kernels without MADV_DONTDUMP.
  ::mlock(data_, size_);
  ::madvise(data_, size_, MADV_DONTDUMP);
}

SecretBytes SecretBytes::take(Bytes&& bytes) {
  SecretBytes out(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.data_);
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
  return out;
}

SecretBytes::~SecretBytes() { clear(); }

SecretBytes::SecretBytes(SecretBytes&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  clear();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

SecretBytes SecretBytes::duplicate() const {
  SecretBytes out(size_);
  std::copy_n(data_, size_, out.data_);
  return out;
}

void SecretBytes::clear() noexcept {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, size_);
  ::munmap(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace spdm
