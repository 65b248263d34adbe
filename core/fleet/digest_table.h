// From a digest to a number, in little memory: 16 bytes for each place of the table, and no allocation for each entry. Where a digest
// has its place depends on a secret of the process: whoever writes the digests cannot have them all at one place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/crypto/crypto.h"

namespace spdm {

class DigestTable {
 public:
  // Of a SHA-256 so much is kept. Whoever wants another one to be taken for it has to hit these 96 bits.
  static constexpr std::size_t kKept = 12;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The number that the digest has: `value`, unless it has one already. The digest has at least kKept bytes, `value` is not kNone.
  std::uint32_t insert(View digest, std::uint32_t value) {
    if ((count_ + 1) * 10 > places_.size() * 9) grow();
    Place& place = find(digest);
    if (place.value != kNone) return place.value;
    std::copy_n(digest.begin(), kKept, place.digest.begin());
    place.value = value;
    ++count_;
    return value;
  }
  std::optional<std::uint32_t> operator[](View digest) const {
    if (places_.empty()) return std::nullopt;
    const Place& place = const_cast<DigestTable*>(this)->find(digest);
    return place.value == kNone ? std::nullopt : std::optional(place.value);
  }
  std::size_t size() const { return count_; }
  // The most places that a digest may have to be looked for in.
  std::size_t longest_row() const {
    std::size_t row = 0, longest = 0;
    for (const Place& place : places_) longest = std::max(longest, row = place.value == kNone ? 0 : row + 1);
    return longest;
  }

 private:
  struct Place {
    Block<kKept> digest{};
    std::uint32_t value = kNone;
  };

  // Where the digest is, or where it belongs.
  Place& find(View digest) {
    std::size_t i = start_of(digest) & (places_.size() - 1);
    while (places_[i].value != kNone && !std::equal(places_[i].digest.begin(), places_[i].digest.end(), digest.begin()))
      i = (i + 1) & (places_.size() - 1);
    return places_[i];
  }
  static std::size_t start_of(View digest) {
    static const Bytes secret = crypto::random(2 * sizeof(std::uint64_t));
    std::uint64_t one = 0, two = 0, key = 0, factor = 0;
    std::memcpy(&one, digest.data(), sizeof one);
    std::memcpy(&two, digest.data() + kKept - sizeof two, sizeof two);
    std::memcpy(&key, secret.data(), sizeof key);
    std::memcpy(&factor, secret.data() + sizeof key, sizeof factor);
    // Two rounds of a product with a secret odd number, whose upper half is the well mixed one.
    const auto mixed = [&](std::uint64_t value) {
      const std::uint64_t product = (value ^ key) * (factor | 1);
      return product ^ product >> 32;
    };
    return static_cast<std::size_t>(mixed(mixed(one) ^ (two << 32 | two >> 32)));
  }
  void grow() {
    std::vector<Place> old = std::exchange(places_, std::vector<Place>(std::max<std::size_t>(places_.size() * 2, 64)));
    for (const Place& place : old)
      if (place.value != kNone) find(place.digest) = place;
  }

  std::vector<Place> places_;  // a power of two
  std::size_t count_ = 0;
};

}  // namespace spdm
